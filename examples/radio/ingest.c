#include "ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "offer.h"
#include "terminal.h"

#define REPORT_INTERVAL (2 * STRAIT_S)

/* --- What comes from a publisher -------------------------------------------------------------- */

static void take_rtp(struct publisher *publisher, const struct strait_packet *packet,
                     strait_time now)
{
    struct rtp_packet rtp;

    if (!rtp_read(&rtp, packet->data, packet->len) ||
        rtp.payload_type != publisher->peer.payload_type) {
        return;
    }
    if (publisher->reception.any && publisher->reception.ssrc != rtp.ssrc) {
        reorder_init(&publisher->reorder);
    }
    reception_packet(&publisher->reception, &rtp, now);
    reorder_put(&publisher->reorder, rtp.sequence, rtp.timestamp, rtp.payload, rtp.payload_len,
                now);
    publisher->last_packet = now;
}

static void on_packets(struct peer *peer, struct strait_packet *packets, size_t n)
{
    struct publisher *publisher = (struct publisher *)peer;

    for (size_t i = 0; i < n; i++) {
        const strait_time now = packets[i].rx_time > 0 ? packets[i].rx_time
                                                       : strait_runtime_now(peer->setup->runtime);

        if (packets[i].kind == STRAIT_PACKET_RTP) {
            take_rtp(publisher, &packets[i], now);
        } else {
            reception_rtcp(&publisher->reception, packets[i].data, packets[i].len, now);
        }
    }
}

/* --- Coming and going ------------------------------------------------------------------------- */

void ingest_init(struct ingest *ingest, struct station *station, const char *token)
{
    *ingest = (struct ingest){ .station = station, .token = token };
    station->ingest = ingest;
}

static void release(struct ingest *ingest)
{
    struct publisher *publisher = ingest->publisher;

    ingest->publisher = NULL;
    if (publisher) {
        strait_transport_destroy(publisher->peer.transport);
        free(publisher);
    }
}

void ingest_finish(struct ingest *ingest)
{
    release(ingest);
}

/* The old one has to be gone before, since there is place for one. */
static int make_publisher(struct ingest *ingest, const struct offer *offer, const char *address,
                          strait_time now, char **answer)
{
    static const struct peer_kind kind = { .name = "publisher", .packets = on_packets };
    const struct peer_config config = {
        .kind = &kind,
        .setup = &ingest->station->setup.peer,
        .offer = offer,
        .number = ingest->published + 1,
        .address = address,
    };
    struct publisher *publisher = calloc(1, sizeof *publisher);
    int error;

    if (!publisher) {
        return STRAIT_E_NOMEM;
    }
    ingest->publisher = publisher;
    reorder_init(&publisher->reorder);
    error = peer_open(&publisher->peer, &config, now);
    if (error == STRAIT_OK) {
        *answer = station_answer(ingest->station, &publisher->peer, offer, true);
        error = *answer ? STRAIT_OK : STRAIT_E_NOMEM;
    }
    if (error != STRAIT_OK) {
        release(ingest);
    }
    return error;
}

/* On the air, or on the way there and not yet late. */
static bool is_busy(const struct publisher *publisher, strait_time now)
{
    const strait_time since = publisher->last_packet > 0 ? publisher->last_packet
                                                         : publisher->peer.joined;

    return publisher->peer.state != PEER_ENDED &&
           now < since + (publisher->last_packet > 0 ? INGEST_SILENCE : PEER_JOIN_TIMEOUT);
}

static void tell_left(const struct peer *peer)
{
    if (peer->error == STRAIT_OK) {
        terminal_say("publisher %u left: %s", peer->number, peer->reason);
    } else {
        terminal_say("publisher %u failed: %s, %s", peer->number, strait_error_name(peer->error),
                     peer->reason);
    }
}

static void dismiss(struct ingest *ingest, const char *reason, strait_time now)
{
    struct peer *peer = &ingest->publisher->peer;

    peer_end(peer, STRAIT_OK, reason, now);
    tell_left(peer);
    release(ingest);
}

enum ingest_result ingest_join(struct ingest *ingest, const char *text, size_t len,
                               const char *address, strait_time now, char **answer,
                               struct strait_sdp_error *reason)
{
    struct station *station = ingest->station;
    enum offer_result result;
    struct offer offer;
    int error;

