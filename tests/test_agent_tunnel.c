/* TURN over TLS: coturn with certificates of the test's own, and servers that go wrong in every way. */
#include "tests/agent_pair.h"
#include "tests/openssl_pki.h"
#include "tests/turn_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- What is told --------------------------------------------------------------------------------- */

static struct {
    unsigned n;
    size_t server;
    int error;
    char url[128], detail[512];
} told;

static void on_server_error(void *user, struct strait_transport *transport,
                            const struct strait_server_error *error)
{
    const struct peer *peer = user;
    assert_ptr_equal(transport, peer->transport);
    told.n++;
    told.server = error->server;
    told.error = error->error;
    snprintf(told.url, sizeof told.url, "%s", error->url);
    snprintf(told.detail, sizeof told.detail, "%s", error->detail);
}

static bool is_told(const struct pair *pair)
{
    (void)pair;
    return told.n > 0;
}

static struct strait_ice_server turns(const char *url)
{
    return (struct strait_ice_server){ .url = url, .username = "ann", .credential = "secret" };
}

/* Of loopback alone that the agents gather from; 0: they choose. */
static int family;

static void begin(struct pair *pair, const struct strait_ice_server *servers, size_t n,
                  struct strait_trust *trust, enum strait_ice_policy policy)
{
    memset(pair, 0, sizeof *pair);
    pair->family = family;
    memset(&told, 0, sizeof told);
    for (int i = 0; i < 2; i++) {
        struct strait_agent_config *config = &pair->peer[i].config;
        config->servers = servers;
        config->n_servers = n;
        config->trust = trust;
        config->policy = policy;
        config->events.server_error = on_server_error;
    }
    start_as_set(pair);
}

static size_t count_relayed(const struct peer *peer)
{
    struct strait_candidate candidates[64];
    size_t n = strait_agent_local_candidates(peer->transport, candidates, 64), found = 0;
    for (size_t i = 0; i < n; i++) {
        found += candidates[i].type == STRAIT_CANDIDATE_RELAY;
    }
    return found;
}

/* --- coturn --------------------------------------------------------------------------------------- */

/* The pki's certificate for `names`, IP:host_address() where NULL. False: skip. */
static bool serve(struct turn_server *turn, struct openssl_pki *pki, const char *names, int days)
{
    char own[64];
    if (turn_server_program() == NULL || host_address()[0] == '\0') {
        assert_null(getenv("STRAIT_TURNSERVER"));
        return false;
    }
    snprintf(own, sizeof own, "IP:%s,DNS:localhost", host_address());
    openssl_pki_open(pki);
    openssl_pki_issue(pki, names != NULL ? names : own, days);
    return turn_server_start(turn, pki->cert, pki->key);
}

static void end(const struct turn_server *turn, struct openssl_pki *pki)
{
    turn_server_stop(turn);
    openssl_pki_close(pki);
}

static void carry_media(const char *url, struct strait_trust *trust)
{
    struct strait_ice_server server = turns(url);
    struct pair pair;
    begin(&pair, &server, 1, trust, STRAIT_ICE_RELAY);
    run_until(&pair, writable);
    run_until(&pair, both_gathered);
    media_alternates(&pair);
    assert_in_range(count_relayed(&pair.peer[0]), 1, 64);
    assert_in_range(count_relayed(&pair.peer[1]), 1, 64);
    if (told.n > 0) {
        print_error("%s: %s\n", told.url, told.detail);
    }
    assert_int_equal(told.n, 0);
    finish(&pair);
}

static void media_goes_through_tls(void **state)
{
    struct turn_server turn;
    struct openssl_pki pki;
    (void)state;
    if (!serve(&turn, &pki, NULL, 2)) {
        skip();
    }
    struct strait_trust *trust = openssl_pki_trust(&pki);
    carry_media(turn.tls, trust);
    carry_media(turn.tls_by_name, trust);
    /* Hosts that have the one family only: the tunnel does not mind. */
    family = AF_INET;
    carry_media(turn.tls, trust);
    family = AF_INET6;
    carry_media(turn.tls, trust);
    family = 0;
    strait_trust_unref(trust);
    end(&turn, &pki);
}

