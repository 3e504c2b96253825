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

static void set_ended(struct listener *listener, int error, const char *reason, strait_time now)
{
    listener->state = LISTENER_ENDED;
    listener->ended = now;
    listener->error = error;
    snprintf(listener->reason, sizeof listener->reason, "%s", reason);
    /* It becomes part of a sentence. */
    listener->reason[strcspn(listener->reason, "\n")] = '\0';
    if (listener->reason[0] != '\0' && reason[strlen(reason) - 1] == '.') {
        listener->reason[strlen(listener->reason) - 1] = '\0';
    }
}

static void tell_connected(const struct listener *listener)
{
    struct strait_transport_stats stats;
    const char *group, *cipher;
    char hello[40] = "";

    listener_stats(listener, &stats);
    group = strait_dtls_group_name(stats.dtls.group);
    cipher = strait_dtls_cipher_name(stats.dtls.cipher_suite);
    if (stats.dtls.role == STRAIT_DTLS_SERVER) {
        snprintf(hello, sizeof hello, ", ClientHello in %u fragment%s",
                 stats.dtls.client_hello_fragments,
                 stats.dtls.client_hello_fragments == 1 ? "" : "s");
    }
    terminal_say(
        "listener %u connected after %llu ms: DTLS %s %s %s, SRTP %s, we are the DTLS %s%s",
        listener->number, (unsigned long long)((stats.dtls_connected - stats.created) / STRAIT_MS),
        stats.dtls.version == STRAIT_DTLS_1_3 ? "1.3" : "1.2", group ? group : "?",
        cipher ? cipher : "?", strait_srtp_profile_name(stats.dtls.profile),
        stats.dtls.role == STRAIT_DTLS_SERVER ? "server" : "client", hello);
}

/* Ends a listener whose transport did so by itself. */
static void lost(struct listener *listener)
{
    const int error = strait_transport_error(listener->transport);
    const char *detail = strait_transport_error_detail(listener->transport);
    const strait_time now = strait_runtime_now(listener->setup->runtime);

    if (listener->state == LISTENER_ENDED) {
        return;
    }
    if (error == STRAIT_OK || error == STRAIT_E_CLOSED) {
        set_ended(listener, STRAIT_OK, "it closed the connection", now);
    } else {
        set_ended(listener, error, detail[0] != '\0' ? detail : strait_strerror(error), now);
    }
}

static void on_ice_state(void *user, struct strait_transport *transport,
                         enum strait_ice_state state)
{
    (void)transport;
    if (state == STRAIT_ICE_FAILED || state == STRAIT_ICE_CLOSED) {
        lost(user);
    }
}

static void on_dtls_state(void *user, struct strait_transport *transport,
                          enum strait_dtls_state state)
{
    struct listener *listener = user;

    (void)transport;
    if (state == STRAIT_DTLS_CONNECTED && listener->state == LISTENER_JOINING) {
        listener->state = LISTENER_ON_AIR;
        tell_connected(listener);
    } else if (state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED) {
        lost(listener);
    }
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct listener *listener = user;

    (void)transport;
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

static int make_transport(struct listener *listener, enum strait_dtls_role role, strait_time now)
{
    struct strait_transport_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events,
                    .ice_state = on_ice_state,
                    .dtls_state = on_dtls_state,
                    .packets = on_packets },
        .user = listener,
        .ice = STRAIT_ICE_LITE,
        .ice_role = STRAIT_ICE_CONTROLLED,
        .certificate = listener->setup->certificate,
        .dtls_role = role,
    };

    if (role == STRAIT_DTLS_CLIENT) {
        /* A DTLS server goes by its own order, and some browsers' begins with AES_CM: do not offer it. */
        config.profiles[config.n_profiles++] = STRAIT_SRTP_AEAD_AES_128_GCM;
        config.profiles[config.n_profiles++] = STRAIT_SRTP_AEAD_AES_256_GCM;
    }
    return strait_transport_create(&listener->transport, listener->setup->endpoint, &config, now);
}

static int set_remote(struct listener *listener, const struct offer *offer)
{
    struct strait_dtls_parameters dtls = offer->transport->dtls;
    int error = strait_transport_set_remote_ice(listener->transport, &offer->transport->ice);

    dtls.role = offer->role == STRAIT_DTLS_CLIENT ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT;
    if (listener->setup->expect) {
        dtls.fingerprints[0] = *listener->setup->expect;
        dtls.n_fingerprints = 1;
    }
    if (error == STRAIT_OK) {
        error = strait_transport_set_remote_dtls(listener->transport, &dtls);
    }
    return error;
}

