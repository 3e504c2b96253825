#include "tests/sdp_text.h"

static void parse_data(const char *name)
{
    struct strait_sdp_error error;
    size_t len;
    char *text = read_data(name, &len);
    int code = parse(text, len, &error);
    free(text);
    if (code != STRAIT_OK) {
        print_error("%s: %s\n", name, error.reason);
    }
    assert_int_equal(code, STRAIT_OK);
    assert_int_equal(error.line, 0);
    assert_string_equal(error.reason, "");
}

#define assert_text(text, string)                                 \
    do {                                                          \
        assert_int_equal((text).len, strlen(string));             \
        assert_memory_equal((text).data, string, strlen(string)); \
    } while (0)

/* --- What browsers offer ------------------------------------------------------------------------ */

static void reads_chromium(void **state)
{
    struct strait_sdp_error error;
    (void)state;
    parse_data("offer_chromium.sdp");
    assert_int_equal(sdp.n_sections, 1);
    assert_false(sdp.ice_lite);
    const struct strait_sdp_section *s = &sdp.sections[0];
    assert_text(s->media, "audio");
    assert_int_equal(s->port, 9);
    assert_text(s->protocol, "UDP/TLS/RTP/SAVPF");
    assert_text(s->formats, "111 63 9 0 8 13 110 126");
    assert_int_equal(s->line, 8);
    assert_string_equal(s->mid, "0");
    assert_string_equal(s->ice.ufrag, "MO51");
    assert_string_equal(s->ice.pwd, "ROEoeM7NOmBKBBXb/4OI3ilu");
    assert_true(s->ice_trickle && !s->ice_renomination && !s->ice.ice_lite);
    assert_int_equal(s->setup, STRAIT_SETUP_ACTPASS);
    assert_int_equal(s->dtls.role, STRAIT_DTLS_AUTO);
    assert_int_equal(s->dtls.n_fingerprints, 1);
    assert_int_equal(s->dtls.fingerprints[0].hash, STRAIT_HASH_SHA256);
    assert_int_equal(s->dtls.fingerprints[0].value[0], 0xe6);
    assert_int_equal(s->dtls.fingerprints[0].value[31], 0xc1);
    assert_int_equal(s->n_candidates, 2);
    assert_string_equal(s->candidates[0].hostname, "b01381b3-57f2-440c-bb84-c2b866bd5f0b.local");
    assert_int_equal(s->candidates[1].port, 52300);
    assert_false(s->end_of_candidates);
    assert_true(s->rtcp_mux && s->rtcp_rsize && !s->rtcp_mux_only);
    assert_true(s->bundled && s->bundle_first && !s->bundle_only);
    assert_int_equal(s->bundle_group, 1);
    assert_true(strait_sdp_section_usable(s, &error));
    assert_string_equal(error.reason, "");
}

static void reads_firefox(void **state)
{
    (void)state;
    parse_data("offer_firefox.sdp");
    assert_int_equal(sdp.n_sections, 1);
    const struct strait_sdp_section *s = &sdp.sections[0];
    assert_string_equal(s->mid, "0");
    assert_string_equal(s->ice.ufrag, "70c08917");
    assert_string_equal(s->ice.pwd, "de91652a5cebe33ce48458be86e50772");
    assert_true(s->ice_trickle);
    /* Fingerprint and ice-options stand at session level only. */
    assert_int_equal(s->dtls.n_fingerprints, 1);
    assert_int_equal(s->dtls.fingerprints[0].value[0], 0x70);
    assert_int_equal(s->dtls.fingerprints[0].value[31], 0xdc);
    assert_int_equal(s->n_candidates, 8);
    assert_int_equal(s->candidates[1].address.ss_family, AF_INET6);
    assert_int_equal(s->candidates[2].protocol, STRAIT_CANDIDATE_TCP);
    assert_int_equal(s->candidates[2].tcp_type, STRAIT_TCP_ACTIVE);
    assert_int_equal(s->candidates[4].component, 2);
    assert_int_equal(s->candidates_skipped, 0);
    assert_true(s->end_of_candidates && s->rtcp_mux && !s->rtcp_rsize);
    assert_true(strait_sdp_section_usable(s, NULL));
}

