/* WHEP: a listener is a resource (draft-ietf-wish-whep): POST an offer, PATCH ICE's news, DELETE to
 * leave. */
#ifndef RADIO_WHEP_H
#define RADIO_WHEP_H

#include "http.h"
#include "station.h"

/* The place where resources are made and where each one lives. */
#define WHEP_PATH "/whep"
#define WHEP_RESOURCES "/whep/"

/* Handlers of http.h; `user` is the station. */
void whep_post(void *user, const struct http_request *request, struct http_reply *reply);
void whep_patch(void *user, const struct http_request *request, struct http_reply *reply);
void whep_delete(void *user, const struct http_request *request, struct http_reply *reply);
void whep_options(void *user, const struct http_request *request, struct http_reply *reply);

#endif
