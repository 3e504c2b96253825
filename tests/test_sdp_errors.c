#include "tests/sdp_text.h"

/* --- What is wrong, and where ------------------------------------------------------------------- */

#define FINGERPRINT                                            \
    "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:" \
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
#define SHORT                                                  \
    "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:" \
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E"
#define A_FINGERPRINT ("a=fingerprint:" FINGERPRINT)
#define CANDIDATE "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"
#define MANY_50 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
#define MANY_250 MANY_50 MANY_50 MANY_50 MANY_50 MANY_50

/* Line n is good[n - 1]. */
static const char *const good[] = {
    "v=0",
    "o=- 1 1 IN IP4 192.0.2.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    A_FINGERPRINT,
    "a=setup:actpass",
    "a=rtcp-mux",
    CANDIDATE,
    "m=video 9/2 UDP/TLS/RTP/SAVPF 96 97",
    "a=mid:1",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    A_FINGERPRINT,
    "a=setup:passive",
};

enum { N_LINES = sizeof good / sizeof good[0] };

/* The good one with line `line` replaced; "" takes it away. 0: as it is. */
static size_t changed(char text[TEXT_MAX], size_t line, const char *replacement)
{
    size_t len = 0;
    for (size_t i = 0; i < N_LINES; i++) {
        const char *s = i + 1 == line ? replacement : good[i];
        if (s[0] != '\0') {
            len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s\r\n", s);
        }
    }
    assert_true(len < TEXT_MAX);
    return len;
}

static void good_is_good(void **state)
{
    static char text[TEXT_MAX];
    struct strait_sdp_error error;
    (void)state;
    assert_int_equal(parse(text, changed(text, 0, NULL), &error), STRAIT_OK);
    assert_int_equal(sdp.n_sections, 2);
    assert_int_equal(sdp.sections[1].line, 15);
    assert_int_equal(sdp.sections[1].port, 9);
    assert_int_equal(sdp.sections[1].dtls.role, STRAIT_DTLS_SERVER);
    assert_true(strait_sdp_section_usable(&sdp.sections[0], &error));
    assert_true(strait_sdp_section_usable(&sdp.sections[1], &error));
}

