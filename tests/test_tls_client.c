/* The TLS client without sockets, against a server of wolfSSL's in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/pki.h"
#include "transport/dtls/tls_client.h"
#include "transport/dtls/wolf_hooks.h"
#include "transport/util.h"

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/settings.h>

enum { ROOM = 1 << 20, LARGEST = 300000 };

struct pipe {
    uint8_t bytes[ROOM];
    size_t at, len;
};

/* One server, one client, and what is between them. */
struct pair {
    struct strait_hooks hooks;
    struct strait_trust *trust;
    struct strait__tls *client;
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
    bool accepted;
    size_t step; /* at most so many bytes are handed over at once */
    char name_told[64];
    struct strait__wolf_scope scope;
};

static struct pipe up, down;

static int on_server_reads(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    (void)ssl;
    (void)user;
    size_t n = up.len < (size_t)size ? up.len : (size_t)size;
    memcpy(buffer, up.bytes + up.at, n);
    up.at += n;
    up.len -= n;
    return n > 0 ? (int)n : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int on_server_writes(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    (void)ssl;
    (void)user;
    assert_true(down.at + down.len + (size_t)size <= ROOM);
    memcpy(down.bytes + down.at + down.len, buffer, (size_t)size);
    down.len += (size_t)size;
    return size;
}

static void enter(struct pair *pair)
{
    strait__wolf_enter(&pair->scope, &pair->hooks, 0);
    pair->scope.calendar = PKI_TODAY;
}

static void leave(struct pair *pair)
{
    strait__wolf_leave(&pair->scope);
}

/* --- Life ----------------------------------------------------------------------------------------- */

static void server_open(struct pair *pair, const char *chain, const char *key, int version)
{
    size_t chain_len, key_len;
    char *chain_text = pki_text(chain, &chain_len), *key_text = pki_text(key, &key_len);
    enter(pair);
    pair->ctx = wolfSSL_CTX_new(version == WOLFSSL_TLSV1_3 ? wolfTLSv1_3_server_method()
                                                           : wolfTLSv1_2_server_method());
    assert_non_null(pair->ctx);
    assert_int_equal(wolfSSL_CTX_use_certificate_chain_buffer(
                         pair->ctx, (const uint8_t *)chain_text, (long)chain_len),
                     WOLFSSL_SUCCESS);
    assert_int_equal(wolfSSL_CTX_use_PrivateKey_buffer(pair->ctx, (const uint8_t *)key_text,
                                                       (long)key_len, WOLFSSL_FILETYPE_PEM),
                     WOLFSSL_SUCCESS);
    wolfSSL_CTX_SetIORecv(pair->ctx, on_server_reads);
    wolfSSL_CTX_SetIOSend(pair->ctx, on_server_writes);
    pair->ssl = wolfSSL_new(pair->ctx);
    assert_non_null(pair->ssl);
    leave(pair);
    free(chain_text);
    free(key_text);
}

static void open_pair(struct pair *pair, const char *chain, const char *key, int version,
                      const char *name)
{
    size_t len;
    char *root = pki_text("root.crt rootrsa.crt", &len);
    memset(pair, 0, sizeof *pair);
    up.at = up.len = down.at = down.len = 0;
    pair->step = ROOM;
    strait__hooks_init(&pair->hooks, NULL);
    assert_int_equal(strait_trust_create(&pair->trust, NULL), STRAIT_OK);
    assert_int_equal(strait_trust_add(pair->trust, root, len), 2);
    free(root);
    struct strait__tls_config config = { .hooks = &pair->hooks,
                                         .trust = pair->trust,
                                         .name = name };
    assert_int_equal(strait__tls_create(&pair->client, &config), STRAIT_OK);
    server_open(pair, chain, key, version);
}

static void close_pair(struct pair *pair)
{
    strait__tls_destroy(pair->client);
    enter(pair);
    wolfSSL_free(pair->ssl);
    wolfSSL_CTX_free(pair->ctx);
    leave(pair);
    strait_trust_unref(pair->trust);
}

/* --- Turns ---------------------------------------------------------------------------------------- */

/* Hands bytes over in both directions; true: some went. */
static bool carry(struct pair *pair)
{
    size_t len, room;
    bool moved = false;
    const uint8_t *out = strait__tls_out(pair->client, &len);
    len = len < pair->step ? len : pair->step;
    if (len > 0) {
        if (up.len == 0) {
            up.at = 0;
        }
        assert_true(up.at + up.len + len <= ROOM);
        memcpy(up.bytes + up.at + up.len, out, len);
        up.len += len;
        strait__tls_sent(pair->client, len);
        moved = true;
    }
    uint8_t *in = strait__tls_in(pair->client, &room);
    len = down.len < room ? down.len : room;
    len = len < pair->step ? len : pair->step;
    if (len > 0) {
        memcpy(in, down.bytes + down.at, len);
        strait__tls_filled(pair->client, len);
        down.at += len;
        down.len -= len;
        moved = true;
    }
    if (down.len == 0) {
        down.at = 0;
    }
    return moved;
}

static void turn(struct pair *pair)
{
    strait__tls_run(pair->client, 0, PKI_TODAY);
    if (!pair->accepted) {
        enter(pair);
        pair->accepted = wolfSSL_accept(pair->ssl) == WOLFSSL_SUCCESS;
        leave(pair);
    }
}

static void shake(struct pair *pair)
{
    turn(pair);
    while (carry(pair)) {
        turn(pair);
    }
    turn(pair);
}

/* --- Cases ---------------------------------------------------------------------------------------- */

static void echo(struct pair *pair, size_t total)
{
    static uint8_t sent[LARGEST], back[LARGEST], room[20000];
    size_t wrote = 0, read = 0, idle = 0;
    for (size_t i = 0; i < total; i++) {
        sent[i] = (uint8_t)(i * 7 + i / 251);
    }
    while (read < total && idle < 10) {
        wrote += strait__tls_write(pair->client, sent + wrote, total - wrote);
        bool moved = carry(pair);
        enter(pair);
        int n = wolfSSL_read(pair->ssl, room, (int)sizeof room);
        if (n > 0) {
            assert_int_equal(wolfSSL_write(pair->ssl, room, n), n);
        }
        leave(pair);
        size_t got = strait__tls_read(pair->client, back + read, total - read);
        read += got;
        idle = moved || n > 0 || got > 0 ? 0 : idle + 1;
    }
    assert_int_equal(wrote, total);
    assert_int_equal(read, total);
    assert_memory_equal(sent, back, total);
}

static void converse(const char *chain, const char *key, int version, size_t step)
{
    struct pair pair;
    open_pair(&pair, chain, key, version, "server.example.net");
    assert_int_equal(strait__tls_write(pair.client, (const uint8_t *)"a", 1), 0);
    pair.step = step;
    shake(&pair);
    if (strait__tls_state(pair.client) != STRAIT__TLS_OPEN) {
        print_error("%s\n", strait__tls_detail(pair.client));
    }
    assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_OPEN);
    assert_true(pair.accepted);
    assert_int_equal(strait__tls_version(pair.client),
                     version == WOLFSSL_TLSV1_3 ? 0x0304 : 0x0303);
    pair.step = step < 100 ? 100 : step;
    echo(&pair, step < 100 ? 5000 : LARGEST);
    enter(&pair);
    (void)wolfSSL_shutdown(pair.ssl);
    leave(&pair);
    uint8_t room[16];
    for (int i = 0; i < 4; i++) {
        (void)carry(&pair);
        assert_int_equal(strait__tls_read(pair.client, room, sizeof room), 0);
    }
    assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_CLOSED);
    strait__tls_close(pair.client);
    size_t len;
    (void)strait__tls_out(pair.client, &len);
    assert_in_range(len, 7, 64);
    close_pair(&pair);
}

