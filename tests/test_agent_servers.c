/* STUN and TURN servers of an agent: a responder of the test's own, and coturn where it is there. */
#include "tests/agent_pair.h"
#include "tests/turn_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "ice/stun.h"
#include "transport/address.h"

static struct sockaddr_in host_socket_address(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    inet_pton(AF_INET, host_address(), &address.sin_addr);
    return address;
}

/* --- A STUN server ---------------------------------------------------------------------------------- */

struct responder {
    int fd;
    unsigned requests;
    unsigned deaf; /* so many of the first requests get no answer */
    char url[80];
};

/* Says that everybody comes from 192.0.2.77:4242, as a NAT would make it. libnice's requests are of RFC 3489, without
 * a magic cookie, and are answered alike (RFC 8489, 11): MAPPED-ADDRESS. */
static void on_request(void *user, short events)
{
    static const uint8_t mapped[] = { 0, 1, 0, 8, 0, 1, 4242 >> 8, 4242 & 255, 192, 0, 2, 77 };
    struct responder *r = user;
    uint8_t in[1500], out[STRAIT__STUN_HEADER + sizeof mapped] = { 0 };
    struct sockaddr_storage from = { 0 };
    socklen_t from_len = sizeof from;
    (void)events;
    ssize_t len = recvfrom(r->fd, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
    if (len < STRAIT__STUN_HEADER || in[0] != 0 || in[1] != STRAIT__STUN_BINDING) {
        return;
    }
    if (r->requests++ < r->deaf) {
        return;
    }
    memcpy(out, in, STRAIT__STUN_HEADER);
    out[0] = 1; /* success */
    out[2] = 0;
    out[3] = sizeof mapped;
    memcpy(out + STRAIT__STUN_HEADER, mapped, sizeof mapped);
    assert_int_equal(sendto(r->fd, out, sizeof out, 0, (struct sockaddr *)&from, from_len),
                     sizeof out);
}

static void responder_open(struct responder *r)
{
    struct sockaddr_in address = host_socket_address(0);
    socklen_t len = sizeof address;
    memset(r, 0, sizeof *r);
    r->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(r->url, sizeof r->url, "stun:%s:%u", host_address(), ntohs(address.sin_port));
}

static size_t count_type(const struct peer *peer, enum strait_candidate_type type,
                         struct strait_candidate *last)
{
    struct strait_candidate candidates[64];
    size_t n = strait_agent_local_candidates(peer->transport, candidates, 64), found = 0;
    for (size_t i = 0; i < n; i++) {
        if (candidates[i].type == type) {
            *last = candidates[i];
            found++;
        }
    }
    return found;
}

static void a_stun_server_gives_a_reflexive_candidate(void **state)
{
    struct responder r;
    struct pair pair = { 0 };
    struct strait_candidate srflx;
    char text[STRAIT__ADDRESS_TEXT];
    (void)state;
    if (host_address()[0] == '\0') {
        skip();
    }
    responder_open(&r);
    struct strait_ice_server server = { .url = r.url };
    pair.peer[0].config.servers = &server;
    pair.peer[0].config.n_servers = 1;
    start_as_set(&pair);
    assert_int_equal(strait_runtime_watch(pair.runtime, r.fd, POLLIN, on_request, &r), STRAIT_OK);
    run_until(&pair, both_gathered);
    run_until(&pair, writable);
    assert_true(r.requests > 0);
    assert_int_equal(count_type(&pair.peer[0], STRAIT_CANDIDATE_SRFLX, &srflx), 1);
    assert_string_equal(strait__address_print(&srflx.address, text, sizeof text),
                        "192.0.2.77:4242");
    assert_int_equal(srflx.related.ss_family, AF_INET);
    assert_int_equal(count_type(&pair.peer[1], STRAIT_CANDIDATE_SRFLX, &srflx), 0);
    media_flow(&pair);
    strait_runtime_unwatch(pair.runtime, r.fd);
    finish(&pair);
    close(r.fd);
}

/* --- Several, and names ----------------------------------------------------------------------------- */

static struct {
    unsigned n;
    unsigned of[8]; /* servers */
    int error;
    char detail[400];
} told;

static void on_server_error(void *user, struct strait_transport *transport,
                            const struct strait_server_error *error)
{
    (void)user;
    (void)transport;
    assert_in_range(error->server, 0, 7);
    told.n++;
    told.of[error->server]++;
    told.error = error->error;
    snprintf(told.detail, sizeof told.detail, "%s", error->detail);
}

/* Peer 0 has servers, and peer 1 none. Host candidates are there before any server can have answered. */
static void start_with(struct pair *pair, const struct strait_ice_server *servers, size_t n)
{
    struct strait_candidate candidate;
    memset(pair, 0, sizeof *pair);
    memset(&told, 0, sizeof told);
    pair->peer[0].config.servers = servers;
    pair->peer[0].config.n_servers = n;
    pair->peer[0].config.events.server_error = on_server_error;
    start_as_set(pair);
    assert_in_range(count_type(&pair->peer[0], STRAIT_CANDIDATE_HOST, &candidate), 1, 64);
    assert_int_equal(pair->peer[0].gathered, 0);
}

static void watch(const struct pair *pair, struct responder *r)
{
    assert_int_equal(strait_runtime_watch(pair->runtime, r->fd, POLLIN, on_request, r), STRAIT_OK);
}

static void check_reflexive(const struct pair *pair)
{
    struct strait_candidate srflx;
    char text[STRAIT__ADDRESS_TEXT];
    assert_int_equal(count_type(&pair->peer[0], STRAIT_CANDIDATE_SRFLX, &srflx), 1);
    assert_string_equal(strait__address_print(&srflx.address, text, sizeof text),
                        "192.0.2.77:4242");
    assert_int_equal(pair->peer[0].gathered, 1);
}

static void the_first_stun_server_that_answers_is_taken(void **state)
{
    struct responder good, bad;
    struct pair pair;
    (void)state;
    if (host_address()[0] == '\0') {
        skip();
    }
    responder_open(&good);
    responder_open(&bad);
    bad.deaf = 1000;
    struct strait_ice_server servers[] = { { .url = bad.url },
                                           { .url = "stun:127.0.0.1:9" },
                                           { .url = good.url } };
    start_with(&pair, servers, 3);
    watch(&pair, &good);
    watch(&pair, &bad);
    run_until(&pair, both_gathered);
    run_until(&pair, writable);
    check_reflexive(&pair);
    assert_in_range(bad.requests, 1, 2);
    assert_in_range(good.requests, 2, 1000); /* ours and libnice's */
    assert_int_equal(told.n, 0);
    finish(&pair);
    /* It is asked again where the first request is lost. */
    good.deaf = good.requests + 1;
    start_with(&pair, servers, 3);
    watch(&pair, &good);
    watch(&pair, &bad);
    run_until(&pair, both_gathered);
    check_reflexive(&pair);
    finish(&pair);
    close(good.fd);
    close(bad.fd);
}

static void stun_servers_may_all_be_silent(void **state)
{
    struct responder bad;
    struct strait_candidate srflx;
    struct pair pair;
    (void)state;
    if (host_address()[0] == '\0') {
        skip();
    }
    responder_open(&bad);
    struct strait_ice_server servers[] = { { .url = bad.url }, { .url = bad.url } };
    start_with(&pair, servers, 2);
    run_until(&pair, writable);
    assert_int_equal(pair.peer[0].gathered, 0);
    media_flow(&pair);
    run_until(&pair, both_gathered);
    assert_int_equal(count_type(&pair.peer[0], STRAIT_CANDIDATE_SRFLX, &srflx), 0);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.of[0] + told.of[1], 2);
    assert_int_equal(told.error, STRAIT_E_TIMEOUT);
    assert_int_equal(pair.peer[0].gathered, 1);
    finish(&pair);
    close(bad.fd);
}

