#include "http.h"

#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listening.h"
#include "tls.h"

enum {
    MAX_CONNECTIONS = 1000,
    IDLE_SECONDS = 30, /* a connection that says nothing is closed */
};

struct http {
    struct http_config config;
    struct MHD_Daemon *daemon;
    int fd; /* epoll set of the daemon */
    uint16_t port;
    struct tls tls;
};

/* What arrives of one request. */
struct incoming {
    char *body;
    size_t len, room;
    bool too_long, out_of_memory;
};

void http_header(struct http_reply *reply, const char *name, const char *format, ...)
{
    struct http_header *header = &reply->headers[reply->n_headers];
    va_list arguments;

    if (reply->n_headers == HTTP_MAX_HEADERS) {
        return;
    }
    header->name = name;
    va_start(arguments, format);
    vsnprintf(header->value, sizeof header->value, format, arguments);
    va_end(arguments);
    reply->n_headers++;
}

void http_sentence(struct http_reply *reply, unsigned status, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int len;

    va_start(arguments, format);
    len = vasprintf(&text, format, arguments);
    va_end(arguments);
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    reply->body = len < 0 ? NULL : text;
    reply->body_len = len < 0 ? 0 : (size_t)len;
    reply->body_static = false;
}

/* --- Routes ----------------------------------------------------------------------------------- */

static bool matches(const struct http_route *route, const char *path)
{
    const size_t len = strlen(route->path);

    if (len > 1 && route->path[len - 1] == '/') {
        return strncmp(route->path, path, len) == 0;
    }
    return strcmp(route->path, path) == 0;
}

static const struct http_route *find_route(const struct http *http, const char *path)
{
    for (size_t i = 0; i < http->config.n_routes; i++) {
        if (matches(&http->config.routes[i], path)) {
            return &http->config.routes[i];
        }
    }
    return NULL;
}

/* The methods of a route, in the order in which Allow names them. */
struct method {
    const char *name;
    http_handler handler;
};

enum { N_METHODS = 6 };

static void list_methods(const struct http_route *route, struct method out[N_METHODS])
{
    out[0] = (struct method){ "GET", route->get };
    out[1] = (struct method){ "HEAD", route->get };
    out[2] = (struct method){ "POST", route->post };
    out[3] = (struct method){ "PATCH", route->patch };
    out[4] = (struct method){ "DELETE", route->delete_ };
    out[5] = (struct method){ "OPTIONS", route->options };
}

static http_handler find_handler(const struct http_route *route, const char *name)
{
    struct method methods[N_METHODS];

    list_methods(route, methods);
    for (size_t i = 0; i < N_METHODS; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return methods[i].handler;
        }
    }
    return NULL;
}

static void refuse_method(const struct http_route *route, const char *name,
                          struct http_reply *reply)
{
    struct method methods[N_METHODS];
    char allow[64] = "";
    size_t at = 0;

    list_methods(route, methods);
    for (size_t i = 0; i < N_METHODS; i++) {
        if (methods[i].handler) {
            at += (size_t)snprintf(allow + at, sizeof allow - at, "%s%s", at > 0 ? ", " : "",
                                   methods[i].name);
        }
    }
    http_sentence(reply, MHD_HTTP_METHOD_NOT_ALLOWED, "%s is not possible here.\n", name);
    http_header(reply, "Allow", "%s", allow);
}

static void answer(const struct http *http, const char *path, struct http_request *request,
                   const struct incoming *incoming, struct http_reply *reply)
{
    const struct http_route *route = find_route(http, path);
    http_handler handler = route ? find_handler(route, request->method) : NULL;

    if (!route) {
        http_sentence(reply, MHD_HTTP_NOT_FOUND, "There is nothing here.\n");
    } else if (!handler) {
        refuse_method(route, request->method, reply);
    } else if (incoming->too_long) {
        http_sentence(reply, MHD_HTTP_CONTENT_TOO_LARGE, "More than %u bytes are not taken here.\n",
                      HTTP_MAX_BODY);
    } else if (incoming->out_of_memory) {
        http_sentence(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "There is no memory left.\n");
    } else {
        request->rest = path + strlen(route->path);
        handler(http->config.user, request, reply);
    }
    if (route && route->cors) {
        http_header(reply, "Access-Control-Allow-Origin", "*");
        http_header(reply, "Access-Control-Expose-Headers", "Location, ETag, Link");
    }
}

/* --- libmicrohttpd ---------------------------------------------------------------------------- */

static void take_upload(struct incoming *incoming, const char *data, size_t len)
{
    if (len > HTTP_MAX_BODY - incoming->len) {
        incoming->too_long = true;
        return;
    }
    if (incoming->len + len > incoming->room) {
        const size_t room = 2 * (incoming->len + len);
        char *body = realloc(incoming->body, room);

        if (!body) {
            incoming->out_of_memory = true;
            return;
        }
        incoming->body = body;
        incoming->room = room;
    }
    memcpy(incoming->body + incoming->len, data, len);
    incoming->len += len;
}

