#include "tests/dtls_pair.h"

#include <stdlib.h>
#include <string.h>

static struct strait_certificate *certificates[2];

uint64_t pair_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int percent(struct pair *pair)
{
    return (int)(pair_random(&pair->seed) % 100);
}

static void mix(struct pair *pair, const void *data, size_t len)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        pair->hash = (pair->hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
}

/* --- hooks --- */

union block {
    struct {
        size_t bytes;
    } head;
    uint8_t align[16];
};

static void *hook_alloc(void *user, size_t bytes)
{
    struct pair_side *side = user;
    struct pair *pair = side->pair;
    pair->allocations++;
    if (pair->allocations == pair->fail_at) {
        return NULL;
    }
    union block *block = malloc(sizeof *block + bytes);
    block->head.bytes = bytes;
    pair->blocks++;
    pair->bytes += bytes;
    pair->bytes_peak = pair->bytes > pair->bytes_peak ? pair->bytes : pair->bytes_peak;
    side->bytes += bytes;
    side->bytes_peak = side->bytes > side->bytes_peak ? side->bytes : side->bytes_peak;
    return block + 1;
}

static void hook_free(void *user, void *memory)
{
    struct pair_side *side = user;
    struct pair *pair = side->pair;
    union block *block = (union block *)memory - 1;
    pair->blocks--;
    pair->bytes -= block->head.bytes;
    side->bytes -= block->head.bytes;
    free(block);
}

static int hook_random(void *user, uint8_t *out, size_t bytes)
{
    struct pair_side *side = user;
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(pair_random(&side->random) >> 32);
    }
    return 0;
}

/* --- the pipe --- */

static void enqueue(struct pair *pair, int to, const uint8_t *data, size_t len, strait_time due)
{
    if (pair->queued == PAIR_QUEUE) {
        return;
    }
    struct pair_datagram *d = &pair->queue[pair->queued++];
    *d = (struct pair_datagram){ .due = due, .order = pair->order++, .to = to, .len = len };
    d->data = malloc(len > 0 ? len : 1);
    memcpy(d->data, data, len);
}

static void on_send(void *user, const uint8_t *data, size_t len)
{
    struct pair_side *side = user;
    struct pair *pair = side->pair;
    side->sent++;
    pair->sent++;
    pair->longest = len > pair->longest ? len : pair->longest;
    mix(pair, &pair->now, sizeof pair->now);
    mix(pair, data, len);
    bool lost = percent(pair) < pair->loss || (pair->mtu != 0 && len > pair->mtu) ||
                pair->sent == pair->drop_nth;
    bool twice = percent(pair) < pair->duplication || pair->sent == pair->double_nth;
    strait_time extra = percent(pair) < pair->reorder ? pair->delay : 0;
    if (pair->tap != NULL) {
        uint8_t *copy = malloc(len);
        memcpy(copy, data, len);
        lost |= pair->tap(pair, side->index, copy, len, pair->tap_user);
        free(copy);
    }
    if (!lost) {
        enqueue(pair, !side->index, data, len, pair->now + pair->delay + extra);
        if (twice) {
            enqueue(pair, !side->index, data, len, pair->now + pair->delay + pair->delay / 2);
        }
    }
}

/* --- events --- */

static void on_state(void *user, enum strait_dtls_state state)
{
    struct pair_side *side = user;
    if (side->n_states < PAIR_STATES) {
        side->states[side->n_states++] = state;
    }
    if (state == STRAIT_DTLS_CONNECTED) {
        side->connected = side->pair->now;
        if (side->on_connected != NULL) {
            side->on_connected(side);
        }
        if (side->greets) {
            strait_dtls_send(side->dtls, side->pair->now, (const uint8_t *)"hello", 5);
        }
    }
}

static void on_data(void *user, uint8_t *data, size_t len)
{
    struct pair_side *side = user;
    if (side->n_data < PAIR_DATA) {
        side->data[side->n_data] = data[0];
        side->data_len[side->n_data] = len;
    }
    side->n_data++;
    if (side->closes_on_data) {
        strait_dtls_close(side->dtls, side->pair->now);
    }
}

static void on_certificate(void *user, const uint8_t *der, size_t len)
{
    struct pair_side *side = user;
    side->n_certificates += 1;
    if (side->signals_in_time) {
        struct strait_fingerprint own;
        strait_fingerprint_of(&own, STRAIT_HASH_SHA384, der, len);
        strait_dtls_set_fingerprints(side->dtls, &own, 1);
    }
}

/* --- life --- */

