/* Exported keying material, and the key log whose secrets it comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/dtls_pair.h"
#include "transport/dtls/association.h"
#include "transport/dtls/export.h"

enum { LEN = 300 };

static const char LABEL[] = "EXPERIMENTAL strait test";

struct cell {
    const char *name;
    enum strait_dtls_version version;
    const char *suite; /* wolfSSL's name; NULL: whatever comes */
};

static const struct cell cells[] = {
    { "1.2, SHA-256", STRAIT_DTLS_1_2, NULL },
    { "1.2, SHA-384", STRAIT_DTLS_1_2, "ECDHE-ECDSA-AES256-GCM-SHA384" },
    { "1.3, SHA-256", STRAIT_DTLS_1_3, NULL },
    { "1.3, SHA-384", STRAIT_DTLS_1_3, "TLS13-AES256-GCM-SHA384" },
};

static const struct cell *cell;

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    (void)side;
    config->min_version = config->max_version = cell->version;
    config->profiles[0] = STRAIT_SRTP_AEAD_AES_128_GCM;
    config->n_profiles = 1;
}

/* Both sides created, with the cell's suite alone. */
static void begin(struct pair *pair, const struct pair_options *o)
{
    pair_init(pair, 5);
    assert_int_equal(pair_create(pair, o), STRAIT_OK);
    for (int i = 0; i < 2 && cell->suite != NULL; i++) {
        assert_int_equal(wolfSSL_CTX_set_cipher_list(pair->side[i].dtls->ctx, cell->suite),
                         WOLFSSL_SUCCESS);
    }
}

static void connect_cell(struct pair *pair, const struct pair_options *o)
{
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run(pair, pair->start + 20 * STRAIT_S);
    pair_run_for(pair, STRAIT_S);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_dtls_state(pair->side[i].dtls), STRAIT_DTLS_CONNECTED);
    }
    (void)o;
}

static int export(const struct pair *pair, int side, const char *label, const char *context,
                  uint8_t *out, size_t len)
{
    return strait_dtls_export(pair->side[side].dtls, label, (const uint8_t *)context,
                              context != NULL ? strlen(context) : 0, out, len);
}

/* What wolfSSL exports while it still has its arrays: in the event CONNECTED. */
struct oracle {
    uint8_t none[LEN], empty[LEN], some[LEN];
    int answered;
};

static void ask_wolf(struct pair_side *side)
{
    struct oracle *oracle = side->extra;
    WOLFSSL *ssl = side->dtls->ssl;
    const unsigned char *context = (const unsigned char *)"context";
    size_t len = strlen(LABEL);
    oracle->answered =
        wolfSSL_export_keying_material(ssl, oracle->none, LEN, LABEL, len, NULL, 0, 0) +
        wolfSSL_export_keying_material(ssl, oracle->empty, LEN, LABEL, len, context, 0, 1) +
        wolfSSL_export_keying_material(ssl, oracle->some, LEN, LABEL, len, context, 7, 1);
}