static void it_speaks_both_versions(void **state)
{
    static const int versions[] = { WOLFSSL_TLSV1_2, WOLFSSL_TLSV1_3 };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        converse("server.crt inter.crt", "leaf.key", versions[i], ROOM);
        converse("server384.crt inter.crt", "leaf384.key", versions[i], 1000);
        converse("serverrsa.crt interrsa.crt", "leafrsa.key", versions[i], ROOM);
        converse("server.crt inter.crt", "leaf.key", versions[i], 1);
    }
}

static void refuse(const char *chain, const char *name, int error, const char *part)
{
    static const int versions[] = { WOLFSSL_TLSV1_2, WOLFSSL_TLSV1_3 };
    for (size_t i = 0; i < 2; i++) {
        struct pair pair;
        open_pair(&pair, chain, "leaf.key", versions[i], name);
        shake(&pair);
        if (strait__tls_error(pair.client) != error ||
            strstr(strait__tls_detail(pair.client), part) == NULL) {
            print_error("%s: %d %s\n", chain, strait__tls_error(pair.client),
                        strait__tls_detail(pair.client));
        }
        assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_FAILED);
        assert_int_equal(strait__tls_error(pair.client), error);
        assert_non_null(strstr(strait__tls_detail(pair.client), part));
        assert_false(pair.accepted);
        /* The server hears why. */
        WOLFSSL_ALERT_HISTORY history = { .last_rx = { .code = -1 } };
        wolfSSL_get_alert_history(pair.ssl, &history);
        assert_in_range(history.last_rx.code, 40, 120);
        size_t room;
        (void)strait__tls_in(pair.client, &room);
        assert_int_equal(room, 0);
        close_pair(&pair);
    }
}

