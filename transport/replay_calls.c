/* The entries of a record that are calls: each is made again. */
#include "transport/replay.h"

#include <stddef.h>

#include "transport/endpoint.h"
#include "transport/util.h"

/* --- Reading ---------------------------------------------------------------------------------- */

static strait_time read_now(struct strait__replay *replay, struct strait__reader *body)
{
    strait_time now = strait__read64(body);
    if (now > replay->now) {
        replay->now = now;
    }
    return now;
}

/* The transport that an entry begins with the id of; NULL and bad: there never was one. */
static struct strait__replayed *read_target(struct strait__replay *replay,
                                            struct strait__reader *body)
{
    const uint8_t *key = strait__read(body, 8);
    struct strait__replayed *target = key != NULL ? strait__table_find(&replay->ids, key, 8) : NULL;
    body->bad |= target == NULL;
    return target;
}

static void read_marks(struct strait__reader *body, uint8_t *ecn, uint8_t *dscp)
{
    uint32_t marks = strait__read32(body);
    *ecn = (uint8_t)(marks >> 8);
    *dscp = (uint8_t)marks;
}

/* True if all of the entry was there and the call is to be made. */
static bool whole(struct strait__replay *replay, const struct strait__entry *entry)
{
    if (!strait__read_done(&entry->body)) {
        strait__replay_damaged(replay, entry);
        return false;
    }
    return true;
}

/* Memory for `n` elements of `size` and `bytes` more behind them, of an entry in which each
 * element takes at least `least` bytes. NULL: the replay has stopped. */
static void *array(struct strait__replay *replay, const struct strait__entry *entry, size_t n,
                   size_t size, size_t bytes, size_t least)
{
    if (entry->body.bad || n > entry->body.len / least) {
        strait__replay_damaged(replay, entry);
        return NULL;
    }
    void *memory = strait__alloc(&replay->host, n * size + bytes + 1);
    if (memory == NULL) {
        strait__replay_fail(replay, STRAIT_E_NOMEM, entry->offset, "out of memory");
    }
    return memory;
}

/* --- The endpoint ----------------------------------------------------------------------------- */

static bool same_version(struct strait__reader *body)
{
    char version[32];
    const char *text = strait__read_string(body, version, sizeof version);
    bool same = text != NULL && strcmp(text, strait_version()) == 0;
    same &= strait__read32(body) == sizeof(struct strait_transport_config);
    same &= strait__read32(body) == sizeof(struct strait_candidate);
    same &= strait__read32(body) == sizeof(struct strait_ice_parameters);
    same &= strait__read32(body) == sizeof(struct strait_dtls_parameters);
    return same;
}

/* Rules as they were written; what has no room could not have been one. */
struct rule_texts {
    char text[STRAIT__MAX_RULES][STRAIT__RULE_TEXT];
    const char *list[STRAIT__MAX_RULES];
};

static size_t read_rules(struct strait__reader *body, struct rule_texts *out)
{
    size_t n = strait__read32(body);
    body->bad |= n > STRAIT__MAX_RULES;
    for (size_t i = 0; i < n && !body->bad; i++) {
        out->list[i] = strait__read_string(body, out->text[i], sizeof out->text[i]);
    }
    return body->bad ? 0 : n;
}

void strait__replay_create(struct strait__replay *replay, struct strait__entry *entry)
{
    static const char magic[] = STRAIT__RECORD_MAGIC;
    struct strait__reader *body = &entry->body;
    const uint8_t *found = strait__read(body, sizeof magic - 1);
    if (found == NULL || memcmp(found, magic, sizeof magic - 1) != 0) {
        strait__replay_fail(replay, STRAIT_E_PARSE, 0, "this is no record");
        return;
    }
    if (!same_version(body)) {
        strait__replay_fail(replay, STRAIT_E_UNSUPPORTED, 0,
                            "another version wrote this record: replay it with that one");
        return;
    }
    strait_time now = read_now(replay, body);
    struct strait_endpoint_config config = { .size = sizeof config,
                                             .hooks = &replay->hooks,
                                             .user = replay };
    config.max_transports = strait__read32(body);
    config.outbox_bytes = strait__read32(body);
    if (strait__read32(body) != 0) {
        config.events = strait__replay_endpoint_events;
    }
    struct rule_texts allow, deny;
    config.remote.n_allow = read_rules(body, &allow);
    config.remote.allow = allow.list;
    config.remote.n_deny = read_rules(body, &deny);
    config.remote.deny = deny.list;
    replay->result.begin = now;
    /* Where it failed when it was recorded (random bytes), nothing follows. */
    if (whole(replay, entry) &&
        strait_endpoint_create(&replay->endpoint, &config, now) != STRAIT_OK &&
        replay->stop == STRAIT__REPLAY_RUNS) {
        replay->stop = STRAIT__REPLAY_ENDED;
    }
}

