#include "transport/dtls/listener.h"

#include <stdio.h>

#include "transport/dtls/filter.h"
#include "transport/util.h"

enum { FRAGMENTED_HELLOS = 16 };

static const strait_time LIFETIME = 60 * STRAIT_S;
static const strait_time LIFETIME_MIN = STRAIT_S;
static const strait_time LIFETIME_MAX = 86400 * STRAIT_S;

static int read_config(struct strait_dtls_listener_config *out,
                       const struct strait_dtls_listener_config *config)
{
    if (strait__sized_read(out, sizeof *out, config) != STRAIT_OK || out->dtls == NULL ||
        out->send == NULL) {
        return STRAIT_E_INVALID;
    }
    out->secret_lifetime = out->secret_lifetime != 0 ? out->secret_lifetime : LIFETIME;
    out->fragmented_hellos = out->fragmented_hellos != 0 ? out->fragmented_hellos
                                                         : FRAGMENTED_HELLOS;
    bool legal = out->secret_lifetime >= LIFETIME_MIN && out->secret_lifetime <= LIFETIME_MAX &&
                 out->fragmented_hellos <= STRAIT_DTLS_MAX_HELLOS;
    return legal ? STRAIT_OK : STRAIT_E_INVALID;
}

int strait_dtls_listener_create(struct strait_dtls_listener **out,
                                const struct strait_dtls_listener_config *config, strait_time now)
{
    struct strait_dtls_listener_config c;
    struct strait_dtls *model;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if (read_config(&c, config) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    int error = strait_dtls_create(&model, c.dtls, now);
    if (error != STRAIT_OK) {
        return error;
    }
    if (!strait__dtls_is_server(model)) {
        strait_dtls_destroy(model);
        return STRAIT_E_INVALID;
    }
    struct strait_dtls_listener *l = strait__alloc(&model->hooks, sizeof *l);
    if (l == NULL) {
        strait_dtls_destroy(model);
        return STRAIT_E_NOMEM;
    }
    l->config = c;
    l->config.dtls = &model->config;
    l->model = model;
    l->now = now;
    if (c.dtls->psk_hint != NULL) {
        snprintf(l->psk_hint, sizeof l->psk_hint, "%s", c.dtls->psk_hint);
    }
    l->stats.size = sizeof l->stats;
    error = strait__secrets_init(&l->secrets, &model->hooks, c.secret_lifetime, now);
    if (error == STRAIT_OK) {
        error = strait__hello_pool_init(&l->pool, &model->hooks, c.fragmented_hellos);
    }
    if (error != STRAIT_OK) {
        strait_dtls_listener_destroy(l);
        return error;
    }
    *out = l;
    return STRAIT_OK;
}

void strait_dtls_listener_destroy(struct strait_dtls_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    struct strait_dtls *model = listener->model;
    strait__hello_pool_finish(&listener->pool, &model->hooks);
    strait__zero(listener, sizeof *listener);
    strait__free(&model->hooks, listener);
    strait_dtls_destroy(model);
}

/* --- in --- */

static int take_whole(struct strait_dtls_listener *l, struct strait__candidate *c,
                      struct strait_dtls **out)
{
    const size_t headers = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER;
    if (!strait__hello_read(&c->hello, c->record + headers, c->len - headers)) {
        l->stats.not_client_hello++;
        return STRAIT_OK;
    }
    l->stats.client_hellos++;
    l->stats.client_hellos_in_fragments += c->fragments > 1;
    return strait__listener_answer(l, c, out);
}

static int take_fragment(struct strait_dtls_listener *l, struct strait__candidate *c,
                         const struct strait__record *record,
                         const struct strait__handshake *fragment, struct strait_dtls **out)
{
    struct strait__hello_slot *slot = strait__hello_pool_add(&l->pool, c->from, c->from_len,
                                                             fragment, record->len, &l->stats);
    if (slot == NULL) {
        return STRAIT_OK;
    }
    const struct strait__handshake whole = {
        .type = STRAIT__CLIENT_HELLO,
        .length = fragment->length,
        .message_seq = fragment->message_seq,
        .fragment_len = fragment->length,
    };
    strait__record_write(slot->room, STRAIT__HANDSHAKE, record->seq,
                         STRAIT__HANDSHAKE_HEADER + (size_t)whole.length);
    strait__handshake_write(slot->room + STRAIT__RECORD_HEADER, &whole);
    c->record = slot->room;
    c->len = STRAIT__REASSEMBLY_HEADROOM + (size_t)whole.length;
    c->received = slot->received;
    c->fragments = slot->hello.fragments;
    int error = take_whole(l, c, out);
    strait__hello_slot_release(slot);
    return error;
}

static int take_record(struct strait_dtls_listener *l, struct strait__candidate *c,
                       struct strait__record *record, struct strait_dtls **out)
{
    struct strait__handshake h;
    if (record->unified || record->epoch != 0 || record->type != STRAIT__HANDSHAKE ||
        !strait__handshake_read(&h, record->data + STRAIT__RECORD_HEADER,
                                record->len - STRAIT__RECORD_HEADER) ||
        h.type != STRAIT__CLIENT_HELLO) {
        l->stats.not_client_hello++;
        return STRAIT_OK;
    }
    if (h.fragment_len < h.length) {
        return take_fragment(l, c, record, &h, out);
    }
    if (h.length > STRAIT__HELLO_MAX) {
        l->stats.not_client_hello++;
        return STRAIT_OK;
    }
    /* A second message in the record could only be one of another flight. */
    size_t message = STRAIT__HANDSHAKE_HEADER + (size_t)h.length;
    strait__put16(record->data + 11, (uint16_t)message);
    c->record = record->data;
    c->len = STRAIT__RECORD_HEADER + message;
    c->received = record->len;
    c->fragments = 1;
    return take_whole(l, c, out);
}

int strait_dtls_listener_receive(struct strait_dtls_listener *listener, strait_time now,
                                 const void *from, size_t from_len, uint8_t *data, size_t len,
                                 struct strait_dtls **out)
{
    static const struct strait__filter filter = { .server = true };
    struct strait_dtls_listener *l = listener;
    struct strait__record record;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if (l == NULL || from == NULL || from_len == 0 || from_len > STRAIT_DTLS_MAX_ADDRESS ||
        (data == NULL && len > 0)) {
        return STRAIT_E_INVALID;
    }
    l->now = now > l->now ? now : l->now;
    l->stats.datagrams_received++;
    l->stats.bytes_received += len;
    int error = strait__secrets_rotate(&l->secrets, &l->model->hooks, l->now);
    size_t offset = 0;
    while (error == STRAIT_OK && *out == NULL) {
        enum strait__verdict verdict = strait__filter_next(&filter, data, len, &offset, &record);
        if (verdict == STRAIT__RECORD_END) {
            break;
        }
        struct strait__candidate c = { .from = from, .from_len = from_len };
        if (verdict == STRAIT__RECORD_PASS) {
            error = take_record(l, &c, &record, out);
        } else {
            l->stats.not_client_hello++;
        }
    }
    return error;
}

int strait_dtls_listener_stats(const struct strait_dtls_listener *listener,
                               struct strait_dtls_listener_stats *out)
{
    return listener != NULL ? strait__sized_copy(out, &listener->stats, sizeof listener->stats)
                            : STRAIT_E_INVALID;
}
