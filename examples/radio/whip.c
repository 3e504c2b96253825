#include "whip.h"

#include <string.h>
#include <strings.h>

/* Takes the same time wherever the difference is. */
static bool same(const char *secret, const char *given)
{
    const size_t len = strlen(secret);
    unsigned difference = 0;

    if (strlen(given) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        difference |= (unsigned)(secret[i] ^ given[i]);
    }
    return difference == 0;
}

/* RFC 6750, section 2.1 */
static bool authorized(const struct ingest *ingest, const struct http_request *request,
                       struct http_reply *reply)
{
    static const char scheme[] = "Bearer ";
    const size_t len = strlen(scheme);
    const char *given = request->authorization;

    if (!ingest->token ||
        (strncasecmp(given, scheme, len) == 0 && same(ingest->token, given + len))) {
        return true;
    }
    http_sentence(reply, 401, "Publishing wants the radio's token: Authorization: Bearer TOKEN.\n");
    http_header(reply, "WWW-Authenticate", "Bearer realm=\"radio\"%s",
                given[0] != '\0' ? ", error=\"invalid_token\"" : "");
    return false;
}

/* The ingest, where there is one and the request may use it. */
static struct ingest *open_to(void *user, const struct http_request *request,
                              struct http_reply *reply)
{
    struct station *station = user;

    if (!station->ingest) {
        http_sentence(reply, 404, "This radio takes nobody in: start it with --ingest.\n");
        return NULL;
    }
    return authorized(station->ingest, request, reply) ? station->ingest : NULL;
}

static void join(struct ingest *ingest, const struct http_request *request,
                 struct http_reply *reply)
{
    const strait_time now = strait_runtime_now(ingest->station->config.runtime);
    struct strait_sdp_error reason = { 0 };
    char *answer = NULL;

    switch (ingest_join(ingest, request->body, request->body_len, request->address, now, &answer,
                        &reason)) {
    case INGEST_JOINED:
        wish_created(&ingest->publisher->peer, WHIP_RESOURCES, answer, reply);
        return;
    case INGEST_BAD_OFFER:
        http_sentence(reply, 400, "%s\n", reason.reason);
        return;
    case INGEST_UNFIT_OFFER:
        http_sentence(reply, 422, "%s\n", reason.reason);
        return;
    case INGEST_TAKEN:
        http_sentence(reply, 409, "%s\n", reason.reason);
        return;
    default:
        http_sentence(reply, 500, "%s\n", reason.reason);
        return;
    }
}

void whip_post(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct ingest *ingest = open_to(user, request, reply);

    if (ingest && wish_is_offer(request, reply)) {
        join(ingest, request, reply);
    }
}

static struct publisher *find(struct ingest *ingest, const struct http_request *request,
                              struct http_reply *reply)
{
    struct publisher *publisher = ingest ? ingest_find(ingest, request->rest) : NULL;

    if (ingest && !publisher) {
        http_sentence(reply, 404, "There is no such publisher, or it has left.\n");
    }
    return publisher;
}

void whip_patch(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct ingest *ingest = open_to(user, request, reply);
    struct publisher *publisher = find(ingest, request, reply);

    if (publisher) {
        wish_patch(ingest->station, &publisher->peer, request, reply);
    }
}

void whip_delete(void *user, const struct http_request *request, struct http_reply *reply)
{
    struct ingest *ingest = open_to(user, request, reply);
    struct publisher *publisher = find(ingest, request, reply);

    if (publisher) {
        ingest_leave(ingest, publisher, strait_runtime_now(ingest->station->config.runtime));
        reply->status = 200;
    }
}

void whip_options(void *user, const struct http_request *request, struct http_reply *reply)
{
    (void)user;
    wish_options(request, reply);
}
