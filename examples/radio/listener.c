#include "listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "terminal.h"

static uint64_t wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return rtcp_ntp(&now);
}

static uint32_t any_number(void)
{
    uint32_t value = 0;

    /* Spreads reports and starts sequences; where it fails, 0 will do. */
    (void)!getrandom(&value, sizeof value, 0);
    return value;
}

static void on_packets(struct peer *peer, struct strait_packet *packets, size_t n)
{
    struct listener *listener = (struct listener *)peer;

    listener->heard_of = strait_runtime_now(peer->setup->runtime);
    for (size_t i = 0; i < n; i++) {
        if (packets[i].kind == STRAIT_PACKET_RTCP &&
            rtcp_read_reception(packets[i].data, packets[i].len, listener->setup->ssrc,
                                &listener->reception)) {
            const strait_time trip = rtcp_round_trip(&listener->reception, wall_clock());

            listener->has_reception = true;
            listener->round_trip = trip > 0 ? trip : listener->round_trip;
        }
    }
}

int listener_create(struct listener **out, const struct listener_setup *setup,
                    const struct offer *offer, uint32_t number, const char *address,
                    strait_time now)
{
    static const struct peer_kind kind = { .name = "listener", .packets = on_packets };
    const struct peer_config config = {
        .kind = &kind,
        .setup = &setup->peer,
        .offer = offer,
        .number = number,
        .address = address,
    };
    struct listener *listener = calloc(1, sizeof *listener);
    int error;

    *out = NULL;
    if (!listener) {
        return STRAIT_E_NOMEM;
    }
    listener->setup = setup;
    /* In the lower half, so that the first packets are not near a wrap (RFC 3711, 3.3.1). */
    listener->sequence = (uint16_t)(any_number() & 0x7fff);
    listener->silent = true;
    error = peer_open(&listener->peer, &config, now);
    if (error != STRAIT_OK) {
        listener_destroy(listener);
        return error;
    }
    *out = listener;
    return STRAIT_OK;
}

void listener_destroy(struct listener *listener)
{
    if (!listener) {
        return;
    }
    strait_transport_destroy(listener->peer.transport);
    free(listener);
}

static bool is_absent(const struct listener *listener, strait_time now)
{
    struct strait_transport_stats stats;
    strait_time sign;

    /* That is it after 7.5 s without a check: until then nothing has to be looked up. */
    if (strait_transport_ice_state(listener->peer.transport) != STRAIT_ICE_DISCONNECTED) {
        return false;
    }
    peer_stats(&listener->peer, &stats);
    sign = stats.pair.last_check_received > listener->heard_of ? stats.pair.last_check_received
                                                               : listener->heard_of;
    return now >= sign + LISTENER_ABSENT;
}

void listener_send(struct listener *listener, const struct listener_frame *frame)
{
    const struct rtp_header header = {
        .payload_type = listener->peer.payload_type,
        .marker = listener->silent || frame->after_gap,
        .sequence = listener->sequence,
        .timestamp = frame->timestamp,
        .ssrc = listener->setup->ssrc,
    };
    const struct strait_packet packet = {
        .data = frame->data,
        .len = RTP_HEADER_LEN + frame->payload_len,
        .room = LISTENER_PACKET_ROOM,
        .kind = STRAIT_PACKET_RTP,
    };

    if (!peer_writable(&listener->peer) || is_absent(listener, frame->now)) {
        listener->silent = true;
        return;
    }
    rtp_write_header(frame->data, &header);
    listener->sequence++;
    if (strait_transport_send(listener->peer.transport, &packet, 1) == 1) {
        listener->silent = false;
        if (listener->packets++ == 0) {
            listener->first_sent = strait_runtime_now(listener->setup->peer.runtime);
        }
        listener->octets += frame->payload_len;
    }
}

static void send_report(struct listener *listener, uint32_t timestamp, bool bye)
{
    const struct rtcp_sender sender = {
        .ssrc = listener->setup->ssrc,
        .ntp = wall_clock(),
        .timestamp = timestamp,
        .packets = (uint32_t)listener->packets,
        .octets = (uint32_t)listener->octets,
        .cname = listener->setup->cname,
        .bye = bye,
    };
    uint8_t data[RTCP_MAX_COMPOUND + STRAIT_TAILROOM];
    struct strait_packet packet = { .data = data, .room = sizeof data, .kind = STRAIT_PACKET_RTCP };

    packet.len = rtcp_write(data, &sender);
    (void)strait_transport_send(listener->peer.transport, &packet, 1);
}

void listener_report(struct listener *listener, uint32_t timestamp, strait_time now)
{
    /* The first one at once, so that a player can tell the time early. */
    if (listener->packets == 0 || now < listener->report_due || !peer_writable(&listener->peer) ||
        is_absent(listener, now)) {
        return;
    }
    send_report(listener, timestamp, false);
    listener->report_due = now + rtcp_interval(any_number());
}

void listener_end(struct listener *listener, uint32_t timestamp, int error, const char *reason,
                  strait_time now)
{
    if (peer_writable(&listener->peer)) {
        send_report(listener, timestamp, true);
    }
    peer_end(&listener->peer, error, reason, now);
}
