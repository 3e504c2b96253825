#include "transport/record.h"

#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/util.h"

struct strait__recorder {
    struct strait_hooks hooks; /* the host's */
    strait_record_sink sink;
    void *user;
    uint8_t *entry;
    size_t len, room;
    bool broken; /* no memory: the record ends here, and the log said so */
};

/* --- An entry ------------------------------------------------------------------------------ */

static void put(struct strait__recorder *r, const void *bytes, size_t len)
{
    if (r->broken || len == 0) {
        return;
    }
    if (r->len + len > r->room) {
        size_t room = (r->len + len) * 2;
        uint8_t *entry = strait__alloc(&r->hooks, room);
        if (entry == NULL) {
            r->broken = true;
            strait__log(&r->hooks, STRAIT_LOG_ERROR, "record", "out of memory: the record ends");
            return;
        }
        if (r->len > 0) {
            memcpy(entry, r->entry, r->len);
        }
        strait__zero(r->entry, r->room);
        strait__free(&r->hooks, r->entry);
        r->entry = entry;
        r->room = room;
    }
    memcpy(r->entry + r->len, bytes, len);
    r->len += len;
}

static void put32(struct strait__recorder *r, uint32_t value)
{
    uint8_t bytes[4];
    strait__put32(bytes, value);
    put(r, bytes, sizeof bytes);
}

static void put64(struct strait__recorder *r, uint64_t value)
{
    uint8_t bytes[8];
    strait__put64(bytes, value);
    put(r, bytes, sizeof bytes);
}

static void put_bytes(struct strait__recorder *r, const void *bytes, size_t len)
{
    put32(r, (uint32_t)len);
    put(r, bytes, len);
}

/* A string or NULL, which has the length 2^32 - 1. */
static void put_string(struct strait__recorder *r, const char *text)
{
    if (text == NULL) {
        put32(r, UINT32_MAX);
    } else {
        put_bytes(r, text, strlen(text));
    }
}

static void put_address(struct strait__recorder *r, const struct sockaddr_storage *address)
{
    put_bytes(r, address, strait__address_len(address));
}

static void put_path(struct strait__recorder *r, const struct strait_path *path)
{
    put_address(r, &path->local);
    put_address(r, &path->remote);
    put32(r, path->socket);
}

static void begin(struct strait__recorder *r, enum strait__record_type type)
{
    uint8_t header[5] = { (uint8_t)type };
    r->len = 0;
    put(r, header, sizeof header);
}

static void end(struct strait__recorder *r)
{
    if (!r->broken) {
        strait__put32(r->entry + 1, (uint32_t)(r->len - 5));
        r->sink(r->user, r->entry, r->len);
    }
}

/* --- The recorder --------------------------------------------------------------------------- */

static void *record_alloc(void *user, size_t bytes)
{
    struct strait__recorder *r = user;
    return r->hooks.alloc(r->hooks.user, bytes);
}

static void record_free(void *user, void *memory)
{
    struct strait__recorder *r = user;
    r->hooks.free(r->hooks.user, memory);
}

static int record_random(void *user, uint8_t *out, size_t bytes)
{
    struct strait__recorder *r = user;
    int error = r->hooks.random(r->hooks.user, out, bytes);
    begin(r, STRAIT__RECORD_RANDOM);
    put_bytes(r, out, error == 0 ? bytes : 0);
    end(r);
    return error;
}

static void record_log(void *user, enum strait_log_level level, const char *component,
                       const char *line)
{
    struct strait__recorder *r = user;
    r->hooks.log(r->hooks.user, level, component, line);
}

static void put_texts(struct strait__recorder *r, const char *const *texts, size_t n)
{
    put32(r, (uint32_t)n);
    for (size_t i = 0; i < n && texts != NULL; i++) {
        put_string(r, texts[i]);
    }
}

