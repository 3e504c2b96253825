#include "wish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "sdpfrag.h"
#include "station.h"

/* Names the ICE session: a restart changes it (RFC 9725, section 4.3.1). */
static void print_etag(const struct strait_transport *transport, char *out, size_t room)
{
    snprintf(out, room, "\"%.64s\"", strait_transport_local_ice(transport)->ufrag);
}

bool wish_is_offer(const struct http_request *request, struct http_reply *reply)
{
    if (!http_is_type(request->content_type, WISH_SDP_TYPE)) {
        http_sentence(reply, 415, "The offer must come as " WISH_SDP_TYPE ".\n");
        http_header(reply, "Accept-Post", WISH_SDP_TYPE);
        return false;
    }
    if (!http_accepts(request->accept, WISH_SDP_TYPE)) {
        http_sentence(reply, 406,
                      "The answer comes as " WISH_SDP_TYPE ", which is not accepted.\n");
        return false;
    }
    return true;
}

void wish_created(const struct peer *peer, const char *resources, char *answer,
                  struct http_reply *reply)
{
    char etag[80];

    print_etag(peer->transport, etag, sizeof etag);
    reply->status = 201;
    reply->content_type = WISH_SDP_TYPE;
    reply->body = answer;
    reply->body_len = strlen(answer);
    http_header(reply, "Location", "%s%s", resources, peer->id);
    http_header(reply, "ETag", "%s", etag);
    http_header(reply, "Accept-Patch", SDPFRAG_TYPE);
}

/* RFC 9725, section 4.3.1: the entity tag guards against news of an ICE session that is over. */
static bool precondition(const struct peer *peer, const struct http_request *request,
                         struct http_reply *reply)
{
    char etag[80];

    if (request->if_match[0] == '\0') {
        http_sentence(reply, 428, "If-Match is missing: it names the ICE session by its ETag.\n");
        return false;
    }
    print_etag(peer->transport, etag, sizeof etag);
    if (!http_if_match(request->if_match, etag)) {
        http_sentence(reply, 412, "If-Match names another ICE session than %s.\n", etag);
        return false;
    }
    return true;
}

static bool knows_mid(const struct peer *peer, const char *mid)
{
    char wanted[STRAIT_SDP_MID_MAX + 3];

    snprintf(wanted, sizeof wanted, " %s ", mid);
    return mid[0] == '\0' || peer->mids[0] == '\0' || strstr(peer->mids, wanted);
}

/* Well-formed, but not to be done: a sentence, or NULL. */
static const char *unprocessable(const struct peer *peer, const struct sdpfrag *news, bool *restart)
{
    const struct strait_ice_parameters *known = strait_transport_remote_ice(peer->transport);
    const bool has_ufrag = news->ice.ufrag[0] != '\0';
    const bool has_pwd = news->ice.pwd[0] != '\0';
    const bool new_ufrag = has_ufrag && strcmp(known->ufrag, news->ice.ufrag) != 0;
    const bool new_pwd = has_pwd && strcmp(known->pwd, news->ice.pwd) != 0;

    *restart = new_ufrag;
    if (news->ice.ice_lite) {
        return "a=ice-lite: the radio is ICE-lite, so its peers must be full";
    }
    if (new_ufrag != new_pwd) {
        /* RFC 8839, section 4.4.1.1.1 */
        return "a=ice-ufrag, a=ice-pwd: a restart changes both";
    }
    if (!knows_mid(peer, news->mid)) {
        return "a=mid: the offer had no such section";
    }
    return NULL;
}

static void restart(const struct station *station, struct peer *peer, const struct sdpfrag *news,
                    struct http_reply *reply)
{
    int error = strait_transport_restart_ice(peer->transport, NULL, NULL);
    struct strait_candidate candidates[STATION_MAX_CANDIDATES];
    char *text = NULL;
    char etag[80];

    if (error == STRAIT_OK) {
        error = strait_transport_set_remote_ice(peer->transport, &news->ice);
    }
    if (error == STRAIT_OK) {
        text = sdpfrag_print(strait_transport_local_ice(peer->transport), peer->mid, candidates,
                             station_candidates(station, candidates));
        error = text ? STRAIT_OK : STRAIT_E_NOMEM;
    }
    if (error != STRAIT_OK) {
        http_sentence(reply, 500, "ICE does not start again: %s.\n", strait_strerror(error));
        return;
    }
    print_etag(peer->transport, etag, sizeof etag);
    reply->status = 200;
    reply->content_type = SDPFRAG_TYPE;
    reply->body = text;
    reply->body_len = strlen(text);
    http_header(reply, "ETag", "%s", etag);
}

static void add_candidates(struct peer *peer, const struct sdpfrag *news)
{
    /* Names and TCP are refused one by one: the checks of a full peer come anyway. */
    for (size_t i = 0; i < news->n_candidates; i++) {
        (void)strait_transport_add_remote_candidate(peer->transport, &news->candidates[i]);
    }
    if (news->end_of_candidates) {
        (void)strait_transport_end_of_candidates(peer->transport);
    }
}

void wish_patch(const struct station *station, struct peer *peer,
                const struct http_request *request, struct http_reply *reply)
{
    struct strait_sdp_error reason = { 0 };
    struct sdpfrag *news = malloc(sizeof *news);
    const char *refusal;
    bool restarts;

    if (!news) {
        http_sentence(reply, 500, "There is no memory left.\n");
    } else if (!http_is_type(request->content_type, SDPFRAG_TYPE)) {
        http_sentence(reply, 415, "ICE's news must come as " SDPFRAG_TYPE ".\n");
        http_header(reply, "Accept-Patch", SDPFRAG_TYPE);
    } else if (!precondition(peer, request, reply)) {
        /* replied */
    } else if (sdpfrag_parse(news, request->body, request->body_len, &reason) != 0) {
        http_sentence(reply, 400, "%s\n", reason.reason);
    } else if ((refusal = unprocessable(peer, news, &restarts)) != NULL) {
        http_sentence(reply, 422, "%s\n", refusal);
    } else {
        reply->status = 204;
        if (restarts) {
            restart(station, peer, news, reply);
        }
        add_candidates(peer, news);
    }
    free(news);
}

void wish_options(const struct http_request *request, struct http_reply *reply)
{
    const bool endpoint = request->rest[0] == '\0';

    reply->status = 204;
    http_header(reply, "Allow", endpoint ? "POST, OPTIONS" : "PATCH, DELETE, OPTIONS");
    http_header(reply, "Access-Control-Allow-Methods", "POST, PATCH, DELETE, OPTIONS");
    http_header(reply, "Access-Control-Allow-Headers", "Content-Type, Authorization, If-Match");
    http_header(reply, "Access-Control-Max-Age", "86400");
    http_header(reply, "Accept-Post", WISH_SDP_TYPE);
    http_header(reply, "Accept-Patch", SDPFRAG_TYPE);
}

void wish_mids(char out[WISH_MIDS_ROOM], const struct strait_sdp *sdp)
{
    size_t at = 0;

    for (size_t i = 0; i < sdp->n_sections; i++) {
        const char *mid = sdp->sections[i].mid;

        if (mid[0] != '\0' && at < WISH_MIDS_ROOM) {
            at += (size_t)snprintf(out + at, WISH_MIDS_ROOM - at, " %s ", mid);
        }
    }
    if (at == 0 || at >= WISH_MIDS_ROOM) {
        out[0] = '\0';
    }
}
