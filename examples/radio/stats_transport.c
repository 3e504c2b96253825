#include "stats_transport.h"

#include <stdio.h>

#include "state_name.h"

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

void stats_set_count(json_t *object, const char *key, uint64_t value)
{
    (void)json_object_set_new(object, key, json_integer((json_int_t)value));
}

void stats_set_text(json_t *object, const char *key, const char *value)
{
    if (value) {
        (void)json_object_set_new(object, key, json_string(value));
    }
}

void stats_set_ms(json_t *object, const char *key, strait_time begin, strait_time when)
{
    if (when >= begin && when > 0) {
        (void)json_object_set_new(object, key,
                                  json_real((double)(when - begin) / (double)STRAIT_MS));
    }
}

void stats_set_drop(json_t *object, const char *key, uint64_t value)
{
    if (value > 0) {
        stats_set_count(object, key, value);
    }
}

/* RTCTransportStats */
static json_t *transport_object(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();
    char version[12] = "";

    stats_set_count(object, "packetsSent", stats->packets_sent);
    stats_set_count(object, "packetsReceived", stats->packets_received);
    stats_set_count(object, "bytesSent", stats->bytes_sent);
    stats_set_count(object, "bytesReceived", stats->bytes_received);
    stats_set_text(object, "iceRole",
                   stats->ice_role == STRAIT_ICE_CONTROLLING ? "controlling" : "controlled");
    stats_set_text(object, "iceState", ice_state_name(stats->ice_state));
    stats_set_text(object, "dtlsState", dtls_state_name(stats->dtls_state));
    stats_set_text(object, "dtlsRole", role_name(stats->dtls.role));
    if (stats->dtls.version != STRAIT_DTLS_ANY_VERSION) {
        snprintf(version, sizeof version, "%04X", (unsigned)stats->dtls.version);
        stats_set_text(object, "tlsVersion", version);
        stats_set_text(object, "tlsGroup", strait_dtls_group_name(stats->dtls.group));
        stats_set_text(object, "dtlsCipher", strait_dtls_cipher_name(stats->dtls.cipher_suite));
        stats_set_text(object, "srtpCipher", strait_srtp_profile_name(stats->dtls.profile));
    }
    stats_set_count(object, "selectedCandidatePairChanges", stats->selected_candidate_pair_changes);
    stats_set_count(object, "clientHelloFragments", stats->dtls.client_hello_fragments);
    stats_set_count(object, "flightsRetransmitted", stats->dtls.flights_retransmitted);
    return object;
}

/* RTCIceCandidatePairStats, without addresses: everybody may read this. */
static json_t *pair_object(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "nominated", json_boolean(stats->pair.nominated));
    (void)json_object_set_new(object, "writable", json_boolean(stats->pair.writable));
    stats_set_count(object, "requestsReceived", stats->pair.requests_received);
    stats_set_count(object, "responsesSent", stats->pair.responses_sent);
    return object;
}

/* What was dropped, under its reason; reasons without a drop are left out. */
static json_t *drops_object(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    stats_set_drop(object, "stunMalformed", stats->dropped_stun_malformed);
    stats_set_drop(object, "stunIntegrity", stats->dropped_stun_integrity);
    stats_set_drop(object, "stunUnexpected", stats->dropped_stun_unexpected);
    stats_set_drop(object, "unvalidated", stats->dropped_unvalidated);
    stats_set_drop(object, "earlyFull", stats->dropped_early_full);
    stats_set_drop(object, "noKeys", stats->dropped_no_keys);
    stats_set_drop(object, "noPath", stats->dropped_no_path);
    stats_set_drop(object, "outboxFull", stats->dropped_outbox_full);
    stats_set_drop(object, "ended", stats->dropped_ended);
    stats_set_drop(object, "pathTaken", stats->dropped_path_taken);
    stats_set_drop(object, "dtlsFraming",
                   stats->dtls.dropped_truncated + stats->dtls.dropped_type +
                       stats->dtls.dropped_version + stats->dtls.dropped_overlong +
                       stats->dtls.dropped_empty + stats->dtls.dropped_short +
                       stats->dtls.dropped_malformed);
    stats_set_drop(object, "dtlsPlaintext",
                   stats->dtls.dropped_client_hello + stats->dtls.dropped_server_hello +
                       stats->dtls.dropped_handshake + stats->dtls.dropped_change_cipher +
                       stats->dtls.dropped_alert + stats->dtls.dropped_data +
                       stats->dtls.dropped_ack);
    stats_set_drop(object, "dtlsEpoch", stats->dtls.dropped_epoch);
    stats_set_drop(object, "dtlsForged", stats->dtls.dropped_forged);
    stats_set_drop(object, "dtlsReplayed", stats->dtls.dropped_replayed);
    stats_set_drop(object, "srtpForged", stats->srtp.forged);
    stats_set_drop(object, "srtpReplayed", stats->srtp.replayed);
    stats_set_drop(object, "srtpTooOld", stats->srtp.too_old);
    return object;
}

json_t *stats_course(const struct strait_transport_stats *stats)
{
    json_t *object = json_object();

    stats_set_ms(object, "firstCheck", stats->created, stats->first_check);
    stats_set_ms(object, "pathValidated", stats->created, stats->path_validated);
    stats_set_ms(object, "dtlsStarted", stats->created, stats->dtls_started);
    stats_set_ms(object, "dtlsConnected", stats->created, stats->dtls_connected);
    return object;
}

void stats_set_transport(json_t *object, const struct strait_transport_stats *stats)
{
    (void)json_object_set_new(object, "transport", transport_object(stats));
    (void)json_object_set_new(object, "candidatePair", pair_object(stats));
    (void)json_object_set_new(object, "dropped", drops_object(stats));
}