static const struct {
    size_t line; /* that is replaced */
    const char *replacement;
    uint32_t error_line;
    const char *reason;
} wrong[] = {
    { 1, "v=1", 1, "line 1: wants v=0" },
    { 1, "s=-", 1, "line 1: wants v=0" },
    { 1, "", 1, "line 1: wants v=0" },
    { 3, "v=0", 3, "line 3: v=: a second description starts here" },
    { 3, "session", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, "s", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, "x=y", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, "S=-", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, " s=-", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, "=-", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, "\r\n", 3, "line 3: wants one of SDP's letters and \"=\"" },
    { 3, "s=a\rb", 3, "line 3: a carriage return inside the line" },

    { 6, "m=", 6, "line 6: m=: wants media, port, protocol and formats" },
    { 6, "m=audio", 6, "line 6: m=: wants" },
    { 6, "m=audio 9 UDP/TLS/RTP/SAVPF", 6, "line 6: m=: wants" },
    { 6, "m=audio 9 UDP/TLS/RTP/SAVPF ", 6, "line 6: m=: wants" },
    { 6, "m=audio 65536 UDP/TLS/RTP/SAVPF 0", 6, "line 6: m=: wants" },
    { 6, "m=audio -1 UDP/TLS/RTP/SAVPF 0", 6, "line 6: m=: wants" },
    { 6, "m=audio 9/ UDP/TLS/RTP/SAVPF 0", 6, "line 6: m=: wants" },
    { 6, "m=audio 9/x UDP/TLS/RTP/SAVPF 0", 6, "line 6: m=: wants" },
    { 6, "m=audio  9 UDP/TLS/RTP/SAVPF 0", 6, "line 6: m=: wants" },
    { 6, "m= 9 UDP/TLS/RTP/SAVPF 0", 6, "line 6: m=: wants" },

    { 8, "a=mid:", 8, "line 8: a=mid: wants a token" },
    { 8, "a=mid", 8, "line 8: a=mid: wants a token" },
    { 8, "a=mid:a b", 8, "line 8: a=mid: wants a token" },
    { 8, "a=mid:0123456789012345678901234567890123456789012345678901234567890123", 8,
      "line 8: a=mid: wants at most 63 characters, this has 64" },
    { 13, "a=mid:2", 13, "line 13: a=mid: is there already, in line 8" },
    { 16, "a=mid:0", 16, "line 16: a=mid: also the one of the section in line 6" },

    { 9, "a=ice-ufrag:abc", 9, "line 9: a=ice-ufrag: wants 4 to 256 characters, this has 3" },
    { 9, "a=ice-ufrag", 9, "line 9: a=ice-ufrag: wants 4 to 256 characters, this has 0" },
    { 9, "a=ice-ufrag:" MANY_250 "1234567", 9,
      "line 9: a=ice-ufrag: wants 4 to 256 characters, this has 257" },
    { 9, "a=ice-ufrag:ab-d", 9,
      "line 9: a=ice-ufrag: only letters, digits, \"+\" and \"/\" are allowed" },
    { 9, "a=ice-ufrag:abcd ", 9, "line 9: a=ice-ufrag: only letters" },
    { 9, "", 9, "line 9: a=ice-pwd: there is no a=ice-ufrag with it" },
    { 10, "", 9, "line 9: a=ice-ufrag: there is no a=ice-pwd with it" },
    { 10, "a=ice-pwd:012345678901234567890", 10,
      "line 10: a=ice-pwd: wants 22 to 256 characters, this has 21" },
    { 10, "a=ice-pwd:01234567890123456789_1", 10, "line 10: a=ice-pwd: only letters" },
    { 13, "a=ice-ufrag:abcd", 13, "line 13: a=ice-ufrag: is there already, in line 9" },
    { 13, "a=ice-pwd:0123456789012345678901", 13,
      "line 13: a=ice-pwd: is there already, in line 10" },
    { 18, "a=ice-pwd:1123456789012345678901", 18,
      "line 18: a=ice-pwd: not the one of line 10, but the ufrags are equal" },

    { 11, "a=fingerprint:" SHORT, 11,
      "line 11: a=fingerprint: sha-256 wants 32 bytes, this has 31" },
    { 11, "a=fingerprint:sha-256", 11,
      "line 11: a=fingerprint: wants a hash's name, a space and AB:CD:..." },
    { 11, "a=fingerprint:sha-256 0G:00", 11, "line 11: a=fingerprint: wants pairs" },
    { 11, "a=fingerprint:sha-1 00:01", 11,
      "line 11: a=fingerprint: sha-1 is not accepted, only sha-256, sha-384 and sha-512" },
    { 5, "a=fingerprint:" SHORT, 5, "line 5: a=fingerprint: sha-256 wants 32 bytes" },

    { 12, "a=setup:both", 12, "line 12: a=setup: wants active, passive, actpass or holdconn" },
    { 12, "a=setup:Active", 12, "line 12: a=setup: wants" },
    { 12, "a=setup", 12, "line 12: a=setup: wants" },
    { 13, "a=setup:actpass", 13, "line 13: a=setup: is there already, in line 12" },
    { 4, "a=setup:x", 4, "line 4: a=setup: wants" },

    { 14, "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ", 14,
      "line 14: a=candidate: wants foundation" },
    { 14, "a=candidate:", 14, "line 14: a=candidate: wants foundation" },
    { 14, "a=candidate", 14, "line 14: a=candidate: wants foundation" },
    { 14, "a=candidate:1 1 udp 2130706431 192.0.2.1 70000 typ host", 14, "line 14: a=cand" },
    { 14, "a=candidate:1 1 udp x 192.0.2.1 5000 typ host", 14, "line 14: a=candidate: wants" },
};

