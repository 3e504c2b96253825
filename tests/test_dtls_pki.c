/* Peers that authorities vouch for: every way in which that can fail has a name at both ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/dtls_pair.h"
#include "tests/pki.h"
#include <strait/dtls_listener.h>
#include <strait/trust.h>

static const enum strait_dtls_version versions[] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };

/* One handshake. What a case does not say is as in `usual`. */
struct encounter {
    const char *server, *server_key; /* "server inter": the chain that it sends */
    const char *client, *client_key; /* "-": none */
    const char *trusted[2];          /* by client and server; "-": nobody */
    const char *name;                /* "-": any */
    int64_t calendar;
    enum strait_dtls_client_certificate asks;
    bool by_fingerprint[2];
};

static const struct encounter usual = {
    .server = "server inter",
    .server_key = "leaf",
    .client = "server384 inter",
    .client_key = "leaf384",
    .trusted = { "root.crt", "root.crt" },
    .name = "server.example.net",
    .calendar = PKI_TODAY,
};

struct outcome {
    int error[2];
    int alert_sent[2];
    char detail[2][320];
    bool connected[2], has_peer[2];
};

static struct encounter now;
static struct strait_trust *trusts[2];

static const char *given(const char *text)
{
    return strcmp(text, "-") != 0 ? text : NULL;
}

static struct strait_trust *trust_of(const char *files)
{
    struct strait_trust *trust = NULL;
    assert_int_equal(strait_trust_create(&trust, NULL), STRAIT_OK);
    if (given(files) != NULL) {
        size_t len;
        char *text = pki_text(files, &len);
        assert_true(strait_trust_add(trust, text, len) > 0);
        free(text);
    }
    return trust;
}

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    bool client = side->index == PAIR_CLIENT;
    config->client_certificate = client ? 0 : now.asks;
    if (client && given(now.client) == NULL) {
        config->certificate = NULL;
    }
    if (!now.by_fingerprint[side->index]) {
        config->auth = STRAIT_DTLS_AUTH_PKI;
        config->trust = trusts[side->index];
        config->calendar = now.calendar;
        config->server_name = client ? given(now.name) : NULL;
    }
}

static struct encounter fill(const struct encounter *given_case)
{
    struct encounter e = *given_case;
    e.server = e.server != NULL ? e.server : usual.server;
    e.server_key = e.server_key != NULL ? e.server_key : usual.server_key;
    e.client = e.client != NULL ? e.client : usual.client;
    e.client_key = e.client_key != NULL ? e.client_key : usual.client_key;
    e.name = e.name != NULL ? e.name : usual.name;
    e.calendar = e.calendar != 0 ? e.calendar : usual.calendar;
    for (int i = 0; i < 2; i++) {
        e.trusted[i] = e.trusted[i] != NULL ? e.trusted[i] : usual.trusted[i];
    }
    return e;
}

/* Whether the client's first datagrams have these bytes. */
static const char *sought;
static bool seen;

static bool seek(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    (void)pair;
    (void)user;
    seen |= from == PAIR_CLIENT && sought != NULL &&
            memmem(data, len, sought, strlen(sought)) != NULL;
    return false;
}