static void test_as_wolfssl_exports(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        struct pair_options o = { .configure = configure };
        struct oracle oracle[2] = { { .answered = 0 } };
        struct pair pair;
        uint8_t none[2][LEN], empty[2][LEN], some[2][LEN];
        cell = &cells[c];
        begin(&pair, &o);
        for (int i = 0; i < 2; i++) {
            pair.side[i].extra = &oracle[i];
            pair.side[i].on_connected = ask_wolf;
            assert_int_equal(export(&pair, i, LABEL, NULL, none[i], LEN), STRAIT_E_STATE);
        }
        connect_cell(&pair, &o);
        for (int i = 0; i < 2; i++) {
            assert_null(strstr(strait_dtls_cipher_name(pair_stats(&pair, i).cipher_suite),
                               c % 2 ? "SHA256" : "SHA384"));
            /* wolfSSL's arrays are gone by now. */
            assert_int_not_equal(wolfSSL_export_keying_material(pair.side[i].dtls->ssl, none[i], 8,
                                                                LABEL, 3, NULL, 0, 0),
                                 WOLFSSL_SUCCESS);
            assert_int_equal(export(&pair, i, LABEL, NULL, none[i], LEN), STRAIT_OK);
            assert_int_equal(export(&pair, i, LABEL, "", empty[i], LEN), STRAIT_OK);
            assert_int_equal(export(&pair, i, LABEL, "context", some[i], LEN), STRAIT_OK);
            assert_int_equal(oracle[i].answered, 3 * WOLFSSL_SUCCESS);
            assert_memory_equal(none[i], oracle[i].none, LEN);
            assert_memory_equal(empty[i], oracle[i].empty, LEN);
            assert_memory_equal(some[i], oracle[i].some, LEN);
        }
        assert_memory_equal(none[0], none[1], LEN);
        assert_memory_equal(empty[0], empty[1], LEN);
        assert_memory_equal(some[0], some[1], LEN);
        assert_memory_not_equal(none[0], some[0], LEN);
        if (cell->version == STRAIT_DTLS_1_2) {
            assert_memory_not_equal(none[0], empty[0], LEN);
        } else {
            assert_memory_equal(none[0], empty[0], LEN);
        }
        pair_finish(&pair);
    }
}

/* Contexts and labels longer than wolfSSL takes; an hour later; not after the end. */
static void test_any_length_at_any_time(void **state)
{
    static char context[60000];
    (void)state;
    memset(context, 'c', sizeof context - 1);
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        struct pair_options o = { .configure = configure };
        struct pair pair;
        static uint8_t out[3][2][8160];
        char label[251] = { 0 };
        cell = &cells[c];
        begin(&pair, &o);
        connect_cell(&pair, &o);
        pair_run_for(&pair, 3600 * STRAIT_S);
        memset(label, 'l', 250);
        for (int i = 0; i < 2; i++) {
            label[249] = 'l';
            assert_int_equal(export(&pair, i, label, context, out[0][i], 32), STRAIT_E_INVALID);
            label[249] = '\0';
            assert_int_equal(export(&pair, i, label, context, out[0][i], 8160), STRAIT_OK);
            assert_int_equal(export(&pair, i, label, context + 1, out[1][i], 8160), STRAIT_OK);
            assert_int_equal(export(&pair, i, label + 1, context, out[2][i], 8160), STRAIT_OK);
        }
        for (int k = 0; k < 3; k++) {
            assert_memory_equal(out[k][0], out[k][1], 8160);
            assert_memory_not_equal(out[k][0], out[(k + 1) % 3][0], 8160);
        }
        /* What comes out first does not hang on how much is asked for in 1.2; in 1.3 it does. */
        strait_dtls_close(pair.side[0].dtls, pair.now);
        assert_int_equal(export(&pair, 0, LABEL, NULL, out[0][0], 32), STRAIT_E_STATE);
        pair_finish(&pair);
    }
}

static void test_refused(void **state)
{
    static const char *const labels[] = { "",
                                          "client finished",
                                          "server finished",
                                          "master secret",
                                          "key expansion",
                                          "extended master secret",
                                          "key expansion of mine" };
    struct pair_options o = { .configure = configure };
    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c += 2) {
        struct pair pair;
        uint8_t out[32];
        static uint8_t big[8161];
        cell = &cells[c];
        begin(&pair, &o);
        connect_cell(&pair, &o);
        struct strait_dtls *d = pair.side[0].dtls;
        for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
            assert_int_equal(strait_dtls_export(d, labels[i], NULL, 0, out, 32), STRAIT_E_INVALID);
        }
        assert_int_equal(strait_dtls_export(d, LABEL, NULL, 1, out, 32), STRAIT_E_INVALID);
        assert_int_equal(strait_dtls_export(d, LABEL, out, 65536, out, 32), STRAIT_E_INVALID);
        assert_int_equal(strait_dtls_export(d, LABEL, NULL, 0, out, 0), STRAIT_E_INVALID);
        assert_int_equal(strait_dtls_export(d, LABEL, NULL, 0, big, 8161), STRAIT_E_INVALID);
        assert_int_equal(strait_dtls_export(d, LABEL, NULL, 0, big, 8160), STRAIT_OK);
        assert_int_equal(strait_dtls_export(NULL, LABEL, NULL, 0, out, 32), STRAIT_E_INVALID);
        assert_int_equal(strait_dtls_export(d, NULL, NULL, 0, out, 32), STRAIT_E_INVALID);
        assert_int_equal(strait_dtls_export(d, LABEL, NULL, 0, NULL, 32), STRAIT_E_INVALID);
        pair_finish(&pair);
    }
}