/* "localhost" is in every host's file. */
static void names_are_looked_up(void **state)
{
    static const char unknown[] = "stun:nowhere.invalid"; /* RFC 6761, 6.4 */
    struct responder r;
    struct pair pair;
    (void)state;
    if (host_address()[0] == '\0') {
        skip();
    }
    responder_open(&r);
    struct strait_ice_server servers[] = {
        { .url = unknown },
        { .url = r.url },
        { .url = "turn:nowhere.invalid", .username = "ann", .credential = "secret" }
    };
    start_with(&pair, servers, 3);
    watch(&pair, &r);
    run_until(&pair, both_gathered);
    run_until(&pair, writable);
    check_reflexive(&pair);
    for (int i = 0; i < 600 && told.n < 2; i++) {
        strait_runtime_wait(pair.runtime, 10 * STRAIT_MS);
    }
    assert_int_equal(told.of[0], 1);
    assert_int_equal(told.of[2], 1);
    assert_int_equal(told.of[1], 0);
    assert_true(told.error == STRAIT_E_NOT_FOUND || told.error == STRAIT_E_TIMEOUT);
    finish(&pair);
    /* The only one: nothing to ask. */
    struct strait_candidate srflx;
    start_with(&pair, servers, 1);
    run_until(&pair, both_gathered);
    assert_int_equal(told.n, 1);
    assert_int_equal(count_type(&pair.peer[0], STRAIT_CANDIDATE_SRFLX, &srflx), 0);
    finish(&pair);
    close(r.fd);
}