static void a_certificate_must_be_good(void **state)
{
    (void)state;
    refuse("byforeign.crt", "server.example.net", STRAIT_E_UNTRUSTED, "not trusted");
    refuse("server.crt", "server.example.net", STRAIT_E_UNTRUSTED, "was not sent");
    refuse("expired.crt inter.crt", "server.example.net", STRAIT_E_EXPIRED, "2021");
    refuse("future.crt inter.crt", "server.example.net", STRAIT_E_EXPIRED, "2100");
    refuse("server.crt inter.crt", "other.example.net", STRAIT_E_NAME, "other.example.net");
    refuse("server.crt inter.crt", "192.0.2.8", STRAIT_E_NAME, "192.0.2.8");
    refuse("cnonly.crt inter.crt", "server.example.net", STRAIT_E_NAME, "subjectAltName");
    refuse("onlyclient.crt inter.crt", "server.example.net", STRAIT_E_BAD_CERTIFICATE,
           "serverAuth");
    refuse("self.crt", "server.example.net", STRAIT_E_UNTRUSTED, "itself");
}

static void addresses_are_names_too(void **state)
{
    static const char *const names[] = { "192.0.2.7", "2001:db8::7", "a.wild.example.net",
                                         "SERVER.example.NET." };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pair pair;
        open_pair(&pair, "server.crt inter.crt", "leaf.key", WOLFSSL_TLSV1_3, names[i]);
        shake(&pair);
        assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_OPEN);
        close_pair(&pair);
    }
}

static void what_is_damaged_ends_it(void **state)
{
    struct pair pair;
    uint8_t room[100];
    (void)state;
    open_pair(&pair, "server.crt inter.crt", "leaf.key", WOLFSSL_TLSV1_3, "server.example.net");
    shake(&pair);
    assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_OPEN);
    enter(&pair);
    assert_int_equal(wolfSSL_write(pair.ssl, "hello", 5), 5);
    leave(&pair);
    down.bytes[down.at + down.len - 3] ^= 1;
    while (carry(&pair)) {
        assert_int_equal(strait__tls_read(pair.client, room, sizeof room), 0);
    }
    assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_FAILED);
    assert_int_equal(strait__tls_write(pair.client, room, 1), 0);
    close_pair(&pair);
}

