#include "ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "answer.h"
#include "format.h"
#include "offer.h"
#include "terminal.h"

/* Who has got an answer and does not connect gives the place back after this time. */
#define JOIN_TIMEOUT (30 * STRAIT_S)
#define REPORT_INTERVAL (2 * STRAIT_S)

/* --- The transport's events ------------------------------------------------------------------- */

static strait_time clock_of(const struct publisher *publisher)
{
    const struct ingest *ingest = strait_transport_user(publisher->transport);

    return strait_runtime_now(ingest->station->config.runtime);
}

static void end(struct publisher *publisher, int error, const char *reason)
{
    if (publisher->ended) {
        return;
    }
    publisher->ended = true;
    publisher->error = error;
    snprintf(publisher->reason, sizeof publisher->reason, "%s", reason);
    /* It becomes part of a sentence. */
    publisher->reason[strcspn(publisher->reason, "\n")] = '\0';
}

static void lost(struct publisher *publisher)
{
    const int error = strait_transport_error(publisher->transport);
    const char *detail = strait_transport_error_detail(publisher->transport);

    if (error == STRAIT_OK || error == STRAIT_E_CLOSED) {
        end(publisher, STRAIT_OK, "it closed the connection");
    } else {
        end(publisher, error, detail[0] != '\0' ? detail : strait_strerror(error));
    }
}

/* Events may come for a transport that has just been replaced: then there is nobody. */
static struct publisher *publisher_of(void *user, const struct strait_transport *transport)
{
    struct ingest *ingest = user;

    return ingest->publisher && ingest->publisher->transport == transport ? ingest->publisher
                                                                          : NULL;
}

static void on_ice_state(void *user, struct strait_transport *transport,
                         enum strait_ice_state state)
{
    struct publisher *publisher = publisher_of(user, transport);

    if (publisher && (state == STRAIT_ICE_FAILED || state == STRAIT_ICE_CLOSED)) {
        lost(publisher);
    }
}

static void on_dtls_state(void *user, struct strait_transport *transport,
                          enum strait_dtls_state state)
{
    struct publisher *publisher = publisher_of(user, transport);

    if (!publisher) {
        return;
    }
    if (state == STRAIT_DTLS_CONNECTED) {
        publisher->connected = true;
        terminal_say("publisher %u connected after %llu ms", publisher->number,
                     (unsigned long long)((clock_of(publisher) - publisher->joined) / STRAIT_MS));
    } else if (state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED) {
        lost(publisher);
    }
}

static void take_rtp(struct publisher *publisher, const struct strait_packet *packet,
                     strait_time now)
{
    struct rtp_packet rtp;

    if (!rtp_read(&rtp, packet->data, packet->len) || rtp.payload_type != publisher->payload_type) {
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

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct publisher *publisher = publisher_of(user, transport);

    for (size_t i = 0; publisher && i < n; i++) {
        const strait_time now = packets[i].rx_time > 0 ? packets[i].rx_time : clock_of(publisher);

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
        strait_transport_destroy(publisher->transport);
        free(publisher);
    }
}

void ingest_finish(struct ingest *ingest)
{
    release(ingest);
}

static int make_id(struct publisher *publisher)
{
    uint8_t secret[16];
    size_t at;

    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        return STRAIT_E_RANDOM;
    }
    at = (size_t)snprintf(publisher->id, sizeof publisher->id, "%u-", publisher->number);
    for (size_t i = 0; i < sizeof secret; i++) {
        at += (size_t)snprintf(publisher->id + at, sizeof publisher->id - at, "%02x", secret[i]);
    }
    return STRAIT_OK;
}

static int open_transport(struct ingest *ingest, struct publisher *publisher,
                          const struct offer *offer, strait_time now)
{
    const struct station *station = ingest->station;
    const struct strait_transport_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events,
                    .ice_state = on_ice_state,
                    .dtls_state = on_dtls_state,
                    .packets = on_packets },
        .user = ingest,
        .ice = STRAIT_ICE_LITE,
        .ice_role = STRAIT_ICE_CONTROLLED,
        .certificate = station->certificate,
        .dtls_role = offer->role,
    };
    struct strait_dtls_parameters dtls = offer->transport->dtls;
    int error = strait_transport_create(&publisher->transport, station->config.endpoint, &config,
                                        now);

    dtls.role = offer->role == STRAIT_DTLS_CLIENT ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT;
    if (error == STRAIT_OK) {
        error = strait_transport_set_remote_ice(publisher->transport, &offer->transport->ice);
    }
    if (error == STRAIT_OK) {
        error = strait_transport_set_remote_dtls(publisher->transport, &dtls);
    }
    return error;
}