static void names_line_and_reason(void **state)
{
    static char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct strait_sdp_error error;
        size_t len = changed(text, wrong[i].line, wrong[i].replacement);
        int code = parse(text, len, &error);
        if (strncmp(error.reason, wrong[i].reason, strlen(wrong[i].reason)) != 0) {
            print_error("%s: \"%s\"\n", wrong[i].replacement, error.reason);
        }
        assert_int_equal(code, STRAIT_E_PARSE);
        assert_int_equal(error.line, wrong[i].error_line);
        assert_memory_equal(error.reason, wrong[i].reason, strlen(wrong[i].reason));
        assert_int_equal(sdp.n_sections, 0);
        assert_int_equal(parse(text, len, NULL), STRAIT_E_PARSE);
    }
}

static void lets_pass_what_is_harmless(void **state)
{
    static const struct {
        size_t line;
        const char *replacement;
    } cases[] = {
        { 5, "a=group:BUNDLE 0 1 nobody" }, /* Chromium would refuse it, Firefox not */
        { 5, "a=group:BUNDLE" },
        { 5, "a=group:BUNDLE  0   1 " },
        { 5, "a=setup:active" }, /* the sections have their own */
        { 5, "a=fingerprint:sha-1 00:01" },
        { 5, "a=mid:0" },          /* means nothing here */
        { 5, CANDIDATE },          /* nor does this */
        { 5, "a=ice-ufrag:only" }, /* both sections have both */
        { 3, "s=" },
        { 8, "" },
        { 13, "a=ice-lite" }, /* session level only */
        { 13, "a=ice-options:" },
        { 13, "a=rtcp-mux:" },
        { 13, "a=" },
        { 13, "a=:" },
        { 13, "a=fingerprint:md5 00" }, /* there is a better one */
        { 13, "a=fingerprint:" FINGERPRINT },
        { 14, "a=candidate:1 1 sctp 2130706431 192.0.2.1 5000 typ host" },
        { 12, "" },
        { 11, "" },
        { 12, "a=setup:holdconn" },
    };
    static char text[TEXT_MAX];
    struct strait_sdp_error error;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int code = parse(text, changed(text, cases[i].line, cases[i].replacement), &error);
        if (code != STRAIT_OK) {
            print_error("%s: %s\n", cases[i].replacement, error.reason);
        }
        assert_int_equal(code, STRAIT_OK);
        assert_int_equal(sdp.n_sections, 2);
        assert_false(sdp.sections[0].ice.ice_lite);
        assert_true(sdp.sections[0].dtls.n_fingerprints <= 1);
    }
}

static void says_what_makes_a_section_unusable(void **state)
{
    static const struct {
        size_t line;
        const char *replacement, *reason;
    } cases[] = {
        { 11, "", "line 6: m=audio: a=fingerprint is missing" },
        { 12, "", "line 6: m=audio: a=setup is missing" },
        { 12, "a=setup:holdconn",
          "line 6: m=audio: a=setup:holdconn leaves nobody to start the handshake" },
    };
    static char text[TEXT_MAX];
    struct strait_sdp_error error;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = changed(text, cases[i].line, cases[i].replacement);
        assert_int_equal(parse(text, len, &error), STRAIT_OK);
        assert_false(strait_sdp_section_usable(&sdp.sections[0], &error));
        assert_string_equal(error.reason, cases[i].reason);
        assert_int_equal(error.line, 6);
        assert_false(strait_sdp_section_usable(&sdp.sections[0], NULL));
        assert_true(strait_sdp_section_usable(&sdp.sections[1], NULL));
    }
    assert_false(strait_sdp_section_usable(NULL, &error));
}

static void credentials_mix_levels(void **state)
{
    static char text[TEXT_MAX];
    (void)state;
    /* RFC 8839, 5.4: the session's pwd is the default of the section that has only a ufrag. */
    const char *lines = "v=0\na=ice-pwd:sessionsessionsession12\nm=audio 9 UDP/TLS/RTP/SAVPF 0\n"
                        "a=ice-ufrag:abcd\n";
    assert_int_equal(parse(lines, strlen(lines), NULL), STRAIT_OK);
    assert_string_equal(sdp.sections[0].ice.ufrag, "abcd");
    assert_string_equal(sdp.sections[0].ice.pwd, "sessionsessionsession12");
    /* An inherited fingerprint that is not accepted is wrong where it stands. */
    struct strait_sdp_error error;
    int len = snprintf(text, sizeof text, "v=0\na=fingerprint:sha-1 AA\na=fingerprint:md5 AA\n%s",
                       "m=audio 9 UDP/TLS/RTP/SAVPF 0\n");
    assert_int_equal(parse(text, (size_t)len, &error), STRAIT_E_PARSE);
    assert_int_equal(error.line, 2);
    /* The longest credentials. */
    len = snprintf(text, sizeof text, "v=0\nm=audio 9 X 0\na=ice-ufrag:%s\na=ice-pwd:%s\n",
                   MANY_250 "123456", MANY_250 "+/3456");
    assert_int_equal(parse(text, (size_t)len, &error), STRAIT_OK);
    assert_string_equal(sdp.sections[0].ice.pwd, MANY_250 "+/3456");
}

