#include "tests/dtls_hellos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void send_fragment(struct pair *pair, struct refragment *r, uint32_t from, uint32_t to)
{
    uint8_t record[STRAIT__HELLO_MAX + 25];
    struct strait__handshake h = {
        .type = STRAIT__CLIENT_HELLO,
        .length = r->hello.length,
        .message_seq = r->hello.message_seq,
        .offset = from,
        .fragment_len = to - from,
    };
    strait__record_write(record, STRAIT__HANDSHAKE, r->seq++, 12 + to - from);
    strait__handshake_write(record + 13, &h);
    memcpy(record + 25, r->hello.buffer + STRAIT__REASSEMBLY_HEADROOM + from, to - from);
    pair_queue(pair, PAIR_SERVER, record, 25 + to - from);
}

bool refragment_tap(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct refragment *r = user;
    struct strait__handshake h;
    if (from != PAIR_CLIENT || data[0] != STRAIT__HANDSHAKE || data[13] != STRAIT__CLIENT_HELLO ||
        !strait__handshake_read(&h, data + 13, len - 13)) {
        return false;
    }
    strait__reassembly_add(&r->hello, &r->hooks, &h);
    if (h.offset + h.fragment_len == h.length) {
        assert_true(strait__reassembly_whole(&r->hello));
        r->plan(pair, r);
        r->transmission++;
    }
    return true;
}

void refragment_moving_boundary(struct pair *pair, struct refragment *r)
{
    if (r->transmission % 2 == 0) {
        send_fragment(pair, r, 0, 1383);
    } else {
        send_fragment(pair, r, 1163, r->hello.length);
    }
}

void refragment_many_backwards_twice(struct pair *pair, struct refragment *r)
{
    for (uint32_t to = r->hello.length; to > 0; to = to > 100 ? to - 100 : 0) {
        uint32_t from = to > 100 ? to - 100 : 0;
        send_fragment(pair, r, from, to);
        send_fragment(pair, r, from, to);
    }
}

void refragment_overlapping(struct pair *pair, struct refragment *r)
{
    send_fragment(pair, r, 400, 900);
    send_fragment(pair, r, 300, 1000);
    send_fragment(pair, r, 0, 500);
    send_fragment(pair, r, 800, r->hello.length);
}

void refragment_forged_first(struct pair *pair, struct refragment *r)
{
    uint8_t *byte = r->hello.buffer + STRAIT__REASSEMBLY_HEADROOM + 50;
    if (r->transmission == 0) {
        *byte ^= 1;
        send_fragment(pair, r, 0, 700);
        *byte ^= 1;
        uint32_t length = r->hello.length;
        r->hello.length = length - 40;
        send_fragment(pair, r, 10, 700);
        r->hello.length = STRAIT__HELLO_MAX + 1;
        send_fragment(pair, r, 10, 700);
        r->hello.length = length;
        r->hello.message_seq = 3;
        send_fragment(pair, r, 10, 700);
        r->hello.message_seq = 0;
    }
    send_fragment(pair, r, 0, 1200);
    send_fragment(pair, r, 1200, r->hello.length);
}

bool capture_tap(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct capture *c = user;
    (void)pair;
    if (from == PAIR_CLIENT && c->len == 0 && data[13] == STRAIT__CLIENT_HELLO &&
        strait__get16(data + 17) == c->message_seq) {
        assert_true(len <= sizeof c->data);
        memcpy(c->data, data, len);
        c->len = len;
    }
    return false;
}

/* Behind random, session id and cookie. */
uint8_t *capture_suites(struct capture *c)
{
    uint8_t *p = c->data + 25 + 34;
    p += 1 + p[0];
    return p + 1 + p[0];
}

uint8_t *capture_extension(struct capture *c, uint16_t type)
{
    uint8_t *p = capture_suites(c);
    p += 2 + strait__get16(p);
    p += 1 + p[0] + 2;
    while (strait__get16(p) != type) {
        p += 4 + strait__get16(p + 2);
        assert_true(p < c->data + c->len);
    }
    return p;
}
