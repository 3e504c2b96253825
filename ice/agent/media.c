/* Datagrams from the agent's sockets to its endpoint, and the path that they take. */
#include <gio/gio.h>

#include "ice/agent/agent.h"
#include "transport/address.h"
#include "transport/util.h"

/* --- In ------------------------------------------------------------------------------------------- */

static void on_receive(NiceAgent *nice, guint stream, guint component, guint len, gchar *bytes,
                       gpointer user)
{
    struct strait__agent *a = user;
    if (a->gone) {
        return;
    }
    if (len > STRAIT__AGENT_DATAGRAM) {
        a->agents->stats.dropped_too_long++;
        return;
    }
    struct strait__agent_datagram *d = &a->batch->datagrams[a->n_batch++];
    d->len = len;
    memcpy(d->bytes, bytes, len);
    if (a->n_batch == STRAIT__AGENT_BATCH) {
        /* libnice would read its socket until that is empty: it stops where nobody takes what it reads. */
        a->stopped = true;
        nice_agent_attach_recv(nice, stream, component, a->context, NULL, NULL);
    }
}

bool strait__agent_read_on(struct strait__agent *a)
{
    bool stopped = a->stopped;
    a->stopped = false;
    if (stopped) {
        nice_agent_attach_recv(a->nice, a->stream, STRAIT__AGENT_COMPONENT, a->context, on_receive,
                               a);
    }
    return stopped;
}

bool strait__agent_attach(struct strait__agent *a)
{
    struct strait_runtime *runtime = a->guest.runtime;
    if (runtime->guests.scratch == NULL) {
        runtime->guests.scratch = strait__alloc(&runtime->hooks,
                                                sizeof(struct strait__agent_batch));
    }
    a->batch = runtime->guests.scratch;
    return a->batch != NULL && nice_agent_attach_recv(a->nice, a->stream, STRAIT__AGENT_COMPONENT,
                                                      a->context, on_receive, a);
}

void strait__agent_size_sockets(struct strait__agent *a)
{
    GPtrArray *sockets = nice_agent_get_sockets(a->nice, a->stream, STRAIT__AGENT_COMPONENT);
    for (guint i = 0; sockets != NULL && i < sockets->len; i++) {
        GSocket *sock = g_ptr_array_index(sockets, i);
        /* The kernel finds TCP's by itself. */
        if (g_socket_get_socket_type(sock) == G_SOCKET_TYPE_DATAGRAM) {
            strait__set_buffers(a->guest.runtime, g_socket_get_fd(sock));
        }
    }
    if (sockets != NULL) {
        g_ptr_array_unref(sockets);
    }
}

/* As from the path in use, whichever agent it came to: the transport is found by it, and libnice does not say from
 * which of the validated addresses a datagram is. */
static void deliver(struct strait__agent *a, struct strait__agent_datagram *datagrams, size_t n)
{
    strait_time now = strait_runtime_now(a->guest.runtime);
    struct strait_datagram batch[STRAIT__DATAGRAMS];
    for (size_t i = 0; i < n && !a->gone && a->guest.runtime != NULL;) {
        const struct strait_path *path = &a->agents->current->path;
        size_t k = 0;
        for (; k < STRAIT__DATAGRAMS && i < n; k++, i++) {
            batch[k] = (struct strait_datagram){ .data = datagrams[i].bytes,
                                                 .len = datagrams[i].len,
                                                 .room = sizeof datagrams[i].bytes,
                                                 .local = path->local,
                                                 .remote = path->remote,
                                                 .socket = path->socket,
                                                 .rx_time = now };
        }
        (void)strait_endpoint_receive(a->agents->endpoint, now, batch, k);
    }
}

/* libnice hands on what comes from a validated address only (RFC 8445, 11): it may come before a pair is
 * nominated, and would otherwise be lost with a round trip. */
