/* WHIP (RFC 9725): a publisher is a resource: POST an offer, PATCH ICE's news, DELETE to leave. */
#ifndef RADIO_WHIP_H
#define RADIO_WHIP_H

#include "http.h"
#include "ingest.h"

#define WHIP_PATH "/whip"
#define WHIP_RESOURCES "/whip/"

/* Handlers of http.h; `user` is the station, of which `ingest` says whether anybody is taken in. */
void whip_post(void *user, const struct http_request *request, struct http_reply *reply);
void whip_patch(void *user, const struct http_request *request, struct http_reply *reply);
void whip_delete(void *user, const struct http_request *request, struct http_reply *reply);
void whip_options(void *user, const struct http_request *request, struct http_reply *reply);

#endif
