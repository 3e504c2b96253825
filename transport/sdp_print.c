#include <strait/sdp.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "transport/sdp_attributes.h"
#include "transport/sdp_lines.h"
#include "transport/util.h"

struct writer {
    char *text;
    size_t room, len;
    int error;
};

__attribute__((format(printf, 2, 3))) static void line(struct writer *w, const char *format, ...)
{
    if (w->error != STRAIT_OK) {
        return;
    }
    va_list args;
    va_start(args, format);
    int len = vsnprintf(w->text + w->len, w->room - w->len, format, args);
    va_end(args);
    /* The line, CRLF and the zero. */
    if (len < 0 || (size_t)len + 2 >= w->room - w->len) {
        w->error = STRAIT_E_TOO_SMALL;
        return;
    }
    w->len += (size_t)len;
    memcpy(w->text + w->len, "\r\n", 3);
    w->len += 2;
}

static struct strait_text text_of(const char *string)
{
    return (struct strait_text){ .data = string, .len = strlen(string) };
}

static bool credential_is_fine(const char *string, size_t min, size_t max)
{
    struct strait_text text = text_of(string);
    return text.len >= min && text.len <= max && strait__text_is_ice(text);
}

static bool is_fine(const struct strait_sdp_transport *t)
{
    bool has_ice = t->ice.ufrag[0] != '\0' || t->ice.pwd[0] != '\0';
    if (has_ice && (!credential_is_fine(t->ice.ufrag, STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX) ||
                    !credential_is_fine(t->ice.pwd, STRAIT_PWD_MIN, STRAIT_PWD_MAX))) {
        return false;
    }
    if (t->mid != NULL &&
        (!strait__text_is_token(text_of(t->mid)) || strlen(t->mid) > STRAIT_SDP_MID_MAX)) {
        return false;
    }
    return (t->fingerprints != NULL || t->n_fingerprints == 0) &&
           (t->candidates != NULL || t->n_candidates == 0) &&
           (t->setup == STRAIT_SETUP_NONE || strait__sdp_setup_word(t->setup) != NULL);
}

static void print_dtls(struct writer *w, const struct strait_sdp_transport *t)
{
    char text[STRAIT_FINGERPRINT_TEXT_MAX];
    for (size_t i = 0; i < t->n_fingerprints; i++) {
        if (strait_fingerprint_print(&t->fingerprints[i], text, sizeof text) < 0) {
            w->error = STRAIT_E_INVALID;
            return;
        }
        line(w, "a=fingerprint:%s", text);
    }
    if (t->setup != STRAIT_SETUP_NONE) {
        line(w, "a=setup:%s", strait__sdp_setup_word(t->setup));
    }
}

static void print_candidates(struct writer *w, const struct strait_sdp_transport *t)
{
    char text[STRAIT_CANDIDATE_TEXT_MAX];
    for (size_t i = 0; i < t->n_candidates; i++) {
        if (strait_candidate_print(&t->candidates[i], text, sizeof text) < 0) {
            w->error = STRAIT_E_INVALID;
            return;
        }
        line(w, "a=%s", text);
    }
    if (t->end_of_candidates) {
        line(w, "a=end-of-candidates");
    }
}

int strait_sdp_print(const struct strait_sdp_transport *transport, char *text, size_t room)
{
    struct strait_sdp_transport t;
    if (text == NULL || strait__sized_read(&t, sizeof t, transport) != STRAIT_OK || !is_fine(&t)) {
        return STRAIT_E_INVALID;
    }
    struct writer w = { .text = text, .room = room };
    if (room == 0) {
        return STRAIT_E_TOO_SMALL;
    }
    text[0] = '\0';
    if (t.mid != NULL) {
        line(&w, "a=mid:%s", t.mid);
    }
    if (t.ice.ufrag[0] != '\0') {
        line(&w, "a=ice-ufrag:%s", t.ice.ufrag);
        line(&w, "a=ice-pwd:%s", t.ice.pwd);
    }
    if (t.ice_trickle) {
        line(&w, "a=ice-options:trickle");
    }
    print_dtls(&w, &t);
    if (t.rtcp_mux) {
        line(&w, "a=rtcp-mux");
    }
    if (t.rtcp_rsize) {
        line(&w, "a=rtcp-rsize");
    }
    print_candidates(&w, &t);
    if (w.error != STRAIT_OK) {
        text[0] = '\0';
        return w.error;
    }
    return (int)w.len;
}