static void client_address(struct MHD_Connection *connection, char *out, size_t room)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const socklen_t len = address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                    : sizeof(struct sockaddr_in);
    static const char mapped[] = "::ffff:";

    if (!address || getnameinfo(address, len, out, (socklen_t)room, NULL, 0, NI_NUMERICHOST) != 0) {
        snprintf(out, room, "an unknown address");
    }
    if (strncmp(out, mapped, strlen(mapped)) == 0) {
        memmove(out, out + strlen(mapped), strlen(out + strlen(mapped)) + 1);
    }
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct http_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body_len, (void *)(uintptr_t)reply->body,
        reply->body_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    if (!response) {
        if (!reply->body_static) {
            free((void *)(uintptr_t)reply->body);
        }
        return MHD_NO;
    }
    if (reply->content_type) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    }
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < reply->n_headers; i++) {
        (void)MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static const char *request_header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value ? value : "";
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct incoming *incoming = *state;
    struct http_reply reply = { 0 };
    struct http_request request = { .method = method };
    char address[NI_MAXHOST];

    (void)version;
    if (!incoming) {
        /* The first call has the headers only. */
        *state = calloc(1, sizeof(struct incoming));
        return *state ? MHD_YES : MHD_NO;
    }
    if (*upload_size > 0) {
        take_upload(incoming, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    client_address(connection, address, sizeof address);
    request.address = address;
    request.content_type = request_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    request.if_none_match = request_header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
    request.if_match = request_header(connection, MHD_HTTP_HEADER_IF_MATCH);
    request.accept = request_header(connection, MHD_HTTP_HEADER_ACCEPT);
    request.authorization = request_header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    request.body = incoming->body ? incoming->body : "";
    request.body_len = incoming->len;
    answer(user, url, &request, incoming, &reply);
    return send_reply(connection, &reply);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct incoming *incoming = *state;

    (void)user;
    (void)connection;
    (void)code;
    if (incoming) {
        free(incoming->body);
        free(incoming);
    }
    *state = NULL;
}

/* --- The loop --------------------------------------------------------------------------------- */

static void run(void *user)
{
    struct http *http = user;
    strait_time when = STRAIT_TIME_NEVER;
    MHD_UNSIGNED_LONG_LONG wait;

    (void)MHD_run(http->daemon);
    if (MHD_get_timeout(http->daemon, &wait) == MHD_YES) {
        when = strait_runtime_now(http->config.runtime) + wait * STRAIT_MS;
    }
    (void)strait_runtime_at(http->config.runtime, when, run, http);
}

static void on_ready(void *user, short events)
{
    (void)events;
    run(user);
}

static int start_daemon(struct http *http, int listening)
{
    const union MHD_DaemonInfo *info;
    const struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, http->tls.cert },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, http->tls.key },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | (http->tls.cert ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, http,
        MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_ARRAY, http->tls.cert ? tls : none, MHD_OPTION_END);
    if (!http->daemon) {
        return -1;
    }
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info) {
        return -1;
    }
    http->fd = info->epoll_fd;
    return strait_runtime_watch(http->config.runtime, http->fd, POLLIN, on_ready, http);
}

static void say_not_started(const struct http_config *config, char *reason, size_t room)
{
    if (config->tls_cert) {
        snprintf(reason, room, "%s and %s are no certificate and its key.", config->tls_cert,
                 config->tls_key);
    } else {
        snprintf(reason, room, "the HTTP server does not start.");
    }
}

int http_create(struct http **out, const struct http_config *config, char *reason, size_t room)
{
    struct http *http = calloc(1, sizeof *http);
    int listening;

    *out = NULL;
    if (!http) {
        snprintf(reason, room, "there is no memory.");
        return -1;
    }
    http->config = *config;
    http->fd = -1;
    if (tls_load(&http->tls, config->tls_cert, config->tls_key, reason, room) != 0) {
        http_destroy(http);
        return -1;
    }
    listening = listening_open(config->address, config->port, &http->port, reason, room);
    if (listening < 0 || start_daemon(http, listening) != 0) {
        if (listening >= 0) {
            say_not_started(config, reason, room);
        }
        http_destroy(http);
        return -1;
    }
    *out = http;
    return 0;
}

void http_destroy(struct http *http)
{
    if (!http) {
        return;
    }
    if (http->fd >= 0) {
        (void)strait_runtime_unwatch(http->config.runtime, http->fd);
        (void)strait_runtime_at(http->config.runtime, STRAIT_TIME_NEVER, run, http);
    }
    if (http->daemon) {
        /* Closes the listening socket as well. */
        MHD_stop_daemon(http->daemon);
    }
    tls_unload(&http->tls);
    free(http);
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}