static void line_feeds_alone_mean_the_same(void **state)
{
    static struct strait_sdp with_crlf;
    size_t len, n = 0;
    (void)state;
    parse_data("offer_firefox.sdp");
    with_crlf = sdp;
    char *text = read_data("offer_firefox.sdp", &len);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\r') {
            text[n++] = text[i];
        }
    }
    assert_true(n < len);
    assert_int_equal(parse(text, n, NULL), STRAIT_OK);
    const struct strait_sdp_section *a = &with_crlf.sections[0], *b = &sdp.sections[0];
    assert_string_equal(a->ice.pwd, b->ice.pwd);
    assert_memory_equal(&a->dtls, &b->dtls, sizeof a->dtls);
    assert_memory_equal(a->candidates, b->candidates, sizeof a->candidates);
    assert_int_equal(a->n_candidates, b->n_candidates);
    assert_int_equal(a->line, b->line);
    /* Without the last line's end, and with empty lines after it. */
    assert_int_equal(parse(text, n - 1, NULL), STRAIT_OK);
    assert_int_equal(sdp.sections[0].body.len, b->body.len);
    memcpy(text + n, "\r\n\n\r\n", 5);
    assert_int_equal(parse(text, n + 5, NULL), STRAIT_OK);
    free(text);
}

/* --- Levels and groups -------------------------------------------------------------------------- */

static void session_level_is_the_default(void **state)
{
    (void)state;
    parse_data("answer_session_level.sdp");
    assert_int_equal(sdp.n_sections, 2);
    assert_true(sdp.ice_lite);
    assert_int_equal(sdp.session.data[0], 'v');
    static const char last[] = "a=end-of-candidates\r\n";
    size_t last_len = sizeof last - 1;
    assert_memory_equal(sdp.session.data + sdp.session.len - last_len, last, last_len);

    const struct strait_sdp_section *s = &sdp.sections[0];
    assert_string_equal(s->mid, "first");
    assert_string_equal(s->ice.ufrag, "sess");
    assert_string_equal(s->ice.pwd, "sessionsessionsession12");
    assert_true(s->ice.ice_lite && s->ice_trickle && !s->ice_renomination);
    assert_int_equal(s->setup, STRAIT_SETUP_PASSIVE);
    assert_int_equal(s->dtls.role, STRAIT_DTLS_SERVER);
    assert_int_equal(s->dtls.n_fingerprints, 1); /* sha-1 is passed over */
    assert_int_equal(s->dtls.fingerprints[0].value[31], 31);
    assert_true(s->end_of_candidates && s->rtcp_mux && !s->bundled);
    assert_int_equal(s->bundle_group, 0);
    assert_true(strait_sdp_section_usable(s, NULL));

    s = &sdp.sections[1];
    assert_string_equal(s->ice.ufrag, "medi");
    assert_string_equal(s->ice.pwd, "mediamediamediamediamedia");
    assert_true(s->ice.ice_lite && s->ice_trickle && s->ice_renomination);
    assert_int_equal(s->setup, STRAIT_SETUP_ACTIVE);
    assert_int_equal(s->dtls.role, STRAIT_DTLS_CLIENT);
    assert_int_equal(s->dtls.n_fingerprints, 2);
    assert_int_equal(s->dtls.fingerprints[0].hash, STRAIT_HASH_SHA384);
    assert_int_equal(s->dtls.fingerprints[1].value[0], 255);
    assert_true(s->end_of_candidates && s->rtcp_mux && s->rtcp_mux_only && s->rtcp_rsize);
    assert_int_equal(s->n_candidates, 0);
}