static char *answer_for(const struct ingest *ingest, const struct publisher *publisher,
                        const struct offer *offer)
{
    const struct station *station = ingest->station;
    struct strait_candidate all[STATION_MAX_CANDIDATES];
    const struct answer answer = {
        .ice = strait_transport_local_ice(publisher->transport),
        .fingerprint = &station->fingerprint,
        .candidates = all,
        .n_candidates = station_candidates(station, all),
        .session = (uint64_t)station->setup.ssrc << 20 | publisher->number,
        .receives = true,
    };

    return answer_print(&answer, offer);
}

/* The old one has to be gone before, since there is place for one. */
static int make_publisher(struct ingest *ingest, const struct offer *offer, strait_time now,
                          char **answer)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);
    int error;

    if (!publisher) {
        return STRAIT_E_NOMEM;
    }
    ingest->publisher = publisher;
    publisher->number = ingest->published + 1;
    publisher->payload_type = offer->payload_type;
    publisher->joined = now;
    memcpy(publisher->mid, offer->audio->mid, sizeof publisher->mid);
    wish_mids(publisher->mids, offer->sdp);
    reorder_init(&publisher->reorder);
    error = make_id(publisher);
    if (error == STRAIT_OK) {
        error = open_transport(ingest, publisher, offer, now);
    }
    if (error == STRAIT_OK) {
        *answer = answer_for(ingest, publisher, offer);
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
                                                         : publisher->joined;

    return !publisher->ended &&
           now < since + (publisher->last_packet > 0 ? INGEST_SILENCE : JOIN_TIMEOUT);
}

static void tell_left(const struct publisher *publisher)
{
    if (publisher->error == STRAIT_OK) {
        terminal_say("publisher %u left: %s", publisher->number, publisher->reason);
    } else {
        terminal_say("publisher %u failed: %s, %s", publisher->number,
                     strait_error_name(publisher->error), publisher->reason);
    }
}

static void dismiss(struct ingest *ingest, const char *reason, strait_time now)
{
    struct publisher *publisher = ingest->publisher;

    strait_transport_close(publisher->transport, now);
    end(publisher, STRAIT_OK, reason);
    tell_left(publisher);
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
    error = make_publisher(ingest, &offer, now, answer);
    if (error != STRAIT_OK) {
        snprintf(reason->reason, sizeof reason->reason, "no transport for this publisher: %s",
                 strait_strerror(error));
        return INGEST_BROKEN;
    }
    snprintf(ingest->publisher->address, sizeof ingest->publisher->address, "%s", address);
    ingest->published++;
    terminal_say("publisher %u joined from %s", ingest->publisher->number, address);
    return INGEST_JOINED;
}

struct publisher *ingest_find(struct ingest *ingest, const char *id)
{
    struct publisher *publisher = ingest->publisher;

    return publisher && !publisher->ended && strcmp(publisher->id, id) == 0 ? publisher : NULL;
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
        !strait_transport_writable(publisher->transport)) {
        return;
    }
    packet.len = reception_report(&publisher->reception, station->setup.ssrc, station->cname, now,
                                  data);
    (void)strait_transport_send(publisher->transport, &packet, 1);
    publisher->report_due = now + REPORT_INTERVAL;
}

static bool is_playing(struct ingest *ingest, strait_time now)
{
    struct publisher *publisher = ingest->publisher;

    if (!publisher) {
        return false;
    }
    if (!publisher->ended && publisher->last_packet == 0 && !is_busy(publisher, now)) {
        strait_transport_close(publisher->transport, now);
        end(publisher, STRAIT_E_TIMEOUT, "it got an answer and sent nothing for 30 s");
    }
    if (publisher->ended) {
        tell_left(publisher);
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
            terminal_say("publisher %u is on the air", ingest->publisher->number);
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