/* Who writes more than is taken away is told to wait, and nothing is lost. */
static void there_is_back_pressure(void **state)
{
    struct pair pair;
    static uint8_t piece[STRAIT__TLS_PIECE + 1];
    size_t wrote = 0, n, total = 0;
    (void)state;
    open_pair(&pair, "server.crt inter.crt", "leaf.key", WOLFSSL_TLSV1_3, "server.example.net");
    shake(&pair);
    assert_int_equal(strait__tls_write(pair.client, piece, sizeof piece), STRAIT__TLS_PIECE);
    wrote = STRAIT__TLS_PIECE;
    while ((n = strait__tls_write(pair.client, piece, 100)) > 0) {
        wrote += n;
        assert_true(wrote < 16384);
    }
    assert_int_equal(strait__tls_state(pair.client), STRAIT__TLS_OPEN);
    while (carry(&pair)) {
        int got;
        enter(&pair);
        while ((got = wolfSSL_read(pair.ssl, piece, sizeof piece)) > 0) {
            total += (size_t)got;
        }
        leave(&pair);
    }
    assert_int_equal(total, wrote);
    assert_int_equal(strait__tls_write(pair.client, piece, 100), 100);
    close_pair(&pair);
}

static int allocations_left;

static void *few(void *user, size_t size)
{
    (void)user;
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void memory_may_be_short_at_any_moment(void **state)
{
    int failed = 0;
    (void)state;
    for (int n = 0; n < 400; n++) {
        struct pair pair;
        struct strait_hooks hooks = { .size = sizeof hooks, .alloc = few, .free = release };
        open_pair(&pair, "server.crt inter.crt", "leaf.key",
                  n % 2 == 0 ? WOLFSSL_TLSV1_3 : WOLFSSL_TLSV1_2, "server.example.net");
        struct strait__tls_config config = { .hooks = &pair.hooks,
                                             .trust = pair.trust,
                                             .name = "server.example.net" };
        strait__tls_destroy(pair.client);
        struct strait_hooks own = pair.hooks;
        assert_int_equal(strait__hooks_init(&pair.hooks, &hooks), STRAIT_OK);
        struct strait_hooks poor = pair.hooks;
        config.hooks = &poor;
        pair.hooks = own;
        allocations_left = n;
        int error = strait__tls_create(&pair.client, &config);
        if (error == STRAIT_OK) {
            shake(&pair);
            failed += strait__tls_state(pair.client) == STRAIT__TLS_FAILED;
            assert_true(strait__tls_state(pair.client) != STRAIT__TLS_FAILED ||
                        strait__tls_error(pair.client) == STRAIT_E_NOMEM);
        } else {
            assert_int_equal(error, STRAIT_E_NOMEM);
        }
        close_pair(&pair);
    }
    assert_in_range(failed, 10, 400);
}

static void wrong_configurations_are_errors(void **state)
{
    struct strait_hooks hooks;
    struct strait__tls *tls;
    struct strait_trust *trust;
    char longer[300];
    (void)state;
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    strait__hooks_init(&hooks, NULL);
    assert_int_equal(strait_trust_create(&trust, NULL), STRAIT_OK);
    struct strait__tls_config config = { .hooks = &hooks, .name = "a" };
    assert_int_equal(strait__tls_create(&tls, &config), STRAIT_E_INVALID);
    config.trust = trust;
    config.name = NULL;
    assert_int_equal(strait__tls_create(&tls, &config), STRAIT_E_INVALID);
    config.name = longer;
    assert_int_equal(strait__tls_create(&tls, &config), STRAIT_E_INVALID);
    config.name = "a b";
    assert_int_equal(strait__tls_create(&tls, &config), STRAIT_E_INVALID);
    assert_null(tls);
    strait__tls_destroy(NULL);
    strait_trust_unref(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_speaks_both_versions),
        cmocka_unit_test(a_certificate_must_be_good),
        cmocka_unit_test(addresses_are_names_too),
        cmocka_unit_test(what_is_damaged_ends_it),
        cmocka_unit_test(there_is_back_pressure),
        cmocka_unit_test(memory_may_be_short_at_any_moment),
        cmocka_unit_test(wrong_configurations_are_errors),
    };
    return cmocka_run_group_tests_name("tls_client", tests, NULL, NULL);
}