static void keep_early(struct strait__agent *a)
{
    if (a->early == NULL) {
        a->early = strait__alloc(&a->hooks, STRAIT__AGENT_EARLY * sizeof *a->early);
    }
    for (size_t i = 0; i < a->n_batch; i++) {
        if (a->early == NULL || a->n_early == STRAIT__AGENT_EARLY) {
            a->agents->stats.dropped_no_room++;
        } else {
            a->early[a->n_early++] = a->batch->datagrams[i];
        }
    }
}

static void hand_over_early(struct strait__agent *a)
{
    struct strait__agent_datagram *early = a->early;
    size_t n = a->n_early;
    a->early = NULL;
    a->n_early = 0;
    deliver(a, early, n);
    strait__free(&a->hooks, early);
}

void strait__agent_hand_over(struct strait__agent *a)
{
    if (!a->agents->current->has_path) {
        keep_early(a);
        a->n_batch = 0;
        return;
    }
    if (a->n_early > 0) {
        hand_over_early(a);
    }
    size_t n = a->n_batch;
    a->n_batch = 0;
    deliver(a, a->batch->datagrams, n);
}

/* --- The path ------------------------------------------------------------------------------------- */

/* A socket of which the kernel can be asked directly, or -1: relayed and TCP go through libnice. */
static int direct_socket(const struct strait__agent *a, const NiceCandidate *local)
{
    GSocket *sock = nice_agent_get_selected_socket(a->nice, a->stream, STRAIT__AGENT_COMPONENT);
    bool udp = sock != NULL && local->transport == NICE_CANDIDATE_TRANSPORT_UDP &&
               local->type != NICE_CANDIDATE_TYPE_RELAYED &&
               g_socket_get_protocol(sock) == G_SOCKET_PROTOCOL_UDP;
    int fd = udp ? g_socket_get_fd(sock) : -1;
    g_clear_object(&sock); /* ours since it was asked for; the agent holds it as well */
    return fd;
}

/* The sockets' filters let no denied address in; through a relay one might come. What libnice has selected is then
 * where it would send to: nothing is sent. */
static void refuse_pair(struct strait__agent *a, int error)
{
    a->agents->stats.remote_refused += error == STRAIT_E_DENIED;
    if (a->has_path) {
        strait__agent_lose_pair(a);
    }
    a->fd = -1;
    strait__agent_report(a, STRAIT_ICE_FAILED, error,
                         "the pair that both sides chose is not allowed here, or its addresses are "
                         "another transport's. An ICE restart may choose another");
}

void strait__agent_take_pair(struct strait__agent *a)
{
    NiceCandidate *local = NULL, *remote = NULL;
    struct strait_path path = { .socket = a->guest.number };
    if (!nice_agent_get_selected_pair(a->nice, a->stream, STRAIT__AGENT_COMPONENT, &local,
                                      &remote) ||
        !strait__agent_address(&path.local, &local->base_addr) ||
        !strait__agent_address(&path.remote, &remote->addr)) {
        return;
    }
    if (a == a->agents->leaving) {
        return;
    }
    if (a->has_path && strait__path_equal(&a->path, &path)) {
        a->fd = direct_socket(a, local);
        return;
    }
    int error = strait__rules_allow(&a->agents->remote_rules, &path.remote)
                    ? strait_transport_set_path(a->agents->transport, &path, 0)
                    : STRAIT_E_DENIED;
    a->denied = error != STRAIT_OK;
    if (a->denied) {
        refuse_pair(a, error);
        return;
    }
    a->fd = direct_socket(a, local);
    a->path = path;
    a->has_path = true;
    strait__agent_take_over(a);
    /* What has come over it already is for a path that the endpoint knows. */
    strait_endpoint_advance(a->agents->endpoint, strait_runtime_now(a->guest.runtime));
}

void strait__agent_lose_pair(struct strait__agent *a)
{
    a->has_path = false;
    a->fd = -1;
    if (a == a->agents->current) {
        (void)strait_transport_set_path(a->agents->transport, NULL, 0);
    }
}
