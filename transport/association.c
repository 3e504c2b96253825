/* A transport's DTLS association: when it begins, what it reports, and the keys that come of it. */
#include "transport/transport.h"

#include "transport/util.h"

enum {
    /* Lite sends no checks and so measures no round trip. RFC 9147, 5.8.2 starts at 1 s and lets an
     * application that knows its networks start lower: twice a round trip of 100 ms. */
    UNKNOWN_RTT_TIMEOUT_MS = 200
};

enum strait_dtls_role strait_transport_dtls_role(const struct strait_transport *transport)
{
    if (transport == NULL) {
        return STRAIT_DTLS_AUTO;
    }
    if (transport->config.dtls_role != STRAIT_DTLS_AUTO || !transport->has_remote_dtls) {
        return transport->config.dtls_role;
    }
    /* RFC 8842, 5.3: whoever may choose should be active; that saves half a round trip. */
    return transport->remote_dtls.role == STRAIT_DTLS_CLIENT ? STRAIT_DTLS_SERVER
                                                             : STRAIT_DTLS_CLIENT;
}

bool strait__transport_ended(const struct strait_transport *t)
{
    enum strait_dtls_state state = t->dtls != NULL ? strait_dtls_state(t->dtls) : STRAIT_DTLS_NEW;
    return state == STRAIT_DTLS_CLOSED || state == STRAIT_DTLS_FAILED;
}

static void on_state(void *user, enum strait_dtls_state state);

struct strait_dtls_config strait__transport_dtls_config(
    const struct strait_transport_config *config)
{
    struct strait_dtls_config dtls = {
        .size = sizeof dtls,
        .events = strait__transport_dtls_events,
        .certificate = config->certificate,
        .min_version = config->min_version,
        .max_version = config->max_version,
        .n_profiles = config->n_profiles,
        .n_groups = config->n_groups,
        .mtu = config->mtu,
        .handshake_timeout = config->handshake_timeout,
        .keylog_env = config->keylog_env,
    };
    memcpy(dtls.profiles, config->profiles, sizeof dtls.profiles);
    memcpy(dtls.groups, config->groups, sizeof dtls.groups);
    return dtls;
}

static int create(struct strait_transport *t, enum strait_dtls_role role, strait_time now)
{
    struct strait_dtls_config dtls = strait__transport_dtls_config(&t->config);
    dtls.hooks = &t->endpoint->hooks;
    dtls.user = t;
    dtls.role = role;
    dtls.initial_timeout = t->rtt > 0 ? 2 * t->rtt : UNKNOWN_RTT_TIMEOUT_MS * STRAIT_MS;
    return strait_dtls_create(&t->dtls, &dtls, now);
}

/* Gives the fingerprints as soon as both they and the association are there. */
static void give_fingerprints(struct strait_transport *t)
{
    if (t->dtls != NULL && t->has_remote_dtls && !t->fingerprints_given) {
        t->fingerprints_given = true;
        strait_dtls_set_fingerprints(t->dtls, t->remote_dtls.fingerprints,
                                     t->remote_dtls.n_fingerprints);
    }
}

void strait__transport_begin_dtls(struct strait_transport *t, strait_time now)
{
    enum strait_dtls_role role = strait_transport_dtls_role(t);
    /* Nothing is spent on a peer before a check, or an answer to ours, had valid integrity: that is
     * when ICE gives a path. */
    if (t->dtls == NULL && t->has_path && role != STRAIT_DTLS_AUTO && t->error == STRAIT_OK) {
        int error = create(t, role, now);
        if (error != STRAIT_OK) {
            strait__transport_fail(t, error, "the DTLS association could not be made");
            t->news.dtls[t->news.n_dtls++] = STRAIT_DTLS_FAILED;
            return;
        }
        t->stats.dtls_started = now;
        give_fingerprints(t);
        on_state(t, STRAIT_DTLS_CONNECTING); /* start itself tells nobody */
        if (strait_dtls_start(t->dtls, now) != STRAIT_OK) {
            on_state(t, STRAIT_DTLS_FAILED);
        }
        return;
    }
    if (t->has_remote_dtls && !t->fingerprints_given && t->dtls != NULL) {
        give_fingerprints(t);
        strait_dtls_advance(t->dtls, now);
    }
}

/* --- What it reports ----------------------------------------------------------------------------- */

static void on_send(void *user, const uint8_t *data, size_t len)
{
    struct strait_transport *t = user;
    if (t->has_path) {
        strait__transport_out(t, &t->path, data, len);
    } else {
        t->stats.dropped_no_path++;
    }
}

static int make_srtp(struct strait_transport *t)
{
    struct strait_srtp *srtp = NULL;
    struct strait_srtp_config config = { .size = sizeof config,
                                         .hooks = &t->endpoint->hooks,
                                         .replay_window_rtp = t->config.replay_window,
                                         .max_ssrcs = t->config.max_ssrcs };
    int error = strait_dtls_srtp_keys(t->dtls, &config.profile, &config.send, &config.receive);
    if (error == STRAIT_OK) {
        error = strait_srtp_create(&srtp, &config);
    }
    if (error == STRAIT_OK) {
        t->profile = config.profile;
        t->send_key = config.send;
        t->receive_key = config.receive;
        strait__transport_take_srtp(t, srtp, t->endpoint->now);
    }
    strait__zero(&config, sizeof config);
    return error;
}

/* Without SRTP a transport is not connected: the peer learns of it, and the application by name. */
static enum strait_dtls_state connected(struct strait_transport *t)
{
    int error = make_srtp(t);
    if (error == STRAIT_OK) {
        t->stats.dtls_connected = t->endpoint->now;
        return STRAIT_DTLS_CONNECTED;
    }
    strait__transport_fail(t, error, "no SRTP session could be made of the exported keys");
    strait_dtls_close(t->dtls, t->endpoint->now);
    return STRAIT_DTLS_FAILED;
}

static void on_state(void *user, enum strait_dtls_state state)
{
    struct strait_transport *t = user;
    if (state == STRAIT_DTLS_CONNECTED) {
        state = connected(t);
    } else if (state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED) {
        strait__transport_fail(t, strait_dtls_error(t->dtls), strait_dtls_error_detail(t->dtls));
    }
    if (t->news.n_dtls < sizeof t->news.dtls / sizeof *t->news.dtls) {
        t->news.dtls[t->news.n_dtls++] = state;
    }
    t->wake = true;
}

static void on_data(void *user, uint8_t *data, size_t len)
{
    struct strait_transport *t = user;
    if (t->destroyed || t->closed) {
        return;
    }
    strait__record_event(t->endpoint->recorder, t->id, STRAIT__EVENT_DATA);
    if (t->config.events.data != NULL) {
        t->config.events.data(t->config.user, t, data, len);
    }
    strait__record_event_end(t->endpoint->recorder);
}

const struct strait_dtls_events strait__transport_dtls_events = {
    .size = sizeof(struct strait_dtls_events),
    .send = on_send,
    .state = on_state,
    .data = on_data,
};