static void refuses_zero_bytes_anywhere(void **state)
{
    static char text[TEXT_MAX];
    struct strait_sdp_error error;
    (void)state;
    size_t len = changed(text, 0, NULL);
    for (size_t i = 0; i < len; i++) {
        char kept = text[i];
        text[i] = '\0';
        assert_int_equal(parse(text, len, &error), STRAIT_E_PARSE);
        assert_true(error.line > 0);
        text[i] = kept;
    }
}

static void keeps_its_limits(void **state)
{
    static char text[TEXT_MAX];
    struct strait_sdp_error error;
    (void)state;
    /* A line of 4096 bytes, and one of 4097. */
    for (int extra = 0; extra < 2; extra++) {
        memcpy(text, "v=0\ns=", 6);
        memset(text + 6, 'x', 4095);
        int code = parse(text, 4 + 4096 + (size_t)extra, &error);
        assert_int_equal(code, extra ? STRAIT_E_PARSE : STRAIT_OK);
        assert_int_equal(error.line, extra ? 2 : 0);
        assert_string_equal(error.reason, extra ? "line 2: longer than 4096 bytes: 4097" : "");
    }
    /* 32 sections, and 33. */
    size_t len = (size_t)snprintf(text, sizeof text, "v=0\n");
    for (unsigned i = 0; i < STRAIT_SDP_MAX_SECTIONS; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "m=audio 9 X 0\n");
    }
    assert_int_equal(parse(text, len, &error), STRAIT_OK);
    assert_int_equal(sdp.n_sections, 32);
    len += (size_t)snprintf(text + len, sizeof text - len, "m=audio 9 X 0\n");
    assert_int_equal(parse(text, len, &error), STRAIT_E_LIMIT);
    assert_string_equal(error.reason, "line 34: m=: more than 32 sections");
    /* Candidates beyond 32 are counted. */
    len = (size_t)snprintf(text, sizeof text, "v=0\nm=audio 9 X 0\n");
    for (unsigned i = 0; i < STRAIT_SDP_MAX_CANDIDATES + 3; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, CANDIDATE "\n");
    }
    assert_int_equal(parse(text, len, &error), STRAIT_OK);
    assert_int_equal(sdp.sections[0].n_candidates, 32);
    assert_int_equal(sdp.sections[0].candidates_skipped, 3);
    /* Eight different fingerprints, and nine. */
    len = (size_t)snprintf(text, sizeof text, "v=0\nm=audio 9 X 0\n");
    for (unsigned i = 0; i < 9; i++) {
        if (i == 8) {
            assert_int_equal(parse(text, len, &error), STRAIT_OK);
            assert_int_equal(sdp.sections[0].dtls.n_fingerprints, 8);
        }
        len += (size_t)snprintf(text + len, sizeof text - len, "a=fingerprint:sha-256 %02X%s\n", i,
                                strstr(FINGERPRINT, ":01:"));
    }
    assert_int_equal(parse(text, len, &error), STRAIT_E_LIMIT);
    assert_string_equal(error.reason, "line 11: a=fingerprint: more than 8");
}

