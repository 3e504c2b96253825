/* Failure and return: checks and the time-out after them take some 5 s, so that all cases wait for them at once. */
#include "tests/agent_pair.h"

#include <netinet/in.h>

enum { CASES = 3, PATIENCE_S = 100 };

struct field {
    struct pair pair[CASES];
    unsigned completed[CASES]; /* of the first peer of each, before it comes back */
};

/* --- Steps ------------------------------------------------------------------------------------------ */

static void turn(struct field *field)
{
    assert_int_equal(strait_runtime_wait(field->pair[0].runtime, 20 * STRAIT_MS), STRAIT_OK);
}

static void turn_until(struct field *field, bool (*done)(const struct field *field))
{
    strait_time end = strait_runtime_now(field->pair[0].runtime) + PATIENCE_S * STRAIT_S, next = 0;
    while (!done(field)) {
        strait_time now = strait_runtime_now(field->pair[0].runtime);
        assert_true(now < end);
        /* The third has media all the time. */
        if (writable(&field->pair[2]) && now >= next) {
            send_one(&field->pair[2].peer[0]);
            send_one(&field->pair[2].peer[1]);
            next = now + 10 * STRAIT_MS;
        }
        turn(field);
    }
}

/* An answer of nobody's: its one candidate is a closed port. */
static void lead_astray(const struct peer *peer)
{
    struct strait_ice_parameters nobody = { .ufrag = "nobody",
                                            .pwd = "nobody0nobody0nobody0nobody" };
    struct strait_candidate candidate = { .foundation = "1",
                                          .component = 1,
                                          .protocol = STRAIT_CANDIDATE_UDP,
                                          .priority = 2113937151,
                                          .type = STRAIT_CANDIDATE_HOST,
                                          .port = 9 };
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(9),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    memcpy(&candidate.address, &address, sizeof address);
    assert_int_equal(strait_transport_set_remote_ice(peer->transport, &nobody), STRAIT_OK);
    assert_int_equal(strait_transport_add_remote_candidate(peer->transport, &candidate), STRAIT_OK);
    assert_int_equal(strait_transport_end_of_candidates(peer->transport), STRAIT_OK);
}

static void tell(const struct peer *from)
{
    signal_ice(from, from->other);
    signal_candidates(from);
}

/* --- Where they are ---------------------------------------------------------------------------------- */

static bool third_completed(const struct field *field)
{
    return field->pair[2].peer[0].states[STRAIT_ICE_COMPLETED] > 0;
}

/* The first two are failed; the third, which tried another network, is what it was. */
static bool all_failed(const struct field *field)
{
    return field->pair[0].peer[0].states[STRAIT_ICE_FAILED] > 0 &&
           field->pair[1].peer[0].states[STRAIT_ICE_FAILED] > 0 &&
           field->pair[2].peer[0].states[STRAIT_ICE_COMPLETED] > field->completed[2];
}

static bool all_back(const struct field *field)
{
    bool back = true;
    for (int i = 0; i < CASES; i++) {
        back = back && writable(&field->pair[i]) &&
               field->pair[i].peer[0].states[STRAIT_ICE_COMPLETED] > field->completed[i];
    }
    return back;
}

/* --- The case ---------------------------------------------------------------------------------------- */

/* DTLS parameters are told, and the first hears of a peer that is none. */
static void begin_astray(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        struct strait_dtls_parameters dtls = { .role = i == 0 ? STRAIT_DTLS_CLIENT
                                                              : STRAIT_DTLS_SERVER,
                                               .n_fingerprints = 1 };
        strait_certificate_fingerprint(pair->peer[i].certificate, STRAIT_HASH_SHA256,
                                       &dtls.fingerprints[0]);
        assert_int_equal(strait_transport_set_remote_dtls(pair->peer[!i].transport, &dtls),
                         STRAIT_OK);
        pair->peer[i].deaf = true;
        assert_int_equal(strait_agent_gather(pair->peer[i].transport), STRAIT_OK);
    }
    lead_astray(&pair->peer[0]);
}

static void comes_back(void **state)
{
    struct field field = { 0 };
    struct pair *pair = field.pair;
    (void)state;
    for (int i = 0; i < CASES; i++) {
        pair[i].runtime = pair[0].runtime;
        pair[i].peer[0].ice_timeout = 2 * STRAIT_S;
        create_as_set(&pair[i]);
    }
    begin_astray(&pair[0]);
    begin_astray(&pair[1]);
    signal_and_gather(&pair[2]);
    turn_until(&field, third_completed);
    field.completed[2] = pair[2].peer[0].states[STRAIT_ICE_COMPLETED];
    assert_int_equal(strait_agent_regather(pair[2].peer[0].transport), STRAIT_OK);
    pair[2].peer[0].deaf = true;
    lead_astray(&pair[2].peer[0]);

    turn_until(&field, all_failed);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_transport_ice_state(pair[i].peer[0].transport), STRAIT_ICE_FAILED);
        assert_int_equal(strait_transport_error(pair[i].peer[0].transport), STRAIT_E_TIMEOUT);
        field.completed[i] = pair[i].peer[0].states[STRAIT_ICE_COMPLETED];
        assert_int_equal(field.completed[i], 0);
    }
    assert_int_equal(pair[2].peer[0].states[STRAIT_ICE_FAILED], 0);
    assert_int_equal(pair[2].peer[0].states[STRAIT_ICE_DISCONNECTED], 0);
    assert_true(writable(&pair[2]));
    field.completed[2] = pair[2].peer[0].states[STRAIT_ICE_COMPLETED];

    assert_int_equal(strait_transport_restart_ice(pair[0].peer[0].transport, NULL, NULL),
                     STRAIT_OK);
    assert_int_equal(strait_agent_regather(pair[1].peer[0].transport), STRAIT_OK);
    assert_int_equal(strait_agent_regather(pair[2].peer[0].transport), STRAIT_OK);
    for (int i = 0; i < CASES; i++) {
        pair[i].peer[0].deaf = pair[i].peer[1].deaf = false;
        if (i == 2) {
            strait_transport_restart_ice(pair[i].peer[1].transport, NULL, NULL);
        }
        tell(&pair[i].peer[0]);
        tell(&pair[i].peer[1]);
    }
    turn_until(&field, all_back);
    for (int i = 0; i < CASES; i++) {
        assert_int_equal(strait_transport_error(pair[i].peer[0].transport), STRAIT_OK);
        if (i < 2) {
            media_flow(&pair[i]);
        }
    }
    run_until(&pair[2], all_arrived);
    strait_runtime_destroy(pair[0].runtime);
    for (int i = 0; i < CASES; i++) {
        finish_peers(&pair[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
    };
    return cmocka_run_group_tests_name("agent_failed", tests, NULL, NULL);
}
