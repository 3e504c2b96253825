/* The way in as far as it is common to all peers: whose is a datagram, and whose time has come. */
#include "transport/endpoint.h"

#include <stddef.h>

#include "transport/transport.h"
#include "transport/util.h"

strait_time strait__endpoint_now(struct strait_endpoint *endpoint, strait_time now)
{
    if (now > endpoint->now) {
        endpoint->now = now;
    }
    return endpoint->now;
}

static struct strait_transport *alive(struct strait_transport *transport)
{
    return transport != NULL && !transport->destroyed ? transport : NULL;
}

static struct strait_path path_of(const struct strait_datagram *datagram)
{
    return (struct strait_path){ .local = datagram->local,
                                 .remote = datagram->remote,
                                 .socket = datagram->socket };
}

/* --- Look-up ---------------------------------------------------------------------------------- */

/* A check says by its USERNAME whose it is, wherever it comes from; an answer, by its transaction id.
 * Everything else of STUN belongs to whom the 5-tuple belongs. */
static struct strait_transport *stun_owner(struct strait_endpoint *e,
                                           const struct strait_path *from,
                                           const struct strait__stun_message *message)
{
    if (message->class_ == STRAIT__STUN_REQUEST) {
        size_t len;
        const uint8_t *ufrag = strait__stun_local_ufrag(message, &len);
        struct strait_transport *t = ufrag != NULL
                                         ? alive(strait__table_find(&e->ufrags, ufrag, len))
                                         : NULL;
        e->stats.dropped_no_ufrag += t == NULL;
        return t;
    }
    struct strait_transport *t = NULL;
    if (message->class_ != STRAIT__STUN_INDICATION) {
        t = alive(strait__table_find(&e->transactions, message->transaction,
                                     sizeof message->transaction));
    }
    if (t == NULL) {
        t = alive(strait__paths_owner(e, from));
    }
    e->stats.dropped_stun += t == NULL;
    return t;
}

static void receive_stun(struct strait_endpoint *e, strait_time now,
                         const struct strait_datagram *datagram)
{
    struct strait__stun_message message;
    struct strait_path from = path_of(datagram);
    if (!strait__rules_allow(&e->remote_rules, &datagram->remote)) {
        e->stats.dropped_denied++;
        return;
    }
    if (strait__stun_parse(&message, datagram->data, datagram->len) != STRAIT_OK) {
        struct strait_transport *t = alive(strait__paths_owner(e, &from));
        *(t != NULL ? &t->stats.dropped_stun_malformed : &e->stats.dropped_stun) += 1;
        return;
    }
    struct strait_transport *t = stun_owner(e, &from, &message);
    if (t != NULL) {
        t->stats.packets_received++;
        t->stats.bytes_received += datagram->len;
        strait__transport_stun(t, now, &from, &message);
    }
}

static bool is_media(const struct strait_datagram *datagram)
{
    enum strait__protocol protocol = strait__demux(datagram->data, datagram->len);
    return protocol == STRAIT__RTP || protocol == STRAIT__RTCP;
}

/* How many of the datagrams from the first on are media of the same 5-tuple: one array for the peer. */
static size_t media_run(const struct strait_path *from, struct strait_datagram *datagrams, size_t n)
{
    size_t run = 1;
    for (; run < n && is_media(&datagrams[run]); run++) {
        struct strait_path path = path_of(&datagrams[run]);
        if (!strait__path_equal(from, &path)) {
            break;
        }
    }
    return run;
}

static size_t receive_by_path(struct strait_endpoint *e, strait_time now,
                              struct strait_datagram *datagrams, size_t n, bool media)
{
    struct strait_path from = path_of(datagrams);
    struct strait_transport *t = alive(strait__paths_owner(e, &from));
    size_t run = media ? media_run(&from, datagrams, n) : 1;
    if (t == NULL) {
        e->stats.dropped_no_peer += run;
        return run;
    }
    for (size_t i = 0; i < run; i++) {
        t->stats.packets_received++;
        t->stats.bytes_received += datagrams[i].len;
    }
    if (media) {
        strait__transport_media(t, now, &from, datagrams, run);
    } else {
        strait__transport_dtls(t, now, &from, datagrams);
    }
    return run;
}

static void receive_quic(struct strait_endpoint *e, struct strait_datagram *datagram)
{
    if (e->events.quic == NULL) {
        e->stats.dropped_quic++;
        return;
    }
    strait__record_event(e->recorder, 0, STRAIT__EVENT_QUIC);
    e->events.quic(e->user, e, datagram);
    strait__record_event_end(e->recorder);
}

