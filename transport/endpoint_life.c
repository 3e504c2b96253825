/* Making and ending an endpoint, its local addresses and its list of transports. */
#include "srtp/library.h"
#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/transport.h"
#include "transport/util.h"

static int read_config(struct strait_endpoint_config *config,
                       const struct strait_endpoint_config *given)
{
    static const struct strait_endpoint_config defaults = { .size = sizeof defaults };
    int error = strait__sized_read(config, sizeof *config, given != NULL ? given : &defaults);
    /* A record holds keys: nobody shall make one without knowing. */
    if (error == STRAIT_OK && config->record != NULL && !config->record_secrets_ok) {
        error = STRAIT_E_INVALID;
    }
    return error;
}

static int read_rules(struct strait_endpoint *e, const struct strait_endpoint_config *config)
{
    const char *bad;
    const char *what = "local rule";
    int error = strait__rules_init_local(&e->local_rules, &e->hooks, &config->local, &bad);
    if (error == STRAIT_OK) {
        what = "remote rule";
        error = strait__rules_init(&e->remote_rules, &e->hooks, &config->remote, &bad);
    }
    if (error == STRAIT_OK) {
        what = "mapping";
        error = strait__mappings_init(&e->mappings, &e->hooks, config->mappings, config->n_mappings,
                                      config->mappings_added, &bad);
    }
    (void)what; /* without logging nobody reads it */
    if (bad != NULL) {
        strait__log(&e->hooks, STRAIT_LOG_ERROR, "endpoint", "%s: \"%.60s\" has no place there",
                    what, bad);
    }
    return error;
}

static int init_tables(struct strait_endpoint *e)
{
    int error = strait__table_init(&e->paths, &e->hooks);
    if (error == STRAIT_OK) {
        error = strait__table_init(&e->ufrags, &e->hooks);
    }
    if (error == STRAIT_OK) {
        error = strait__table_init(&e->transactions, &e->hooks);
    }
    return error;
}

int strait_endpoint_create(struct strait_endpoint **out, const struct strait_endpoint_config *given,
                           strait_time now)
{
    struct strait_endpoint_config config;
    struct strait_hooks hooks;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    int error = read_config(&config, given);
    if (error == STRAIT_OK) {
        error = strait__hooks_init(&hooks, config.hooks);
    }
    if (error != STRAIT_OK) {
        return error;
    }
    struct strait_endpoint *e = strait__alloc(&hooks, sizeof *e);
    if (e == NULL) {
        return STRAIT_E_NOMEM;
    }
    e->hooks = hooks;
    e->events = config.events;
    e->user = config.user;
    e->now = now;
    e->max_transports = config.max_transports > 0 ? config.max_transports
                                                  : STRAIT__DEFAULT_TRANSPORTS;
    error = read_rules(e, &config);
    if (error != STRAIT_OK) {
        goto fail;
    }
    if (config.record != NULL) {
        error = strait__recorder_create(&e->recorder, &e->hooks, &config, now);
        if (error != STRAIT_OK) {
            goto fail;
        }
    }
    strait__deadlines_init(&e->deadlines, &e->hooks);
    strait__outbox_init(&e->outbox, &e->hooks,
                        config.outbox_bytes > 0 ? config.outbox_bytes : STRAIT__DEFAULT_OUTBOX);
    error = init_tables(e);
    if (error == STRAIT_OK) {
        error = strait__srtp_library_acquire();
        e->has_srtp = error == STRAIT_OK;
    }
    if (error != STRAIT_OK) {
        goto fail;
    }
    *out = e;
    return STRAIT_OK;
fail:
    strait_endpoint_destroy(e);
    return error;
}

void strait_endpoint_destroy(struct strait_endpoint *endpoint)
{
    if (endpoint == NULL) {
        return;
    }
    while (endpoint->transports != NULL) {
        strait_transport_destroy(endpoint->transports);
    }
    strait__outbox_finish(&endpoint->outbox);
    strait__deadlines_finish(&endpoint->deadlines);
    strait__table_finish(&endpoint->transactions);
    strait__table_finish(&endpoint->ufrags);
    strait__table_finish(&endpoint->paths);
    strait__rules_finish(&endpoint->local_rules, &endpoint->hooks);
    strait__rules_finish(&endpoint->remote_rules, &endpoint->hooks);
    strait__mappings_finish(&endpoint->mappings, &endpoint->hooks);
    strait__recorder_destroy(endpoint->recorder, &endpoint->hooks);
    if (endpoint->has_srtp) {
        strait__srtp_library_release();
    }
    struct strait_hooks hooks = endpoint->hooks;
    strait__zero(endpoint, sizeof *endpoint);
    strait__free(&hooks, endpoint);
}

