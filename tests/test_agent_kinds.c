/* Each kind of ICE against each other over loopback with real sockets: IPv4 and IPv6, media both ways, and restarts
 * from either side in which no packet is lost. */
#include "tests/agent_pair.h"

#include <netinet/in.h>

/* Who has the first role of the two is the first. Lite never controls (RFC 8445, 6.1.1). */
static const struct {
    enum kind kind[2];
} couples[] = {
    { { AGENT, LITE } }, { { AGENT, AGENT } }, { { AGENT, FULL } },
    { { FULL, AGENT } }, { { FULL, LITE } },   { { FULL, FULL } },
};
enum { COUPLES = sizeof couples / sizeof *couples };

static const int families[] = { AF_INET, AF_INET6 };

static void connect_couple(struct pair *pair, size_t couple, int family, enum roles roles)
{
    memset(pair, 0, sizeof *pair);
    pair->family = family;
    pair->roles = roles;
    for (int i = 0; i < 2; i++) {
        pair->peer[i].kind = couples[couple].kind[i];
    }
    start_as_set(pair);
    run_until(pair, writable);
}

static struct strait_transport_stats stats_of(const struct peer *peer)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(peer->transport, &stats), STRAIT_OK);
    return stats;
}

/* --- Connecting ------------------------------------------------------------------------------------- */

static bool completed(const struct pair *pair)
{
    return pair->peer[0].states[STRAIT_ICE_COMPLETED] > 0 &&
           pair->peer[1].states[STRAIT_ICE_COMPLETED] > 0;
}

static void check_peer(const struct peer *peer, int family)
{
    struct strait_transport_stats stats = stats_of(peer);
    assert_int_equal(stats.pair.path.local.ss_family, family);
    assert_int_equal(stats.pair.path.remote.ss_family, family);
    assert_int_equal(stats.rtp_received, peer->packets);
    assert_int_equal(stats.dropped_unvalidated, 0);
    assert_int_equal(stats.dropped_early_full, 0);
    assert_int_equal(peer->states[STRAIT_ICE_CHECKING], 1);
    assert_int_equal(peer->states[STRAIT_ICE_CONNECTED], 1);
    assert_int_equal(peer->states[STRAIT_ICE_COMPLETED], 1);
    assert_int_equal(peer->states[STRAIT_ICE_DISCONNECTED], 0);
    assert_int_equal(peer->states[STRAIT_ICE_FAILED], 0);
    assert_int_equal(peer->gathered, peer->kind == AGENT ? 1 : 0);
}

static void check_connects(size_t couple)
{
    for (int k = 0; k < 2; k++) {
        struct pair pair;
        connect_couple(&pair, couple, families[k], ONE_CONTROLS);
        media_flow(&pair);
        run_until(&pair, completed);
        media_flow(&pair);
        for (int i = 0; i < 2; i++) {
            check_peer(&pair.peer[i], families[k]);
        }
        finish(&pair);
    }
}

/* --- Role conflicts --------------------------------------------------------------------------------- */

static void resolves_role_conflicts(void **state)
{
    (void)state;
    for (size_t couple = 0; couple < COUPLES; couple++) {
        for (int k = BOTH_CONTROL; k <= NONE_CONTROLS; k++) {
            struct pair pair;
            connect_couple(&pair, couple, AF_INET, (enum roles)k);
            media_flow(&pair);
            run_until(&pair, completed);
            media_flow(&pair);
            finish(&pair);
        }
    }
}

/* --- Restarts ---------------------------------------------------------------------------------------- */

static unsigned goal; /* of the restarts' cases: how often both are to be completed */

static bool restarted(const struct pair *pair)
{
    return all_arrived(pair) && pair->peer[0].states[STRAIT_ICE_COMPLETED] >= goal &&
           pair->peer[1].states[STRAIT_ICE_COMPLETED] >= goal;
}

static void tell_new(const struct peer *from)
{
    signal_ice(from, from->other);
    if (from->kind == AGENT) {
        signal_candidates(from);
    }
}

static void renew(const struct peer *peer)
{
    assert_int_equal(strait_transport_restart_ice(peer->transport, NULL, NULL), STRAIT_OK);
}

/* An offer and its answer, with media in between. */
enum answer { RENEWS_THEN_READS, READS_THEN_RENEWS, ANSWERS };

static void restart(struct pair *pair, const struct peer *from, enum answer how)
{
    goal = pair->peer[0].states[STRAIT_ICE_COMPLETED] + 1;
    renew(from);
    media_flow(pair);
    if (how == RENEWS_THEN_READS) {
        renew(from->other);
        media_flow(pair);
    }
    tell_new(from);
    media_flow(pair);
    if (how == READS_THEN_RENEWS) {
        renew(from->other);
        media_flow(pair);
    }
    tell_new(from->other);
    media_flow(pair);
    run_until(pair, restarted);
    media_flow(pair);
}

static void check_restarts(size_t couple)
{
    for (int k = 0; k < 2; k++) {
        struct pair pair;
        connect_couple(&pair, couple, families[k], ONE_CONTROLS);
        run_until(&pair, completed);
        for (int how = 0; how < ANSWERS; how++) {
            restart(&pair, &pair.peer[0], (enum answer)how);
            restart(&pair, &pair.peer[1], (enum answer)how);
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pair.peer[i].states[STRAIT_ICE_DISCONNECTED], 0);
            assert_int_equal(pair.peer[i].states[STRAIT_ICE_FAILED], 0);
            assert_int_equal(stats_of(&pair.peer[i]).rtp_received, pair.peer[i].other->sequence);
        }
        finish(&pair);
    }
}

/* --- Cases ------------------------------------------------------------------------------------------- */

#define COUPLE(name, number)                 \
    static void name##_connect(void **state) \
    {                                        \
        (void)state;                         \
        check_connects(number);              \
    }                                        \
    static void name##_restart(void **state) \
    {                                        \
        (void)state;                         \
        check_restarts(number);              \
    }

COUPLE(agent_and_lite, 0)
COUPLE(agent_and_agent, 1)
COUPLE(agent_and_full, 2)
COUPLE(full_and_agent, 3)
COUPLE(full_and_lite, 4)
COUPLE(full_and_full, 5)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agent_and_lite_connect),  cmocka_unit_test(agent_and_lite_restart),
        cmocka_unit_test(agent_and_agent_connect), cmocka_unit_test(agent_and_agent_restart),
        cmocka_unit_test(agent_and_full_connect),  cmocka_unit_test(agent_and_full_restart),
        cmocka_unit_test(full_and_agent_connect),  cmocka_unit_test(full_and_agent_restart),
        cmocka_unit_test(full_and_lite_connect),   cmocka_unit_test(full_and_lite_restart),
        cmocka_unit_test(full_and_full_connect),   cmocka_unit_test(full_and_full_restart),
        cmocka_unit_test(resolves_role_conflicts),
    };
    return cmocka_run_group_tests_name("agent_kinds", tests, NULL, NULL);
}