static void many_may_be_cut_short(void **state)
{
    struct responder r;
    (void)state;
    if (host_address()[0] == '\0') {
        skip();
    }
    responder_open(&r);
    struct strait_ice_server servers[] = {
        { .url = r.url },
        { .url = "stun:localhost:9" },
        { .url = "stun:nowhere.invalid" },
        { .url = "turn:nowhere.invalid", .username = "ann", .credential = "secret" },
        { .url = "turn:localhost:9?transport=tcp", .username = "ann", .credential = "secret" },
    };
    for (int i = 0; i < 100; i++) {
        struct pair pair;
        start_with(&pair, servers, i % 2 == 0 ? 5 : 3);
        watch(&pair, &r);
        for (int k = 0; k < i % 30; k++) {
            strait_runtime_wait(pair.runtime, STRAIT_MS);
        }
        if (i % 4 < 2) {
            strait_transport_destroy(pair.peer[0].transport);
            pair.peer[0].transport = NULL;
            strait_runtime_dispatch(pair.runtime);
        }
        finish(&pair);
    }
    close(r.fd);
}

static void a_look_up_may_be_cut_short(void **state)
{
    struct strait_ice_server server = { .url = "stun:127.0.0.1:9" };
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct pair pair = { 0 };
        pair.peer[0].config.servers = &server;
        pair.peer[0].config.n_servers = 1;
        start_as_set(&pair);
        for (int k = 0; k < i; k++) {
            strait_runtime_dispatch(pair.runtime);
        }
        finish(&pair);
    }
}

/* --- A TURN server ---------------------------------------------------------------------------------- */

static void relay(const char *first, const char *second)
{
    struct strait_candidate candidate;
    struct pair pair = { 0 };
    struct strait_ice_server servers[2] = {
        { .url = first, .username = "ann", .credential = "secret" },
        { .url = second, .username = "ann", .credential = "secret" },
    };
    for (int i = 0; i < 2; i++) {
        pair.peer[i].config.servers = servers;
        pair.peer[i].config.n_servers = second != NULL ? 2 : 1;
        pair.peer[i].config.policy = STRAIT_ICE_RELAY;
    }
    start_as_set(&pair);
    run_until(&pair, writable);
    run_until(&pair, both_gathered);
    media_alternates(&pair);
    for (int i = 0; i < 2; i++) {
        assert_in_range(count_type(&pair.peer[i], STRAIT_CANDIDATE_RELAY, &candidate), 1, 64);
        assert_int_equal(count_type(&pair.peer[i], STRAIT_CANDIDATE_HOST, &candidate), 0);
        assert_int_equal(count_type(&pair.peer[i], STRAIT_CANDIDATE_SRFLX, &candidate), 0);
    }
    /* One gives its allocation back in the loop, the other at its end. */
    strait_transport_destroy(pair.peer[0].transport);
    pair.peer[0].transport = NULL;
    for (int i = 0; i < 10; i++) {
        strait_runtime_wait(pair.runtime, 10 * STRAIT_MS);
    }
    finish(&pair);
}

/* Nobody listens there: libnice forgets what it was gathering, or does not, and the end of it is told. */
static void a_relay_may_be_refused(void **state)
{
    static const char *const urls[] = { "turn:127.0.0.1:9?transport=tcp",
                                        "turn:localhost:9?transport=tcp" };
    struct strait_candidate candidate;
    (void)state;
    if (host_address()[0] == '\0') {
        skip();
    }
    for (size_t i = 0; i < 2; i++) {
        struct pair pair = { 0 };
        struct strait_ice_server server = { .url = urls[i],
                                            .username = "ann",
                                            .credential = "secret" };
        pair.peer[0].config.servers = &server;
        pair.peer[0].config.n_servers = 1;
        start_as_set(&pair);
        run_until(&pair, writable);
        run_until(&pair, both_gathered);
        assert_int_equal(pair.peer[0].gathered, 1);
        assert_int_equal(count_type(&pair.peer[0], STRAIT_CANDIDATE_RELAY, &candidate), 0);
        finish(&pair);
    }
}

