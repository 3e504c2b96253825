#include "offer.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

__attribute__((format(printf, 3, 4))) static int fail(struct strait_sdp_error *error, uint32_t line,
                                                      const char *format, ...)
{
    va_list arguments;
    int at = 0;

    error->line = line;
    if (line > 0) {
        at = snprintf(error->reason, sizeof error->reason, "line %u: ", line);
    }
    va_start(arguments, format);
    vsnprintf(error->reason + at, sizeof error->reason - (size_t)at, format, arguments);
    va_end(arguments);
    return -1;
}

static bool is(struct strait_text text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.data, word, text.len) == 0;
}

/* Cuts the next word off `text`; spaces part words. */
static struct strait_text next_word(struct strait_text *text)
{
    struct strait_text word;

    while (text->len > 0 && isspace((unsigned char)*text->data)) {
        text->data++;
        text->len--;
    }
    word = (struct strait_text){ text->data, 0 };
    while (word.len < text->len && !isspace((unsigned char)text->data[word.len])) {
        word.len++;
    }
    text->data += word.len;
    text->len -= word.len;
    return word;
}

/* The number of a payload type, or -1. */
static int payload_type(struct strait_text word)
{
    int value = 0;

    if (word.len == 0 || word.len > 3) {
        return -1;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!isdigit((unsigned char)word.data[i])) {
            return -1;
        }
        value = value * 10 + (word.data[i] - '0');
    }
    return value <= 127 ? value : -1;
}

/* Lines of a text, of which each ends in a line feed. */
static uint32_t count_lines(struct strait_text text)
{
    uint32_t lines = 0;

    for (size_t i = 0; i < text.len; i++) {
        lines += text.data[i] == '\n';
    }
    return lines;
}

static bool has_format(const struct strait_sdp_section *section, int wanted)
{
    struct strait_text formats = section->formats;
    struct strait_text word;

    while ((word = next_word(&formats)).len > 0) {
        if (payload_type(word) == wanted) {
            return true;
        }
    }
    return false;
}

static uint32_t line_of(const struct strait_sdp_section *section, const char *place)
{
    const struct strait_text before = { section->body.data, (size_t)(place - section->body.data) };

    return section->line + 1 + count_lines(before);
}

/* "a=rtpmap:111 opus/48000/2" (RFC 7587, section 7) */
static int find_opus(struct offer *out, struct strait_sdp_error *error)
{
    struct strait_text value;
    size_t position = 0;

    while (strait_sdp_attribute(out->audio, "rtpmap", &position, &value)) {
        struct strait_text rest = value;
        const int type = payload_type(next_word(&rest));

        if (!is(next_word(&rest), "opus/48000/2") || !has_format(out->audio, type)) {
            continue;
        }
        /* Muxed with RTCP these would be taken for RTCP packets (RFC 5761, section 4). */
        if (type >= 64 && type <= 95) {
            return fail(error, line_of(out->audio, value.data),
                        "a=rtpmap: payload type %d cannot be muxed with RTCP", type);
        }
        out->payload_type = (uint8_t)type;
        return 0;
    }
    return fail(error, out->audio->line,
                "m=audio: no opus/48000/2 among its formats, and the radio knows nothing else");
}

static void find_fmtp(struct offer *out)
{
    struct strait_text value;
    size_t position = 0;

    out->fmtp = (struct strait_text){ "", 0 };
    while (strait_sdp_attribute(out->audio, "fmtp", &position, &value)) {
        if (payload_type(next_word(&value)) == out->payload_type) {
            out->fmtp = value;
            next_word(&value);
            /* Without the space before it. */
            while (out->fmtp.len > 0 && isspace((unsigned char)*out->fmtp.data)) {
                out->fmtp.data++;
                out->fmtp.len--;
            }
            return;
        }
    }
}

/* Without a direction an offer is sendrecv (RFC 8866, section 6.7). */
static int check_direction(const struct strait_sdp_section *audio, bool publisher,
                           struct strait_sdp_error *error)
{
    const char *const wrong[] = { publisher ? "recvonly" : "sendonly", "inactive" };
    struct strait_text value;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        size_t position = 0;

        if (strait_sdp_attribute(audio, wrong[i], &position, &value)) {
            return fail(error, line_of(audio, value.data),
                        "a=%s: the radio %s, so the offer must be %s or sendrecv", wrong[i],
                        publisher ? "listens" : "sends", publisher ? "sendonly" : "recvonly");
        }
    }
    return 0;
}

