/* The radio's reading of offers and its answers to them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/radio/answer.h"
#include "examples/radio/offer.h"

#define SHA256                                                               \
    "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:" \
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
#define SESSION "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define TRANSPORT \
    "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n" SHA256 "a=setup:actpass\r\n"
#define AUDIO(formats) "m=audio 9 UDP/TLS/RTP/SAVPF " formats "\r\nc=IN IP4 0.0.0.0\r\n"
#define OPUS "a=rtpmap:111 opus/48000/2\r\n"

struct reading {
    struct strait_sdp *sdp;
    struct offer offer;
    struct strait_sdp_error error;
    int result;
};

static int make(void **state)
{
    struct reading *reading = calloc(1, sizeof *reading);

    assert_non_null(reading);
    reading->sdp = malloc(sizeof *reading->sdp);
    assert_non_null(reading->sdp);
    *state = reading;
    return 0;
}

static int unmake(void **state)
{
    struct reading *reading = *state;

    free(reading->sdp);
    free(reading);
    return 0;
}

static void read_offer(struct reading *reading, const char *text)
{
    assert_int_equal(strait_sdp_parse(reading->sdp, text, strlen(text), &reading->error),
                     STRAIT_OK);
    reading->result = offer_read(&reading->offer, reading->sdp, STRAIT_DTLS_SERVER,
                                 &reading->error);
}

static char *answer_to(const struct reading *reading)
{
    static struct strait_candidate candidates[2];
    static struct strait_fingerprint fingerprint = { STRAIT_HASH_SHA256, 32, { 0xab } };
    static const struct strait_ice_parameters ice = { "ours", "bbbbbbbbbbbbbbbbbbbbbbbb", true };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(5000) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(5000) };
    const struct answer answer = { .ice = &ice,
                                   .fingerprint = &fingerprint,
                                   .candidates = candidates,
                                   .n_candidates = 2,
                                   .session = 42,
                                   .ssrc = 0xdeadbeef,
                                   .cname = "radio-1" };

    inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    assert_int_equal(strait_candidate_host(&candidates[0], (struct sockaddr *)&v4, 65535), 0);
    assert_int_equal(strait_candidate_host(&candidates[1], (struct sockaddr *)&v6, 65534), 0);
    return answer_print(&answer, &reading->offer);
}

static void the_offered_payload_type_and_fmtp_are_taken(void **state)
{
    struct reading *r = *state;

    read_offer(r, SESSION AUDIO("9 109 0") TRANSPORT
               "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:9 G722/8000\r\n"
               "a=fmtp:9 x=1\r\na=rtpmap:109 OPUS/48000/2\r\na=fmtp:109  stereo=1;minptime=10\r\n");
    assert_int_equal(r->result, 0);
    /* 111 is described, but is not among the formats. */
    assert_int_equal(r->offer.payload_type, 109);
    assert_int_equal(r->offer.fmtp.len, strlen("stereo=1;minptime=10"));
    assert_memory_equal(r->offer.fmtp.data, "stereo=1;minptime=10", r->offer.fmtp.len);
}

static void the_setup_role_follows_from_the_offer(void **state)
{
    static const struct {
        const char *text;
        enum strait_dtls_role role;
    } cases[] = {
        { SESSION AUDIO("111") TRANSPORT "a=rtcp-mux\r\n" OPUS, STRAIT_DTLS_SERVER },
        { SESSION AUDIO("111") "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n" SHA256
                               "a=setup:passive\r\na=rtcp-mux\r\n" OPUS,
          STRAIT_DTLS_CLIENT },
        { SESSION AUDIO("111") "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n" SHA256
                               "a=setup:active\r\na=rtcp-mux\r\n" OPUS,
          STRAIT_DTLS_SERVER },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reading *r = *state;

        read_offer(r, cases[i].text);
        assert_int_equal(r->result, 0);
        assert_int_equal(r->offer.role, cases[i].role);
    }
}