    if (strait_sdp_parse(station->sdp, text, len, reason) != STRAIT_OK) {
        return INGEST_BAD_OFFER;
    }
    result = offer_read_publisher(&offer, station->sdp, station->config.dtls_role, reason);
    if (result != OFFER_GOOD) {
        return result == OFFER_UNFIT ? INGEST_UNFIT_OFFER : INGEST_BAD_OFFER;
    }
    if (ingest->publisher && is_busy(ingest->publisher, now)) {
        snprintf(reason->reason, sizeof reason->reason,
                 "somebody is publishing: the place is free 2 s after the last packet");
        return INGEST_TAKEN;
    }
    if (ingest->publisher) {
        dismiss(ingest, "another one came while it was silent", now);
    }
    error = make_publisher(ingest, &offer, address, now, answer);
    if (error != STRAIT_OK) {
        snprintf(reason->reason, sizeof reason->reason, "no transport for this publisher: %s",
                 strait_strerror(error));
        return INGEST_BROKEN;
    }
    ingest->published++;
    terminal_say("publisher %u joined from %s", ingest->publisher->peer.number, address);
    return INGEST_JOINED;
}

struct publisher *ingest_find(struct ingest *ingest, const char *id)
{
    struct publisher *publisher = ingest->publisher;

    return publisher && publisher->peer.state != PEER_ENDED && strcmp(publisher->peer.id, id) == 0
               ? publisher
               : NULL;
}

void ingest_close(struct ingest *ingest, strait_time now)
{
    if (ingest->publisher) {
        dismiss(ingest, "the radio went off the air", now);
    }
}

void ingest_leave(struct ingest *ingest, struct publisher *publisher, strait_time now)
{
    if (publisher == ingest->publisher) {
        dismiss(ingest, "it said goodbye", now);
    }
}

/* --- On the air ------------------------------------------------------------------------------- */

static void report(struct ingest *ingest, struct publisher *publisher, strait_time now)
{
    const struct station *station = ingest->station;
    uint8_t data[RECEPTION_MAX_REPORT + STRAIT_TAILROOM];
    struct strait_packet packet = { .data = data, .room = sizeof data, .kind = STRAIT_PACKET_RTCP };

    if (now < publisher->report_due || !publisher->reception.any ||
        !peer_writable(&publisher->peer)) {
        return;
    }
    packet.len = reception_report(&publisher->reception, station->setup.ssrc, station->cname, now,
                                  data);
    (void)strait_transport_send(publisher->peer.transport, &packet, 1);
    publisher->report_due = now + REPORT_INTERVAL;
}

static bool is_playing(struct ingest *ingest, strait_time now)
{
    struct publisher *publisher = ingest->publisher;

    if (!publisher) {
        return false;
    }
    if (publisher->last_packet == 0 && !is_busy(publisher, now)) {
        peer_end(&publisher->peer, STRAIT_E_TIMEOUT, "it got an answer and sent nothing for 30 s",
                 now);
    }
    if (publisher->peer.state == PEER_ENDED) {
        tell_left(&publisher->peer);
        release(ingest);
        return false;
    }
    report(ingest, publisher, now);
    return publisher->last_packet > 0 && now < publisher->last_packet + INGEST_SILENCE &&
           reorder_tick(&publisher->reorder, RADIO_FRAME_SAMPLES, now);
}

static void play(struct ingest *ingest, uint64_t position, bool gap, strait_time now)
{
    const struct reorder_packet *packet;
    uint32_t offset;

    while ((packet = reorder_take(&ingest->publisher->reorder, &offset)) != NULL) {
        station_send_at(ingest->station, position + offset, gap, packet->data, packet->len, now);
        ingest->packets++;
        gap = false;
    }
}

bool ingest_play(struct ingest *ingest, uint64_t position, strait_time now)
{
    const bool playing = is_playing(ingest, now);

    if (playing != ingest->on_air) {
        if (playing) {
            ingest->began = position;
            terminal_say("publisher %u is on the air", ingest->publisher->peer.number);
        } else {
            terminal_say("back to %s", ingest->station->config.title);
        }
    }
    if (playing) {
        play(ingest, position, !ingest->on_air, now);
        ingest->heard = position + RADIO_FRAME_SAMPLES - ingest->began;
    }
    ingest->on_air = playing;
    return playing;
}
