#include "page.h"

#include <string.h>

void page_get(void *user, const struct http_request *request, struct http_reply *reply)
{
    const char *name = request->rest[0] != '\0' ? request->rest : "index.html";
    const struct page_file *file = page_files;

    (void)user;
    while (file->name && strcmp(file->name, name) != 0) {
        file++;
    }
    if (!file->name) {
        http_sentence(reply, 404, "There is nothing here.\n");
        return;
    }
    http_header(reply, "ETag", "%s", file->etag);
    http_header(reply, "Cache-Control", "no-cache");
    http_header(reply, "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "connect-src 'self'; frame-ancestors 'self'; base-uri 'none'");
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