int strait_endpoint_add_local(struct strait_endpoint *endpoint, uint32_t socket,
                              const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_storage copy;
    if (endpoint == NULL || !strait__address_copy(&copy, address, len) ||
        strait__address_port(&copy) == 0) {
        return STRAIT_E_INVALID;
    }
    return strait__endpoint_add_local(endpoint, socket, &copy, NULL);
}

int strait__endpoint_add_local(struct strait_endpoint *endpoint, uint32_t socket,
                               const struct sockaddr_storage *address, const char *interface)
{
    struct strait_path local = { .socket = socket, .local = *address };
    if (!strait__rules_allow_on(&endpoint->local_rules, address, interface)) {
        return STRAIT_E_DENIED;
    }
    for (size_t i = 0; i < endpoint->n_locals; i++) {
        if (endpoint->locals[i].socket == socket &&
            strait__address_equal(&endpoint->locals[i].local, &local.local)) {
            return STRAIT_E_EXISTS;
        }
    }
    if (endpoint->n_locals == STRAIT__MAX_LOCALS) {
        return STRAIT_E_LIMIT;
    }
    strait__record_local(endpoint->recorder, socket, &local.local);
    endpoint->locals[endpoint->n_locals++] = local;
    return STRAIT_OK;
}

struct offered {
    struct strait_candidate list[STRAIT__MAX_MAPPINGS + 1];
    size_t n;
};

/* What is told of local address number `i`. */
static void offer(const struct strait_endpoint *e, size_t i, struct offered *out)
{
    const struct strait_path *local = &e->locals[i];
    struct strait_candidate host;
    strait_candidate_host(&host, (const struct sockaddr *)(const void *)&local->local,
                          strait__ice_local_preference(local, i));
    out->n = strait__mappings_apply(&e->mappings, &host, out->list, STRAIT__MAX_MAPPINGS + 1);
}

static bool has(const struct offered *offered, size_t n, const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < n; i++) {
        if (strait__address_equal(&offered->list[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* Two local addresses behind one advertised are one candidate. */
static bool offered_before(const struct strait_endpoint *e, size_t i,
                           const struct sockaddr_storage *address)
{
    struct offered before;
    for (size_t k = 0; k < i && e->mappings.n > 0; k++) {
        offer(e, k, &before);
        if (has(&before, before.n, address)) {
            return true;
        }
    }
    return false;
}

size_t strait_endpoint_local_candidates(const struct strait_endpoint *endpoint,
                                        struct strait_candidate *out, size_t max)
{
    size_t n = 0;
    struct offered offered;
    for (size_t i = 0; endpoint != NULL && i < endpoint->n_locals; i++) {
        offer(endpoint, i, &offered);
        for (size_t k = 0; k < offered.n; k++) {
            const struct sockaddr_storage *address = &offered.list[k].address;
            if (has(&offered, k, address) || offered_before(endpoint, i, address)) {
                continue;
            }
            if (n < max) {
                out[n] = offered.list[k];
            }
            n++;
        }
    }
    return n;
}

int strait__endpoint_adopt(struct strait_endpoint *endpoint, struct strait_transport *transport)
{
    if (endpoint->stats.transports >= endpoint->max_transports) {
        return STRAIT_E_LIMIT;
    }
    int error = strait__deadlines_add(&endpoint->deadlines, &transport->deadline);
    if (error != STRAIT_OK) {
        return error;
    }
    transport->next = endpoint->transports;
    transport->link = &endpoint->transports;
    if (transport->next != NULL) {
        transport->next->link = &transport->next;
    }
    endpoint->transports = transport;
    endpoint->stats.transports_created++;
    if (++endpoint->stats.transports > endpoint->stats.transports_max) {
        endpoint->stats.transports_max = endpoint->stats.transports;
    }
    return STRAIT_OK;
}

void strait__endpoint_release(struct strait_endpoint *endpoint, struct strait_transport *transport)
{
    if (transport->link == NULL) {
        return;
    }
    strait__deadlines_remove(&endpoint->deadlines, &transport->deadline);
    *transport->link = transport->next;
    if (transport->next != NULL) {
        transport->next->link = transport->link;
    }
    transport->link = NULL;
    transport->next = NULL;
    endpoint->stats.transports--;
}
