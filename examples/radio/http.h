/*
 * An HTTP server inside strait's loop: libmicrohttpd without a thread of its own, so that handlers,
 * media and timers take turns and nothing needs a lock.
 */
#ifndef RADIO_HTTP_H
#define RADIO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strait/runtime.h>

#define HTTP_MAX_BODY 65536u
#define HTTP_MAX_HEADERS 8u

struct http_request {
    const char *method;
    const char *rest;          /* of the path, after the route's */
    const char *content_type;  /* "" where there is none */
    const char *if_none_match; /* "" where there is none, as with those that follow */
    const char *if_match;
    const char *accept;
    const char *authorization;
    const char *address; /* the client's, as text */
    const char *body;
    size_t body_len;
};

struct http_header {
    const char *name; /* static */
    char value[256];
};

/* Filled by a handler. A body that is not static is the reply's and freed once it is sent. */
struct http_reply {
    unsigned status;
    const char *content_type;
    const void *body;
    size_t body_len;
    bool body_static;
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t n_headers;
};

typedef void (*http_handler)(void *user, const struct http_request *request,
                             struct http_reply *reply);

/* Handlers by method; NULL is a 405. A path that ends in '/' and is longer than that matches what begins
 * with it. GET answers HEAD as well. */
struct http_route {
    const char *path;
    http_handler get, post, patch, delete_, options;
    bool cors; /* pages of other origins may use it */
};

struct http;

struct http_config {
    struct strait_runtime *runtime;
    const char *address;            /* numeric; NULL: all, IPv4 and IPv6 */
    uint16_t port;                  /* 0: any */
    const char *tls_cert, *tls_key; /* files in PEM for HTTPS; both NULL: HTTP */
    const struct http_route *routes;
    size_t n_routes;
    void *user; /* of the handlers */
};

/* Listens. 0, or -1 and a sentence in `reason`. */
int http_create(struct http **out, const struct http_config *config, char *reason, size_t room);

/* Closes all connections. NULL is fine. */
void http_destroy(struct http *http);

/* The port it listens on. */
uint16_t http_port(const struct http *http);

/* Adds a header to a reply; one too many is left out. */
__attribute__((format(printf, 3, 4))) void http_header(struct http_reply *reply, const char *name,
                                                       const char *format, ...);

/* The media type that a Content-Type header names is `type`, in any case, whatever its parameters. */
bool http_is_type(const char *content_type, const char *type);

/* Does an Accept header take `type`? Without one everything is taken (RFC 9110, section 12.5.1). */
bool http_accepts(const char *accept, const char *type);

/* Does an If-Match header name this entity tag, which is given with its quotes (RFC 9110, 13.1.1)? */
bool http_if_match(const char *if_match, const char *etag);

/* A reply of one sentence for people. */
__attribute__((format(printf, 3, 4))) void http_sentence(struct http_reply *reply, unsigned status,
                                                         const char *format, ...);

#endif
