#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "state_name.h"
#include "terminal.h"

/* --- The end ----------------------------------------------------------------------------------- */

static void set_ended(struct peer *peer, int error, const char *reason, strait_time now)
{
    size_t len;

    peer->state = PEER_ENDED;
    peer->ended = now;
    peer->error = error;
    snprintf(peer->reason, sizeof peer->reason, "%s", reason);
    /* It becomes part of a sentence. */
    len = strcspn(peer->reason, "\n");
    if (len > 0 && peer->reason[len - 1] == '.') {
        len--;
    }
    peer->reason[len] = '\0';
}

/* The transport ended by itself. */
static void lost(struct peer *peer)
{
    const int error = strait_transport_error(peer->transport);
    const char *detail = strait_transport_error_detail(peer->transport);
    const strait_time now = strait_runtime_now(peer->setup->runtime);

    if (peer->state == PEER_ENDED) {
        return;
    }
    if (error == STRAIT_OK || error == STRAIT_E_CLOSED) {
        set_ended(peer, STRAIT_OK, "it closed the connection", now);
    } else {
        set_ended(peer, error, detail[0] != '\0' ? detail : strait_strerror(error), now);
    }
}

void peer_end(struct peer *peer, int error, const char *reason, strait_time now)
{
    if (peer->state != PEER_ENDED) {
        set_ended(peer, error, reason, now);
        strait_transport_close(peer->transport, now);
    }
}

/* --- The transport's events -------------------------------------------------------------------- */

static void tell_connected(const struct peer *peer)
{
    struct strait_transport_stats stats;
    const char *group, *cipher;
    char hello[40] = "";

    peer_stats(peer, &stats);
    group = strait_dtls_group_name(stats.dtls.group);
    cipher = strait_dtls_cipher_name(stats.dtls.cipher_suite);
    if (stats.dtls.role == STRAIT_DTLS_SERVER) {
        snprintf(hello, sizeof hello, ", ClientHello in %u fragment%s",
                 stats.dtls.client_hello_fragments,
                 stats.dtls.client_hello_fragments == 1 ? "" : "s");
    }
    terminal_say("%s %u connected after %llu ms: DTLS %s %s %s, SRTP %s, we are the DTLS %s%s",
                 peer->kind->name, peer->number,
                 (unsigned long long)((stats.dtls_connected - stats.created) / STRAIT_MS),
                 stats.dtls.version == STRAIT_DTLS_1_3 ? "1.3" : "1.2", group ? group : "?",
                 cipher ? cipher : "?", strait_srtp_profile_name(stats.dtls.profile),
                 stats.dtls.role == STRAIT_DTLS_SERVER ? "server" : "client", hello);
}

static void tell_state(const struct peer *peer, const char *layer, const char *state)
{
    const char *detail = strait_transport_error_detail(peer->transport);

    if (peer->setup->verbose) {
        const strait_time since = strait_runtime_now(peer->setup->runtime) - peer->joined;

        terminal_say("%s %u: %s %s after %llu ms%s%s", peer->kind->name, peer->number, layer, state,
                     (unsigned long long)(since / STRAIT_MS), detail[0] != '\0' ? ": " : "",
                     detail);
    }
}

static void on_ice_state(void *user, struct strait_transport *transport,
                         enum strait_ice_state state)
{
    (void)transport;
    tell_state(user, "ICE", ice_state_name(state));
    if (state == STRAIT_ICE_FAILED || state == STRAIT_ICE_CLOSED) {
        lost(user);
    }
}

static void on_dtls_state(void *user, struct strait_transport *transport,
                          enum strait_dtls_state state)
{
    struct peer *peer = user;

    (void)transport;
    tell_state(peer, "DTLS", dtls_state_name(state));
    if (state == STRAIT_DTLS_CONNECTED && peer->state == PEER_JOINING) {
        peer->state = PEER_CONNECTED;
        tell_connected(peer);
    } else if (state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED) {
        lost(peer);
    }
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct peer *peer = user;

