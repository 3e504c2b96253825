/*
 * Any text as SDP: an error names a line that is there, and a section that is read comes back the
 * same when its transport is printed and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/sdp.h>

enum { TEXT_MAX = 65536 };

static struct strait_sdp sdp, again;

static void want(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_error(const struct strait_sdp_error *error, int code, const uint8_t *data,
                        size_t size)
{
    uint32_t lines = 1;
    char prefix[32];
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    int len = snprintf(prefix, sizeof prefix, "line %u: ", (unsigned)error->line);
    want(code == STRAIT_E_PARSE || code == STRAIT_E_LIMIT);
    want(error->line >= 1 && error->line <= lines);
    want(strncmp(error->reason, prefix, (size_t)len) == 0 && error->reason[len] != '\0');
    want(memchr(error->reason, '\0', sizeof error->reason) != NULL);
}

static bool inside(struct strait_text inner, struct strait_text outer)
{
    return inner.len == 0 || (inner.data >= outer.data && inner.len <= outer.len &&
                              inner.data + inner.len <= outer.data + outer.len);
}

static void check_texts(const struct strait_sdp_section *s, struct strait_text text)
{
    static const char *const names[] = { "rtpmap", "mid", "" };
    want(inside(s->media, text) && inside(s->protocol, text) && inside(s->formats, text));
    want(inside(s->body, text));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct strait_text value;
        size_t at = 0, before = 0;
        while (strait_sdp_attribute(s, names[i], &at, &value)) {
            want(inside(value, s->body) && at > before);
            before = at;
        }
    }
}

static void print_and_read_again(const struct strait_sdp_section *s)
{
    static char text[TEXT_MAX];
    struct strait_sdp_transport t = { .size = sizeof t,
                                      .mid = s->mid[0] != '\0' ? s->mid : NULL,
                                      .ice = s->ice,
                                      .ice_trickle = s->ice_trickle,
                                      .fingerprints = s->dtls.fingerprints,
                                      .n_fingerprints = s->dtls.n_fingerprints,
                                      .setup = s->setup,
                                      .candidates = s->candidates,
                                      .n_candidates = s->n_candidates,
                                      .end_of_candidates = s->end_of_candidates,
                                      .rtcp_mux = s->rtcp_mux,
                                      .rtcp_rsize = s->rtcp_rsize };
    size_t head = (size_t)snprintf(text, sizeof text, "v=0\r\nm=audio 9 X 0\r\n");
    int len = strait_sdp_print(&t, text + head, sizeof text - head);
    want(len >= 0 && strlen(text + head) == (size_t)len);
    want(strait_sdp_parse(&again, text, head + (size_t)len, NULL) == STRAIT_OK);

    const struct strait_sdp_section *r = &again.sections[0];
    want(again.n_sections == 1 && strcmp(r->mid, s->mid) == 0);
    want(strcmp(r->ice.ufrag, s->ice.ufrag) == 0 && strcmp(r->ice.pwd, s->ice.pwd) == 0);
    want(r->ice_trickle == s->ice_trickle && r->setup == s->setup);
    want(r->dtls.role == s->dtls.role && r->dtls.n_fingerprints == s->dtls.n_fingerprints);
    for (size_t i = 0; i < s->dtls.n_fingerprints; i++) {
        want(strait_fingerprint_equal(&r->dtls.fingerprints[i], &s->dtls.fingerprints[i]));
    }
    want(r->n_candidates == s->n_candidates && r->candidates_skipped == 0);
    want(r->end_of_candidates == s->end_of_candidates && r->rtcp_mux == s->rtcp_mux);
    want(r->rtcp_rsize == s->rtcp_rsize);
    want(strait_sdp_section_usable(r, NULL) == strait_sdp_section_usable(s, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strait_sdp_error error;
    struct strait_text text = { .data = (const char *)data, .len = size };
    /* A block of its own, so that a sanitizer sees a byte too far. */
    char *copy = malloc(size > 0 ? size : 1);
    want(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    text.data = copy;
    int code = strait_sdp_parse(&sdp, copy, size, &error);
    if (code != STRAIT_OK) {
        check_error(&error, code, data, size);
    } else {
        want(error.line == 0 && inside(sdp.session, text));
        want(sdp.n_sections <= STRAIT_SDP_MAX_SECTIONS);
        for (size_t i = 0; i < sdp.n_sections; i++) {
            check_texts(&sdp.sections[i], text);
            print_and_read_again(&sdp.sections[i]);
        }
    }
    free(copy);
    return 0;
}