/* --- the key log --- */

enum { LINES = 8 };

struct log {
    char line[LINES][256];
    int n;
    int warnings, failures;
};

static void on_keylog(void *user, const char *line)
{
    struct log *to = ((struct pair_side *)user)->extra;
    assert_true(to->n < LINES);
    snprintf(to->line[to->n++], sizeof to->line[0], "%s", line);
}

static void on_log(void *user, enum strait_log_level level, const char *component, const char *line)
{
    struct log *to = ((struct pair_side *)user)->extra;
    (void)component;
    to->warnings += level == STRAIT_LOG_WARNING && strstr(line, "keys of this association") != NULL;
    to->failures += level == STRAIT_LOG_WARNING && strstr(line, "cannot write the key log") != NULL;
}

static bool by_environment;
static struct log logs[2];

static void configure_log(struct pair_side *side, struct strait_dtls_config *config)
{
    configure(side, config);
    side->extra = &logs[side->index];
    config->events.keylog = by_environment ? NULL : on_keylog;
    config->keylog_env = by_environment;
    side->hooks.log = on_log;
}

static size_t unhex(const char *text, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *high, *low;
    size_t n = 0;
    while (text[2 * n] != '\0' && (high = strchr(digits, text[2 * n])) != NULL &&
           text[2 * n + 1] != '\0' && (low = strchr(digits, text[2 * n + 1])) != NULL) {
        out[n++] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return n;
}

/* The secret of the line with this label; checks label and random of every line. */
static size_t secret_of(const struct log *in, const char *label, uint8_t random[32], uint8_t *out)
{
    for (int i = 0; i < in->n; i++) {
        size_t len = strlen(label);
        if (strncmp(in->line[i], label, len) == 0 && in->line[i][len] == ' ') {
            char text[65] = { 0 };
            memcpy(text, in->line[i] + len + 1, 64);
            assert_int_equal(unhex(text, random), 32);
            assert_int_equal(in->line[i][len + 65], ' ');
            return unhex(in->line[i] + len + 66, out);
        }
    }
    return 0;
}

/* The tap's: the random of the first ClientHello on the wire. */
static bool take_random(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    uint8_t *random = user;
    (void)pair;
    if (from == PAIR_CLIENT && len > 59 && data[0] == 22 && data[13] == 1 && random[0] == 0) {
        memcpy(random, data + 27, 32);
    }
    return false;
}

static void test_key_log(void **state)
{
    static const char *const labels13[] = {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    };
    (void)state;
    by_environment = false;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        struct pair_options o = { .configure = configure_log };
        memset(logs, 0, sizeof logs);
        struct pair pair;
        uint8_t random[32] = { 0 }, logged[32], secret[2][64], got[LEN], mine[LEN];
        struct strait__exporter e = { .ready = true, .sha384 = c % 2 != 0 };
        cell = &cells[c];
        bool dtls13 = cell->version == STRAIT_DTLS_1_3;
        e.dtls13 = dtls13;
        begin(&pair, &o);
        pair.tap = take_random;
        pair.tap_user = random;
        connect_cell(&pair, &o);
        assert_int_equal(logs[0].n, dtls13 ? 5 : 1);
        assert_int_equal(logs[1].n, dtls13 ? 5 : 1);
        for (int k = 0; k < logs[0].n; k++) {
            const char *label = dtls13 ? labels13[k] : "CLIENT_RANDOM";
            size_t len = dtls13 && c % 2 == 0 ? 32 : 48;
            for (int i = 0; i < 2; i++) {
                assert_int_equal(secret_of(&logs[i], label, logged, secret[i]), len);
                assert_memory_equal(logged, random, 32);
            }
            assert_memory_equal(secret[0], secret[1], len);
        }
        /* What is logged is what the exporter begins with; in 1.2 it hangs on the randoms besides. */
        assert_true(secret_of(&logs[0], dtls13 ? "EXPORTER_SECRET" : "CLIENT_RANDOM", logged,
                              e.secret) > 0);
        memcpy(e.randoms, pair.side[0].dtls->exporter.randoms, sizeof e.randoms);
        assert_int_equal(strait__exporter_derive(&e, LABEL, NULL, 0, mine, LEN), STRAIT_OK);
        assert_int_equal(export(&pair, 1, LABEL, NULL, got, LEN), STRAIT_OK);
        assert_memory_equal(mine, got, LEN);
        pair_finish(&pair);
    }
}

