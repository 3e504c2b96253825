/*
 * Bytes of the network through what reads them before the crypto library does: the record filter in every
 * state, the reassembly of ClientHellos and their reader. The first byte chooses the state.
 */
#include <stdlib.h>
#include <string.h>

#include "transport/dtls/filter.h"
#include "transport/dtls/hello.h"
#include "transport/dtls/reassemble.h"
#include "transport/dtls/split.h"
#include "transport/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct strait__filter filter_of(uint8_t bits)
{
    return (struct strait__filter){
        .server = bits & 1,
        .negotiated = bits & 2,
        .finished = bits & 4,
        .allows12 = bits & 8,
        .allows13 = bits & 16,
        .dtls13 = bits & 32,
        .overhead12 = bits & 64 ? 16 : 24,
    };
}

static void read_hello(const uint8_t *body, size_t len)
{
    struct strait__hello hello;
    /* A copy of exactly that size: one byte too far is a fault. */
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, body, len);
    if (strait__hello_read(&hello, copy, len)) {
        require(hello.random != NULL && hello.cipher_suites.count > 0);
        strait__numbers_have(&hello.profiles, 7);
        strait__numbers_have(&hello.groups, 29);
        strait__hello_has_version(&hello, 0xfefc);
        strait__hello_has_share(&hello, 29);
    }
    free(copy);
}

static void read_handshake(struct strait__reassembly *reassembly, const struct strait_hooks *hooks,
                           const struct strait__record *record)
{
    struct strait__handshake h;
    const uint8_t *at = record->data + record->header;
    size_t left = record->len - record->header;
    while (left > 0 && strait__handshake_read(&h, at, left)) {
        require(h.fragment_len <= left - STRAIT__HANDSHAKE_HEADER);
        if (h.fragment_len == h.length) {
            read_hello(h.fragment, h.fragment_len);
        }
        strait__reassembly_add(reassembly, hooks, &h);
        if (strait__reassembly_whole(reassembly)) {
            require(reassembly->length <= STRAIT__HELLO_MAX);
            read_hello(reassembly->buffer + STRAIT__REASSEMBLY_HEADROOM, reassembly->length);
            strait__reassembly_reset(reassembly, hooks);
        }
        at += STRAIT__HANDSHAKE_HEADER + h.fragment_len;
        left -= STRAIT__HANDSHAKE_HEADER + h.fragment_len;
    }
}

static void cut(const struct strait__record *record, size_t room)
{
    struct strait__split split;
    uint8_t piece[256];
    size_t len, total = 0;
    if (!strait__split_begin(&split, record->data, record->len)) {
        return;
    }
    while ((len = strait__split_next(&split, 1, piece, room)) > 0) {
        require(len <= room);
        total += len - STRAIT__RECORD_HEADER - STRAIT__HANDSHAKE_HEADER;
    }
    require(total == split.message.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strait_hooks hooks;
    struct strait__reassembly reassembly = { .buffer = NULL };
    struct strait__record record;
    if (size == 0) {
        return 0;
    }
    strait__hooks_init(&hooks, NULL);
    struct strait__filter filter = filter_of(data[0]);
    size_t len = size - 1, offset = 0, before = 0;
    uint8_t *datagram = malloc(len > 0 ? len : 1);
    memcpy(datagram, data + 1, len);
    enum strait__verdict verdict;
    while ((verdict = strait__filter_next(&filter, datagram, len, &offset, &record)) !=
           STRAIT__RECORD_END) {
        require(offset > before && offset <= len);
        require(record.len <= offset - before);
        if (verdict == STRAIT__RECORD_PASS) {
            require(record.len > record.header && record.header >= 2);
            if (!record.unified && record.type == STRAIT__HANDSHAKE && record.epoch == 0) {
                read_handshake(&reassembly, &hooks, &record);
                cut(&record, 26 + data[0] % 200u);
            }
        }
        before = offset;
    }
    read_hello(data + 1, len);
    strait__reassembly_reset(&reassembly, &hooks);
    free(datagram);
    return 0;
}
