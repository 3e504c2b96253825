#include "tests/dtls_hostile.h"

#include <string.h>

enum { CLIENT_HELLO_BODY = 60 };

size_t hostile_plain(uint8_t *out, uint8_t type, uint16_t record_version, uint16_t epoch,
                     size_t said, const void *fragment, size_t len)
{
    const uint8_t header[13] = {
        type,
        (uint8_t)(record_version >> 8),
        (uint8_t)record_version,
        (uint8_t)(epoch >> 8),
        (uint8_t)epoch,
        0,
        0,
        0,
        0,
        0,
        99,
        (uint8_t)(said >> 8),
        (uint8_t)said,
    };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, fragment, len);
    return sizeof header + len;
}

static uint8_t buffer[20000], junk[19000];

void hostile_record(struct pair *pair, int to, hostile_giver *give, uint8_t type, uint16_t v,
                    uint16_t epoch, const void *fragment, size_t len)
{
    give(pair, to, buffer, hostile_plain(buffer, type, v, epoch, len, fragment, len));
}

void hostile_headers(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c)
{
    static const uint8_t types[] = { 0, 1, 19, 24, 27, 31, 64, 128, 191, 192, 255 };
    give(pair, to, buffer, 0);
    for (size_t i = 0; i < sizeof types; i++) {
        hostile_record(pair, to, give, types[i], 0xfefd, 1, junk, 40);
        c->type++;
    }
    for (size_t len = 1; len < 13; len++) { /* cut short */
        hostile_plain(buffer, 22, 0xfefd, 1, 40, junk, 40);
        give(pair, to, buffer, len);
        c->truncated++;
    }
    for (size_t more = 1; more < 60000; more *= 3) { /* longer than the datagram */
        give(pair, to, buffer, hostile_plain(buffer, 23, 0xfefd, 1, 40 + more, junk, 40));
        c->overlong++;
    }
    static const uint16_t versions[] = { 0x0303, 0x0000, 0xfefe, 0xfefc, 0xffff, 0x0100 };
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        hostile_record(pair, to, give, 23, versions[i], 1, junk, 40);
        c->version++;
    }
}

void hostile_protected12(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c,
                         bool dtls12, bool known)
{
    static const uint16_t epochs[] = { 2, 3, 255, 65535 };
    const size_t least = known ? 24 : 16;
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        hostile_record(pair, to, give, 23, 0xfefd, epochs[i], junk, 60);
        c->epoch++;
    }
    for (uint8_t type = 20; type < 27; type++) {
        static const size_t lengths[] = { 0, 1, 7, 8, 15, 16, 23, 24, 25, 60, 1000, 16384, 18000 };
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            size_t len = lengths[i] < 18000 ? lengths[i] : (1 << 14) + 2049;
            if (type == 24) {
                continue; /* in hostile_headers */
            }
            hostile_record(pair, to, give, type, 0xfefd, 1, junk, len);
            uint64_t *counter = !dtls12 || type == 26    ? &c->epoch
                                : type == 25             ? &c->cid
                                : len == 0               ? &c->empty
                                : len < least            ? &c->shorts
                                : len > (1 << 14) + 2048 ? &c->overlong
                                : type == 22 && known    ? &c->handshake
                                                         : &c->forged;
            *counter += 1;
        }
    }
}

/* DTLS 1.3: 0 0 1 C S L E E */
static void unified(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c,
                    uint8_t flags, size_t len, bool dtls13)
{
    bool cid = flags & 0x10, has_length = flags & 4;
    size_t header = (flags & 8 ? 3u : 2u) + (has_length ? 2u : 0u);
    memcpy(buffer, junk, len);
    buffer[0] = flags;
    if (has_length && len >= header) {
        buffer[header - 2] = (uint8_t)((len - header) >> 8);
        buffer[header - 1] = (uint8_t)(len - header);
    }
    give(pair, to, buffer, len);
    /* Epoch 3 is read, 2 still is; 0 is 4, which the peer has not reached. */
    uint64_t *counter = cid                              ? &c->cid
                        : len < header                   ? &c->truncated
                        : !dtls13 || (flags & 3) == 1    ? &c->epoch
                        : len == header                  ? &c->empty
                        : len < header + 17              ? &c->shorts
                        : len > header + (1 << 14) + 256 ? &c->overlong
                        : (flags & 3) == 0               ? &c->epoch
                                                         : &c->forged;
    *counter += 1;
    if (!cid && has_length && len >= header) {
        buffer[header - 1]++; /* one more than there is */
        give(pair, to, buffer, len);
        c->overlong++;
    }
}