void pair_init(struct pair *pair, uint64_t seed)
{
    memset(pair, 0, sizeof *pair);
    pair->seed = seed;
    pair->delay = 25 * STRAIT_MS;
    pair->now = pair->start = 1000 * STRAIT_S;
    for (int i = 0; i < 2; i++) {
        struct pair_side *side = &pair->side[i];
        side->pair = pair;
        side->index = i;
        side->random = seed * 2 + (uint64_t)i + 77;
        side->hooks = (struct strait_hooks){
            .size = sizeof side->hooks,
            .user = side,
            .alloc = hook_alloc,
            .free = hook_free,
            .random = hook_random,
        };
        if (certificates[i] == NULL) {
            strait_certificate_create(&certificates[i], NULL);
        }
        side->certificate = certificates[i];
    }
}

void pair_forget_certificates(void)
{
    for (int i = 0; i < 2; i++) {
        strait_certificate_unref(certificates[i]);
        certificates[i] = NULL;
    }
}

void pair_fingerprint(struct pair *pair, int of, struct strait_fingerprint *out)
{
    strait_certificate_fingerprint(pair->side[of].certificate, STRAIT_HASH_SHA256, out);
}

static void on_listener_send(void *user, const void *to, size_t to_len, const uint8_t *data,
                             size_t len)
{
    (void)to;
    (void)to_len;
    on_send(user, data, len);
}

static int listener_create(struct pair *pair, const struct strait_dtls_config *config,
                           strait_time secret_lifetime)
{
    struct strait_dtls_listener_config c = {
        .size = sizeof c,
        .dtls = config,
        .user = &pair->side[PAIR_SERVER],
        .send = on_listener_send,
        .accept = pair->accept,
        .secret_lifetime = secret_lifetime,
    };
    return strait_dtls_listener_create(&pair->listener, &c, pair->now);
}

uint8_t pair_cid(int side, size_t i)
{
    return (uint8_t)(0xc0u + 0x11u * (unsigned)side + 3 * i);
}

static int side_create(struct pair *pair, int i, const struct pair_options *o)
{
    struct pair_side *side = &pair->side[i];
    struct strait_dtls_config config = {
        .size = sizeof config,
        .hooks = &side->hooks,
        .events = { .size = sizeof config.events,
                    .send = on_send,
                    .state = on_state,
                    .data = on_data,
                    .peer_certificate = on_certificate },
        .user = side,
        .certificate = side->certificate,
        .role = i == PAIR_SERVER ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .min_version = o->min[i],
        .max_version = o->max[i],
        .mtu = i == PAIR_SERVER && o->mtu_of_server != 0 ? o->mtu_of_server : o->mtu,
        .initial_timeout = o->initial_timeout != 0 ? o->initial_timeout : 4 * pair->delay,
        .handshake_timeout = o->handshake_timeout,
    };
    for (; config.n_profiles < STRAIT_DTLS_MAX_PROFILES && o->profiles[i][config.n_profiles] != 0;
         config.n_profiles++) {
        config.profiles[config.n_profiles] = o->profiles[i][config.n_profiles];
    }
    for (; config.n_groups < STRAIT_DTLS_MAX_GROUPS && o->groups[i][config.n_groups] != 0;
         config.n_groups++) {
        config.groups[config.n_groups] = o->groups[i][config.n_groups];
    }
    config.cid = o->cid[i];
    config.local_cid_len = o->cid_len[i];
    for (size_t k = 0; k < STRAIT_DTLS_MAX_CID; k++) {
        config.local_cid[k] = pair_cid(i, k);
    }
    if (o->configure != NULL) {
        o->configure(side, &config);
    }
    if (i == PAIR_SERVER && o->cookies) {
        return listener_create(pair, &config, o->secret_lifetime);
    }
    return strait_dtls_create(&side->dtls, &config, pair->now);
}

int pair_create(struct pair *pair, const struct pair_options *options)
{
    for (int i = 0; i < 2; i++) {
        int error = side_create(pair, i, options);
        if (error != STRAIT_OK) {
            return error;
        }
    }
    for (int i = 0; i < 2; i++) {
        struct strait_fingerprint peer;
        pair_fingerprint(pair, !i, &peer);
        peer.value[5] ^= options->wrong_fingerprint[i] ? 1 : 0;
        if (!options->no_fingerprints[i] && pair->side[i].dtls != NULL) {
            int error = strait_dtls_set_fingerprints(pair->side[i].dtls, &peer, 1);
            if (error != STRAIT_OK) {
                return error;
            }
        }
    }
    return STRAIT_OK;
}

int pair_start(struct pair *pair)
{
    int error = pair->listener == NULL ? strait_dtls_start(pair->side[PAIR_SERVER].dtls, pair->now)
                                       : STRAIT_OK;
    return error != STRAIT_OK ? error : strait_dtls_start(pair->side[PAIR_CLIENT].dtls, pair->now);
}