static void add_local(struct strait__replay *replay, struct strait__entry *entry)
{
    struct sockaddr_storage address;
    uint32_t socket = strait__read32(&entry->body);
    strait__read_address(&entry->body, &address);
    if (whole(replay, entry)) {
        strait_endpoint_add_local(replay->endpoint, socket,
                                  (const struct sockaddr *)(const void *)&address, sizeof address);
    }
}

static void read_datagram(struct strait__reader *body, struct strait_datagram *datagram,
                          uint8_t **bytes)
{
    strait__read_address(body, &datagram->local);
    strait__read_address(body, &datagram->remote);
    datagram->socket = strait__read32(body);
    read_marks(body, &datagram->ecn, &datagram->dscp);
    datagram->rx_time = strait__read64(body);
    size_t room = strait__read32(body);
    const uint8_t *data = strait__read_bytes(body, &datagram->len);
    body->bad |= room < datagram->len;
    datagram->data = *bytes;
    if (datagram->len > 0) {
        memcpy(*bytes, data, datagram->len);
    }
    /* More room than this changes nothing. */
    size_t most = datagram->len + STRAIT_TAILROOM;
    datagram->room = room < most ? room : most;
    *bytes += most;
}

static void receive_datagrams(struct strait__replay *replay, struct strait__entry *entry)
{
    enum { LEAST = 4 + 4 + 4 + 4 + 8 + 4 + 4 };
    strait_time now = read_now(replay, &entry->body);
    size_t n = strait__read32(&entry->body);
    size_t bytes = entry->body.len + n * STRAIT_TAILROOM;
    struct strait_datagram *datagrams = array(replay, entry, n, sizeof *datagrams, bytes, LEAST);
    if (datagrams == NULL) {
        return;
    }
    uint8_t *at = (uint8_t *)(datagrams + n);
    for (size_t i = 0; i < n && !entry->body.bad; i++) {
        read_datagram(&entry->body, &datagrams[i], &at);
    }
    if (whole(replay, entry)) {
        replay->result.datagrams_in += n;
        for (size_t i = 0; i < n && replay->config.received != NULL; i++) {
            replay->config.received(replay->config.user, now, &datagrams[i]);
        }
        strait_endpoint_receive(replay->endpoint, now, datagrams, n);
    }
    strait__free(&replay->host, datagrams);
}

static void advance(struct strait__replay *replay, struct strait__entry *entry)
{
    strait_time now = read_now(replay, &entry->body);
    if (whole(replay, entry)) {
        strait_endpoint_advance(replay->endpoint, now);
    }
}

/* --- A transport's life ----------------------------------------------------------------------- */

static struct strait__replayed *add_transport(struct strait__replay *replay,
                                              struct strait__entry *entry)
{
    const uint8_t *key = strait__read(&entry->body, 8);
    struct strait__replayed *slot = key != NULL ? strait__alloc(&replay->host, sizeof *slot) : NULL;
    if (slot == NULL) {
        if (key != NULL) {
            strait__replay_fail(replay, STRAIT_E_NOMEM, entry->offset, "out of memory");
        }
        return NULL;
    }
    slot->replay = replay;
    slot->id = strait__get64(key);
    slot->next = replay->transports;
    replay->transports = slot;
    memcpy(slot->key, key, sizeof slot->key);
    entry->body.bad |= strait__table_add(&replay->ids, &slot->node, slot->key, sizeof slot->key,
                                         slot) != STRAIT_OK;
    return slot;
}

