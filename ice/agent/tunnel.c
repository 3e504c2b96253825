#include "ice/agent/tunnel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/address.h"
#include "transport/util.h"

enum {
    BACKLOG = 16,
    MAX_FDS = 256,
    /* No descriptor is free: in this time one may be. */
    PAUSE_US = 100000,
};

struct listener_source {
    GSource source; /* first */
    struct strait__tunnel *tunnel;
};

/* --- Who comes ------------------------------------------------------------------------------------ */

static bool names(int fd, struct sockaddr_storage *own, struct sockaddr_storage *peer)
{
    socklen_t own_len = sizeof *own, peer_len = sizeof *peer;
    memset(own, 0, sizeof *own);
    memset(peer, 0, sizeof *peer);
    return getsockname(fd, (struct sockaddr *)own, &own_len) == 0 &&
           getpeername(fd, (struct sockaddr *)peer, &peer_len) == 0;
}

/* Its other end is a socket that the context waits for. Anybody on this host can connect, and TURN's credentials
 * are not for anybody. */
static bool is_libnices(const struct strait__tunnel *t, int fd)
{
    GPollFD fds[MAX_FDS];
    struct sockaddr_storage own, peer, its_own, its_peer;
    gint timeout;
    if (!names(fd, &own, &peer)) {
        return false;
    }
    gint n = g_main_context_query(t->context, G_MAXINT, &timeout, fds, MAX_FDS);
    for (gint i = 0; i < n && i < MAX_FDS; i++) {
        if (names(fds[i].fd, &its_own, &its_peer) && strait__address_equal(&its_own, &peer) &&
            strait__address_equal(&its_peer, &own)) {
            return true;
        }
    }
    return false;
}

static void welcome(struct strait__tunnel *t, int fd)
{
    if (!is_libnices(t, fd) || t->n_pipes == STRAIT__TUNNEL_MAX_PIPES) {
        t->strangers++;
        close(fd);
        return;
    }
    strait__pipe_open(t, fd);
}

static void wait_for_descriptors(struct strait__tunnel *t)
{
    g_source_remove_unix_fd(t->source, t->tag);
    t->tag = NULL;
    g_source_set_ready_time(t->source, g_get_monotonic_time() + PAUSE_US);
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    struct strait__tunnel *t = ((struct listener_source *)(void *)source)->tunnel;
    (void)callback;
    (void)user;
    if (t->tag == NULL) {
        g_source_set_ready_time(source, -1);
        t->tag = g_source_add_unix_fd(source, t->listener, G_IO_IN);
    }
    for (int i = 0; i < BACKLOG; i++) {
        int fd = accept4(t->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(t, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            t->failed(t->user, STRAIT_E_SYSTEM, "accept: no descriptor or memory is free");
            wait_for_descriptors(t);
            break;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            break;
        }
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs listener_funcs = { .dispatch = dispatch };

/* --- Life ----------------------------------------------------------------------------------------- */

static int listen_on_loopback(struct strait__tunnel *t, int family)
{
    socklen_t len = sizeof t->own;
    if (!strait__address_parse(&t->own, family == AF_INET ? "127.0.0.1" : "::1", 0)) {
        return STRAIT_E_SYSTEM;
    }
    t->listener = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->listener < 0 ||
        bind(t->listener, (struct sockaddr *)&t->own, strait__address_len(&t->own)) != 0 ||
        listen(t->listener, BACKLOG) != 0 ||
        getsockname(t->listener, (struct sockaddr *)&t->own, &len) != 0) {
        return STRAIT_E_SYSTEM;
    }
    t->source = g_source_new(&listener_funcs, sizeof(struct listener_source));
    ((struct listener_source *)(void *)t->source)->tunnel = t;
    g_source_set_name(t->source, "strait TURN over TLS");
    t->tag = g_source_add_unix_fd(t->source, t->listener, G_IO_IN);
    g_source_attach(t->source, t->context);
    return STRAIT_OK;
}

int strait__tunnel_open(struct strait__tunnel **out, const struct strait__tunnel_config *config)
{
    *out = NULL;
    struct strait__tunnel *t = strait__alloc(config->hooks, sizeof *t);
    if (t == NULL) {
        return STRAIT_E_NOMEM;
    }
    t->hooks = *config->hooks;
    t->context = g_main_context_ref(config->context);
    t->trust = strait_trust_ref(config->trust);
    t->name = g_strdup(config->name);
    t->failed = config->failed;
    t->user = config->user;
    t->listener = -1;
    for (; t->n_addresses < config->n_addresses && t->n_addresses < STRAIT__TUNNEL_ADDRESSES;
         t->n_addresses++) {
        t->addresses[t->n_addresses] = config->addresses[t->n_addresses];
    }
    int error = listen_on_loopback(t, config->family);
    if (error != STRAIT_OK) {
        int why = errno;
        strait__tunnel_close(t);
        errno = why;
        return error;
    }
    *out = t;
    return STRAIT_OK;
}

void strait__tunnel_close(struct strait__tunnel *t)
{
    if (t == NULL) {
        return;
    }
    while (t->pipes != NULL) {
        strait__pipe_close(t->pipes);
    }
    if (t->source != NULL) {
        g_source_destroy(t->source);
        g_source_unref(t->source);
    }
    if (t->listener >= 0) {
        close(t->listener);
    }
    strait_trust_unref(t->trust);
    g_main_context_unref(t->context);
    g_free(t->name);
    struct strait_hooks hooks = t->hooks;
    strait__free(&hooks, t);
}

const struct sockaddr_storage *strait__tunnel_address(const struct strait__tunnel *t)
{
    return &t->own;
}

unsigned strait__tunnel_strangers(const struct strait__tunnel *t)
{
    return t->strangers;
}