static struct outcome meet(const struct encounter *e, enum strait_dtls_version version)
{
    struct pair *pair = malloc(sizeof *pair);
    struct outcome outcome = { .error = { 0, 0 } };
    struct pair_options o = {
        .min = { version, version },
        .max = { version, version },
        .no_fingerprints = { true, true },
        .handshake_timeout = 5 * STRAIT_S,
        .configure = configure,
    };
    now = fill(e);
    pair_init(pair, 7);
    pair->tap = seek;
    struct strait_certificate *own[2];
    own[PAIR_CLIENT] = given(now.client) != NULL ? pki_load(now.client, now.client_key) : NULL;
    own[PAIR_SERVER] = pki_load(now.server, now.server_key);
    for (int i = 0; i < 2; i++) {
        trusts[i] = trust_of(now.trusted[i]);
        pair->side[i].certificate = own[i];
        o.no_fingerprints[i] = !now.by_fingerprint[i];
    }
    assert_int_equal(pair_create(pair, &o), STRAIT_OK);
    assert_int_equal(pair_start(pair), STRAIT_OK);
    pair_run(pair, pair->start + 30 * STRAIT_S);
    pair_run_for(pair, STRAIT_S);
    for (int i = 0; i < 2; i++) {
        const struct strait_dtls *dtls = pair->side[i].dtls;
        size_t len;
        outcome.error[i] = strait_dtls_error(dtls);
        outcome.alert_sent[i] = strait_dtls_alert_sent(dtls);
        outcome.connected[i] = strait_dtls_state(dtls) == STRAIT_DTLS_CONNECTED;
        outcome.has_peer[i] = strait_dtls_peer_certificate(dtls, &len) != NULL;
        strncpy(outcome.detail[i], strait_dtls_error_detail(dtls), sizeof outcome.detail[i] - 1);
    }
    pair_finish(pair);
    assert_int_equal(pair->blocks, 0);
    for (int i = 0; i < 2; i++) {
        strait_certificate_unref(own[i]);
        strait_trust_unref(trusts[i]);
    }
    free(pair);
    return outcome;
}

static void assert_connects(const struct encounter *e)
{
    for (int i = 0; i < 2; i++) {
        struct outcome got = meet(e, versions[i]);
        if (!got.connected[0] || !got.connected[1]) {
            fail_msg("%s: client %s (%s), server %s (%s)", now.server,
                     strait_error_name(got.error[0]), got.detail[0],
                     strait_error_name(got.error[1]), got.detail[1]);
        }
    }
}

/* `judge` refuses with that error, tells why in a text with those words, and the other end hears the
 * alert. */
static void assert_refused(const struct encounter *e, int judge, int error, const char *words,
                           uint8_t alert)
{
    for (int i = 0; i < 2; i++) {
        struct outcome got = meet(e, versions[i]);
        const char *why = got.detail[judge];
        if (got.error[judge] != error || strstr(why, words) == NULL) {
            fail_msg("%s: %s (%s), not %s with \"%s\"", now.server,
                     strait_error_name(got.error[judge]), why, strait_error_name(error), words);
        }
        if (got.error[!judge] != STRAIT_E_ALERT ||
            strstr(got.detail[!judge], strait_dtls_alert_name(alert)) == NULL) {
            fail_msg("%s: the other end says %s (%s), not %s", now.server,
                     strait_error_name(got.error[!judge]), got.detail[!judge],
                     strait_dtls_alert_name(alert));
        }
        assert_int_equal(got.alert_sent[judge], alert);
        assert_true(got.has_peer[judge]); /* for those who want to see it */
    }
}

enum alerts {
    BAD_CERTIFICATE = 42,
    UNSUPPORTED_CERTIFICATE = 43,
    CERTIFICATE_EXPIRED = 45,
    UNKNOWN_CA = 48
};

static void refuses_server(const char *server, const char *key, int error, const char *words,
                           uint8_t alert)
{
    const struct encounter e = { .server = server, .server_key = key };
    assert_refused(&e, PAIR_CLIENT, error, words, alert);
}

/* --- the cases --- */

static void chains_connect(void **state)
{
    static const struct encounter cases[] = {
        { .server = NULL },
        { .server = "server inter root" }, /* the root need not be sent, but may */
        { .server = "server root inter" }, /* in disorder */
        { .server = "server inter", .trusted = { "inter.crt" } }, /* an intermediate is trusted */
        { .server = "server", .trusted = { "inter.crt foreign.crt" } },
        { .server = "direct" },
        { .server = "self", .trusted = { "self.crt" } },                  /* itself */
        { .server = "server inter", .trusted = { "twin.crt root.crt" } }, /* two of one name */
        { .server = "server inter foreign twin" }, /* and what does not belong to it */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_connects(&cases[i]);
    }
}

static void every_kind_of_key_in_both_roles(void **state)
{
    static const char *const chains[][2] = {
        { "server inter", "leaf" },
        { "server384 inter", "leaf384" },
        { "serverrsa interrsa", "leafrsa" },
    };
    (void)state;
    for (int s = 0; s < 3; s++) {
        for (int c = 0; c < 3; c++) {
            const struct encounter e = {
                .server = chains[s][0],
                .server_key = chains[s][1],
                .client = chains[c][0],
                .client_key = chains[c][1],
                .trusted = { "root.crt rootrsa.crt", "rootrsa.crt root.crt" },
            };
            assert_connects(&e);
        }
    }
}