/* A bundled section may leave its credentials to the first one of the group (RFC 8843, 7.1.3). */
static const struct strait_sdp_section *find_transport(const struct strait_sdp *sdp,
                                                       const struct strait_sdp_section *audio)
{
    if (audio->ice.ufrag[0] != '\0' || !audio->bundled) {
        return audio;
    }
    for (size_t i = 0; i < sdp->n_sections; i++) {
        if (sdp->sections[i].bundle_first) {
            return &sdp->sections[i];
        }
    }
    return audio;
}

/* Where a=ice-lite stands: at session level (RFC 8839, section 5.3), else in the section. */
static uint32_t lite_line(const struct offer *offer)
{
    const struct strait_text session = offer->sdp->session;
    const char *found = memmem(session.data, session.len, "a=ice-lite", strlen("a=ice-lite"));
    const struct strait_text before = { session.data, found ? (size_t)(found - session.data) : 0 };

    return found ? 1 + count_lines(before) : offer->transport->line;
}

static int check_transport(struct offer *out, enum strait_dtls_role wanted,
                           struct strait_sdp_error *error)
{
    if (out->transport->ice.ice_lite) {
        return fail(error, lite_line(out),
                    "a=ice-lite: the radio is ICE-lite, so its peers must be full");
    }
    if (!out->audio->rtcp_mux) {
        return fail(error, out->audio->line,
                    "m=audio: a=rtcp-mux is missing, and the radio has one port");
    }
    switch (out->transport->setup) {
    case STRAIT_SETUP_ACTPASS:
        out->role = wanted;
        return 0;
    case STRAIT_SETUP_ACTIVE:
        out->role = STRAIT_DTLS_SERVER;
        return 0;
    case STRAIT_SETUP_PASSIVE:
        out->role = STRAIT_DTLS_CLIENT;
        return 0;
    default:
        return fail(error, out->transport->line, "a=setup must be actpass, active or passive");
    }
}

static int find_audio(struct offer *out, struct strait_sdp_error *error)
{
    const struct strait_sdp *sdp = out->sdp;

    for (size_t i = 0; i < sdp->n_sections && !out->audio; i++) {
        const struct strait_sdp_section *section = &sdp->sections[i];

        /* Port 0 without bundle-only is a section that was given up. */
        if (is(section->media, "audio") && (section->port != 0 || section->bundle_only)) {
            out->audio = section;
        }
    }
    if (!out->audio) {
        /* The first line that is something else, or the last one. */
        return fail(error, sdp->n_sections > 0 ? sdp->sections[0].line : count_lines(sdp->session),
                    "there is no m=audio section, and the radio knows nothing else");
    }
    if (!is(out->audio->protocol, "UDP/TLS/RTP/SAVPF") &&
        !is(out->audio->protocol, "UDP/TLS/RTP/SAVP")) {
        return fail(error, out->audio->line,
                    "m=audio: the protocol must be UDP/TLS/RTP/SAVPF, not %.*s",
                    (int)out->audio->protocol.len, out->audio->protocol.data);
    }
    return 0;
}

static enum offer_result read_any(struct offer *out, const struct strait_sdp *sdp,
                                  enum strait_dtls_role wanted, bool publisher,
                                  struct strait_sdp_error *error)
{
    *out = (struct offer){ .sdp = sdp };
    if (find_audio(out, error) != 0 || check_direction(out->audio, publisher, error) != 0 ||
        find_opus(out, error) != 0) {
        return OFFER_UNFIT;
    }
    out->transport = find_transport(sdp, out->audio);
    if (!strait_sdp_section_usable(out->transport, error)) {
        return OFFER_MALFORMED;
    }
    if (check_transport(out, wanted, error) != 0) {
        return OFFER_UNFIT;
    }
    find_fmtp(out);
    return OFFER_GOOD;
}

enum offer_result offer_read(struct offer *out, const struct strait_sdp *sdp,
                             enum strait_dtls_role wanted, struct strait_sdp_error *error)
{
    return read_any(out, sdp, wanted, false, error);
}

enum offer_result offer_read_publisher(struct offer *out, const struct strait_sdp *sdp,
                                       enum strait_dtls_role wanted, struct strait_sdp_error *error)
{
    return read_any(out, sdp, wanted, true, error);
}