/* At any moment of an allocation, of checks and of giving it back, in each order of ends. */
static void cut_short(const char *url)
{
    struct strait_ice_server server = { .url = url, .username = "ann", .credential = "secret" };
    for (int i = 0; i < 24; i++) {
        struct pair pair = { 0 };
        for (int k = 0; k < 2; k++) {
            pair.peer[k].config.servers = &server;
            pair.peer[k].config.n_servers = 1;
        }
        start_as_set(&pair);
        for (int k = 0; k < i; k++) {
            strait_runtime_wait(pair.runtime, 2 * STRAIT_MS);
        }
        if (i % 2 == 0) {
            strait_transport_destroy(pair.peer[0].transport);
            pair.peer[0].transport = NULL;
            for (int k = 0; k < i % 3; k++) {
                strait_runtime_wait(pair.runtime, STRAIT_MS);
            }
        }
        finish(&pair);
    }
}

static void a_relay_carries_media(void **state)
{
    struct turn_server turn;
    (void)state;
    if (!turn_server_start(&turn, NULL, NULL)) {
        skip();
    }
    relay(turn.udp, NULL);
    relay(turn.tcp, NULL);
    relay(turn.by_name, NULL);
    relay("turn:nowhere.invalid", turn.by_name);
    /* Nobody listens at the other. */
    relay("turn:127.0.0.1:9?transport=tcp", turn.udp);
    cut_short(turn.udp);
    cut_short(turn.tcp);
    turn_server_stop(&turn);
}

/* --- Wrong ones --------------------------------------------------------------------------------------- */

static void check_refused(const struct strait_ice_server *servers, size_t n, int error,
                          const char *part)
{
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait_transport_config config = { .size = sizeof config };
    struct strait_agent_config agent = { .size = sizeof agent, .servers = servers, .n_servers = n };
    assert_int_equal(strait_runtime_create(&runtime, NULL), STRAIT_OK);
    assert_int_equal(strait_certificate_create(&config.certificate, NULL), STRAIT_OK);
    assert_int_equal(strait_endpoint_create(&endpoint, NULL, 0), STRAIT_OK);
    assert_int_equal(strait_runtime_add(runtime, endpoint), STRAIT_OK);
    assert_int_equal(strait_agent_create(&transport, runtime, endpoint, &config, &agent), error);
    assert_null(transport);
    assert_non_null(strstr(strait_runtime_error_detail(runtime), part));
    strait_runtime_destroy(runtime);
    strait_endpoint_destroy(endpoint);
    strait_certificate_unref(config.certificate);
}

static void wrong_servers_are_errors(void **state)
{
    char longer[600];
    struct strait_ice_server many[9];
    struct strait_ice_server two[2] = { { .url = "stun:192.0.2.1" }, { .url = "stun:192.0.2.2" } };
    struct strait_ice_server most[33];
    struct strait_ice_server one = { .url = "turn:192.0.2.1", .username = "a", .credential = "b" };
    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    for (size_t i = 0; i < 9; i++) {
        many[i] = one;
    }
    check_refused(NULL, 1, STRAIT_E_INVALID, "");
    for (size_t i = 0; i < 33; i++) {
        most[i] = two[0];
    }
    check_refused(most, 33, STRAIT_E_LIMIT, "more than 32");
    check_refused(many, 9, STRAIT_E_LIMIT, "more than 8");
    one.credential = "";
    check_refused(&one, 1, STRAIT_E_INVALID, "ICE server 0");
    one.credential = longer;
    check_refused(&one, 1, STRAIT_E_INVALID, "credential");
    one.credential = "b";
    one.url = "turns:192.0.2.1?transport=udp";
    check_refused(&one, 1, STRAIT_E_UNSUPPORTED, "DTLS");
    /* A label of 64 letters. */
    one.url = "turns:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
    check_refused(&one, 1, STRAIT_E_PARSE, "certificate");
    one.url = "stuns:192.0.2.1";
    check_refused(&one, 1, STRAIT_E_UNSUPPORTED, "STUN over TLS");
    one.url = NULL;
    check_refused(&one, 1, STRAIT_E_INVALID, "there is none");
    two[1].url = "stun://192.0.2.2";
    check_refused(two, 2, STRAIT_E_PARSE, "ICE server 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stun_server_gives_a_reflexive_candidate),
        cmocka_unit_test(the_first_stun_server_that_answers_is_taken),
        cmocka_unit_test(stun_servers_may_all_be_silent),
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(many_may_be_cut_short),
        cmocka_unit_test(a_look_up_may_be_cut_short),
        cmocka_unit_test(a_relay_carries_media),
        cmocka_unit_test(a_relay_may_be_refused),
        cmocka_unit_test(wrong_servers_are_errors),
    };
    return cmocka_run_group_tests_name("agent_servers", tests, NULL, NULL);
}
