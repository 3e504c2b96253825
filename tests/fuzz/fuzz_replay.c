/*
 * Records that are damaged in any way. A record of another version is refused at once, so the good
 * one that is damaged is made here, by a short call; the input says what to do to it:
 *     0..3, place, byte   overwrites a byte        4, from, to   drops the entries between
 *     5, from, to         moves an entry           6, place      cuts the record
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <strait/strait.h>

#include "srtp/library.h"
#include "transport/replay_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_RECORD = 1 << 20, MAX_ENTRIES = 4096 };

struct side {
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct sockaddr_storage address;
};

static uint8_t good[MAX_RECORD];
static size_t good_len, n_entries;
static size_t entries[MAX_ENTRIES + 1]; /* offsets */

/* --- A good record ---------------------------------------------------------------------------- */

static void need(bool condition)
{
    if (!condition) {
        abort();
    }
}

static int counted(void *user, uint8_t *out, size_t bytes)
{
    uint64_t *state = user;
    for (size_t i = 0; i < bytes; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(*state >> 56);
    }
    return 0;
}

static void keep(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    need(len <= MAX_RECORD - good_len);
    memcpy(good + good_len, data, len);
    good_len += len;
}

static void init_side(struct side *side, const struct strait_hooks *hooks,
                      struct strait_certificate *certificate, bool server)
{
    struct strait_endpoint_config endpoint = { .size = sizeof endpoint, .hooks = hooks };
    struct strait_transport_config transport = {
        .size = sizeof transport,
        .ice = server ? STRAIT_ICE_LITE : STRAIT_ICE_FULL,
        .ice_role = server ? STRAIT_ICE_CONTROLLED : STRAIT_ICE_CONTROLLING,
        .certificate = certificate,
        .dtls_role = server ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
    };
    if (server) {
        endpoint.record_secrets_ok = true;
        endpoint.record = keep;
    }
    struct sockaddr_in *address = (struct sockaddr_in *)(void *)&side->address;
    address->sin_family = AF_INET;
    address->sin_port = htons(server ? 5002 : 5001);
    address->sin_addr.s_addr = htonl(server ? 0xc0000202 : 0xc0000201);
    need(strait_endpoint_create(&side->endpoint, &endpoint, STRAIT_S) == STRAIT_OK);
    need(strait_endpoint_add_local(side->endpoint, 0, (struct sockaddr *)(void *)address,
                                   sizeof *address) == STRAIT_OK);
    need(strait_transport_create(&side->transport, side->endpoint, &transport, STRAIT_S) ==
         STRAIT_OK);
}

static void signal_to(struct side *to, const struct side *from,
                      struct strait_certificate *certificate, enum strait_dtls_role role)
{
    struct strait_candidate candidate;
    struct strait_dtls_parameters dtls = { .role = role, .n_fingerprints = 1 };
    strait_certificate_fingerprint(certificate, STRAIT_HASH_SHA256, &dtls.fingerprints[0]);
    strait_endpoint_local_candidates(from->endpoint, &candidate, 1);
    need(strait_transport_set_remote_ice(to->transport,
                                         strait_transport_local_ice(from->transport)) == STRAIT_OK);
    need(strait_transport_add_remote_candidate(to->transport, &candidate) == STRAIT_OK);
    need(strait_transport_set_remote_dtls(to->transport, &dtls) == STRAIT_OK);
}

/* Gives the other what one wants to send; a datagram of any kind. */
static void carry(struct side *from, struct side *to, strait_time now)
{
    static uint8_t bytes[2048];
    struct strait_send send;
    while (strait_endpoint_pending(from->endpoint, &send, 1) > 0) {
        size_t segment = send.segment_size > 0 ? send.segment_size : send.len;
        for (size_t at = 0; at < send.len; at += segment) {
            size_t len = send.len - at < segment ? send.len - at : segment;
            need(len <= sizeof bytes);
            memcpy(bytes, send.data + at, len);
            struct strait_datagram datagram = { .data = bytes,
                                                .len = len,
                                                .room = sizeof bytes,
                                                .local = to->address,
                                                .remote = from->address };
            strait_endpoint_receive(to->endpoint, now, &datagram, 1);
        }
        strait_endpoint_sent(from->endpoint, 1);
    }
}

static void talk(struct side *side)
{
    uint8_t rtp[40] = { 0x80, 111 }, rtcp[28] = { 0x80, 200, 0, 6 };
    struct strait_packet packets[] = { { .data = rtp, .len = sizeof rtp },
                                       { .data = rtcp, .len = sizeof rtcp } };
    need(strait_transport_send(side->transport, packets, 2) == 2);
}