    (void)transport;
    peer->kind->packets(peer, packets, n);
}

/* --- The beginning ----------------------------------------------------------------------------- */

static int make_transport(struct peer *peer, enum strait_dtls_role role, strait_time now)
{
    struct strait_transport_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events,
                    .ice_state = on_ice_state,
                    .dtls_state = on_dtls_state,
                    .packets = on_packets },
        .user = peer,
        .ice = STRAIT_ICE_LITE,
        .ice_role = STRAIT_ICE_CONTROLLED,
        .certificate = peer->setup->certificate,
        .dtls_role = role,
    };

    if (role == STRAIT_DTLS_CLIENT) {
        /* A DTLS server goes by its own order, and some browsers' begins with AES_CM: do not offer it. */
        config.profiles[config.n_profiles++] = STRAIT_SRTP_AEAD_AES_128_GCM;
        config.profiles[config.n_profiles++] = STRAIT_SRTP_AEAD_AES_256_GCM;
    }
    return strait_transport_create(&peer->transport, peer->setup->endpoint, &config, now);
}

static int set_remote(struct peer *peer, const struct offer *offer)
{
    struct strait_dtls_parameters dtls = offer->transport->dtls;
    int error = strait_transport_set_remote_ice(peer->transport, &offer->transport->ice);

    dtls.role = offer->role == STRAIT_DTLS_CLIENT ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT;
    if (peer->setup->expect) {
        dtls.fingerprints[0] = *peer->setup->expect;
        dtls.n_fingerprints = 1;
    }
    if (error == STRAIT_OK) {
        error = strait_transport_set_remote_dtls(peer->transport, &dtls);
    }
    return error;
}

static int make_id(struct peer *peer)
{
    uint8_t secret[16];
    size_t at;

    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        return STRAIT_E_RANDOM;
    }
    at = (size_t)snprintf(peer->id, sizeof peer->id, "%u-", peer->number);
    for (size_t i = 0; i < sizeof secret; i++) {
        at += (size_t)snprintf(peer->id + at, sizeof peer->id - at, "%02x", secret[i]);
    }
    return STRAIT_OK;
}

int peer_open(struct peer *peer, const struct peer_config *config, strait_time now)
{
    const struct offer *offer = config->offer;
    int error;

    *peer = (struct peer){
        .kind = config->kind,
        .setup = config->setup,
        .number = config->number,
        .payload_type = offer->payload_type,
        .joined = now,
    };
    snprintf(peer->address, sizeof peer->address, "%s", config->address);
    memcpy(peer->mid, offer->audio->mid, sizeof peer->mid);
    wish_mids(peer->mids, offer->sdp);
    error = make_id(peer);
    if (error == STRAIT_OK) {
        error = make_transport(peer, offer->role, now);
    }
    if (error == STRAIT_OK) {
        error = set_remote(peer, offer);
    }
    if (error != STRAIT_OK) {
        strait_transport_destroy(peer->transport);
        peer->transport = NULL;
    }
    return error;
}

/* --- Life -------------------------------------------------------------------------------------- */

bool peer_writable(const struct peer *peer)
{
    return peer->state == PEER_CONNECTED && strait_transport_writable(peer->transport);
}

bool peer_is_late(const struct peer *peer, strait_time now)
{
    return peer->state == PEER_JOINING && now - peer->joined > PEER_JOIN_TIMEOUT;
}

void peer_release(struct peer *peer)
{
    peer_stats(peer, &peer->last);
    strait_transport_destroy(peer->transport);
    peer->transport = NULL;
}

void peer_stats(const struct peer *peer, struct strait_transport_stats *out)
{
    if (!peer->transport) {
        *out = peer->last;
        return;
    }
    *out = (struct strait_transport_stats){ .size = sizeof *out };
    (void)strait_transport_stats(peer->transport, out);
}
