#include "tests/sim/pieces.h"

#include <string.h>

#include "tests/sim/check.h"
#include "transport/dtls/wire.h"

enum {
    LEAST = 8, /* bytes a piece, but for the last one */
    MOST = 100,
    ROOM = 2048
};

void sim_pieces_init(struct sim_pieces *pieces, struct sim_net *net, uint64_t seed)
{
    *pieces = (struct sim_pieces){ .net = net };
    sim_random_init(&pieces->random, seed, 12);
}

/* In any order, within half a millisecond. */
static void send_later(struct sim_pieces *p, const struct sim_flight *flight, strait_time delay,
                       const uint8_t *data, size_t len)
{
    delay += flight->sender->out.delay + sim_random_below(&p->random, STRAIT_MS / 2);
    sim_net_inject(p->net, flight->from, flight->to, data, len, delay);
}

static void send_piece(struct sim_pieces *p, const struct sim_flight *flight,
                       const struct strait__handshake *message, uint32_t from, uint32_t to)
{
    uint8_t record[ROOM];
    struct strait__handshake piece = *message;
    bool odd = flight->from->ss_family == flight->to->ss_family &&
               memcmp(flight->from, flight->to, sizeof *flight->from) > 0;
    piece.offset = message->offset + from;
    piece.fragment_len = to - from;
    size_t headers = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER;
    strait__record_write(record, STRAIT__HANDSHAKE, p->seq[odd]++,
                         STRAIT__HANDSHAKE_HEADER + (size_t)piece.fragment_len);
    strait__handshake_write(record + STRAIT__RECORD_HEADER, &piece);
    memcpy(record + headers, message->fragment + from, piece.fragment_len);
    send_later(p, flight, 0, record, headers + piece.fragment_len);
    p->pieces++;
}

static void cut(struct sim_pieces *p, const struct sim_flight *flight,
                const struct strait__handshake *message)
{
    uint32_t len = message->fragment_len;
    uint32_t from = 0;
    do {
        uint32_t to = from + LEAST + (uint32_t)sim_random_below(&p->random, MOST - LEAST);
        to = to < len ? to : len;
        /* Some bytes of the piece before once more, and the whole again at times. */
        uint32_t back = (uint32_t)sim_random_below(&p->random, LEAST);
        send_piece(p, flight, message, from > back ? from - back : 0, to);
        if (sim_random_chance(&p->random, 20)) {
            send_piece(p, flight, message, from, to);
        }
        from = to;
    } while (from < len);
    p->messages++;
}

/* Records that stay whole: each alone, some of them twice. */
static void scatter(struct sim_pieces *p, const struct sim_flight *flight, const uint8_t *data,
                    size_t left)
{
    while (left > 0) {
        bool unified = (data[0] & 0xe0) == 0x20;
        size_t header = unified ? 5 : STRAIT__RECORD_HEADER;
        size_t len = header + strait__get16(data + header - 2);
        sim_check(len <= left);
        send_later(p, flight, STRAIT_MS, data, len);
        if (sim_random_chance(&p->random, 20)) {
            send_later(p, flight, STRAIT_MS, data, len);
        }
        data += len;
        left -= len;
    }
}

strait_time sim_pieces_shape(void *user, const struct sim_flight *flight)
{
    struct sim_pieces *p = user;
    const uint8_t *data = flight->data;
    size_t left = flight->len;
    while (left > STRAIT__RECORD_HEADER && data[0] == STRAIT__HANDSHAKE &&
           strait__get16(data + 3) == 0) {
        struct strait__handshake message;
        size_t len = strait__get16(data + 11);
        sim_check(strait__handshake_read(&message, data + STRAIT__RECORD_HEADER, len));
        sim_check(message.fragment_len + STRAIT__HANDSHAKE_HEADER == len);
        cut(p, flight, &message);
        data += STRAIT__RECORD_HEADER + len;
        left -= STRAIT__RECORD_HEADER + len;
    }
    scatter(p, flight, data, left);
    return SIM_DROP;
}