static void bundles_by_group(void **state)
{
    static const struct {
        const char *mid;
        bool bundled, first, only;
        uint8_t group;
        bool usable;
    } want[] = {
        { "off", true, false, false, 1, false }, /* no port: never the first */
        { "audio0", true, false, false, 1, true }, { "video0", true, true, false, 1, true },
        { "data", true, false, true, 1, false },   { "second", true, true, false, 2, true },
        { "alone", false, false, false, 0, true }, /* bundle-only means nothing here */
    };
    struct strait_sdp_error error;
    (void)state;
    parse_data("offer_bundle.sdp");
    assert_int_equal(sdp.n_sections, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct strait_sdp_section *s = &sdp.sections[i];
        assert_string_equal(s->mid, want[i].mid);
        assert_int_equal(s->bundled, want[i].bundled);
        assert_int_equal(s->bundle_first, want[i].first);
        assert_int_equal(s->bundle_only, want[i].only);
        assert_int_equal(s->bundle_group, want[i].group);
        assert_int_equal(strait_sdp_section_usable(s, &error), want[i].usable);
    }
    assert_int_equal(sdp.sections[3].port, 0);
    assert_text(sdp.sections[3].formats, "webrtc-datachannel");
    assert_false(strait_sdp_section_usable(&sdp.sections[3], &error));
    assert_int_equal(error.line, 28);
    assert_string_equal(error.reason,
                        "line 28: m=application: a=ice-ufrag and a=ice-pwd are missing");
}

static void iterates_over_attributes(void **state)
{
    struct strait_text value;
    size_t at = 0;
    (void)state;
    parse_data("offer_chromium.sdp");
    const struct strait_sdp_section *s = &sdp.sections[0];
    assert_true(strait_sdp_attribute(s, "rtpmap", &at, &value));
    assert_text(value, "111 opus/48000/2");
    assert_true(strait_sdp_attribute(s, "rtpmap", &at, &value));
    assert_text(value, "63 red/48000/2");
    size_t n = 2;
    while (strait_sdp_attribute(s, "rtpmap", &at, &value)) {
        n++;
    }
    assert_int_equal(n, 8);
    assert_text(value, "126 telephone-event/8000");
    assert_false(strait_sdp_attribute(s, "rtpmap", &at, &value));
    at = 0;
    assert_true(strait_sdp_attribute(s, "recvonly", &at, &value));
    assert_int_equal(value.len, 0);
    at = 0;
    assert_false(strait_sdp_attribute(s, "rtp", &at, &value)); /* no prefix */
    at = 0;
    assert_false(strait_sdp_attribute(s, "extmap-allow-mixed", &at, &value)); /* the session's */
    at = s->body.len + 1;
    assert_false(strait_sdp_attribute(s, "rtpmap", &at, &value));
    assert_false(strait_sdp_attribute(NULL, "rtpmap", &at, &value));
    assert_false(strait_sdp_attribute(s, NULL, &at, &value));
    assert_false(strait_sdp_attribute(s, "rtpmap", NULL, &value));
    at = 0;
    assert_false(strait_sdp_attribute(s, "rtpmap", &at, NULL));
}

/* --- Printing ----------------------------------------------------------------------------------- */

static void example(struct strait_sdp_transport *t, struct strait_fingerprint fingerprints[2],
                    struct strait_candidate candidates[2])
{
    for (size_t i = 0; i < 2; i++) {
        fingerprints[i] = (struct strait_fingerprint){ .hash = STRAIT_HASH_SHA256, .len = 32 };
        memset(fingerprints[i].value, (int)(0xa0 + i), 32);
    }
    const char *lines[] = { "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
                            "candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host" };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(strait_candidate_parse(&candidates[i], lines[i], strlen(lines[i])), 0);
    }
    *t = (struct strait_sdp_transport){ .size = sizeof *t,
                                        .mid = "audio",
                                        .ice = { .ufrag = "abcd", .pwd = "0123456789012345678901" },
                                        .ice_trickle = true,
                                        .fingerprints = fingerprints,
                                        .n_fingerprints = 2,
                                        .setup = STRAIT_SETUP_PASSIVE,
                                        .candidates = candidates,
                                        .n_candidates = 2,
                                        .end_of_candidates = true,
                                        .rtcp_mux = true,
                                        .rtcp_rsize = true };
}