int strait__recorder_create(struct strait__recorder **out, struct strait_hooks *hooks,
                            const struct strait_endpoint_config *config, strait_time now)
{
    struct strait__recorder *r = strait__alloc(hooks, sizeof *r);
    if (r == NULL) {
        return STRAIT_E_NOMEM;
    }
    r->hooks = *hooks;
    r->sink = config->record;
    r->user = config->record_user;
    *hooks = (struct strait_hooks){ .size = sizeof *hooks,
                                    .user = r,
                                    .alloc = record_alloc,
                                    .free = record_free,
                                    .random = record_random,
                                    .log = record_log };
    begin(r, STRAIT__RECORD_CREATE);
    put(r, STRAIT__RECORD_MAGIC, sizeof STRAIT__RECORD_MAGIC - 1);
    put_string(r, strait_version());
    put32(r, (uint32_t)sizeof(struct strait_transport_config));
    put32(r, (uint32_t)sizeof(struct strait_candidate));
    put32(r, (uint32_t)sizeof(struct strait_ice_parameters));
    put32(r, (uint32_t)sizeof(struct strait_dtls_parameters));
    put64(r, now);
    put32(r, config->max_transports);
    put32(r, config->outbox_bytes);
    put32(r, config->events.quic != NULL);
    /* The local ones have done their work when an address is added: only what passed them is recorded. */
    put_texts(r, config->remote.allow, config->remote.n_allow);
    put_texts(r, config->remote.deny, config->remote.n_deny);
    end(r);
    *out = r;
    return STRAIT_OK;
}

void strait__recorder_destroy(struct strait__recorder *recorder, struct strait_hooks *hooks)
{
    if (recorder == NULL) {
        return;
    }
    struct strait_hooks own = recorder->hooks;
    *hooks = own;
    strait__zero(recorder->entry, recorder->room);
    strait__free(&own, recorder->entry);
    strait__free(&own, recorder);
}

/* --- The entries ---------------------------------------------------------------------------- */

void strait__record_local(struct strait__recorder *recorder, uint32_t socket,
                          const struct sockaddr_storage *address)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_ADD_LOCAL);
        put32(recorder, socket);
        put_address(recorder, address);
        end(recorder);
    }
}

void strait__record_receive(struct strait__recorder *recorder, strait_time now,
                            const struct strait_datagram *datagrams, size_t n)
{
    if (recorder == NULL) {
        return;
    }
    begin(recorder, STRAIT__RECORD_RECEIVE);
    put64(recorder, now);
    put32(recorder, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        const struct strait_datagram *d = &datagrams[i];
        put_address(recorder, &d->local);
        put_address(recorder, &d->remote);
        put32(recorder, d->socket);
        put32(recorder, (uint32_t)(d->ecn << 8 | d->dscp));
        put64(recorder, d->rx_time);
        put32(recorder, (uint32_t)d->room);
        put_bytes(recorder, d->data, d->len);
    }
    end(recorder);
}

void strait__record_advance(struct strait__recorder *recorder, strait_time now)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_ADVANCE);
        put64(recorder, now);
        end(recorder);
    }
}

void strait__record_sent(struct strait__recorder *recorder, const struct strait_endpoint *endpoint,
                         size_t n)
{
    struct strait_send sends[64];
    if (recorder == NULL) {
        return;
    }
    /* pending shows the first ones only: more than that in one call of sent is several entries. */
    size_t shown = strait__outbox_pending(&endpoint->outbox, sends, n < 64 ? n : 64);
    begin(recorder, STRAIT__RECORD_SENT);
    put32(recorder, (uint32_t)shown);
    for (size_t i = 0; i < shown; i++) {
        put_path(recorder, sends[i].path);
        put32(recorder, sends[i].segment_size);
        put32(recorder, (uint32_t)(sends[i].ecn << 8 | sends[i].dscp));
        put_bytes(recorder, sends[i].data, sends[i].len);
    }
    end(recorder);
}