static void refusals_name_the_line(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *word;
    } cases[] = {
        { SESSION, 4, "no m=audio" },
        { SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 5, "no m=audio" },
        { SESSION "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n" OPUS, 5, "no m=audio" },
        { SESSION "m=audio 9 RTP/AVP 111\r\n" OPUS, 5, "not RTP/AVP" },
        { SESSION AUDIO("0") TRANSPORT "a=rtcp-mux\r\n" OPUS, 5, "no opus/48000/2" },
        { SESSION AUDIO("111") TRANSPORT OPUS, 5, "a=rtcp-mux is missing" },
        { SESSION AUDIO("111") TRANSPORT "a=rtcp-mux\r\na=inactive\r\n" OPUS, 12, "a=inactive" },
        { SESSION AUDIO("80") TRANSPORT "a=rtcp-mux\r\na=rtpmap:80 opus/48000/2\r\n", 12, "80" },
        { SESSION AUDIO("111") "a=rtcp-mux\r\n" OPUS, 5, "" },
        { SESSION "a=ice-lite\r\n" AUDIO("111") TRANSPORT "a=rtcp-mux\r\n" OPUS, 5, "a=ice-lite" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reading *r = *state;
        char line[16];

        read_offer(r, cases[i].text);
        assert_in_range(-r->result, 1, 2);
        assert_int_equal(r->error.line, cases[i].line);
        snprintf(line, sizeof line, "line %u: ", cases[i].line);
        assert_memory_equal(r->error.reason, line, strlen(line));
        assert_non_null(strstr(r->error.reason, cases[i].word));
    }
}

static void a_bundled_section_borrows_its_transport(void **state)
{
    struct reading *r = *state;

    read_offer(r, SESSION "a=group:BUNDLE v a\r\n"
                          "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\n" TRANSPORT
                          "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
                          "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=bundle-only\r\n"
                          "a=rtcp-mux\r\n" OPUS);
    assert_int_equal(r->result, 0);
    assert_ptr_equal(r->offer.audio, &r->sdp->sections[1]);
    assert_ptr_equal(r->offer.transport, &r->sdp->sections[0]);
}

static void the_answer_is_the_one_that_was_meant(void **state)
{
    struct reading *r = *state;
    char *text;

    read_offer(r, SESSION "a=group:BUNDLE v a\r\n"
                          "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\n" TRANSPORT
                          "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" AUDIO(
                              "111 0") "a=mid:a\r\n" TRANSPORT "a=rtcp-mux\r\na=rtcp-rsize\r\n" OPUS
                                       "a=fmtp:111 minptime=10\r\n");
    assert_int_equal(r->result, 0);
    text = answer_to(r);
    assert_non_null(text);

    /* Read back by the same rules as the offer. */
    assert_int_equal(strait_sdp_parse(r->sdp, text, strlen(text), &r->error), STRAIT_OK);
    assert_true(r->sdp->ice_lite);
    assert_int_equal(r->sdp->n_sections, 2);
    assert_int_equal(r->sdp->sections[0].port, 0);
    assert_string_equal(r->sdp->sections[0].mid, "v");
    assert_false(r->sdp->sections[0].bundled);

    const struct strait_sdp_section *audio = &r->sdp->sections[1];
    assert_true(strait_sdp_section_usable(audio, &r->error));
    assert_int_equal(audio->port, 5000);
    assert_memory_equal(audio->formats.data, "111", audio->formats.len);
    assert_string_equal(audio->mid, "a");
    assert_string_equal(audio->ice.ufrag, "ours");
    assert_true(audio->bundled && audio->bundle_first);
    assert_true(audio->rtcp_mux && audio->rtcp_rsize && audio->end_of_candidates);
    assert_int_equal(audio->setup, STRAIT_SETUP_PASSIVE);
    assert_int_equal(audio->n_candidates, 2);
    assert_int_equal(audio->dtls.n_fingerprints, 1);
    assert_int_equal(audio->dtls.fingerprints[0].value[0], 0xab);

    assert_non_null(strstr(text, "\r\nc=IN IP4 192.0.2.1\r\n"));
    assert_non_null(strstr(text, "\r\na=sendonly\r\n"));
    assert_non_null(strstr(text, "\r\na=fmtp:111 minptime=10;sprop-stereo=1\r\n"));
    assert_non_null(strstr(text, "\r\na=ssrc:3735928559 cname:radio-1\r\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_offered_payload_type_and_fmtp_are_taken, make, unmake),
        cmocka_unit_test_setup_teardown(the_setup_role_follows_from_the_offer, make, unmake),
        cmocka_unit_test_setup_teardown(refusals_name_the_line, make, unmake),
        cmocka_unit_test_setup_teardown(a_bundled_section_borrows_its_transport, make, unmake),
        cmocka_unit_test_setup_teardown(the_answer_is_the_one_that_was_meant, make, unmake),
    };

    return cmocka_run_group_tests_name("radio offer and answer", tests, NULL, NULL);
}
