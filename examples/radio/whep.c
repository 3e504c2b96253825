#include "whep.h"

#include "wish.h"

void whep_post(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct station *station = user;
    const strait_time now = strait_runtime_now(station->config.runtime);
    struct strait_sdp_error reason = { 0 };
    struct listener *listener;
    char *answer;

    if (!wish_is_offer(request, reply)) {
        return;
    }
    switch (station_join(station, request->body, request->body_len, request->address, now,
                         &listener, &answer, &reason)) {
    case STATION_JOINED:
        wish_created(&listener->peer, WHEP_RESOURCES, answer, reply);
        return;
    case STATION_BAD_OFFER:
        http_sentence(reply, 400, "%s\n", reason.reason);
        return;
    case STATION_UNFIT_OFFER:
        http_sentence(reply, 422, "%s\n", reason.reason);
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

static struct listener *find(struct station *station, const struct http_request *request,
                             struct http_reply *reply)
{
    struct listener *listener = station_find(station, request->rest);

    if (!listener) {
        http_sentence(reply, 404, "There is no such listener, or it has left.\n");
    }
    return listener;
}

void whep_patch(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct station *station = user;
    struct listener *listener = find(station, request, reply);

    if (listener) {
        wish_patch(station, &listener->peer, request, reply);
    }
}

void whep_delete(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct station *station = user;
    struct listener *listener = find(station, request, reply);

    if (listener) {
        station_leave(station, listener, strait_runtime_now(station->config.runtime));
        reply->status = 200;
    }
}

void whep_options(void *user, const struct http_request *request, struct http_reply *reply)
{
    (void)user;
    wish_options(request, reply);
}
