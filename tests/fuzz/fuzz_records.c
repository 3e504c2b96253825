/*
 * Bytes of the network through what reads them before the crypto library does: the record filter in every
 * state, with connection ids and without, the numbers of protected records, the reassembly of ClientHellos
 * and their reader. The first byte chooses the state.
 */
#include <strait/dtls.h>

#include <stdlib.h>
#include <string.h>

#include "transport/dtls/filter.h"
#include "transport/dtls/hello.h"
#include "transport/dtls/reassemble.h"
#include "transport/dtls/seen.h"
#include "transport/dtls/split.h"
#include "transport/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const uint8_t cid[] = { 'c', 'i', 'd', 0, 255, 7 };

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
        .epoch13 = bits & 64 ? 4 : 3,
        .cid = cid,
        .cid_len = bits & 128 ? sizeof cid : 0,
        .cid_agreed = (bits & 128) && (bits & 2),
    };
}

/* Keys of epochs 2 and 3; which ones does not matter. */
static struct strait__seen seen_of(const struct strait__filter *filter)
{
    static const uint8_t secret[32] = { 1, 2, 3 };
    struct strait__seen seen = { .latest = 0 };
    uint16_t suite = filter->server ? 0x1301 : 0x1303;
    require(strait__seen_secret(&seen, suite, 2, secret, sizeof secret) &&
            strait__seen_secret(&seen, suite, 3, secret, sizeof secret));
    return seen;
}

static void number(struct strait__seen *seen, const struct strait__record *record)
{
    struct strait__number n;
    if (!strait__seen_read(seen, record, &n)) {
        return;
    }
    uint64_t newest = seen->newest_seq;
    bool is_new = strait__seen_is_new(seen, &n);
    bool is_newest = strait__seen_take(seen, &n);
    require(!strait__seen_is_new(seen, &n));
    require(!is_newest || is_new);
    require(is_newest || seen->newest_seq == newest);
}

static void peek(const uint8_t *datagram, size_t len, const struct strait__filter *filter)
{
    const uint8_t *found = NULL;
    size_t n = strait_dtls_peek_cid(datagram, len, filter->cid_len, &found);
    require(n == 0 || (n == filter->cid_len && found > datagram && found + n <= datagram + len));
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
    require(total == split.message.fragment_len);
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
    struct strait__seen seen = seen_of(&filter);
    size_t len = size - 1, offset = 0, before = 0;
    uint8_t *datagram = malloc(len > 0 ? len : 1);
    memcpy(datagram, data + 1, len);
    peek(datagram, len, &filter);
    enum strait__verdict verdict;
    while ((verdict = strait__filter_next(&filter, datagram, len, &offset, &record)) !=
           STRAIT__RECORD_END) {
        require(offset > before && offset <= len);
        require(record.len <= offset - before);
        if (verdict == STRAIT__RECORD_PASS) {
            require(record.len > record.header && record.header >= 2);
            require(!record.has_cid || filter.cid_len > 0);
            if (record.unified || record.epoch > 0) {
                number(&seen, &record);
            }
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