/* Its end is told, and the relays are gone with it. */
static void the_server_may_go_in_the_middle(void **state)
{
    struct turn_server turn;
    struct openssl_pki pki;
    struct pair pair;
    (void)state;
    if (!serve(&turn, &pki, NULL, 2)) {
        skip();
    }
    struct strait_trust *trust = openssl_pki_trust(&pki);
    struct strait_ice_server server = turns(turn.tls);
    begin(&pair, &server, 1, trust, STRAIT_ICE_RELAY);
    run_until(&pair, writable);
    run_until(&pair, both_gathered);
    media_alternates(&pair);
    turn_server_stop(&turn);
    run_until(&pair, is_told);
    assert_int_equal(told.error, STRAIT_E_CLOSED);
    for (int i = 0; i < 50; i++) {
        strait_runtime_wait(pair.runtime, 10 * STRAIT_MS);
    }
    finish(&pair);
    strait_trust_unref(trust);
    openssl_pki_close(&pki);
}

/* Host candidates are there as ever; the relays are not, and why is told. */
static void fail_with(const char *url, struct strait_trust *trust, int error, const char *part)
{
    struct strait_ice_server server = turns(url);
    struct strait_agent_stats stats = { .size = sizeof stats };
    struct pair pair;
    begin(&pair, &server, 1, trust, STRAIT_ICE_ALL);
    run_until(&pair, is_told);
    run_until(&pair, writable);
    media_alternates(&pair);
    run_until(&pair, both_gathered);
    if (told.error != error || strstr(told.detail, part) == NULL) {
        print_error("%d %s\n", told.error, told.detail);
    }
    assert_int_equal(told.error, error);
    assert_non_null(strstr(told.detail, part));
    assert_string_equal(told.url, url);
    assert_int_equal(told.server, 0);
    assert_int_equal(count_relayed(&pair.peer[0]), 0);
    assert_int_equal(strait_agent_stats(pair.peer[0].transport, &stats), STRAIT_OK);
    assert_in_range(stats.server_errors, 1, 64);
    finish(&pair);
}

static void a_foreign_authority_is_not_trusted(void **state)
{
    struct turn_server turn;
    struct openssl_pki pki, other;
    (void)state;
    if (!serve(&turn, &pki, NULL, 2)) {
        skip();
    }
    openssl_pki_open(&other);
    struct strait_trust *trust = openssl_pki_trust(&other), *nobody;
    fail_with(turn.tls, trust, STRAIT_E_UNTRUSTED, "is not trusted");
    assert_int_equal(strait_trust_create(&nobody, NULL), STRAIT_OK);
    fail_with(turn.tls, nobody, STRAIT_E_UNTRUSTED, "nobody is trusted");
    /* The system's store does not know it either. */
    fail_with(turn.tls, NULL, STRAIT_E_UNTRUSTED, "is not trusted");
    strait_trust_unref(trust);
    strait_trust_unref(nobody);
    openssl_pki_close(&other);
    end(&turn, &pki);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    struct turn_server turn;
    struct openssl_pki pki;
    (void)state;
    if (!serve(&turn, &pki, "DNS:turn.example.org,IP:192.0.2.1", 2)) {
        skip();
    }
    struct strait_trust *trust = openssl_pki_trust(&pki);
    fail_with(turn.tls, trust, STRAIT_E_NAME, "turn.example.org");
    strait_trust_unref(trust);
    end(&turn, &pki);
}

static void an_expired_certificate_is_refused(void **state)
{
    struct turn_server turn;
    struct openssl_pki pki;
    (void)state;
    if (!serve(&turn, &pki, NULL, -1)) {
        skip();
    }
    struct strait_trust *trust = openssl_pki_trust(&pki);
    fail_with(turn.tls, trust, STRAIT_E_EXPIRED, "valid until");
    strait_trust_unref(trust);
    end(&turn, &pki);
}

/* --- Servers that go wrong ------------------------------------------------------------------------ */

