/* Making and ending a transport. */
#include "transport/dtls/config.h"
#include "transport/transport.h"
#include "transport/util.h"

/* --- Configuration --------------------------------------------------------------------------------- */

static int check_dtls(const struct strait_transport_config *c)
{
    struct strait_dtls_config dtls = strait__transport_dtls_config(c), read;
    dtls.role = STRAIT_DTLS_SERVER;
    return (unsigned)c->dtls_role <= STRAIT_DTLS_SERVER ? strait__dtls_config_read(&read, &dtls)
                                                        : STRAIT_E_INVALID;
}

/* As in strait_srtp_config: what only fails when there are keys would fail too late. */
static bool valid_srtp(const struct strait_transport_config *c)
{
    return c->replay_window == 0 || (c->replay_window >= 64 && c->replay_window <= 32767);
}

static bool valid_ice(const struct strait_transport_config *c)
{
    bool made = c->ufrag == NULL && c->pwd == NULL;
    bool chosen = c->ufrag != NULL && c->pwd != NULL &&
                  strait__ice_chars(c->ufrag, STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX) &&
                  strait__ice_chars(c->pwd, STRAIT_PWD_MIN, STRAIT_PWD_MAX);
    return (made || chosen) && (unsigned)c->ice <= STRAIT_ICE_EXTERNAL &&
           (unsigned)c->ice_role <= STRAIT_ICE_CONTROLLING;
}

/* What this build leaves out is no mistake of the caller's. */
static bool built(const struct strait_transport_config *c)
{
#ifdef STRAIT_NO_FULL_ICE
    return c->ice != STRAIT_ICE_FULL;
#else
    (void)c;
    return true;
#endif
}

static int check(const struct strait_transport_config *c)
{
    if (!valid_srtp(c) || !valid_ice(c)) {
        return STRAIT_E_INVALID;
    }
    int error = check_dtls(c);
    return error == STRAIT_OK && !built(c) ? STRAIT_E_UNSUPPORTED : error;
}

static void set_defaults(struct strait_transport_config *c)
{
    static const enum strait_srtp_profile profiles[] = { STRAIT_SRTP_AEAD_AES_128_GCM,
                                                         STRAIT_SRTP_AEAD_AES_256_GCM,
                                                         STRAIT_SRTP_AES128_CM_SHA1_80 };
    if (c->n_profiles == 0) {
        memcpy(c->profiles, profiles, sizeof profiles);
        c->n_profiles = sizeof profiles / sizeof *profiles;
    }
    if (c->ice_timeout == 0) {
        c->ice_timeout = 30 * STRAIT_S;
    }
    if (c->consent_timeout == 0) {
        c->consent_timeout = 30 * STRAIT_S; /* RFC 7675, 5.1 */
    }
}

int strait__transport_credentials(const struct strait_hooks *hooks, const char *ufrag,
                                  const char *pwd, struct strait_ice_parameters *out)
{
    memset(out, 0, sizeof *out);
    if (ufrag == NULL && pwd == NULL) {
        return strait__ice_make_credentials(hooks, out);
    }
    if (ufrag == NULL || pwd == NULL ||
        !strait__ice_chars(ufrag, STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX) ||
        !strait__ice_chars(pwd, STRAIT_PWD_MIN, STRAIT_PWD_MAX)) {
        return STRAIT_E_INVALID;
    }
    memcpy(out->ufrag, ufrag, strlen(ufrag) + 1);
    memcpy(out->pwd, pwd, strlen(pwd) + 1);
    return STRAIT_OK;
}

/* --- Life -------------------------------------------------------------------------------------------- */

static int create_ice(struct strait_transport *t, const char *ufrag, const char *pwd,
                      strait_time now)
{
    static int (*const create[])(struct strait__ice **, const struct strait__ice_config *) = {
        [STRAIT_ICE_LITE] = strait__ice_lite_create,
#ifndef STRAIT_NO_FULL_ICE
        [STRAIT_ICE_FULL] = strait__ice_full_create,
#endif
        [STRAIT_ICE_EXTERNAL] = strait__ice_external_create,
    };
    struct strait__ice_config config = { .hooks = &t->endpoint->hooks,
                                         .events = strait__transport_ice_events,
                                         .user = t,
                                         .role = t->config.ice_role,
                                         .ice_timeout = t->config.ice_timeout,
                                         .consent_timeout = t->config.consent_timeout,
                                         .locals = t->endpoint->locals,
                                         .n_locals = t->endpoint->n_locals,
                                         .now = now };
    int error = strait__transport_credentials(&t->endpoint->hooks, ufrag, pwd, &config.local);
    if (error == STRAIT_OK) {
        config.local.ice_lite = t->config.ice == STRAIT_ICE_LITE;
        error = create[t->config.ice](&t->ice, &config);
    }
    strait__zero(&config.local, sizeof config.local);
    return error;
}

