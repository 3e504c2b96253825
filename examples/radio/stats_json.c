#include "stats_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "format.h"

static const char *ice_state_name(enum strait_ice_state state)
{
    static const char *const names[] = {
        [STRAIT_ICE_NEW] = "new",
        [STRAIT_ICE_CHECKING] = "checking",
        [STRAIT_ICE_CONNECTED] = "connected",
        [STRAIT_ICE_COMPLETED] = "completed",
        [STRAIT_ICE_DISCONNECTED] = "disconnected",
        [STRAIT_ICE_FAILED] = "failed",
        [STRAIT_ICE_CLOSED] = "closed",
    };

    return names[state];
}

static const char *dtls_state_name(enum strait_dtls_state state)
{
    static const char *const names[] = {
        [STRAIT_DTLS_NEW] = "new",
        [STRAIT_DTLS_CONNECTING] = "connecting",
        [STRAIT_DTLS_CONNECTED] = "connected",
        [STRAIT_DTLS_CLOSED] = "closed",
        [STRAIT_DTLS_FAILED] = "failed",
    };

    return names[state];
}

static const char *listener_state_name(enum listener_state state)
{
    static const char *const names[] = {
        [LISTENER_JOINING] = "joining",
        [LISTENER_ON_AIR] = "on air",
        [LISTENER_ENDED] = "ended",
    };

    return names[state];
}

static const char *role_name(enum strait_dtls_role role)
{
    switch (role) {
    case STRAIT_DTLS_CLIENT:
        return "client";
    case STRAIT_DTLS_SERVER:
        return "server";
    default:
        return "unknown";
    }
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static void set_text(json_t *object, const char *key, const char *value)
{
    if (value) {
        (void)json_object_set_new(object, key, json_string(value));
    }
}

/* Milliseconds from `begin`; nothing where it has not happened. */
static void set_ms(json_t *object, const char *key, strait_time begin, strait_time when)
{
    if (when >= begin && when > 0) {
        (void)json_object_set_new(object, key,
                                  json_real((double)(when - begin) / (double)STRAIT_MS));
    }
}

/* RTCTransportStats */
static json_t *transport_object(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();
    char version[12] = "";

    (void)json_object_set_new(object, "packetsSent", count(stats->packets_sent));
    (void)json_object_set_new(object, "packetsReceived", count(stats->packets_received));
    (void)json_object_set_new(object, "bytesSent", count(stats->bytes_sent));
    (void)json_object_set_new(object, "bytesReceived", count(stats->bytes_received));
    set_text(object, "iceRole",
             stats->ice_role == STRAIT_ICE_CONTROLLING ? "controlling" : "controlled");
    set_text(object, "iceState", ice_state_name(stats->ice_state));
    set_text(object, "dtlsState", dtls_state_name(stats->dtls_state));
    set_text(object, "dtlsRole", role_name(stats->dtls.role));
    if (stats->dtls.version != STRAIT_DTLS_ANY_VERSION) {
        snprintf(version, sizeof version, "%04X", (unsigned)stats->dtls.version);
        set_text(object, "tlsVersion", version);
        set_text(object, "tlsGroup", strait_dtls_group_name(stats->dtls.group));
        set_text(object, "dtlsCipher", strait_dtls_cipher_name(stats->dtls.cipher_suite));
        set_text(object, "srtpCipher", strait_srtp_profile_name(stats->dtls.profile));
    }
    (void)json_object_set_new(object, "selectedCandidatePairChanges",
                              count(stats->selected_candidate_pair_changes));
    (void)json_object_set_new(object, "clientHelloFragments",
                              count(stats->dtls.client_hello_fragments));
    (void)json_object_set_new(object, "flightsRetransmitted",
                              count(stats->dtls.flights_retransmitted));
    return object;
}

/* RTCIceCandidatePairStats, without addresses: everybody may read this. */
static json_t *pair_object(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "nominated", json_boolean(stats->pair.nominated));
    (void)json_object_set_new(object, "writable", json_boolean(stats->pair.writable));
    (void)json_object_set_new(object, "requestsReceived", count(stats->pair.requests_received));
    (void)json_object_set_new(object, "responsesSent", count(stats->pair.responses_sent));
    return object;
}

/* RTCOutboundRtpStreamStats */
static json_t *outbound_object(const struct listener *listener,
                               const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "ssrc", count(listener->setup->ssrc));
    (void)json_object_set_new(object, "payloadType", count(listener->payload_type));
    (void)json_object_set_new(object, "packetsSent", count(stats->rtp_sent));
    (void)json_object_set_new(object, "bytesSent", count(listener->octets));
    (void)json_object_set_new(object, "rtcpSent", count(stats->rtcp_sent));
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

/* The connection's course in ms since its offer came. */
static json_t *course_object(const struct listener *listener,
                             const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    set_ms(object, "firstCheck", stats->created, stats->first_check);
    set_ms(object, "pathValidated", stats->created, stats->path_validated);
    set_ms(object, "dtlsStarted", stats->created, stats->dtls_started);
    set_ms(object, "dtlsConnected", stats->created, stats->dtls_connected);
    set_ms(object, "firstRtpSent", stats->created, listener->first_sent);
    set_ms(object, "firstRtcpReceived", stats->created, stats->first_media);
    return object;
}