/* The warning comes at creation, once, and not at all where nothing is written down. */
static void test_warning(void **state)
{
    (void)state;
    unsetenv("SSLKEYLOGFILE");
    for (int on = 0; on < 2; on++) {
        struct pair_options o = { .configure = configure_log };
        memset(logs, 0, sizeof logs);
        struct pair pair;
        cell = &cells[2];
        by_environment = on == 0;
        pair_init(&pair, 5);
        assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
        connect_cell(&pair, &o);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(logs[i].warnings, on);
            assert_int_equal(logs[i].n, on ? 5 : 0);
        }
        pair_finish(&pair);
    }
}

static void test_key_log_file(void **state)
{
    char path[] = "/tmp/strait-keylog-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(path));
    char file[64];
    snprintf(file, sizeof file, "%s/keys", path);
    setenv("SSLKEYLOGFILE", file, 1);
    int expected = 0;
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c += 2) {
        struct pair_options o = { .configure = configure_log };
        memset(logs, 0, sizeof logs);
        struct pair pair;
        cell = &cells[c];
        by_environment = true;
        pair_init(&pair, 5);
        assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
        connect_cell(&pair, &o);
        assert_int_equal(logs[0].warnings + logs[1].warnings, 2);
        expected += cell->version == STRAIT_DTLS_1_3 ? 10 : 2;
        pair_finish(&pair);
    }
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    FILE *f = fopen(file, "r");
    char line[256];
    int lines = 0, twelve = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        lines++;
        twelve += strncmp(line, "CLIENT_RANDOM ", 14) == 0 && strlen(line) == 14 + 64 + 1 + 96 + 1;
    }
    fclose(f);
    assert_int_equal(lines, expected);
    assert_int_equal(twelve, 2);
    unlink(file);
    rmdir(path);
    unsetenv("SSLKEYLOGFILE");
}

/* A file that cannot be written is no reason to fail. */
static void test_key_log_file_fails(void **state)
{
    struct pair_options o = { .configure = configure_log };
    struct pair pair;
    (void)state;
    memset(logs, 0, sizeof logs);
    setenv("SSLKEYLOGFILE", "/nowhere/keys", 1);
    cell = &cells[2];
    by_environment = true;
    pair_init(&pair, 5);
    assert_int_equal(pair_create(&pair, &o), STRAIT_OK);
    connect_cell(&pair, &o);
    for (int i = 0; i < 2; i++) { /* of five lines each */
        assert_int_equal(logs[i].warnings, 1);
        assert_int_equal(logs[i].failures, 1);
    }
    pair_finish(&pair);
    unsetenv("SSLKEYLOGFILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_wolfssl_exports),
        cmocka_unit_test(test_any_length_at_any_time),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_key_log),
        cmocka_unit_test(test_warning),
        cmocka_unit_test(test_key_log_file),
        cmocka_unit_test(test_key_log_file_fails),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