static void refuses_nothing_and_null(void **state)
{
    struct strait_sdp_error error;
    (void)state;
    assert_int_equal(parse("", 0, &error), STRAIT_E_PARSE);
    assert_string_equal(error.reason, "line 1: wants v=0, but the text is empty");
    assert_int_equal(parse("\r\n\r\n", 4, &error), STRAIT_E_PARSE);
    assert_int_equal(parse("v=0", 3, &error), STRAIT_OK);
    assert_int_equal(sdp.n_sections, 0);
    assert_int_equal(strait_sdp_parse(&sdp, NULL, 0, &error), STRAIT_E_INVALID);
    assert_int_equal(strait_sdp_parse(NULL, "v=0", 3, &error), STRAIT_E_INVALID);
    assert_int_equal(error.line, 0);
}

/* --- Damage ------------------------------------------------------------------------------------- */

/* Whatever it says: either sections, or an error with line and reason. */
static bool parse_damaged(const char *text, size_t len)
{
    struct strait_sdp_error error;
    int code = parse(text, len, &error);
    if (code == STRAIT_OK) {
        assert_true(sdp.n_sections <= STRAIT_SDP_MAX_SECTIONS);
        return true;
    }
    char prefix[32];
    int n = snprintf(prefix, sizeof prefix, "line %u: ", (unsigned)error.line);
    assert_true(code == STRAIT_E_PARSE || code == STRAIT_E_LIMIT);
    assert_true(error.line > 0);
    assert_memory_equal(error.reason, prefix, (size_t)n);
    assert_true(strlen(error.reason) > (size_t)n);
    assert_int_equal(sdp.n_sections, 0);
    return false;
}

static const char *const files[] = { "offer_chromium.sdp", "offer_firefox.sdp",
                                     "answer_session_level.sdp", "offer_bundle.sdp" };

enum { N_FILES = sizeof files / sizeof files[0] };

/* Each line of each file taken away, doubled, or ended early. */
static void survives_damaged_lines(void **state)
{
    static char text[TEXT_MAX];
    size_t fine = 0, refused = 0;
    (void)state;
    for (size_t f = 0; f < N_FILES; f++) {
        size_t len, next;
        char *whole = read_data(files[f], &len);
        for (size_t at = 0; at < len; at = next) {
            const char *end = memchr(whole + at, '\n', len - at);
            next = end != NULL ? (size_t)(end - whole) + 1 : len;
            size_t line_len = next - at;
            for (size_t keep = 0; keep <= 2 * line_len; keep += keep < line_len ? 1 : line_len) {
                /* 0: gone, below line_len: cut there, twice: twice. */
                memcpy(text, whole, at);
                size_t first = keep < line_len ? keep : line_len;
                memcpy(text + at, whole + at, first);
                memcpy(text + at + first, whole + at, keep - first);
                size_t used = at + keep;
                if (keep > 0 && keep < line_len) {
                    text[used++] = '\n';
                }
                memcpy(text + used, whole + next, len - next);
                bool ok = parse_damaged(text, used + len - next);
                fine += ok;
                refused += !ok;
            }
        }
        free(whole);
    }
    assert_true(fine > 1000 && refused > 100);
}

static void survives_every_cut_and_changed_byte(void **state)
{
    static const char bytes[] = { '\0', '\n', '\r', ' ', ':', '=', '9', (char)0xff };
    size_t fine = 0, refused = 0;
    (void)state;
    for (size_t f = 0; f < N_FILES; f++) {
        size_t len;
        char *whole = read_data(files[f], &len);
        for (size_t i = 0; i < len; i++) {
            parse_damaged(whole, i);
            char kept = whole[i];
            whole[i] = bytes[i % sizeof bytes];
            bool ok = parse_damaged(whole, len);
            fine += ok;
            refused += !ok;
            whole[i] = kept;
        }
        free(whole);
    }
    assert_true(fine > 100 && refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_is_good),
        cmocka_unit_test(names_line_and_reason),
        cmocka_unit_test(lets_pass_what_is_harmless),
        cmocka_unit_test(says_what_makes_a_section_unusable),
        cmocka_unit_test(credentials_mix_levels),
        cmocka_unit_test(refuses_zero_bytes_anywhere),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(refuses_nothing_and_null),
        cmocka_unit_test(survives_damaged_lines),
        cmocka_unit_test(survives_every_cut_and_changed_byte),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
