/* What WHEP and WHIP (RFC 9725) have in common: offers, entity tags, trickled candidates, restarts. */
#ifndef RADIO_WISH_H
#define RADIO_WISH_H

#include <strait/strait.h>

#include "http.h"

#define WISH_SDP_TYPE "application/sdp"
#define WISH_MIDS_ROOM 256u

struct peer;
struct station;

/* True if the request is an offer that can be answered in its own form; else `reply` is 415 or 406. */
bool wish_is_offer(const struct http_request *request, struct http_reply *reply);

/* 201 with the answer, which becomes the reply's, and the place of the resource. */
void wish_created(const struct peer *peer, const char *resources, char *answer,
                  struct http_reply *reply);

/* PATCH: 204 for candidates, 200 for a restart, or what is wrong. */
void wish_patch(const struct station *station, struct peer *peer,
                const struct http_request *request, struct http_reply *reply);

/* OPTIONS, for the endpoint (rest "") and its resources. */
void wish_options(const struct http_request *request, struct http_reply *reply);

/* Writes the offered sections' mids, a space before and after each; "": they are too many. */
void wish_mids(char out[WISH_MIDS_ROOM], const struct strait_sdp *sdp);

#endif