static void names_that_fit(void **state)
{
    static const char *const fit[] = { "server.example.net",  "SERVER.example.NET",
                                       "server.example.net.", "a.wild.example.net",
                                       "192.0.2.7",           "2001:db8::7",
                                       "2001:db8:0:0::7",     "-" };
    (void)state;
    for (size_t i = 0; i < sizeof fit / sizeof *fit; i++) {
        const struct encounter e = { .name = fit[i] };
        assert_connects(&e);
    }
}

static void names_that_do_not(void **state)
{
    static const char *const others[] = { "other.example.net",   "example.net",
                                          "wild.example.net",    "a.b.wild.example.net",
                                          "xserver.example.net", "192.0.2.8",
                                          "2001:db8::8",         "192.0.2.7.example.net" };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct encounter e = { .name = others[i] };
        assert_refused(&e, PAIR_CLIENT, STRAIT_E_NAME, "server.example.net", BAD_CERTIFICATE);
        assert_refused(&e, PAIR_CLIENT, STRAIT_E_NAME, others[i], BAD_CERTIFICATE);
    }
    refuses_server("cnonly inter", "leaf", STRAIT_E_NAME, "no subjectAltName", BAD_CERTIFICATE);
}

/* RFC 6066, 3: host names alone, without the final dot: type 0, length 18. */
static void names_are_sent_and_addresses_are_not(void **state)
{
    static const struct {
        const char *name, *sought;
        bool sent;
    } cases[] = {
        { "server.example.net", "\x12server.example.net", true },
        { "server.example.net.", "\x12server.example.net", true },
        { "192.0.2.7", "192.0.2.7", false },
        { "-", "server.example.net", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* No certificate of the client's, which has the name as well. */
        const struct encounter e = { .name = cases[i].name,
                                     .client = "-",
                                     .asks = STRAIT_DTLS_CLIENT_CERTIFICATE_NONE };
        sought = cases[i].sought;
        for (int v = 0; v < 2; v++) {
            seen = false;
            assert_true(meet(&e, versions[v]).connected[PAIR_CLIENT]);
            assert_int_equal(seen, cases[i].sent);
        }
    }
    sought = NULL;
}

static void untrusted(void **state)
{
    static const struct encounter nobody = { .trusted = { "-" } };
    (void)state;
    refuses_server("server", "leaf", STRAIT_E_UNTRUSTED, "strait intermediate", UNKNOWN_CA);
    refuses_server("server foreign", "leaf", STRAIT_E_UNTRUSTED, "was not sent", UNKNOWN_CA);
    refuses_server("byforeign foreign", "leaf", STRAIT_E_UNTRUSTED, "foreign root", UNKNOWN_CA);
    refuses_server("self", "leaf", STRAIT_E_UNTRUSTED, "signed by itself", UNKNOWN_CA);
    /* An authority with the right name and another key. */
    refuses_server("bytwinkey twin", "leaf", STRAIT_E_UNTRUSTED, "strait test root", UNKNOWN_CA);
    refuses_server("bytwin", "leaf", STRAIT_E_BAD_CERTIFICATE, "strait test root", BAD_CERTIFICATE);
    refuses_server("bytwin twin", "leaf", STRAIT_E_BAD_CERTIFICATE, "strait test root",
                   BAD_CERTIFICATE);
    assert_refused(&nobody, PAIR_CLIENT, STRAIT_E_UNTRUSTED, "nobody is trusted", UNKNOWN_CA);
}

static void out_of_date(void **state)
{
    /* The root, too, has an end. */
    static const struct encounter late = { .calendar = INT64_C(4900000000) };
    (void)state;
    refuses_server("expired inter", "leaf", STRAIT_E_EXPIRED, "until 2021-02-03 04:05:06 UTC",
                   CERTIFICATE_EXPIRED);
    refuses_server("expired inter", "leaf", STRAIT_E_EXPIRED, "it is 2030-01-01",
                   CERTIFICATE_EXPIRED);
    refuses_server("future inter", "leaf", STRAIT_E_EXPIRED, "from 2100-01-01 00:00:00 UTC",
                   CERTIFICATE_EXPIRED);
    refuses_server("bylate late", "leaf", STRAIT_E_EXPIRED, "late intermediate",
                   CERTIFICATE_EXPIRED);
    assert_refused(&late, PAIR_CLIENT, STRAIT_E_EXPIRED, "until 2120-01-01", CERTIFICATE_EXPIRED);
}

/* Time goes by within an association: one that begins a second too early is right a second later. */
static void the_calendar_goes_on(void **state)
{
    static const int64_t begins = INT64_C(4102444800); /* 2100-01-01 */
    struct encounter e = { .server = "future inter", .calendar = begins - 2 };
    (void)state;
    assert_refused(&e, PAIR_CLIENT, STRAIT_E_EXPIRED, "from 2100", CERTIFICATE_EXPIRED);
    e.calendar = begins;
    assert_connects(&e);
}

static void not_for_this_use(void **state)
{
    const int bad = STRAIT_E_BAD_CERTIFICATE;
    (void)state;
    refuses_server("bynoca noca", "leaf", bad, "basicConstraints lack CA", UNKNOWN_CA);
    refuses_server("bynosign nosign", "leaf", bad, "keyUsage lacks keyCertSign", UNKNOWN_CA);
    refuses_server("bydeep deep inter", "leaf", bad, "too deep", UNKNOWN_CA);
    refuses_server("byconstrained constrained", "leaf", bad, "nameConstraints", BAD_CERTIFICATE);
    refuses_server("onlyclient inter", "leaf", bad, "lacks serverAuth", UNSUPPORTED_CERTIFICATE);
    refuses_server("byforclients forclients", "leaf", bad, "lacks serverAuth",
                   UNSUPPORTED_CERTIFICATE);
    refuses_server("nosignature inter", "leaf", bad, "lacks digitalSignature",
                   UNSUPPORTED_CERTIFICATE);
    refuses_server("sha1 inter", "leaf", bad, "SHA-1", BAD_CERTIFICATE);
}

static void a_client_of_the_wrong_kind(void **state)
{
    static const struct {
        const char *client, *words;
        int error;
        uint8_t alert;
    } cases[] = {
        { "onlyserver inter", "lacks clientAuth", STRAIT_E_BAD_CERTIFICATE,
          UNSUPPORTED_CERTIFICATE },
        { "byforeign", "foreign root", STRAIT_E_UNTRUSTED, UNKNOWN_CA },
        { "expired inter", "until 2021", STRAIT_E_EXPIRED, CERTIFICATE_EXPIRED },
        { "self", "signed by itself", STRAIT_E_UNTRUSTED, UNKNOWN_CA },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct encounter e = { .client = cases[i].client, .client_key = "leaf" };
        assert_refused(&e, PAIR_SERVER, cases[i].error, cases[i].words, cases[i].alert);
        e.asks = STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED;
        assert_refused(&e, PAIR_SERVER, cases[i].error, cases[i].words, cases[i].alert);
        e.asks = STRAIT_DTLS_CLIENT_CERTIFICATE_NONE;
        assert_connects(&e);
    }
}

static void client_certificates_required_wanted_none(void **state)
{
    struct encounter e = { .client = "-" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        e.client = "-";
        e.asks = STRAIT_DTLS_CLIENT_CERTIFICATE_REQUIRED;
        struct outcome got = meet(&e, versions[i]);
        assert_int_equal(got.error[PAIR_SERVER], STRAIT_E_NO_CERTIFICATE);
        assert_int_equal(got.error[PAIR_CLIENT], STRAIT_E_ALERT);
        for (e.asks = STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED;
             e.asks <= STRAIT_DTLS_CLIENT_CERTIFICATE_NONE; e.asks++) {
            e.client = "-";
            got = meet(&e, versions[i]);
            assert_true(got.connected[0] && got.connected[1]);
            assert_true(got.has_peer[PAIR_CLIENT] && !got.has_peer[PAIR_SERVER]);
            e.client = NULL;
            got = meet(&e, versions[i]);
            assert_true(got.connected[0] && got.connected[1]);
            assert_int_equal(got.has_peer[PAIR_SERVER],
                             e.asks == STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED);
        }
    }
}

/* Each end has a way of its own. */
static void fingerprints_and_authorities_meet(void **state)
{
    static const struct encounter cases[] = {
        { .by_fingerprint = { true, false } },
        { .by_fingerprint = { false, true } },
        { .by_fingerprint = { true, true }, .server = "expired" },
        { .by_fingerprint = { true, true }, .server = "onlyclient" },
        { .by_fingerprint = { true, true }, .server = "nosignature" },
        { .by_fingerprint = { true, true },
          .server = "serverrsa interrsa",
          .server_key = "leafrsa" },
        { .by_fingerprint = { true, false },
          .client = "-",
          .asks = STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_connects(&cases[i]);
    }
}

/* --- configuration --- */

static void ignore(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
}

static int create(const struct strait_dtls_config *given_config)
{
    struct strait_dtls *dtls = NULL;
    struct strait_dtls_config config = *given_config;
    config.size = sizeof config;
    config.events.size = sizeof config.events;
    config.events.send = ignore;
    int error = strait_dtls_create(&dtls, &config, 0);
    strait_dtls_destroy(dtls);
    return error;
}

static void what_nobody_would_look_at_is_refused(void **state)
{
    struct strait_certificate *own = pki_load("server", "leaf");
    struct strait_trust *trust = trust_of("root.crt");
    (void)state;
    const struct strait_dtls_config good = {
        .role = STRAIT_DTLS_CLIENT,
        .auth = STRAIT_DTLS_AUTH_PKI,
        .trust = trust,
        .calendar = PKI_TODAY,
        .server_name = "host.example",
    };
    struct strait_dtls_config c = good;
    assert_int_equal(create(&c), STRAIT_OK);
    c.trust = NULL;
    assert_int_equal(create(&c), STRAIT_E_INVALID);
    c = good;
    c.calendar = 0;
    assert_int_equal(create(&c), STRAIT_E_INVALID);
    c = good;
    c.auth = STRAIT_DTLS_AUTH_FINGERPRINT;
    assert_int_equal(create(&c), STRAIT_E_INVALID);
    c = good;
    c.role = STRAIT_DTLS_SERVER; /* has no certificate, and names a server */
    assert_int_equal(create(&c), STRAIT_E_INVALID);
    c.certificate = own;
    assert_int_equal(create(&c), STRAIT_E_INVALID);
    c.server_name = NULL;
    assert_int_equal(create(&c), STRAIT_OK);
    c.client_certificate = STRAIT_DTLS_CLIENT_CERTIFICATE_NONE;
    c.trust = NULL;
    c.calendar = 0;
    assert_int_equal(create(&c), STRAIT_OK);
    c.client_certificate = STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED;
    assert_int_equal(create(&c), STRAIT_E_INVALID);
    static const char *const no_names[] = { "",    ".",        "a..b", "*.example",
                                            "a b", "http://x", "a/b",  "fe80::1%eth0" };
    for (size_t i = 0; i < sizeof no_names / sizeof *no_names; i++) {
        c = good;
        c.server_name = no_names[i];
        assert_int_equal(create(&c), STRAIT_E_INVALID);
    }
    strait_trust_unref(trust);
    strait_certificate_unref(own);
}

static void fingerprints_have_no_place_beside_authorities(void **state)
{
    struct strait_dtls *dtls = NULL;
    struct strait_trust *trust = trust_of("root.crt");
    struct strait_fingerprint any = { .hash = STRAIT_HASH_SHA256, .len = 32 };
    (void)state;
    const struct strait_dtls_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events, .send = ignore },
        .role = STRAIT_DTLS_CLIENT,
        .auth = STRAIT_DTLS_AUTH_PKI,
        .trust = trust,
        .calendar = PKI_TODAY,
    };
    assert_int_equal(strait_dtls_create(&dtls, &config, 0), STRAIT_OK);
    assert_int_equal(strait_dtls_set_fingerprints(dtls, &any, 1), STRAIT_E_STATE);
    /* The association keeps the trust alive, and nothing may be added to it now. */
    assert_int_equal(strait_trust_add(trust, "x", 1), STRAIT_E_STATE);
    strait_trust_unref(trust);
    strait_dtls_destroy(dtls);
}

