#include "whep.h"

#include <string.h>
#include <strings.h>

#define SDP_TYPE "application/sdp"

/* "application/sdp", in any case, with parameters or without. */
static bool is_sdp(const char *content_type)
{
    const size_t len = strlen(SDP_TYPE);

    return strncasecmp(content_type, SDP_TYPE, len) == 0 &&
           strchr("; \t", content_type[len]) != NULL;
}

static void reply_joined(const struct listener *listener, char *answer, struct http_reply *reply)
{
    reply->status = 201;
    reply->content_type = SDP_TYPE;
    reply->body = answer;
    reply->body_len = strlen(answer);
    http_header(reply, "Location", "%s%s", WHEP_RESOURCES, listener->id);
    /* Names the ICE session: a restart would change it. */
    http_header(reply, "ETag", "\"%.64s\"", strait_transport_local_ice(listener->transport)->ufrag);
}

void whep_post(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct station *station = user;
    const strait_time now = strait_runtime_now(station->config.runtime);
    struct strait_sdp_error reason = { 0 };
    struct listener *listener;
    char *answer;

    if (!is_sdp(request->content_type)) {
        http_sentence(reply, 415, "The offer must come as application/sdp.\n");
        http_header(reply, "Accept-Post", SDP_TYPE);
        return;
    }
    switch (station_join(station, request->body, request->body_len, request->address, now,
                         &listener, &answer, &reason)) {
    case STATION_JOINED:
        reply_joined(listener, answer, reply);
        return;
    case STATION_BAD_OFFER:
        http_sentence(reply, 400, "%s\n", reason.reason);
        return;
    case STATION_FULL:
        http_sentence(reply, 503, "%s\n", reason.reason);
        http_header(reply, "Retry-After", "30");
        return;
    default:
        http_sentence(reply, 500, "%s\n", reason.reason);
        return;
    }
}

void whep_delete(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct station *station = user;
    struct listener *listener = station_find(station, request->rest);

    if (!listener) {
        http_sentence(reply, 404, "There is no such listener, or it has left.\n");
        return;
    }
    station_leave(station, listener, strait_runtime_now(station->config.runtime));
    reply->status = 200;
}

void whep_options(void *user, const struct http_request *request, struct http_reply *reply)
{
    (void)user;
    reply->status = 204;
    http_header(reply, "Access-Control-Allow-Methods", "POST, DELETE, OPTIONS");
    http_header(reply, "Access-Control-Allow-Headers", "Content-Type, Authorization, If-Match");
    http_header(reply, "Access-Control-Max-Age", "86400");
    http_header(reply, "Accept-Post", SDP_TYPE);
    http_header(reply, "Allow", "%s, OPTIONS", request->rest[0] == '\0' ? "POST" : "DELETE");
}
