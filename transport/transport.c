/*
 * Assembles the layers: the two ways of the picture in the README, and nothing else.
 *
 *     in:   STUN -> ice          DTLS -> dtls          SRTP -> srtp -> application
 *     out:  ice, dtls -> path -> outbox         application -> srtp -> path -> outbox
 */
#include "transport/transport.h"

#include "transport/util.h"

/* --- The way in -------------------------------------------------------------------------------- */

/* After each step: what a layer reported may let the next one begin. */
static void settle(struct strait_transport *t, strait_time now)
{
    strait__transport_progress(t, now);
    strait__transport_tell(t);
    if (!t->destroyed) {
        strait__transport_reschedule(t);
    }
}

void strait__transport_stun(struct strait_transport *t, strait_time now,
                            const struct strait_path *from,
                            const struct strait__stun_message *message)
{
    if (t->closed) {
        t->stats.dropped_ended++;
        return;
    }
    t->ice->ops->receive(t->ice, now, from, message);
    if (t->stats.first_check == 0 && t->ice->pair.requests_received > 0) {
        t->stats.first_check = now;
    }
    settle(t, now);
}

void strait__transport_wait_early(struct strait_transport *t, enum strait__protocol protocol,
                                  const struct strait_datagram *datagram)
{
    bool queued = strait__early_put(&t->early, &t->endpoint->hooks, protocol, datagram);
    *(queued ? &t->stats.early_queued : &t->stats.dropped_early_full) += 1;
}

void strait__transport_dtls(struct strait_transport *t, strait_time now,
                            const struct strait_path *from, struct strait_datagram *datagram)
{
    (void)from;
    if (t->closed) {
        t->stats.dropped_ended++;
        return;
    }
    if (t->dtls == NULL) {
        strait__transport_wait_early(t, STRAIT__DTLS, datagram);
        return;
    }
    strait_dtls_receive(t->dtls, now, datagram->data, datagram->len);
    settle(t, now);
}

static void deliver(struct strait_transport *t, struct strait_packet *packets, size_t n)
{
    size_t good = 0;
    strait__transport_unprotect(t, packets, n);
    for (size_t i = 0; i < n; i++) {
        if (packets[i].status == STRAIT_OK) {
            *(packets[i].kind == STRAIT_PACKET_RTCP ? &t->stats.rtcp_received
                                                    : &t->stats.rtp_received) += 1;
            packets[good++] = packets[i];
        }
    }
    if (good == 0) {
        return;
    }
    if (t->stats.first_media == 0) {
        t->stats.first_media = t->endpoint->now;
    }
    strait__record_event(t->endpoint->recorder, t->id, STRAIT__EVENT_PACKETS);
    if (t->config.events.packets != NULL) {
        t->config.events.packets(t->config.user, t, packets, good);
    }
    strait__record_event_end(t->endpoint->recorder);
}

void strait__transport_media(struct strait_transport *t, strait_time now,
                             const struct strait_path *from, struct strait_datagram *datagrams,
                             size_t n)
{
    enum { BATCH = 64 };
    struct strait_packet packets[BATCH];
    (void)now;
    (void)from;
    for (size_t i = 0; i < n && !t->destroyed;) {
        if (t->closed || strait__transport_ended(t)) {
            t->stats.dropped_ended += n - i;
            return;
        }
        if (t->srtp == NULL) {
            bool rtcp = strait__demux(datagrams[i].data, datagrams[i].len) == STRAIT__RTCP;
            strait__transport_wait_early(t, rtcp ? STRAIT__RTCP : STRAIT__RTP, &datagrams[i++]);
            continue;
        }
        size_t batch = 0;
        for (; batch < BATCH && i < n; batch++, i++) {
            struct strait_datagram *d = &datagrams[i];
            packets[batch] = (struct strait_packet){ .data = d->data,
                                                     .len = d->len,
                                                     .room = d->room,
                                                     .ecn = d->ecn,
                                                     .dscp = d->dscp,
                                                     .rx_time = d->rx_time };
        }
        deliver(t, packets, batch);
    }
}

/* What waited goes the way that it would have gone; what still is early waits again. */
static void deliver_early(struct strait_transport *t, strait_time now)
{
    size_t n;
    struct strait__early_entry *entries = strait__early_take(&t->early, &n);
    for (size_t i = 0; i < n && !t->destroyed; i++) {
        struct strait__early_entry *entry = &entries[i];
        struct strait_datagram d = { .data = entry->data,
                                     .len = entry->len,
                                     .room = sizeof entry->data,
                                     .local = entry->from.local,
                                     .remote = entry->from.remote,
                                     .socket = entry->from.socket,
                                     .ecn = entry->ecn,
                                     .dscp = entry->dscp,
                                     .rx_time = entry->rx_time };
        bool media = entry->protocol != STRAIT__DTLS;
        if (media ? t->srtp != NULL : t->dtls != NULL) {
            t->stats.early_delivered++;
        } else {
            t->stats.early_queued--;
        }
        if (media) {
            strait__transport_media(t, now, &entry->from, &d, 1);
        } else if (t->dtls != NULL) {
            strait_dtls_receive(t->dtls, now, d.data, d.len);
        } else {
            strait__transport_wait_early(t, STRAIT__DTLS, &d);
        }
    }
    strait__free(&t->endpoint->hooks, entries);
}