/* --- a listener --- */

struct post {
    uint8_t data[8][2048];
    size_t len[8];
    int n;
};

static struct post to_listener, to_client;
static int64_t accepted_on;

static void put(struct post *post, const uint8_t *data, size_t len)
{
    assert_true(post->n < 8 && len <= sizeof post->data[0]);
    memcpy(post->data[post->n], data, len);
    post->len[post->n++] = len;
}

static void client_sends(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    put(&to_listener, data, len);
}

static void listener_sends(void *user, const void *to, size_t to_len, const uint8_t *data,
                           size_t len)
{
    (void)user;
    (void)to;
    (void)to_len;
    put(&to_client, data, len);
}

static int note_calendar(void *user, const void *from, size_t from_len,
                         struct strait_dtls_config *config)
{
    (void)user;
    (void)from;
    (void)from_len;
    accepted_on = config->calendar;
    return STRAIT_E_LIMIT;
}

static void create_both(struct strait_dtls_listener **listener, struct strait_dtls **client,
                        struct strait_certificate *own, struct strait_trust *trust)
{
    const struct strait_dtls_config server = {
        .size = sizeof server,
        .events = { .size = sizeof server.events, .send = ignore },
        .role = STRAIT_DTLS_SERVER,
        .certificate = own,
        .auth = STRAIT_DTLS_AUTH_PKI,
        .trust = trust,
        .calendar = PKI_TODAY,
    };
    const struct strait_dtls_listener_config config = {
        .size = sizeof config, .dtls = &server, .send = listener_sends, .accept = note_calendar
    };
    const struct strait_dtls_config guest = {
        .size = sizeof guest,
        .events = { .size = sizeof guest.events, .send = client_sends },
        .role = STRAIT_DTLS_CLIENT,
    };
    assert_int_equal(strait_dtls_listener_create(listener, &config, 0), STRAIT_OK);
    assert_int_equal(strait_dtls_create(client, &guest, 0), STRAIT_OK);
}