static void reads_what_it_prints(void **state)
{
    static const char head[] = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
    struct strait_sdp_transport t;
    struct strait_fingerprint fingerprints[2];
    struct strait_candidate candidates[2];
    char text[4096];
    (void)state;
    example(&t, fingerprints, candidates);
    memcpy(text, head, sizeof head);
    size_t at = sizeof head - 1;
    int len = strait_sdp_print(&t, text + at, sizeof text - at);
    assert_true(len > 0);
    assert_int_equal(strlen(text + at), len);
    assert_memory_equal(text + at, "a=mid:audio\r\na=ice-ufrag:abcd\r\n", 31);
    assert_int_equal(parse(text, at + (size_t)len, NULL), STRAIT_OK);

    const struct strait_sdp_section *s = &sdp.sections[0];
    assert_string_equal(s->mid, "audio");
    assert_string_equal(s->ice.ufrag, "abcd");
    assert_string_equal(s->ice.pwd, "0123456789012345678901");
    assert_true(s->ice_trickle && s->rtcp_mux && s->rtcp_rsize && s->end_of_candidates);
    assert_int_equal(s->dtls.role, STRAIT_DTLS_SERVER);
    assert_int_equal(s->dtls.n_fingerprints, 2);
    assert_true(strait_fingerprint_equal(&s->dtls.fingerprints[1], &fingerprints[1]));
    assert_int_equal(s->n_candidates, 2);
    assert_memory_equal(s->candidates, candidates, sizeof candidates);
    assert_true(strait_sdp_section_usable(s, NULL));

    /* Every room that is too small, and the one that is just enough. */
    for (int room = 0; room <= len; room++) {
        char *exact = malloc(room > 0 ? (size_t)room : 1);
        assert_non_null(exact);
        assert_int_equal(strait_sdp_print(&t, exact, (size_t)room), STRAIT_E_TOO_SMALL);
        free(exact);
    }
    char *exact = malloc((size_t)len + 1);
    assert_non_null(exact);
    assert_int_equal(strait_sdp_print(&t, exact, (size_t)len + 1), len);
    assert_string_equal(exact, text + at);
    free(exact);
}

static void prints_only_what_is_there(void **state)
{
    struct strait_sdp_transport t = { .size = sizeof t, .mid = "1", .rtcp_mux = true };
    char text[256];
    (void)state;
    assert_int_equal(strait_sdp_print(&t, text, sizeof text), 21);
    assert_string_equal(text, "a=mid:1\r\na=rtcp-mux\r\n");
    t = (struct strait_sdp_transport){ .size = sizeof t };
    assert_int_equal(strait_sdp_print(&t, text, sizeof text), 0);
    assert_string_equal(text, "");
}

static void refuses_to_print_nonsense(void **state)
{
    struct strait_sdp_transport good_one, t;
    struct strait_fingerprint fingerprints[2];
    struct strait_candidate candidates[2];
    char text[4096];
    (void)state;
    example(&good_one, fingerprints, candidates);
    struct strait_sdp_transport bad[9];
    for (size_t i = 0; i < 9; i++) {
        bad[i] = good_one;
    }
    bad[0].size = 2;
    bad[1].mid = "a b";
    bad[2].mid = "";
    strcpy(bad[3].ice.ufrag, "a\r\n=");
    strcpy(bad[4].ice.pwd, "short");
    bad[5].ice.ufrag[0] = '\0';
    bad[6].fingerprints = NULL;
    bad[7].candidates = NULL;
    bad[8].setup = (enum strait_sdp_setup)5;
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(strait_sdp_print(&bad[i], text, sizeof text), STRAIT_E_INVALID);
    }
    fingerprints[1].len = 31;
    t = good_one;
    assert_int_equal(strait_sdp_print(&t, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(strait_sdp_print(NULL, text, sizeof text), STRAIT_E_INVALID);
    assert_int_equal(strait_sdp_print(&t, NULL, 100), STRAIT_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_chromium),
        cmocka_unit_test(reads_firefox),
        cmocka_unit_test(line_feeds_alone_mean_the_same),
        cmocka_unit_test(session_level_is_the_default),
        cmocka_unit_test(bundles_by_group),
        cmocka_unit_test(iterates_over_attributes),
        cmocka_unit_test(reads_what_it_prints),
        cmocka_unit_test(prints_only_what_is_there),
        cmocka_unit_test(refuses_to_print_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
