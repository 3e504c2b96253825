/*
 * A new DTLS association on the path of the old one, when the peer signals another fingerprint or role
 * (RFC 8842, section 4). The old one ends without a close_notify: the peer, which may learn of the change
 * later than we do, would take it for the end of everything. Media do not wait: both sides send with the
 * keys that they have.
 */
#include "transport/transport.h"
#include "transport/util.h"

/* The peer has the new keys within a round trip of our having them, or within a few where flights get lost;
 * and what it sent before is under way for another. */
static const strait_time OLD_KEYS_LAST = 2 * STRAIT_S;

void strait__transport_renew(struct strait_transport *t)
{
    if (!t->renew) {
        return;
    }
    t->renew = false;
    strait_dtls_destroy(t->dtls);
    t->dtls = NULL;
    t->fingerprints_given = false;
    t->renewing = t->srtp != NULL;
}

static void add(struct strait_srtp_stats *sum, const struct strait_srtp_stats *part)
{
    sum->rtp_protected += part->rtp_protected;
    sum->rtcp_protected += part->rtcp_protected;
    sum->rtp_unprotected += part->rtp_unprotected;
    sum->rtcp_unprotected += part->rtcp_unprotected;
    sum->replayed += part->replayed;
    sum->too_old += part->too_old;
    sum->forged += part->forged;
    sum->malformed += part->malformed;
    sum->ssrcs_refused += part->ssrcs_refused;
    sum->protect_refused += part->protect_refused;
    sum->failed += part->failed;
}

static void add_session(struct strait_srtp_stats *sum, const struct strait_srtp *srtp)
{
    struct strait_srtp_stats part = { .size = sizeof part };
    if (srtp != NULL && strait_srtp_stats(srtp, &part) == STRAIT_OK) {
        add(sum, &part);
    }
}

static void forget(struct strait_transport *t)
{
    add_session(&t->srtp_past, t->old_srtp);
    strait_srtp_destroy(t->old_srtp);
    t->old_srtp = NULL;
}

void strait__transport_take_srtp(struct strait_transport *t, struct strait_srtp *srtp,
                                 strait_time now)
{
    forget(t);
    t->old_srtp = t->srtp;
    t->old_srtp_until = now + OLD_KEYS_LAST;
    t->srtp = srtp;
    t->renewing = false;
}

void strait__transport_forget_old(struct strait_transport *t, strait_time now)
{
    if (t->old_srtp != NULL && now >= t->old_srtp_until) {
        forget(t);
    }
}

void strait__transport_add_past(const struct strait_transport *t, struct strait_srtp_stats *stats)
{
    add(stats, &t->srtp_past);
    add_session(stats, t->old_srtp);
}

static void wait_for_keys(struct strait_transport *t, const struct strait_packet *packet,
                          uint8_t *data, size_t len)
{
    struct strait_datagram datagram = { .data = data,
                                        .len = len,
                                        .room = len,
                                        .local = t->path.local,
                                        .remote = t->path.remote,
                                        .socket = t->path.socket,
                                        .ecn = packet->ecn,
                                        .dscp = packet->dscp,
                                        .rx_time = packet->rx_time };
    enum strait__protocol protocol = strait__demux(data, len);
    strait__transport_wait_early(t, protocol, &datagram);
}

/* A failed attempt has changed the bytes: the second one has a copy. */
static void unprotect_one(struct strait_transport *t, struct strait_packet *packet)
{
    uint8_t copy[STRAIT__EARLY_BYTES];
    struct strait_packet again = *packet;
    bool fits = packet->len <= sizeof copy;
    if (fits) {
        memcpy(copy, packet->data, packet->len);
    }
    strait_srtp_unprotect(t->srtp, packet, 1);
    if (packet->status != STRAIT_E_AUTH || !fits) {
        return;
    }
    if (t->renewing) {
        wait_for_keys(t, &again, copy, again.len);
    } else if (t->old_srtp != NULL) {
        memcpy(again.data, copy, again.len);
        strait_srtp_unprotect(t->old_srtp, &again, 1);
        *packet = again;
    }
}

void strait__transport_unprotect(struct strait_transport *t, struct strait_packet *packets,
                                 size_t n)
{
    if (!t->renewing && t->old_srtp == NULL) {
        strait_srtp_unprotect(t->srtp, packets, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        unprotect_one(t, &packets[i]);
    }
}
