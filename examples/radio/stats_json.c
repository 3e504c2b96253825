#include "stats_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "ingest.h"
#include "playing.h"
#include "stats_transport.h"

/* RTCOutboundRtpStreamStats */
static json_t *outbound_object(const struct listener *listener,
                               const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    stats_set_count(object, "ssrc", listener->setup->ssrc);
    stats_set_count(object, "payloadType", listener->peer.payload_type);
    stats_set_count(object, "packetsSent", stats->rtp_sent);
    stats_set_count(object, "bytesSent", listener->octets);
    stats_set_count(object, "rtcpSent", stats->rtcp_sent);
    return object;
}

/* RTCRemoteInboundRtpStreamStats: what its receiver reports say, in seconds. */
static json_t *remote_inbound_object(const struct listener *listener)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "packetsLost",
                              json_integer(listener->reception.cumulative_lost));
    (void)json_object_set_new(object, "fractionLost",
                              json_real(listener->reception.fraction_lost / 256.0));
    (void)json_object_set_new(object, "jitter",
                              json_real((double)listener->reception.jitter / RADIO_RATE));
    if (listener->round_trip > 0) {
        (void)json_object_set_new(object, "roundTripTime",
                                  json_real((double)listener->round_trip / (double)STRAIT_S));
    }
    return object;
}

/* What listeners and publishers have in common; returns their course, to which each adds its packets. */
static json_t *set_peer(json_t *object, const struct peer *peer, const char *state,
                        const struct strait_transport_stats *stats, strait_time now)
{
    const bool ended = peer->state == PEER_ENDED;
    json_t *course = stats_course(stats);

    stats_set_count(object, "number", peer->number);
    stats_set_text(object, "state", state);
    stats_set_ms(object, "forMs", peer->joined, ended ? peer->ended : now);
    if (ended) {
        stats_set_text(object, "reason", peer->reason);
        stats_set_text(object, "error",
                       peer->error != STRAIT_OK ? strait_error_name(peer->error) : NULL);
    }
    stats_set_transport(object, stats);
    (void)json_object_set_new(object, "course", course);
    return course;
}

static json_t *listener_object(const struct listener *listener, strait_time now)
{
    static const char *const states[] = {
        [PEER_JOINING] = "joining",
        [PEER_CONNECTED] = "on air",
        [PEER_ENDED] = "ended",
    };
    const struct peer *peer = &listener->peer;
    struct strait_transport_stats stats;
    json_t *object = json_object();
    json_t *course;

    peer_stats(peer, &stats);
    course = set_peer(object, peer, states[peer->state], &stats, now);
    stats_set_ms(course, "firstRtpSent", stats.created, listener->first_sent);
    stats_set_ms(course, "firstRtcpReceived", stats.created, stats.first_media);
    (void)json_object_set_new(object, "outboundRtp", outbound_object(listener, &stats));
    if (listener->has_reception) {
        (void)json_object_set_new(object, "remoteInboundRtp", remote_inbound_object(listener));
    }
    return object;
}

/* --- The publisher ----------------------------------------------------------------------------- */

static const char *publisher_state_name(const struct ingest *ingest)
{
    const struct publisher *publisher = ingest->publisher;

    if (publisher->peer.state == PEER_JOINING) {
        return "joining";
    }
    if (publisher->last_packet == 0) {
        return "connected";
    }
    return ingest->on_air ? "on air" : "silent";
}

/* RTCInboundRtpStreamStats */
static json_t *inbound_object(const struct publisher *publisher)
{
    const struct reception *reception = &publisher->reception;
    const struct reorder_stats *played = &publisher->reorder.stats;
    json_t *object = json_object();

    stats_set_count(object, "ssrc", reception->ssrc);
    stats_set_count(object, "payloadType", publisher->peer.payload_type);
    stats_set_count(object, "packetsReceived", reception->received);
    stats_set_count(object, "bytesReceived", reception->octets);
    (void)json_object_set_new(object, "packetsLost", json_integer(reception_lost(reception)));
    /* By definition without duplicates. */
    stats_set_count(object, "packetsDiscarded", played->late + played->skipped);
    (void)json_object_set_new(object, "jitter", json_real(reception->jitter / RADIO_RATE));
    return object;
}

static json_t *publisher_object(const struct ingest *ingest, strait_time now)
{
    const struct publisher *publisher = ingest->publisher;
    struct strait_transport_stats stats;
    json_t *object = json_object();
    json_t *course;

    peer_stats(&publisher->peer, &stats);
    course = set_peer(object, &publisher->peer, publisher_state_name(ingest), &stats, now);
    stats_set_ms(course, "firstRtpReceived", stats.created, stats.first_media);
    if (publisher->reception.any) {
        (void)json_object_set_new(object, "inboundRtp", inbound_object(publisher));
    }
    return object;
}