static void set_drop(json_t *object, const char *key, uint64_t value)
{
    if (value > 0) {
        (void)json_object_set_new(object, key, count(value));
    }
}

/* What was dropped, under its reason; reasons without a drop are left out. */
static json_t *drops_object(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    set_drop(object, "stunMalformed", stats->dropped_stun_malformed);
    set_drop(object, "stunIntegrity", stats->dropped_stun_integrity);
    set_drop(object, "stunUnexpected", stats->dropped_stun_unexpected);
    set_drop(object, "unvalidated", stats->dropped_unvalidated);
    set_drop(object, "earlyFull", stats->dropped_early_full);
    set_drop(object, "noKeys", stats->dropped_no_keys);
    set_drop(object, "noPath", stats->dropped_no_path);
    set_drop(object, "outboxFull", stats->dropped_outbox_full);
    set_drop(object, "ended", stats->dropped_ended);
    set_drop(object, "pathTaken", stats->dropped_path_taken);
    set_drop(object, "dtlsMalformed", stats->dtls.dropped_malformed);
    set_drop(object, "dtlsPlaintext", stats->dtls.dropped_plaintext);
    set_drop(object, "dtlsEpoch", stats->dtls.dropped_epoch);
    set_drop(object, "srtpForged", stats->srtp.forged);
    set_drop(object, "srtpReplayed", stats->srtp.replayed);
    set_drop(object, "srtpTooOld", stats->srtp.too_old);
    return object;
}

static json_t *listener_object(const struct listener *listener, strait_time now)
{
    const bool ended = listener->state == LISTENER_ENDED;
    struct strait_transport_stats stats;
    json_t *object = json_object();

    listener_stats(listener, &stats);
    (void)json_object_set_new(object, "number", count(listener->number));
    set_text(object, "state", listener_state_name(listener->state));
    set_ms(object, "forMs", listener->joined, ended ? listener->ended : now);
    if (ended) {
        set_text(object, "reason", listener->reason);
        set_text(object, "error",
                 listener->error != STRAIT_OK ? strait_error_name(listener->error) : NULL);
    }
    (void)json_object_set_new(object, "transport", transport_object(&stats));
    (void)json_object_set_new(object, "candidatePair", pair_object(&stats));
    (void)json_object_set_new(object, "outboundRtp", outbound_object(listener, &stats));
    if (listener->has_reception) {
        (void)json_object_set_new(object, "remoteInboundRtp", remote_inbound_object(listener));
    }
    (void)json_object_set_new(object, "course", course_object(listener, &stats));
    (void)json_object_set_new(object, "dropped", drops_object(&stats));
    return object;
}

static json_t *list(const struct listener *first, strait_time now)
{
    json_t *array = json_array();

    for (const struct listener *listener = first; listener; listener = listener->next) {
        (void)json_array_append_new(array, listener_object(listener, now));
    }
    return array;
}

static json_t *station_object(const struct station *station, strait_time now)
{
    json_t *object = json_object();

    set_text(object, "title", station->config.title);
    set_text(object, "version", strait_version());
    set_ms(object, "onAirMs", station->start, now);
    (void)json_object_set_new(object, "framesSent", count(station->frames));
    (void)json_object_set_new(object, "bytesSent", count(station->octets));
    (void)json_object_set_new(object, "listenersNow", count(station->n_listeners));
    (void)json_object_set_new(object, "listenersEver", count(station->joined));
    return object;
}

static json_t *endpoint_object(const struct station *station)
{
    struct strait_endpoint_stats stats = { .size = sizeof stats };
    json_t *object = json_object();

    (void)strait_endpoint_stats(station->config.endpoint, &stats);
    (void)json_object_set_new(object, "datagramsReceived", count(stats.datagrams_received));
    (void)json_object_set_new(object, "datagramsSent", count(stats.datagrams_sent));
    set_drop(object, "droppedUnknown", stats.dropped_unknown);
    set_drop(object, "droppedNoPeer", stats.dropped_no_peer);
    set_drop(object, "droppedNoUfrag", stats.dropped_no_ufrag);
    set_drop(object, "droppedStun", stats.dropped_stun);
    set_drop(object, "droppedQuic", stats.dropped_quic);
    set_drop(object, "droppedOutboxFull", stats.dropped_outbox_full);
    return object;
}

char *stats_json(const struct station *station, strait_time now)
{
    json_t *root = json_object();
    char *text;

    (void)json_object_set_new(root, "station", station_object(station, now));
    (void)json_object_set_new(root, "endpoint", endpoint_object(station));
    (void)json_object_set_new(root, "listeners", list(station->listeners, now));
    (void)json_object_set_new(root, "ended", list(station->ended, now));
    text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(root);
    return text;
}

void stats_get(void *user, const struct http_request *request, struct http_reply *reply)
{
    const struct station *station = user;
    char *text = stats_json(station, strait_runtime_now(station->config.runtime));

    (void)request;
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
