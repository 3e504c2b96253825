#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "say.h"

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
    say("Connected to %s: %s %s %s%s%s", peer, version_name(stats.version),
        known(strait_dtls_cipher_name(stats.cipher_suite)),
        known(strait_dtls_group_name(stats.group)), stats.profile ? " " : "",
        stats.profile ? strait_srtp_profile_name(stats.profile) : "");
    report_fingerprint(dtls);
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
        { "datagrams_sent", s.datagrams_sent },
        { "datagrams_received", s.datagrams_received },
        { "bytes_sent", s.bytes_sent },
        { "bytes_received", s.bytes_received },
        { "flights_retransmitted", s.flights_retransmitted },
        { "client_hello_fragments", s.client_hello_fragments },
        { "dropped_truncated", s.dropped_truncated },
        { "dropped_type", s.dropped_type },
        { "dropped_version", s.dropped_version },
        { "dropped_overlong", s.dropped_overlong },
        { "dropped_empty", s.dropped_empty },
        { "dropped_short", s.dropped_short },
        { "dropped_epoch", s.dropped_epoch },
        { "dropped_cid", s.dropped_cid },
        { "dropped_malformed", s.dropped_malformed },
        { "dropped_client_hello", s.dropped_client_hello },
        { "dropped_handshake", s.dropped_handshake },
        { "dropped_change_cipher", s.dropped_change_cipher },
        { "dropped_alert", s.dropped_alert },
        { "dropped_data", s.dropped_data },
        { "dropped_ack", s.dropped_ack },
        { "dropped_forged", s.dropped_forged },
        { "dropped_replayed", s.dropped_replayed },
        { "dropped_fragment", s.dropped_fragment },
        { "dropped_held", s.dropped_held },
        { "dropped_ended", s.dropped_ended },
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        if (counters[i].value > 0) {
            say("%s %" PRIu64, counters[i].name, counters[i].value);
        }
    }
}