/* --- The station ------------------------------------------------------------------------------- */

static json_t *list(const struct listener *first, strait_time now)
{
    json_t *array = json_array();

    for (const struct listener *listener = first; listener; listener = listener->next) {
        (void)json_array_append_new(array, listener_object(listener, now));
    }
    return array;
}

static void set_seconds(json_t *object, const char *key, uint64_t samples)
{
    (void)json_object_set_new(object, key, json_real((double)samples / RADIO_RATE));
}

static json_t *playing_object(const struct playing *playing)
{
    json_t *object = json_object();

    stats_set_text(object, "kind", playing->kind);
    stats_set_text(object, "name", playing->name);
    set_seconds(object, "position", playing->position);
    if (playing->length > 0) {
        set_seconds(object, "duration", playing->length);
    }
    return object;
}

static json_t *station_object(const struct station *station, strait_time now)
{
    json_t *object = json_object();
    struct playing playing;

    stats_set_text(object, "title", station->config.title);
    stats_set_text(object, "version", strait_version());
    stats_set_ms(object, "onAirMs", station->start, now);
    stats_set_count(object, "framesSent", station->frames);
    stats_set_count(object, "bytesSent", station->octets);
    stats_set_count(object, "listenersNow", station->n_listeners);
    stats_set_count(object, "listenersEver", station->joined);
    (void)json_object_set_new(object, "ingest", json_boolean(station->ingest));
    playing_now(&playing, station);
    if (playing.kind) {
        (void)json_object_set_new(object, "playing", playing_object(&playing));
    }
    return object;
}

static json_t *endpoint_object(const struct station *station)
{
    struct strait_endpoint_stats stats = { .size = sizeof stats };
    json_t *object = json_object();

    (void)strait_endpoint_stats(station->config.endpoint, &stats);
    stats_set_count(object, "datagramsReceived", stats.datagrams_received);
    stats_set_count(object, "datagramsSent", stats.datagrams_sent);
    stats_set_drop(object, "droppedUnknown", stats.dropped_unknown);
    stats_set_drop(object, "droppedNoPeer", stats.dropped_no_peer);
    stats_set_drop(object, "droppedNoUfrag", stats.dropped_no_ufrag);
    stats_set_drop(object, "droppedStun", stats.dropped_stun);
    stats_set_drop(object, "droppedQuic", stats.dropped_quic);
    stats_set_drop(object, "droppedOutboxFull", stats.dropped_outbox_full);
    return object;
}

/* --- Requests ---------------------------------------------------------------------------------- */

/* What each of the answers has. */
static json_t *root_object(const struct station *station, strait_time now)
{
    const struct ingest *ingest = station->ingest;
    json_t *root = json_object();

    (void)json_object_set_new(root, "station", station_object(station, now));
    if (ingest && ingest->publisher && ingest->publisher->peer.state != PEER_ENDED) {
        (void)json_object_set_new(root, "publisher", publisher_object(ingest, now));
    }
    return root;
}

/* Takes the reference to `root`. */
static void send_json(struct http_reply *reply, json_t *root)
{
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));

    json_decref(root);
    if (!text) {
        http_sentence(reply, 500, "There is no memory left.\n");
        return;
    }
    reply->status = 200;
    reply->content_type = "application/json";
    reply->body = text;
    reply->body_len = strlen(text);
    http_header(reply, "Cache-Control", "no-store");
}

void stats_get(void *user, const struct http_request *request, struct http_reply *reply)
{
    const struct station *station = user;
    const strait_time now = strait_runtime_now(station->config.runtime);
    json_t *root = root_object(station, now);

    (void)request;
    (void)json_object_set_new(root, "endpoint", endpoint_object(station));
    (void)json_object_set_new(root, "listeners", list(station->listeners, now));
    (void)json_object_set_new(root, "ended", list(station->ended, now));
    send_json(reply, root);
}

static const struct listener *find_number(const struct listener *first, const char *number)
{
    for (const struct listener *listener = first; listener; listener = listener->next) {
        char own[12];

        snprintf(own, sizeof own, "%u", listener->peer.number);
        if (strcmp(own, number) == 0) {
            return listener;
        }
    }
    return NULL;
}

void stats_get_part(void *user, const struct http_request *request, struct http_reply *reply)
{
    const struct station *station = user;
    const strait_time now = strait_runtime_now(station->config.runtime);
    const struct listener *listener = find_number(station->listeners, request->rest);
    json_t *root;

    if (!listener) {
        listener = find_number(station->ended, request->rest);
    }
    if (!listener && strcmp(request->rest, "station") != 0) {
        http_sentence(reply, 404, "There is no such listener, or it left long ago.\n");
        return;
    }
    root = root_object(station, now);
    if (listener) {
        (void)json_object_set_new(root, "listener", listener_object(listener, now));
    }
    send_json(reply, root);
}
