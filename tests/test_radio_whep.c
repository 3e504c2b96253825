/* What the radio's WHEP and WHIP read: fragments of SDP, and the headers that decide. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/radio/http.h"
#include "examples/radio/sdpfrag.h"
#include "examples/radio/wish.h"

#define CREDENTIALS "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
#define SECTION "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
#define CANDIDATE "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"

static struct strait_sdp_error error;

/* A copy at the end of its own allocation: AddressSanitizer sees a step too far. */
static int parse(struct sdpfrag *out, const char *text, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    int result;

    assert_non_null(copy);
    memcpy(copy, text, len);
    error = (struct strait_sdp_error){ 0 };
    result = sdpfrag_parse(out, copy, len, &error);
    free(copy);
    return result;
}

static void a_fragment_says_what_is_new(void **state)
{
    static const char *const texts[] = {
        CREDENTIALS SECTION CANDIDATE "a=end-of-candidates\r\n",
        /* Credentials in the section, bare line feeds, what nobody knows. */
        "a=ice-options:trickle\nm=audio 9 RTP/AVP 0\na=mid:0\na=ice-ufrag:EsAw\n"
        "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\n"
        "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\na=end-of-candidates",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sdpfrag news;

        assert_int_equal(parse(&news, texts[i], strlen(texts[i])), 0);
        assert_string_equal(news.ice.ufrag, "EsAw");
        assert_string_equal(news.ice.pwd, "P2uYro0UCOQ4zxjKXaWCBui1");
        assert_string_equal(news.mid, "0");
        assert_int_equal(news.sections, 1);
        assert_int_equal(news.n_candidates, 1);
        assert_int_equal(news.candidates[0].port, 61764);
        assert_true(news.end_of_candidates);
        assert_false(news.ice.ice_lite);
    }
}

static void candidates_of_no_use_are_counted(void **state)
{
    static const char begin[] = SECTION "a=candidate:3 1 dccp 1 192.0.2.1 9 typ host\r\n";
    const size_t many = SDPFRAG_MAX_CANDIDATES + 5;
    const size_t each = sizeof CANDIDATE - 1;
    char text[sizeof begin + 64 * sizeof CANDIDATE];
    size_t len = sizeof begin - 1;
    struct sdpfrag news;

    (void)state;
    memcpy(text, begin, len);
    for (size_t i = 0; i < many; i++, len += each) {
        memcpy(text + len, CANDIDATE, each);
    }
    assert_int_equal(parse(&news, text, len), 0);
    assert_int_equal(news.n_candidates, SDPFRAG_MAX_CANDIDATES);
    assert_int_equal(news.skipped, 1 + 5);
}

static void what_is_malformed_is_named_by_its_line(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *word;
    } cases[] = {
        { "", 1, "empty" },
        { "hello", 1, "no line of SDP" },
        { CREDENTIALS "\r\n", 3, "no line of SDP" },
        { "a=ice-ufrag:abc\r\n", 1, "a=ice-ufrag must be 4 to 256" },
        { "a=ice-ufrag:ab cd\r\n", 1, "a=ice-ufrag" },
        { CREDENTIALS "a=ice-pwd:tooshort\r\n", 3, "a=ice-pwd must be 22 to 256" },
        { CREDENTIALS "a=ice-ufrag:EsAx\r\n", 3, "another one" },
        { "a=mid:0\r\n", 1, "before the m= line" },
        { "m=audio 9 RTP/AVP 0\r\na=mid:\r\n", 2, "a=mid must have" },
        { SECTION "a=candidate:1 1 udp x 192.0.2.1 9 typ host\r\n", 3, "a=candidate" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sdpfrag news;

        assert_int_equal(parse(&news, cases[i].text, strlen(cases[i].text)), -1);
        assert_int_equal(error.line, cases[i].line);
        assert_non_null(strstr(error.reason, cases[i].word));
    }
}

static void damage_is_taken_or_refused(void **state)
{
    static const char good[] = CREDENTIALS SECTION CANDIDATE "a=end-of-candidates\r\n";
    const size_t len = sizeof good - 1;
    char text[sizeof good];
    size_t refused = 0;
    struct sdpfrag news;

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        refused += parse(&news, good, cut) != 0;
    }
    for (size_t at = 0; at < len; at++) {
        for (int value = 0; value < 256; value += 5) {
            memcpy(text, good, sizeof good);
            text[at] = (char)value;
            if (parse(&news, text, len) != 0) {
                refused++;
                assert_in_range(error.line, 1, 8);
            }
            assert_true(strlen(news.ice.ufrag) <= STRAIT_UFRAG_MAX);
        }
    }
    assert_in_range(refused, 1000, len * 52 + len);
}