/* Its template says what day it was when the listener was made. */
static void a_listeners_calendar_goes_on(void **state)
{
    const strait_time later = 86400 * STRAIT_S;
    struct strait_certificate *own = pki_load("server inter", "leaf");
    struct strait_trust *trust = trust_of("root.crt");
    struct strait_dtls_listener *listener;
    struct strait_dtls *client, *made;
    (void)state;
    create_both(&listener, &client, own, trust);
    accepted_on = 0;
    assert_int_equal(strait_dtls_start(client, later), STRAIT_OK);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < to_listener.n; i++) {
            strait_dtls_listener_receive(listener, later, "a", 1, to_listener.data[i],
                                         to_listener.len[i], &made);
            assert_null(made);
        }
        to_listener.n = 0;
        for (int i = 0; i < to_client.n; i++) {
            strait_dtls_receive(client, later, to_client.data[i], to_client.len[i]);
        }
        to_client.n = 0;
    }
    assert_int_equal(accepted_on, PKI_TODAY + 86400);
    strait_dtls_destroy(client);
    strait_dtls_listener_destroy(listener);
    strait_trust_unref(trust);
    strait_certificate_unref(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_connect),
        cmocka_unit_test(every_kind_of_key_in_both_roles),
        cmocka_unit_test(names_that_fit),
        cmocka_unit_test(names_that_do_not),
        cmocka_unit_test(names_are_sent_and_addresses_are_not),
        cmocka_unit_test(untrusted),
        cmocka_unit_test(out_of_date),
        cmocka_unit_test(the_calendar_goes_on),
        cmocka_unit_test(not_for_this_use),
        cmocka_unit_test(a_client_of_the_wrong_kind),
        cmocka_unit_test(client_certificates_required_wanted_none),
        cmocka_unit_test(fingerprints_and_authorities_meet),
        cmocka_unit_test(what_nobody_would_look_at_is_refused),
        cmocka_unit_test(fingerprints_have_no_place_beside_authorities),
        cmocka_unit_test(a_listeners_calendar_goes_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pair_forget_certificates();
    return failed;
}