static int next_datagram(const struct pair *pair)
{
    int next = -1;
    for (int i = 0; i < pair->queued; i++) {
        const struct pair_datagram *d = &pair->queue[i];
        if (next < 0 || d->due < pair->queue[next].due ||
            (d->due == pair->queue[next].due && d->order < pair->queue[next].order)) {
            next = i;
        }
    }
    return next;
}

static void receive_unknown(struct pair *pair, uint8_t *data, size_t len)
{
    struct pair_side *server = &pair->side[PAIR_SERVER];
    struct strait_fingerprint peer;
    strait_dtls_listener_receive(pair->listener, pair->now, &pair->client_address, 1, data, len,
                                 &server->dtls);
    if (server->dtls != NULL) {
        pair_fingerprint(pair, PAIR_CLIENT, &peer);
        strait_dtls_set_fingerprints(server->dtls, &peer, 1);
    }
}

static void pair_receive(struct pair *pair, int to, uint8_t *data, size_t len)
{
    if (pair->side[to].dtls == NULL && pair->listener != NULL) {
        receive_unknown(pair, data, len);
    } else {
        strait_dtls_receive(pair->side[to].dtls, pair->now, data, len);
    }
}

static void deliver(struct pair *pair, int i)
{
    struct pair_datagram d = pair->queue[i];
    pair->queue[i] = pair->queue[--pair->queued];
    pair_receive(pair, d.to, d.data, d.len);
    free(d.data);
}

static bool on_their_way(const struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        enum strait_dtls_state state = strait_dtls_state(pair->side[i].dtls);
        if (state == STRAIT_DTLS_NEW || state == STRAIT_DTLS_CONNECTING) {
            return true;
        }
    }
    return false;
}

static void run(struct pair *pair, strait_time until, bool whatever)
{
    while (whatever || on_their_way(pair)) {
        strait_time due = STRAIT_TIME_NEVER;
        int side = -1;
        int datagram = next_datagram(pair);
        if (datagram >= 0) {
            due = pair->queue[datagram].due;
        }
        for (int i = 0; i < 2; i++) {
            strait_time deadline = strait_dtls_deadline(pair->side[i].dtls);
            if (deadline < due) {
                due = deadline;
                side = i;
            }
        }
        if (due > until) {
            pair->now = until;
            return;
        }
        pair->now = due > pair->now ? due : pair->now;
        if (side >= 0) {
            strait_dtls_advance(pair->side[side].dtls, pair->now);
        } else {
            deliver(pair, datagram);
        }
    }
}

void pair_run(struct pair *pair, strait_time until)
{
    run(pair, until, false);
}

void pair_run_for(struct pair *pair, strait_time duration)
{
    run(pair, pair->now + duration, true);
}

bool pair_connect(struct pair *pair, const struct pair_options *options)
{
    if (pair_create(pair, options) != STRAIT_OK || pair_start(pair) != STRAIT_OK) {
        return false;
    }
    pair_run(pair, pair->start + 60 * STRAIT_S);
    return strait_dtls_state(pair->side[0].dtls) == STRAIT_DTLS_CONNECTED &&
           strait_dtls_state(pair->side[1].dtls) == STRAIT_DTLS_CONNECTED;
}

void pair_finish(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        strait_dtls_destroy(pair->side[i].dtls);
        pair->side[i].dtls = NULL;
    }
    strait_dtls_listener_destroy(pair->listener);
    pair->listener = NULL;
    while (pair->queued > 0) {
        free(pair->queue[--pair->queued].data);
    }
}

bool pair_keys_match(struct pair *pair, enum strait_srtp_profile profile)
{
    enum strait_srtp_profile got[2];
    struct strait_srtp_key send[2], receive[2];
    static const struct strait_srtp_key zero;
    for (int i = 0; i < 2; i++) {
        if (strait_dtls_srtp_keys(pair->side[i].dtls, &got[i], &send[i], &receive[i]) !=
                STRAIT_OK ||
            got[i] != profile || memcmp(&send[i], &zero, sizeof zero) == 0) {
            return false;
        }
    }
    return memcmp(&send[0], &receive[1], sizeof send[0]) == 0 &&
           memcmp(&send[1], &receive[0], sizeof send[0]) == 0 &&
           memcmp(&send[0], &send[1], sizeof send[0]) != 0;
}

void pair_inject(struct pair *pair, int to, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, data, len);
    pair_receive(pair, to, copy, len);
    free(copy);
}

void pair_queue(struct pair *pair, int to, const uint8_t *data, size_t len)
{
    enqueue(pair, to, data, len, pair->now);
}

struct strait_dtls_stats pair_stats(const struct pair *pair, int side)
{
    struct strait_dtls_stats stats = { .size = sizeof stats };
    strait_dtls_stats(pair->side[side].dtls, &stats);
    return stats;
}