static void create_transport(struct strait__replay *replay, struct strait__entry *entry)
{
    char ufrag[STRAIT_UFRAG_MAX + 2], pwd[STRAIT_PWD_MAX + 2];
    struct strait_transport_config config;
    size_t cert_len, key_len;
    struct strait__reader *body = &entry->body;
    struct strait__replayed *slot = add_transport(replay, entry);
    strait_time now = read_now(replay, body);
    strait__read_struct(body, &config, sizeof config);
    config.ufrag = strait__read_string(body, ufrag, sizeof ufrag);
    config.pwd = strait__read_string(body, pwd, sizeof pwd);
    const uint8_t *cert = strait__read_bytes(body, &cert_len);
    const uint8_t *key = strait__read_bytes(body, &key_len);
    config.size = sizeof config;
    config.events = strait__replay_events;
    config.user = slot;
    config.certificate = NULL;
    config.keylog_env = false; /* a replay only looks */
    if (slot == NULL || !whole(replay, entry)) {
        strait__replay_damaged(replay, entry);
        goto done;
    }
    int error = strait_certificate_load_der(&config.certificate, &replay->host, cert, cert_len, key,
                                            key_len);
    if (error == STRAIT_E_NOMEM) {
        strait__replay_fail(replay, error, entry->offset, "out of memory");
    } else if (error != STRAIT_OK) {
        strait__replay_damaged(replay, entry);
    } else {
        strait_transport_create(&slot->transport, replay->endpoint, &config, now);
    }
    strait_certificate_unref(config.certificate);
done:
    strait__zero(pwd, sizeof pwd);
}

static void destroy(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait__replayed *target = read_target(replay, &entry->body);
    if (whole(replay, entry)) {
        struct strait_transport *transport = target->transport;
        target->transport = NULL;
        strait_transport_destroy(transport);
    }
}

static void close_transport(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait__replayed *target = read_target(replay, &entry->body);
    strait_time now = read_now(replay, &entry->body);
    if (whole(replay, entry)) {
        strait_transport_close(target->transport, now);
    }
}

/* --- Setters ---------------------------------------------------------------------------------- */

static void remote_ice(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait_ice_parameters remote;
    uint8_t lite;
    struct strait__replayed *target = read_target(replay, &entry->body);
    strait__read_struct(&entry->body, &remote, sizeof remote);
    /* A byte that is no bool may not be read as one. */
    memcpy(&lite, (const uint8_t *)&remote + offsetof(struct strait_ice_parameters, ice_lite), 1);
    entry->body.bad |= lite > 1;
    if (whole(replay, entry)) {
        strait_transport_set_remote_ice(target->transport, &remote);
    }
    strait__zero(&remote, sizeof remote);
}

static void candidate(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait_candidate one;
    struct strait__replayed *target = read_target(replay, &entry->body);
    strait__read_struct(&entry->body, &one, sizeof one);
    if (whole(replay, entry)) {
        strait_transport_add_remote_candidate(target->transport, &one);
    }
}

static void end_of_candidates(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait__replayed *target = read_target(replay, &entry->body);
    if (whole(replay, entry)) {
        strait_transport_end_of_candidates(target->transport);
    }
}

static void remote_dtls(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait_dtls_parameters remote;
    struct strait__replayed *target = read_target(replay, &entry->body);
    strait__read_struct(&entry->body, &remote, sizeof remote);
    if (whole(replay, entry)) {
        strait_transport_set_remote_dtls(target->transport, &remote);
    }
}

static void restart(struct strait__replay *replay, struct strait__entry *entry)
{
    char ufrag_text[STRAIT_UFRAG_MAX + 2], pwd_text[STRAIT_PWD_MAX + 2];
    struct strait__replayed *target = read_target(replay, &entry->body);
    const char *ufrag = strait__read_string(&entry->body, ufrag_text, sizeof ufrag_text);
    const char *pwd = strait__read_string(&entry->body, pwd_text, sizeof pwd_text);
    if (whole(replay, entry)) {
        strait_transport_restart_ice(target->transport, ufrag, pwd);
    }
    strait__zero(pwd_text, sizeof pwd_text);
}

static void attributes(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait_stun_attribute all[STRAIT__MAX_ATTRIBUTES];
    struct strait__replayed *target = read_target(replay, &entry->body);
    size_t n = strait__read32(&entry->body);
    entry->body.bad |= n > STRAIT__MAX_ATTRIBUTES;
    for (size_t i = 0; i < n && !entry->body.bad; i++) {
        size_t len;
        all[i].type = (uint16_t)strait__read32(&entry->body);
        all[i].value = strait__read_bytes(&entry->body, &len);
        all[i].len = (uint16_t)len;
        entry->body.bad |= len > STRAIT__MAX_ATTRIBUTE_BYTES;
    }
    if (whole(replay, entry)) {
        strait_transport_set_stun_attributes(target->transport, all, n);
    }
}