struct wrong {
    int listener, fds[64];
    struct strait_runtime *runtime;
    size_t n;
    const void *answer; /* to what comes; NULL: it closes */
    size_t len;
    bool mute;
    char url[80];
};

static void on_hello(void *user, short events)
{
    struct wrong *w = user;
    uint8_t hello[4096];
    (void)events;
    for (size_t i = 0; i < w->n; i++) {
        if (w->fds[i] < 0 || recv(w->fds[i], hello, sizeof hello, MSG_DONTWAIT) <= 0) {
            continue;
        }
        assert_int_equal(hello[0], 22); /* a handshake's record: no plaintext of TURN */
        if (w->answer != NULL) {
            assert_int_equal(send(w->fds[i], w->answer, w->len, MSG_NOSIGNAL), w->len);
        } else if (!w->mute) {
            strait_runtime_unwatch(w->runtime, w->fds[i]);
            close(w->fds[i]);
            w->fds[i] = -1;
        }
    }
}

static void on_connection(void *user, short events)
{
    struct wrong *w = user;
    (void)events;
    int fd = accept(w->listener, NULL, NULL);
    assert_true(fd >= 0 && w->n < 64);
    w->fds[w->n++] = fd;
    assert_int_equal(strait_runtime_watch(w->runtime, fd, POLLIN, on_hello, w), STRAIT_OK);
}

static void wrong_open(struct wrong *w)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    memset(w, 0, sizeof *w);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    w->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(w->listener, 16), 0);
    assert_int_equal(getsockname(w->listener, (struct sockaddr *)&address, &len), 0);
    snprintf(w->url, sizeof w->url, "turns:127.0.0.1:%u", ntohs(address.sin_port));
}

static void wrong_close(struct wrong *w)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->fds[i] >= 0) {
            close(w->fds[i]);
        }
    }
    close(w->listener);
}

static void begin_wrong(struct pair *pair, struct wrong *w, struct strait_trust **trust)
{
    struct strait_ice_server server = turns(w->url);
    assert_int_equal(strait_trust_create(trust, NULL), STRAIT_OK);
    begin(pair, &server, 1, *trust, STRAIT_ICE_ALL);
    w->runtime = pair->runtime;
    assert_int_equal(strait_runtime_watch(pair->runtime, w->listener, POLLIN, on_connection, w),
                     STRAIT_OK);
}

static void go_wrong(struct wrong *w, int error, const char *part)
{
    struct strait_trust *trust;
    struct pair pair;
    begin_wrong(&pair, w, &trust);
    run_until(&pair, writable);
    media_alternates(&pair);
    run_until(&pair, is_told);
    run_until(&pair, both_gathered);
    if (told.error != error || strstr(told.detail, part) == NULL) {
        print_error("%d %s\n", told.error, told.detail);
    }
    assert_int_equal(told.error, error);
    assert_non_null(strstr(told.detail, part));
    assert_in_range(w->n, 1, 64);
    finish(&pair);
    strait_trust_unref(trust);
    wrong_close(w);
}

static void a_server_may_speak_something_else(void **state)
{
    static const char http[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 40 };
    struct wrong w;
    (void)state;
    wrong_open(&w);
    w.answer = http;
    w.len = sizeof http - 1;
    go_wrong(&w, STRAIT_E_HANDSHAKE, "TLS");
    wrong_open(&w);
    w.answer = alert;
    w.len = sizeof alert;
    go_wrong(&w, STRAIT_E_ALERT, "handshake_failure");
}

static void a_server_may_close_in_the_handshake(void **state)
{
    struct wrong w;
    (void)state;
    wrong_open(&w);
    go_wrong(&w, STRAIT_E_CLOSED, "without a word");
}

static void a_server_may_never_answer(void **state)
{
    struct wrong w;
    (void)state;
    wrong_open(&w);
    w.mute = true;
    go_wrong(&w, STRAIT_E_TIMEOUT, "does not answer the TLS handshake");
}