static void make_record(void)
{
    struct side sides[2] = { 0 };
    uint64_t random = 1;
    struct strait_hooks hooks = { .size = sizeof hooks, .user = &random, .random = counted };
    struct strait_certificate_config config = { .size = sizeof config, .hooks = &hooks };
    struct strait_certificate *certificate;
    strait_time now = STRAIT_S;
    need(strait_certificate_create(&certificate, &config) == STRAIT_OK);
    init_side(&sides[0], &hooks, certificate, false);
    init_side(&sides[1], &hooks, certificate, true);
    signal_to(&sides[0], &sides[1], certificate, STRAIT_DTLS_SERVER);
    signal_to(&sides[1], &sides[0], certificate, STRAIT_DTLS_CLIENT);
    for (size_t i = 0; i < 60; i++, now += 10 * STRAIT_MS) {
        strait_endpoint_advance(sides[0].endpoint, now);
        strait_endpoint_advance(sides[1].endpoint, now);
        carry(&sides[0], &sides[1], now);
        carry(&sides[1], &sides[0], now);
        if (i == 50) {
            talk(&sides[0]);
            talk(&sides[1]);
            strait_transport_send_data(sides[0].transport, now, (const uint8_t *)"data", 4);
            strait_transport_restart_ice(sides[1].transport, NULL, NULL);
        }
    }
    strait_transport_close(sides[1].transport, now);
    carry(&sides[1], &sides[0], now);
    strait_endpoint_destroy(sides[0].endpoint);
    strait_endpoint_destroy(sides[1].endpoint);
    strait_certificate_unref(certificate);
}

static void index_entries(void)
{
    struct strait__entry entry;
    size_t next;
    for (size_t at = 0; n_entries < MAX_ENTRIES && strait__entry_read(&entry, good, good_len, at,
                                                                      &next) == STRAIT__ENTRY_WHOLE;
         at = next) {
        entries[n_entries++] = at;
    }
    entries[n_entries] = good_len;
    struct strait_replay_result result = { .size = sizeof result };
    need(strait_replay(NULL, good, good_len, &result) == STRAIT_OK);
    need(result.differences == 0 && !result.truncated && result.datagrams_in > 5);
}

/* --- Damage ----------------------------------------------------------------------------------- */

static size_t get16(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

static size_t entry_at(size_t n)
{
    return entries[n % (n_entries + 1)];
}

/* Drops what lies from entry `a` to entry `b` of the good record, as far as it is still there. */
static size_t drop(uint8_t *record, size_t len, size_t a, size_t b)
{
    size_t from = entry_at(a < b ? a : b), to = entry_at(a < b ? b : a);
    if (from >= to || to > len) {
        return len;
    }
    memmove(record + from, record + to, len - to);
    return len - (to - from);
}

/* Exchanges an entry with the one after it. */
static void exchange(uint8_t *record, size_t len, size_t n)
{
    static uint8_t one[MAX_RECORD];
    n %= n_entries - 1;
    size_t first = entries[n], second = entries[n + 1], end = entries[n + 2];
    if (end <= len) {
        memcpy(one, record + first, second - first);
        memmove(record + first, record + second, end - second);
        memcpy(record + first + (end - second), one, second - first);
    }
}

static size_t damage(uint8_t *record, size_t len, const uint8_t *data, size_t size)
{
    for (; size >= 5; data += 5, size -= 5) {
        size_t place = get16(data + 1), other = get16(data + 3);
        switch (data[0] % 7) {
        case 4:
            len = drop(record, len, place % 4096, other % 4096);
            break;
        case 5:
            exchange(record, len, place);
            break;
        case 6:
            len = (place << 8 | other) % (len + 1);
            break;
        default:
            /* Three bytes of place reach all of the record. */
            if (len > 0) {
                record[(place << 4 | other >> 12) % len] = (uint8_t)other;
            }
        }
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t record[MAX_RECORD];
    struct strait_replay_result result = { .size = sizeof result };
    if (good_len == 0) {
        /* Its start takes longer than a replay. */
        need(strait__srtp_library_acquire() == STRAIT_OK);
        make_record();
        index_entries();
    }
    memcpy(record, good, good_len);
    size_t len = damage(record, good_len, data, size);
    /* Its own memory, so that a byte too far is seen. */
    uint8_t *copy = malloc(len > 0 ? len : 1);
    need(copy != NULL);
    memcpy(copy, record, len);
    int error = strait_replay(NULL, copy, len, &result);
    need(error == STRAIT_OK || error == STRAIT_E_PARSE || error == STRAIT_E_UNSUPPORTED);
    need(error == STRAIT_OK || result.detail[0] != '\0');
    need(memchr(result.detail, 0, sizeof result.detail) != NULL);
    free(copy);
    return 0;
}