int strait_transport_create(struct strait_transport **out, struct strait_endpoint *endpoint,
                            const struct strait_transport_config *given, strait_time now)
{
    struct strait_transport_config config;
    if (out == NULL || endpoint == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    int error = strait__sized_read(&config, sizeof config, given);
    if (error == STRAIT_OK) {
        error = check(&config);
    }
    if (error != STRAIT_OK) {
        return error;
    }
    uint64_t id = endpoint->next_id + 1;
    strait__record_transport(endpoint->recorder, id, now, &config);
    now = strait__endpoint_now(endpoint, now);
    struct strait_transport *t = strait__alloc(&endpoint->hooks, sizeof *t);
    if (t == NULL) {
        return STRAIT_E_NOMEM;
    }
    endpoint->next_id = t->id = id;
    t->endpoint = endpoint;
    t->config = config;
    t->config.ufrag = t->config.pwd = NULL;
    set_defaults(&t->config);
    strait_certificate_ref(config.certificate);
    t->stats.created = now;
    error = create_ice(t, config.ufrag, config.pwd, now);
    if (error == STRAIT_OK) {
        error = strait__endpoint_adopt(endpoint, t);
    }
    if (error != STRAIT_OK) {
        strait__transport_free(t);
        return error;
    }
    strait__transport_reschedule(t);
    *out = t;
    return STRAIT_OK;
}

static void destroy_ice(struct strait_transport *t)
{
    if (t->ice != NULL) {
        t->ice->ops->destroy(t->ice);
        t->ice = NULL;
        t->agents = NULL;
    }
}

void strait_transport_destroy(struct strait_transport *transport)
{
    if (transport == NULL || transport->destroyed) {
        return;
    }
    struct strait_endpoint *e = transport->endpoint;
    strait__record_call(e->recorder, STRAIT__RECORD_DESTROY, transport->id);
    transport->destroyed = true;
    transport->has_path = false; /* DTLS below us may still want to answer */
    strait__endpoint_release(e, transport);
    strait__paths_clear(&transport->paths, e);
    /* No event fires inside ICE: its credentials are free for another transport at once. DTLS may be on
     * the stack below us, and goes when everything has returned. */
    destroy_ice(transport);
    if (e->depth > 0) {
        transport->next = e->dead;
        e->dead = transport;
    } else {
        strait__transport_free(transport);
    }
}

void strait__transport_free(struct strait_transport *t)
{
    struct strait_hooks *hooks = &t->endpoint->hooks;
    destroy_ice(t);
    strait_dtls_destroy(t->dtls);
    strait_srtp_destroy(t->srtp);
    strait_srtp_destroy(t->old_srtp);
    strait__early_clear(&t->early, hooks);
    strait_certificate_unref(t->config.certificate);
    strait__zero(t, sizeof *t);
    strait__free(hooks, t);
}

void strait_transport_close(struct strait_transport *transport, strait_time now)
{
    if (transport == NULL || transport->closed || transport->destroyed) {
        return;
    }
    strait__record_close(transport->endpoint->recorder, transport->id, now);
    now = strait__endpoint_now(transport->endpoint, now);
    if (transport->dtls != NULL) {
        strait_dtls_close(transport->dtls, now);
    }
    transport->closed = true;
    strait__transport_fail(transport, STRAIT_E_CLOSED, "closed by strait_transport_close");
    memset(&transport->news, 0, sizeof transport->news);
    strait__transport_reschedule(transport);
}

void strait__transport_fail(struct strait_transport *t, int error, const char *detail)
{
    if (t->error == STRAIT_OK) {
        size_t len = strlen(detail);
        t->error = error;
        len = len < sizeof t->detail ? len : sizeof t->detail - 1;
        memcpy(t->detail, detail, len);
        t->detail[len] = '\0';
    }
}