static void nobody_may_listen(void **state)
{
    struct wrong w;
    struct strait_trust *trust;
    struct pair pair;
    (void)state;
    wrong_open(&w);
    close(w.listener);
    struct strait_ice_server server = turns(w.url);
    assert_int_equal(strait_trust_create(&trust, NULL), STRAIT_OK);
    begin(&pair, &server, 1, trust, STRAIT_ICE_ALL);
    run_until(&pair, is_told);
    run_until(&pair, writable);
    run_until(&pair, both_gathered);
    assert_int_equal(told.error, STRAIT_E_SYSTEM);
    assert_non_null(strstr(told.detail, "Connection refused"));
    finish(&pair);
    strait_trust_unref(trust);
}

/* --- Strangers ------------------------------------------------------------------------------------ */

/* The listeners on loopback of this process but one. */
static size_t find_listeners(uint16_t *ports, size_t max, int but)
{
    size_t n = 0;
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in address = { .sin_family = AF_UNSPEC };
        socklen_t len = sizeof address, int_len = sizeof(int);
        int listens = 0;
        if (fd != but && getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_len) == 0 &&
            listens && getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
            address.sin_family == AF_INET && address.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
            n < max) {
            ports[n++] = ntohs(address.sin_port);
        }
    }
    return n;
}

static void a_stranger_is_not_let_in(void **state)
{
    struct wrong w;
    struct strait_trust *trust;
    struct pair pair;
    uint16_t ports[8];
    char byte = 'a';
    (void)state;
    wrong_open(&w);
    w.mute = true;
    begin_wrong(&pair, &w, &trust);
    size_t n = find_listeners(ports, 8, w.listener);
    assert_int_equal(n, 2);
    for (int i = 0; i < 20; i++) {
        strait_runtime_wait(pair.runtime, 10 * STRAIT_MS);
    }
    size_t before = w.n;
    assert_in_range(before, 2, 64);
    for (size_t i = 0; i < n; i++) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(ports[i]) };
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
        ssize_t got = -1;
        errno = EAGAIN;
        for (int k = 0; k < 100 && got < 0 && errno == EAGAIN; k++) {
            strait_runtime_wait(pair.runtime, 10 * STRAIT_MS);
            got = recv(fd, &byte, 1, MSG_DONTWAIT);
        }
        assert_true(got == 0 || errno == ECONNRESET);
        close(fd);
    }
    assert_int_equal(w.n, before);
    finish(&pair);
    strait_trust_unref(trust);
    wrong_close(&w);
}

/* --- At any moment -------------------------------------------------------------------------------- */

static size_t count_descriptors(void)
{
    size_t n = 0;
    struct sockaddr_storage address;
    for (int fd = 0; fd < 1024; fd++) {
        socklen_t len = sizeof address;
        n += getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    }
    return n;
}

static void it_may_be_cut_short_at_any_moment(void **state)
{
    struct turn_server turn;
    struct openssl_pki pki;
    (void)state;
    if (!serve(&turn, &pki, NULL, 2)) {
        skip();
    }
    struct strait_trust *trust = openssl_pki_trust(&pki);
    struct strait_ice_server server = turns(turn.tls);
    size_t before = count_descriptors();
    for (int i = 0; i < 100; i++) {
        struct pair pair;
        begin(&pair, &server, 1, trust, i % 3 == 0 ? STRAIT_ICE_RELAY : STRAIT_ICE_ALL);
        for (int k = 0; k < i % 40; k++) {
            strait_runtime_wait(pair.runtime, STRAIT_MS);
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
    assert_int_equal(count_descriptors(), before);
    strait_trust_unref(trust);
    end(&turn, &pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(media_goes_through_tls),
        cmocka_unit_test(the_server_may_go_in_the_middle),
        cmocka_unit_test(a_foreign_authority_is_not_trusted),
        cmocka_unit_test(a_certificate_for_another_name_is_refused),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(a_server_may_speak_something_else),
        cmocka_unit_test(a_server_may_close_in_the_handshake),
        cmocka_unit_test(a_server_may_never_answer),
        cmocka_unit_test(nobody_may_listen),
        cmocka_unit_test(a_stranger_is_not_let_in),
        cmocka_unit_test(it_may_be_cut_short_at_any_moment),
    };
    return cmocka_run_group_tests_name("agent_tunnel", tests, NULL, NULL);
}