/* Takes one datagram or a run of media; returns how many. */
static size_t take(struct strait_endpoint *e, strait_time now, struct strait_datagram *datagrams,
                   size_t n)
{
    switch (strait__demux(datagrams->data, datagrams->len)) {
    case STRAIT__STUN:
        receive_stun(e, now, datagrams);
        return 1;
    case STRAIT__DTLS:
        return receive_by_path(e, now, datagrams, n, false);
    case STRAIT__RTP:
    case STRAIT__RTCP:
        return receive_by_path(e, now, datagrams, n, true);
    case STRAIT__QUIC:
        receive_quic(e, datagrams);
        return 1;
    case STRAIT__DROP:
        break;
    }
    e->stats.dropped_unknown++;
    return 1;
}

/* --- The three calls --------------------------------------------------------------------------- */

static void enter(struct strait_endpoint *e)
{
    e->depth++;
}

/* What was destroyed inside a callback is freed when nobody can be using it any more. */
static void leave(struct strait_endpoint *e)
{
    if (--e->depth > 0) {
        return;
    }
    while (e->dead != NULL) {
        struct strait_transport *t = e->dead;
        e->dead = t->next;
        strait__transport_free(t);
    }
}

static void advance_due(struct strait_endpoint *e, strait_time now)
{
    /* Each turn moves its deadline on; the bound keeps a host alive if one ever does not. */
    size_t turns = 8 * ((size_t)e->stats.transports + 1);
    struct strait__deadline *first = strait__deadlines_first(&e->deadlines);
    while (first != NULL && first->when <= now && turns-- > 0) {
        struct strait_transport *t =
            (struct strait_transport *)(void *)((char *)first -
                                                offsetof(struct strait_transport, deadline));
        strait__transport_advance(t, now);
        first = strait__deadlines_first(&e->deadlines);
    }
}

int strait_endpoint_receive(struct strait_endpoint *endpoint, strait_time now,
                            struct strait_datagram *datagrams, size_t n)
{
    if (endpoint == NULL || (datagrams == NULL && n > 0)) {
        return STRAIT_E_INVALID;
    }
    for (size_t i = 0; i < n; i++) {
        if (datagrams[i].data == NULL || datagrams[i].room < datagrams[i].len) {
            return STRAIT_E_INVALID;
        }
    }
    if (endpoint->depth > 0) {
        return STRAIT_E_STATE;
    }
    strait__record_receive(endpoint->recorder, now, datagrams, n);
    now = strait__endpoint_now(endpoint, now);
    enter(endpoint);
    for (size_t i = 0; i < n; i++) {
        endpoint->stats.bytes_received += datagrams[i].len;
        if (datagrams[i].rx_time == 0) {
            datagrams[i].rx_time = now;
        }
    }
    endpoint->stats.datagrams_received += n;
    for (size_t i = 0; i < n;) {
        i += take(endpoint, now, datagrams + i, n - i);
    }
    advance_due(endpoint, now);
    leave(endpoint);
    return STRAIT_OK;
}

void strait_endpoint_advance(struct strait_endpoint *endpoint, strait_time now)
{
    if (endpoint == NULL || endpoint->depth > 0) {
        return;
    }
    strait__record_advance(endpoint->recorder, now);
    now = strait__endpoint_now(endpoint, now);
    enter(endpoint);
    advance_due(endpoint, now);
    leave(endpoint);
}

strait_time strait_endpoint_deadline(const struct strait_endpoint *endpoint)
{
    const struct strait__deadline *first = endpoint != NULL
                                               ? strait__deadlines_first(&endpoint->deadlines)
                                               : NULL;
    return first != NULL ? first->when : STRAIT_TIME_NEVER;
}

size_t strait_endpoint_pending(struct strait_endpoint *endpoint, struct strait_send *out,
                               size_t max)
{
    return endpoint != NULL && out != NULL ? strait__outbox_pending(&endpoint->outbox, out, max)
                                           : 0;
}

void strait_endpoint_sent(struct strait_endpoint *endpoint, size_t n)
{
    enum { PIECE = 64 };
    while (endpoint != NULL && n > 0 && !strait__outbox_empty(&endpoint->outbox)) {
        size_t piece = n < PIECE ? n : PIECE;
        strait__record_sent(endpoint->recorder, endpoint, piece);
        strait__outbox_sent(&endpoint->outbox, piece);
        n -= piece;
    }
}

struct strait_transport *strait_endpoint_find(const struct strait_endpoint *endpoint,
                                              const char *ufrag)
{
    if (endpoint == NULL || ufrag == NULL) {
        return NULL;
    }
    return alive(strait__table_find(&endpoint->ufrags, ufrag, strlen(ufrag)));
}

int strait_endpoint_stats(const struct strait_endpoint *endpoint, struct strait_endpoint_stats *out)
{
    if (endpoint == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait_endpoint_stats stats = endpoint->stats;
    stats.datagrams_sent = endpoint->outbox.sent_datagrams;
    stats.bytes_sent = endpoint->outbox.sent_bytes;
    return strait__sized_copy(out, &stats, sizeof stats);
}
