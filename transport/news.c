/* What ICE reports to its transport, and what the application is told of it. */
#include "transport/transport.h"

#include "transport/util.h"

/* --- From ICE ------------------------------------------------------------------------------------ */

static void on_send(void *user, const struct strait_path *path, const uint8_t *data, size_t len)
{
    strait__transport_out(user, path, data, len);
}

static void on_state(void *user, enum strait_ice_state state)
{
    struct strait_transport *t = user;
    if (state == STRAIT_ICE_FAILED && t->error == STRAIT_OK) {
        strait__log(&t->endpoint->hooks, STRAIT_LOG_INFO, "ice", "failed: %s", t->ice->detail);
    }
    if (t->news.n_ice < sizeof t->news.ice / sizeof *t->news.ice) {
        t->news.ice[t->news.n_ice++] = state;
    }
}

static bool on_validated(void *user, const struct strait_path *path)
{
    struct strait_transport *t = user;
    bool ours = strait__paths_prove(&t->paths, t->endpoint, t, path, t->has_path ? &t->path : NULL,
                                    t->endpoint->now);
    if (ours && t->stats.path_validated == 0) {
        t->stats.path_validated = t->endpoint->now;
    }
    return ours;
}

static void on_selected(void *user, const struct strait_path *path, bool nominated)
{
    struct strait_transport *t = user;
    (void)nominated;
    bool moved = path != NULL && !(t->has_path && strait__path_equal(&t->path, path));
    t->has_path = path != NULL;
    if (moved) {
        t->path = *path;
        t->stats.selected_candidate_pair_changes++;
        t->news.path = true;
    }
}

static void on_repeated(void *user)
{
    struct strait_transport *t = user;
    t->repeat = true;
}

static void on_attributes(void *user, const struct strait_stun_attribute *attributes, size_t n)
{
    struct strait_transport *t = user;
    size_t room = sizeof t->news.attributes / sizeof *t->news.attributes;
    t->news.n_attributes = n < room ? n : room;
    memcpy(t->news.attributes, attributes, t->news.n_attributes * sizeof *attributes);
}

static void on_rtt(void *user, strait_time rtt)
{
    struct strait_transport *t = user;
    t->rtt = rtt;
    if (t->dtls != NULL) {
        strait_dtls_set_rtt(t->dtls, rtt);
    }
}

static int link_ufrag(void *user, struct strait__node *node, const char *ufrag)
{
    struct strait_transport *t = user;
    return strait__table_add(&t->endpoint->ufrags, node, ufrag, strlen(ufrag), t);
}

static int link_transaction(void *user, struct strait__node *node, const uint8_t *transaction)
{
    struct strait_transport *t = user;
    return strait__table_add(&t->endpoint->transactions, node, transaction,
                             STRAIT__STUN_TRANSACTION, t);
}

static void unlink_ufrag(void *user, struct strait__node *node)
{
    struct strait_transport *t = user;
    strait__table_remove(&t->endpoint->ufrags, node);
}

static void unlink_transaction(void *user, struct strait__node *node)
{
    struct strait_transport *t = user;
    strait__table_remove(&t->endpoint->transactions, node);
}

const struct strait__ice_events strait__transport_ice_events = {
    .send = on_send,
    .state = on_state,
    .validated = on_validated,
    .selected = on_selected,
    .repeated = on_repeated,
    .attributes = on_attributes,
    .rtt = on_rtt,
    .link_ufrag = link_ufrag,
    .link_transaction = link_transaction,
    .unlink_ufrag = unlink_ufrag,
    .unlink_transaction = unlink_transaction,
};

/* --- To the application ---------------------------------------------------------------------------- */

static void tell_ice(struct strait_transport *t, enum strait_ice_state state)
{
    strait__record_event(t->endpoint->recorder, t->id, STRAIT__EVENT_ICE_STATE);
    if (t->config.events.ice_state != NULL) {
        t->config.events.ice_state(t->config.user, t, state);
    }
    strait__record_event_end(t->endpoint->recorder);
}

static void tell_dtls(struct strait_transport *t, enum strait_dtls_state state)
{
    strait__record_event(t->endpoint->recorder, t->id, STRAIT__EVENT_DTLS_STATE);
    if (t->config.events.dtls_state != NULL) {
        t->config.events.dtls_state(t->config.user, t, state);
    }
    strait__record_event_end(t->endpoint->recorder);
}

static void tell_path(struct strait_transport *t)
{
    struct strait_path path = t->path;
    strait__record_event(t->endpoint->recorder, t->id, STRAIT__EVENT_PATH);
    if (t->config.events.path != NULL) {
        t->config.events.path(t->config.user, t, &path);
    }
    strait__record_event_end(t->endpoint->recorder);
}

static void tell_attributes(struct strait_transport *t, const struct strait__news *news)
{
    strait__record_event(t->endpoint->recorder, t->id, STRAIT__EVENT_ATTRIBUTES);
    if (t->config.events.stun_attributes != NULL) {
        t->config.events.stun_attributes(t->config.user, t, news->attributes, news->n_attributes);
    }
    strait__record_event_end(t->endpoint->recorder);
}

/* Each event may destroy the transport, or close it: then nothing more is told. */
static bool over(const struct strait_transport *t)
{
    return t->destroyed || t->closed;
}

void strait__transport_tell(struct strait_transport *t)
{
    while (!over(t) &&
           (t->news.n_ice > 0 || t->news.n_dtls > 0 || t->news.path || t->news.n_attributes > 0)) {
        struct strait__news news = t->news;
        memset(&t->news, 0, sizeof t->news);
        for (size_t i = 0; i < news.n_ice && !over(t); i++) {
            tell_ice(t, news.ice[i]);
        }
        if (news.path && !over(t)) {
            tell_path(t);
        }
        if (news.n_attributes > 0 && !over(t)) {
            tell_attributes(t, &news);
        }
        for (size_t i = 0; i < news.n_dtls && !over(t); i++) {
            tell_dtls(t, news.dtls[i]);
        }
    }
}