static void our_own_fragment_is_read_back(void **state)
{
    static const struct strait_ice_parameters ice = { "ours", "bbbbbbbbbbbbbbbbbbbbbbbb", true };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(5000) };
    struct strait_candidate candidate;
    struct sdpfrag news;
    char *text;

    (void)state;
    inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    assert_int_equal(strait_candidate_host(&candidate, (struct sockaddr *)&v4, 65535), 0);
    text = sdpfrag_print(&ice, "audio", &candidate, 1);
    assert_non_null(text);
    assert_int_equal(parse(&news, text, strlen(text)), 0);
    free(text);
    assert_string_equal(news.ice.ufrag, ice.ufrag);
    assert_string_equal(news.ice.pwd, ice.pwd);
    assert_string_equal(news.mid, "audio");
    assert_int_equal(news.n_candidates, 1);
    assert_int_equal(news.candidates[0].port, 5000);
    assert_true(news.end_of_candidates && news.ice.ice_lite);
}

static void an_accept_header_is_weighed(void **state)
{
    static const struct {
        const char *accept;
        bool taken;
    } cases[] = {
        { "", true },
        { "*/*", true },
        { "application/sdp", true },
        { "Application/SDP", true },
        { "text/html, application/*;q=0.1", true },
        { "text/html,*/*;q=0.8", true },
        { "text/html", false },
        { "application/sdpx", false },
        { "application/json, text/*", false },
        { "application/sdp;q=0", false },
        { "application/sdp; q=0.000", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(http_accepts(cases[i].accept, WISH_SDP_TYPE), cases[i].taken);
    }
}

static void if_match_takes_lists_and_stars(void **state)
{
    (void)state;
    assert_true(http_if_match("*", "\"a\""));
    assert_true(http_if_match("\"a\"", "\"a\""));
    assert_true(http_if_match("\"b\" , \"a\"", "\"a\""));
    assert_false(http_if_match("", "\"a\""));
    assert_false(http_if_match("a", "\"a\""));
    assert_false(http_if_match("\"b\",\"ab\"", "\"a\""));
    /* Weak ones never match (RFC 9110, section 13.1.1). */
    assert_false(http_if_match("W/\"a\"", "\"a\""));
}

static void media_types_may_have_parameters(void **state)
{
    (void)state;
    assert_true(http_is_type("application/sdp", WISH_SDP_TYPE));
    assert_true(http_is_type("Application/Sdp; charset=utf-8", WISH_SDP_TYPE));
    assert_false(http_is_type("application/sdpfrag", WISH_SDP_TYPE));
    assert_false(http_is_type("", WISH_SDP_TYPE));
}

static void mids_are_words_between_spaces(void **state)
{
    struct strait_sdp *sdp = calloc(1, sizeof *sdp);
    char mids[WISH_MIDS_ROOM];

    (void)state;
    assert_non_null(sdp);
    sdp->n_sections = 3;
    strcpy(sdp->sections[0].mid, "0");
    strcpy(sdp->sections[2].mid, "video");
    wish_mids(mids, sdp);
    assert_string_equal(mids, " 0  video ");
    /* Too many to keep: then any will do. */
    sdp->n_sections = STRAIT_SDP_MAX_SECTIONS;
    for (size_t i = 0; i < sdp->n_sections; i++) {
        memset(sdp->sections[i].mid, 'x', STRAIT_SDP_MID_MAX);
    }
    wish_mids(mids, sdp);
    assert_string_equal(mids, "");
    free(sdp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fragment_says_what_is_new),
        cmocka_unit_test(candidates_of_no_use_are_counted),
        cmocka_unit_test(what_is_malformed_is_named_by_its_line),
        cmocka_unit_test(damage_is_taken_or_refused),
        cmocka_unit_test(our_own_fragment_is_read_back),
        cmocka_unit_test(an_accept_header_is_weighed),
        cmocka_unit_test(if_match_takes_lists_and_stars),
        cmocka_unit_test(media_types_may_have_parameters),
        cmocka_unit_test(mids_are_words_between_spaces),
    };

    return cmocka_run_group_tests_name("radio WHEP", tests, NULL, NULL);
}