void strait__record_transport(struct strait__recorder *recorder, uint64_t id, strait_time now,
                              const struct strait_transport_config *config)
{
    if (recorder == NULL) {
        return;
    }
    size_t cert_len, key_len;
    const uint8_t *cert = strait_certificate_der(config->certificate, &cert_len);
    const uint8_t *key = strait_certificate_key_der(config->certificate, &key_len);
    struct strait_transport_config plain = *config;
    memset(&plain.events, 0, sizeof plain.events);
    plain.user = NULL;
    plain.ufrag = plain.pwd = NULL;
    plain.certificate = NULL;
    begin(recorder, STRAIT__RECORD_TRANSPORT);
    put64(recorder, id);
    put64(recorder, now);
    put(recorder, &plain, sizeof plain);
    put_string(recorder, config->ufrag);
    put_string(recorder, config->pwd);
    put_bytes(recorder, cert, cert_len);
    put_bytes(recorder, key, key_len);
    end(recorder);
}

void strait__record_call(struct strait__recorder *recorder, enum strait__record_type type,
                         uint64_t id)
{
    if (recorder != NULL) {
        begin(recorder, type);
        put64(recorder, id);
        end(recorder);
    }
}

void strait__record_close(struct strait__recorder *recorder, uint64_t id, strait_time now)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_CLOSE);
        put64(recorder, id);
        put64(recorder, now);
        end(recorder);
    }
}

void strait__record_struct(struct strait__recorder *recorder, enum strait__record_type type,
                           uint64_t id, const void *plain, size_t size)
{
    if (recorder != NULL) {
        begin(recorder, type);
        put64(recorder, id);
        put(recorder, plain, size);
        end(recorder);
    }
}

void strait__record_restart(struct strait__recorder *recorder, uint64_t id, const char *ufrag,
                            const char *pwd)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_RESTART);
        put64(recorder, id);
        put_string(recorder, ufrag);
        put_string(recorder, pwd);
        end(recorder);
    }
}

void strait__record_attributes(struct strait__recorder *recorder, uint64_t id,
                               const struct strait_stun_attribute *attributes, size_t n)
{
    if (recorder == NULL) {
        return;
    }
    begin(recorder, STRAIT__RECORD_ATTRIBUTES);
    put64(recorder, id);
    put32(recorder, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        put32(recorder, attributes[i].type);
        put_bytes(recorder, attributes[i].value, attributes[i].len);
    }
    end(recorder);
}

void strait__record_send(struct strait__recorder *recorder, uint64_t id,
                         const struct strait_packet *packets, size_t n)
{
    if (recorder == NULL) {
        return;
    }
    begin(recorder, STRAIT__RECORD_SEND);
    put64(recorder, id);
    put32(recorder, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        put32(recorder, (uint32_t)packets[i].kind);
        put32(recorder, (uint32_t)(packets[i].ecn << 8 | packets[i].dscp));
        put_bytes(recorder, packets[i].data, packets[i].data != NULL ? packets[i].len : 0);
    }
    end(recorder);
}

void strait__record_send_data(struct strait__recorder *recorder, uint64_t id, strait_time now,
                              const uint8_t *data, size_t len)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_SEND_DATA);
        put64(recorder, id);
        put64(recorder, now);
        put_bytes(recorder, data, len);
        end(recorder);
    }
}

void strait__record_path(struct strait__recorder *recorder, uint64_t id,
                         const struct strait_path *path, strait_time rtt)
{
    if (recorder == NULL) {
        return;
    }
    begin(recorder, STRAIT__RECORD_SET_PATH);
    put64(recorder, id);
    put32(recorder, path != NULL);
    if (path != NULL) {
        put_path(recorder, path);
    }
    put64(recorder, rtt);
    end(recorder);
}

void strait__record_event(struct strait__recorder *recorder, uint64_t id,
                          enum strait__record_event event)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_EVENT);
        put64(recorder, id);
        put32(recorder, (uint32_t)event);
        end(recorder);
    }
}

void strait__record_event_end(struct strait__recorder *recorder)
{
    if (recorder != NULL) {
        begin(recorder, STRAIT__RECORD_EVENT_END);
        end(recorder);
    }
}