void strait__transport_advance(struct strait_transport *t, strait_time now)
{
    t->wake = false;
    if (!t->closed) {
        t->ice->ops->advance(t->ice, now);
        if (t->dtls != NULL) {
            strait_dtls_advance(t->dtls, now);
        }
    }
    strait__transport_forget_old(t, now);
    settle(t, now);
}

void strait__transport_progress(struct strait_transport *t, strait_time now)
{
    if (t->closed || t->destroyed) {
        return;
    }
    strait__transport_renew(t);
    bool had_dtls = t->dtls != NULL;
    strait__transport_begin_dtls(t, now);
    if (t->repeat) {
        /* The peer has asked again: our answer was lost, and the flight that left with it was too. */
        t->repeat = false;
        if (had_dtls) {
            strait_dtls_retransmit(t->dtls, now);
        }
    }
    bool keys = t->srtp != NULL && !t->renewing;
    if (t->early.count > 0 && (keys || (t->dtls != NULL && !had_dtls))) {
        deliver_early(t, now);
    }
}

/* --- The way out -------------------------------------------------------------------------------- */

static void count_sent(struct strait_transport *t, size_t len)
{
    t->stats.packets_sent++;
    t->stats.bytes_sent += len;
}

void strait__transport_out(struct strait_transport *t, const struct strait_path *path,
                           const uint8_t *data, size_t len)
{
    if (strait__outbox_put(&t->endpoint->outbox, path, data, len) == STRAIT_OK) {
        count_sent(t, len);
        return;
    }
    t->stats.dropped_outbox_full++;
    t->endpoint->stats.dropped_outbox_full++;
}

/* Protects one packet straight into the outbox. */
static int send_one(struct strait_transport *t, const struct strait_packet *packet)
{
    struct strait__outbox *outbox = &t->endpoint->outbox;
    size_t room = packet->len + STRAIT_TAILROOM;
    struct strait_packet out = *packet;
    if (packet->data == NULL || packet->len > STRAIT__TRAIN_BYTES - STRAIT_TAILROOM) {
        out.room = 0; /* refused and counted there, and not touched */
        strait_srtp_protect(t->srtp, &out, 1);
        return out.status;
    }
    uint8_t *data = strait__outbox_reserve(outbox, &t->path, room, packet->ecn, packet->dscp);
    if (data == NULL) {
        t->stats.dropped_outbox_full++;
        t->endpoint->stats.dropped_outbox_full++;
        return STRAIT_E_AGAIN;
    }
    memcpy(data, packet->data, packet->len);
    out.data = data;
    out.room = room;
    strait_srtp_protect(t->srtp, &out, 1);
    if (out.status == STRAIT_OK) {
        *(out.kind == STRAIT_PACKET_RTCP ? &t->stats.rtcp_sent : &t->stats.rtp_sent) += 1;
        count_sent(t, out.len);
    }
    strait__outbox_commit(outbox, out.status == STRAIT_OK ? out.len : 0);
    return out.status;
}

int strait_transport_send(struct strait_transport *transport, const struct strait_packet *packets,
                          size_t n)
{
    if (transport == NULL || (packets == NULL && n > 0) || n > INT32_MAX) {
        return STRAIT_E_INVALID;
    }
    strait__record_send(transport->endpoint->recorder, transport->id, packets, n);
    if (transport->srtp == NULL || transport->closed || transport->destroyed ||
        strait__transport_ended(transport)) {
        transport->stats.dropped_no_keys += n;
        return STRAIT_E_STATE;
    }
    if (!transport->has_path) {
        transport->stats.dropped_no_path += n;
        return STRAIT_E_STATE;
    }
    int taken = 0;
    for (size_t i = 0; i < n; i++) {
        int status = send_one(transport, &packets[i]);
        if (status == STRAIT_E_AGAIN) {
            size_t rest = n - i - 1;
            transport->stats.dropped_outbox_full += rest;
            transport->endpoint->stats.dropped_outbox_full += rest;
            return taken > 0 ? taken : STRAIT_E_AGAIN;
        }
        taken += status == STRAIT_OK;
    }
    return taken;
}

/* --- When ---------------------------------------------------------------------------------------- */

void strait__transport_reschedule(struct strait_transport *t)
{
    strait_time when = STRAIT_TIME_NEVER;
    if (t->wake) {
        when = 0;
    } else if (!t->closed) {
        when = t->ice->ops->deadline(t->ice);
        strait_time dtls = t->dtls != NULL ? strait_dtls_deadline(t->dtls) : STRAIT_TIME_NEVER;
        when = dtls < when ? dtls : when;
        when = t->old_srtp != NULL && t->old_srtp_until < when ? t->old_srtp_until : when;
    }
    strait__deadlines_set(&t->endpoint->deadlines, &t->deadline, when);
}
