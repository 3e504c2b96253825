#include "page.h"

#include <string.h>

#include "station.h"

#define STUDIO "studio.html"

static const struct page_file *find(const char *name)
{
    for (const struct page_file *file = page_files; file->name; file++) {
        if (strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

static void send_file(const char *name, const struct http_request *request,
                      struct http_reply *reply)
{
    const struct page_file *file = find(name);

    if (!file) {
        http_sentence(reply, 404, "There is nothing here.\n");
        return;
    }
    http_header(reply, "ETag", "%s", file->etag);
    http_header(reply, "Cache-Control", "no-cache");
    http_header(reply, "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "connect-src 'self'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'");
    if (strcmp(request->if_none_match, file->etag) == 0) {
        reply->status = 304;
        return;
    }
    reply->status = 200;
    reply->content_type = file->content_type;
    reply->body = file->data;
    reply->body_len = file->len;
    reply->body_static = true;
}

void page_get(void *user, const struct http_request *request, struct http_reply *reply)
{
    if (strcmp(request->rest, STUDIO) == 0) {
        page_get_studio(user, request, reply);
    } else {
        send_file(request->rest[0] != '\0' ? request->rest : "index.html", request, reply);
    }
}

void page_get_listeners(void *user, const struct http_request *request, struct http_reply *reply)
{
    (void)user;
    send_file("listeners.html", request, reply);
}

void page_get_studio(void *user, const struct http_request *request, struct http_reply *reply)
{
    const struct station *station = user;

    if (!station->ingest) {
        http_sentence(reply, 404, "This radio takes nobody in: start it with --ingest.\n");
        return;
    }
    send_file(STUDIO, request, reply);
}