static void set_path(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait_path path;
    struct strait__replayed *target = read_target(replay, &entry->body);
    bool there = strait__read32(&entry->body) != 0;
    if (there) {
        strait__read_path(&entry->body, &path);
    }
    strait_time rtt = strait__read64(&entry->body);
    if (whole(replay, entry)) {
        strait_transport_set_path(target->transport, there ? &path : NULL, rtt);
    }
}

/* --- Sending ---------------------------------------------------------------------------------- */

static void send_packets(struct strait__replay *replay, struct strait__entry *entry)
{
    enum { LEAST = 4 + 4 + 4 };
    struct strait__replayed *target = read_target(replay, &entry->body);
    size_t n = strait__read32(&entry->body);
    struct strait_packet *packets = array(replay, entry, n, sizeof *packets, entry->body.len,
                                          LEAST);
    if (packets == NULL) {
        return;
    }
    uint8_t *at = (uint8_t *)(packets + n);
    for (size_t i = 0; i < n && !entry->body.bad; i++) {
        struct strait_packet *packet = &packets[i];
        packet->kind = (enum strait_packet_kind)strait__read32(&entry->body);
        read_marks(&entry->body, &packet->ecn, &packet->dscp);
        const uint8_t *data = strait__read_bytes(&entry->body, &packet->len);
        packet->data = at;
        packet->room = packet->len;
        if (packet->len > 0) {
            memcpy(at, data, packet->len);
            at += packet->len;
        }
    }
    if (whole(replay, entry) && target->transport != NULL) {
        strait_transport_send(target->transport, packets, n);
    }
    strait__free(&replay->host, packets);
}

static void send_data(struct strait__replay *replay, struct strait__entry *entry)
{
    struct strait__replayed *target = read_target(replay, &entry->body);
    strait_time now = read_now(replay, &entry->body);
    size_t len;
    const uint8_t *data = strait__read_bytes(&entry->body, &len);
    if (whole(replay, entry)) {
        strait_transport_send_data(target->transport, now, data, len);
    }
}

/* --- All of them ------------------------------------------------------------------------------ */

static const struct {
    void (*make)(struct strait__replay *replay, struct strait__entry *entry);
    bool outside; /* of events only: an endpoint is not entered twice */
} calls[] = {
    [STRAIT__RECORD_ADD_LOCAL] = { add_local, false },
    [STRAIT__RECORD_RECEIVE] = { receive_datagrams, true },
    [STRAIT__RECORD_ADVANCE] = { advance, true },
    [STRAIT__RECORD_SENT] = { strait__replay_sent, false },
    [STRAIT__RECORD_TRANSPORT] = { create_transport, false },
    [STRAIT__RECORD_DESTROY] = { destroy, false },
    [STRAIT__RECORD_CLOSE] = { close_transport, false },
    [STRAIT__RECORD_REMOTE_ICE] = { remote_ice, false },
    [STRAIT__RECORD_CANDIDATE] = { candidate, false },
    [STRAIT__RECORD_END_OF_CANDIDATES] = { end_of_candidates, false },
    [STRAIT__RECORD_REMOTE_DTLS] = { remote_dtls, false },
    [STRAIT__RECORD_RESTART] = { restart, false },
    [STRAIT__RECORD_ATTRIBUTES] = { attributes, false },
    [STRAIT__RECORD_SEND] = { send_packets, false },
    [STRAIT__RECORD_SEND_DATA] = { send_data, false },
    [STRAIT__RECORD_SET_PATH] = { set_path, false },
};

bool strait__replay_call(struct strait__replay *replay, struct strait__entry *entry)
{
    size_t type = (size_t)entry->type;
    if (strait__entry_name(entry->type) == NULL || type == STRAIT__RECORD_CREATE) {
        strait__replay_damaged(replay, entry);
        return true;
    }
    if (type >= sizeof calls / sizeof *calls || calls[type].make == NULL) {
        return false;
    }
    if (calls[type].outside && replay->depth > 0) {
        strait__replay_damaged(replay, entry);
        return true;
    }
    calls[type].make(replay, entry);
    return true;
}
