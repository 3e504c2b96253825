#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

#define COUNTER(name) \
    {                 \
#name, s.name \
    }

static const char *known(const char *name)
{
    return name ? name : "-";
}

static const char *version_name(enum strait_dtls_version version)
{
    return version == STRAIT_DTLS_1_3 ? "DTLS 1.3" : version == STRAIT_DTLS_1_2 ? "DTLS 1.2" : "-";
}

static void report_fingerprint(const struct strait_dtls *dtls)
{
    struct strait_fingerprint print;
    char text[STRAIT_FINGERPRINT_TEXT_MAX];
    size_t len;
    const uint8_t *der = strait_dtls_peer_certificate(dtls, &len);

    if (der && strait_fingerprint_of(&print, STRAIT_HASH_SHA256, der, len) == STRAIT_OK &&
        strait_fingerprint_print(&print, text, sizeof text) > 0) {
        say("Its certificate is '%s'", text);
    }
}

void report_connected(const struct strait_dtls *dtls, const char *peer)
{
    struct strait_dtls_stats stats = { .size = sizeof stats };

    if (strait_dtls_stats(dtls, &stats) != STRAIT_OK) {
        return;
    }
    say("Connected to %s: %s %s %s%s%s%s", peer, version_name(stats.version),
        known(strait_dtls_cipher_name(stats.cipher_suite)),
        known(strait_dtls_group_name(stats.group)), stats.profile ? " " : "",
        stats.profile ? strait_srtp_profile_name(stats.profile) : "", stats.cid ? " cid" : "");
    report_fingerprint(dtls);
}

void report_export(const struct strait_dtls *dtls, const char *label, size_t len)
{
    uint8_t bytes[EXPORT_MAX];
    char text[2 * EXPORT_MAX + 1];

    const int error = strait_dtls_export(dtls, label, NULL, 0, bytes, len);
    if (error != STRAIT_OK) {
        say("Cannot export %s: %s", label, strait_strerror(error));
        return;
    }
    for (size_t i = 0; i < len; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    fprintf(stderr, "Exported %s: %s\n", label, text);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(text, sizeof text);
}

static void report_alert(const char *what, int alert)
{
    const char *name = alert >= 0 ? strait_dtls_alert_name((uint8_t)alert) : NULL;

    if (alert >= 0) {
        say("Alert %s: %s (%d)", what, known(name), alert);
    }
}

void report_alerts(const struct strait_dtls *dtls)
{
    report_alert("sent", strait_dtls_alert_sent(dtls));
    report_alert("received", strait_dtls_alert_received(dtls));
}

void report_stats(const struct strait_dtls *dtls)
{
    struct strait_dtls_stats s = { .size = sizeof s };

    if (strait_dtls_stats(dtls, &s) != STRAIT_OK) {
        return;
    }
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = {
        COUNTER(datagrams_sent),
        COUNTER(datagrams_received),
        COUNTER(bytes_sent),
        COUNTER(bytes_received),
        COUNTER(flights_retransmitted),
        COUNTER(mtu_backoffs),
        COUNTER(key_updates_sent),
        COUNTER(key_updates_received),
        COUNTER(client_hello_fragments),
        COUNTER(dropped_truncated),
        COUNTER(dropped_type),
        COUNTER(dropped_version),
        COUNTER(dropped_overlong),
        COUNTER(dropped_empty),
        COUNTER(dropped_short),
        COUNTER(dropped_epoch),
        COUNTER(dropped_cid),
        COUNTER(dropped_malformed),
        COUNTER(dropped_client_hello),
        COUNTER(dropped_server_hello),
        COUNTER(dropped_handshake),
        COUNTER(dropped_change_cipher),
        COUNTER(dropped_alert),
        COUNTER(dropped_data),
        COUNTER(dropped_ack),
        COUNTER(dropped_forged),
        COUNTER(dropped_replayed),
        COUNTER(dropped_fragment),
        COUNTER(dropped_held),
        COUNTER(dropped_ended),
        COUNTER(refused_hellos),
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        if (counters[i].value > 0) {
            say("%s %" PRIu64, counters[i].name, counters[i].value);
        }
    }
}
