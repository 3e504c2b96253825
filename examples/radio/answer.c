#include "answer.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for 32 candidates of up to 640 bytes never comes near being needed: addresses are short. */
#define TRANSPORT_ROOM 16384u

#define TEXT(text) (int)(text).len, (text).data

static void print_session(FILE *out, const struct answer *answer, const struct offer *offer)
{
    fprintf(out, "v=0\r\no=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\ns=radio\r\nt=0 0\r\n",
            answer->session);
    fputs("a=ice-lite\r\n", out);
    if (offer->audio->bundled) {
        fprintf(out, "a=group:BUNDLE %s\r\n", offer->audio->mid);
    }
}

static void print_rejected(FILE *out, const struct strait_sdp_section *section)
{
    fprintf(out, "m=%.*s 0 %.*s %.*s\r\nc=IN IP4 0.0.0.0\r\n", TEXT(section->media),
            TEXT(section->protocol), TEXT(section->formats));
    if (section->mid[0] != '\0') {
        fprintf(out, "a=mid:%s\r\n", section->mid);
    }
    fputs("a=inactive\r\n", out);
}

/* The m= and c= lines carry the default candidate (RFC 8839, section 4.2.1.2). */
static void print_default(FILE *out, const struct answer *answer, const struct offer *offer)
{
    char address[NI_MAXHOST] = "0.0.0.0";
    const char *family = "IP4";
    unsigned port = 9;

    if (answer->n_candidates > 0) {
        const struct strait_candidate *first = &answer->candidates[0];

        family = first->address.ss_family == AF_INET6 ? "IP6" : "IP4";
        port = first->port;
        if (getnameinfo((const struct sockaddr *)&first->address, sizeof first->address, address,
                        sizeof address, NULL, 0, NI_NUMERICHOST) != 0) {
            strcpy(address, "0.0.0.0");
        }
    }
    fprintf(out, "m=audio %u %.*s %u\r\nc=IN %s %s\r\n", port, TEXT(offer->audio->protocol),
            offer->payload_type, family, address);
}

/* What we send (RFC 7587, section 6.1), in the form that the listener wants. */
static void print_sent_format(FILE *out, const struct offer *offer)
{
    const char *stereo = "sprop-stereo=1";

    fprintf(out, "a=rtpmap:%u opus/48000/2\r\n", offer->payload_type);
    if (offer->fmtp.len == 0) {
        fprintf(out, "a=fmtp:%u %s\r\n", offer->payload_type, stereo);
    } else {
        fprintf(out, "a=fmtp:%u %.*s;%s\r\n", offer->payload_type, TEXT(offer->fmtp), stereo);
    }
    fputs("a=ptime:20\r\n", out);
}

/* What we would like to get: it goes to the listeners as it is. */
static void print_wanted_format(FILE *out, const struct offer *offer)
{
    fprintf(out, "a=rtpmap:%u opus/48000/2\r\n", offer->payload_type);
    fprintf(out, "a=fmtp:%u minptime=10;useinbandfec=1;stereo=1\r\n", offer->payload_type);
    fputs("a=ptime:20\r\n", out);
}

static int print_transport(FILE *out, const struct answer *answer, const struct offer *offer)
{
    const struct strait_sdp_transport transport = {
        .size = sizeof transport,
        .mid = offer->audio->mid[0] != '\0' ? offer->audio->mid : NULL,
        .ice = *answer->ice,
        .fingerprints = answer->fingerprint,
        .n_fingerprints = 1,
        .setup = offer->role == STRAIT_DTLS_CLIENT ? STRAIT_SETUP_ACTIVE : STRAIT_SETUP_PASSIVE,
        .candidates = answer->candidates,
        .n_candidates = answer->n_candidates,
        .end_of_candidates = true,
        .rtcp_mux = true,
        .rtcp_rsize = offer->audio->rtcp_rsize,
    };
    char *text = malloc(TRANSPORT_ROOM);
    int len = STRAIT_E_NOMEM;

    if (text) {
        len = strait_sdp_print(&transport, text, TRANSPORT_ROOM);
    }
    if (len > 0) {
        fputs(text, out);
    }
    free(text);
    return len > 0 ? 0 : -1;
}

static int print_audio(FILE *out, const struct answer *answer, const struct offer *offer)
{
    print_default(out, answer, offer);
    if (print_transport(out, answer, offer) != 0) {
        return -1;
    }
    if (answer->receives) {
        fputs("a=recvonly\r\n", out);
        print_wanted_format(out, offer);
        return 0;
    }
    fputs("a=sendonly\r\n", out);
    print_sent_format(out, offer);
    fprintf(out, "a=msid:radio audio\r\na=ssrc:%" PRIu32 " cname:%s\r\n", answer->ssrc,
            answer->cname);
    return 0;
}

char *answer_print(const struct answer *answer, const struct offer *offer)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int error = 0;

    if (!out) {
        return NULL;
    }
    print_session(out, answer, offer);
    for (size_t i = 0; i < offer->sdp->n_sections && error == 0; i++) {
        const struct strait_sdp_section *section = &offer->sdp->sections[i];

        if (section == offer->audio) {
            error = print_audio(out, answer, offer);
        } else {
            print_rejected(out, section);
        }
    }
    error |= ferror(out);
    if (fclose(out) != 0 || error != 0) {
        free(text);
        return NULL;
    }
    return text;
}