void hostile_protected13(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c,
                         bool dtls13)
{
    for (unsigned flags = 0x20; flags < 0x40; flags++) {
        for (size_t len = 1; len < 80; len++) {
            unified(pair, to, give, c, (uint8_t)flags, len, dtls13);
        }
        unified(pair, to, give, c, (uint8_t)flags, 5 + (1 << 14) + 257, dtls13);
    }
}

void hostile_plaintext(struct pair *pair, int to, hostile_giver *give, struct hostile_counters *c)
{
    uint8_t hello[12 + CLIENT_HELLO_BODY] = { 0 };
    for (uint8_t type = 0; type < 25; type++) {
        if ((type == 11 || type == 16) && to == PAIR_SERVER) {
            continue; /* the client's last flight comes again: see below */
        }
        for (uint8_t seq = 0; seq < 8; seq++) {
            hello[0] = type;
            hello[3] = hello[11] = CLIENT_HELLO_BODY;
            hello[5] = seq;
            hostile_record(pair, to, give, 22, 0xfefd, 0, hello, sizeof hello);
            *(type == 1 ? &c->client_hello : type == 2 ? &c->server_hello : &c->handshake) += 1;
        }
    }
    static const uint8_t alerts[][2] = { { 2, 40 }, { 1, 0 },  { 2, 0 },
                                         { 1, 90 }, { 2, 10 }, { 0, 0 } };
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        hostile_record(pair, to, give, 21, 0xfefd, 0, alerts[i], 2);
        c->alert++;
    }
    hostile_record(pair, to, give, 20, 0xfefd, 0, "\x01", 1);
    hostile_record(pair, to, give, 23, 0xfefd, 0, junk, 30);
    hostile_record(pair, to, give, 25, 0xfefd, 0, junk, 30);
    hostile_record(pair, to, give, 26, 0xfefd, 0, "\0\0", 2);
    c->change_cipher++;
    c->data++;
    c->cid++;
    c->ack++;
}

void hostile_malformed_plaintext(struct pair *pair, int to, hostile_giver *give,
                                 struct hostile_counters *c)
{
    uint8_t message[12 + 20] = { 11, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 20 };
    hostile_record(pair, to, give, 21, 0xfefd, 0, "\x02", 1);
    hostile_record(pair, to, give, 21, 0xfefd, 0, "\x02\x28\x00", 3);
    hostile_record(pair, to, give, 20, 0xfefd, 0, "\x02", 1);
    hostile_record(pair, to, give, 20, 0xfefd, 0, "\x01\x01", 2);
    c->malformed += 4;
    for (uint8_t type = 20; type < 24; type++) {
        hostile_record(pair, to, give, type, 0xfefd, 0, "", 0);
        hostile_record(pair, to, give, type, 0xfefd, 0, junk, (1 << 14) + 1);
        c->empty++;
        c->overlong++;
    }
    for (size_t len = 1; len < sizeof message; len++) { /* cut short */
        hostile_record(pair, to, give, 22, 0xfefd, 0, message, len);
        c->malformed++;
    }
    message[8] = 1; /* beyond its message */
    hostile_record(pair, to, give, 22, 0xfefd, 0, message, sizeof message);
    message[8] = 0;
    message[1] = 2; /* 128 KB long */
    hostile_record(pair, to, give, 22, 0xfefd, 0, message, sizeof message);
    message[1] = 0;
    message[11] = 0; /* an empty fragment */
    hostile_record(pair, to, give, 22, 0xfefd, 0, message, 12);
    c->malformed += 3;
}

void hostile_random(struct pair *pair, int to, hostile_giver *give, int n)
{
    uint64_t state = 77;
    for (int i = 0; i < n; i++) {
        size_t len = pair_random(&state) % 200;
        for (size_t k = 0; k < len; k++) {
            buffer[k] = (uint8_t)pair_random(&state);
        }
        if (len > 13 && i % 2 == 0) { /* so that it comes further */
            static const uint8_t types[] = { 20, 21, 23, 0x2e, 0x2f };
            buffer[0] = types[i / 2 % 5];
            buffer[1] = 0xfe;
            buffer[2] = 0xfd;
            buffer[3] = 0;
            buffer[4] = 1;
        }
        give(pair, to, buffer, len);
    }
}

void hostile_init(void)
{
    uint64_t state = 3;
    for (size_t i = 0; i < sizeof junk; i++) {
        junk[i] = (uint8_t)pair_random(&state);
    }
}
