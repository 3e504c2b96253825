/* What WHEP and WHIP (RFC 9725) have in common: offers, entity tags, trickled candidates, restarts. */
#ifndef RADIO_WISH_H
#define RADIO_WISH_H

#include <strait/strait.h>

#include "http.h"

#define WISH_SDP_TYPE "application/sdp"
#define WISH_MIDS_ROOM 256u

/* A resource that PATCH is for. */
struct wish_session {
    struct strait_transport *transport;
    const char *mid;  /* of the section that was taken, "" for none */
    const char *mids; /* of all that were offered, a space before and after each; "": not known */
    const struct strait_candidate *candidates; /* ours, all of them */
    size_t n_candidates;
};

/* True if the request is an offer that can be answered in its own form; else `reply` is 415 or 406. */
bool wish_is_offer(const struct http_request *request, struct http_reply *reply);

/* 201 with the answer, which becomes the reply's, and the place of the resource. */
void wish_created(const struct strait_transport *transport, const char *resources, const char *id,
                  char *answer, struct http_reply *reply);

/* PATCH: 204 for candidates, 200 for a restart, or what is wrong. */
void wish_patch(const struct wish_session *session, const struct http_request *request,
                struct http_reply *reply);

/* OPTIONS, for the endpoint (rest "") and its resources. */
void wish_options(const struct http_request *request, struct http_reply *reply);

/* Writes the offered sections' mids as wish_session wants them. */
void wish_mids(char out[WISH_MIDS_ROOM], const struct strait_sdp *sdp);

#endif