static int make_id(struct listener *listener)
{
    uint8_t secret[16];
    size_t at;

    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        return STRAIT_E_RANDOM;
    }
    at = (size_t)snprintf(listener->id, sizeof listener->id, "%u-", listener->number);
    for (size_t i = 0; i < sizeof secret; i++) {
        at += (size_t)snprintf(listener->id + at, sizeof listener->id - at, "%02x", secret[i]);
    }
    return STRAIT_OK;
}

int listener_create(struct listener **out, const struct listener_setup *setup,
                    const struct offer *offer, uint32_t number, strait_time now)
{
    struct listener *listener = calloc(1, sizeof *listener);
    int error;

    *out = NULL;
    if (!listener) {
        return STRAIT_E_NOMEM;
    }
    listener->setup = setup;
    listener->number = number;
    listener->payload_type = offer->payload_type;
    memcpy(listener->mid, offer->audio->mid, sizeof listener->mid);
    wish_mids(listener->mids, offer->sdp);
    /* In the lower half, so that the first packets are not near a wrap (RFC 3711, 3.3.1). */
    listener->sequence = (uint16_t)(any_number() & 0x7fff);
    listener->silent = true;
    listener->joined = now;

    error = make_id(listener);
    if (error == STRAIT_OK) {
        error = make_transport(listener, offer->role, now);
    }
    if (error == STRAIT_OK) {
        error = set_remote(listener, offer);
    }
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
    strait_transport_destroy(listener->transport);
    free(listener);
}

void listener_send(struct listener *listener, const struct listener_frame *frame)
{
    const struct rtp_header header = {
        .payload_type = listener->payload_type,
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

    if (listener->state != LISTENER_ON_AIR || !strait_transport_writable(listener->transport)) {
        listener->silent = true;
        return;
    }
    rtp_write_header(frame->data, &header);
    listener->sequence++;
    if (strait_transport_send(listener->transport, &packet, 1) == 1) {
        listener->silent = false;
        if (listener->packets++ == 0) {
            listener->first_sent = strait_runtime_now(listener->setup->runtime);
        }
        listener->octets += (uint32_t)frame->payload_len;
    }
}

static void send_report(struct listener *listener, uint32_t timestamp, bool bye)
{
    const struct rtcp_sender sender = {
        .ssrc = listener->setup->ssrc,
        .ntp = wall_clock(),
        .timestamp = timestamp,
        .packets = listener->packets,
        .octets = listener->octets,
        .cname = listener->setup->cname,
        .bye = bye,
    };
    uint8_t data[RTCP_MAX_COMPOUND + STRAIT_TAILROOM];
    struct strait_packet packet = { .data = data, .room = sizeof data, .kind = STRAIT_PACKET_RTCP };

    packet.len = rtcp_write(data, &sender);
    (void)strait_transport_send(listener->transport, &packet, 1);
}

void listener_report(struct listener *listener, uint32_t timestamp, strait_time now)
{
    /* The first one at once, so that a player can tell the time early. */
    if (listener->packets == 0 || now < listener->report_due ||
        listener->state != LISTENER_ON_AIR || !strait_transport_writable(listener->transport)) {
        return;
    }
    send_report(listener, timestamp, false);
    listener->report_due = now + rtcp_interval(any_number());
}

void listener_end(struct listener *listener, uint32_t timestamp, int error, const char *reason,
                  strait_time now)
{
    if (listener->state == LISTENER_ENDED) {
        return;
    }
    if (strait_transport_writable(listener->transport)) {
        send_report(listener, timestamp, true);
    }
    strait_transport_close(listener->transport, now);
    set_ended(listener, error, reason, now);
}

void listener_release(struct listener *listener)
{
    listener_stats(listener, &listener->last);
    strait_transport_destroy(listener->transport);
    listener->transport = NULL;
}

void listener_stats(const struct listener *listener, struct strait_transport_stats *out)
{
    if (!listener->transport) {
        *out = listener->last;
        return;
    }
    *out = (struct strait_transport_stats){ .size = sizeof *out };
    (void)strait_transport_stats(listener->transport, out);
}
