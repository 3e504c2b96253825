#include "tests/bench/fanout.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>

#include "tests/bench/stock.h"

void fanout_init(struct fanout *fanout, const struct fanout_spec *spec, bool quick)
{
    fanout->burst = spec->burst;
    fanout->turns = quick ? 1 : FANOUT_PACKETS / FANOUT_RECEIVERS / spec->burst;
}

double fanout_run(struct fanout *fanout, bool (*turn)(void *state), void *state)
{
    uint64_t took = 0;
    for (unsigned i = 0; i < fanout->turns; i++) {
        for (unsigned k = 0; k < fanout->burst; k++) {
            ring_packet(fanout->packet[k], fanout->next++, FANOUT_PAYLOAD);
        }
        uint64_t start = bench_cpu();
        bool good = turn(state);
        took += bench_cpu() - start;
        if (!good) {
            return bench_fail("a packet did not get to all receivers");
        }
    }
    return (double)took / fanout->turns / FANOUT_RECEIVERS / fanout->burst;
}

/* --- The floor: wolfCrypt -------------------------------------------------------------------------- */

struct bare {
    struct fanout fanout;
    Aes aes[FANOUT_RECEIVERS];
};

static bool bare_turn(void *state)
{
    struct bare *bare = state;
    struct fanout *f = &bare->fanout;
    uint8_t iv[12] = { 0 };
    bool good = true;
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        for (unsigned k = 0; k < f->burst; k++) {
            const uint8_t *packet = f->packet[k];
            uint8_t *out = f->out[i][k];
            memcpy(iv, packet + 2, 2);
            memcpy(out, packet, RING_HEADER);
            good &= wc_AesGcmEncrypt(&bare->aes[i], out + RING_HEADER, packet + RING_HEADER,
                                     FANOUT_PAYLOAD, iv, sizeof iv, out + FANOUT_LEN, FANOUT_TAG,
                                     packet, RING_HEADER) == 0;
        }
    }
    return good;
}

static double bare_run(void *state)
{
    struct bare *bare = state;
    return fanout_run(&bare->fanout, bare_turn, bare);
}

static void bare_close(void *state)
{
    struct bare *bare = state;
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        wc_AesFree(&bare->aes[i]);
    }
    free(bare);
}

static void *bare_open(const void *spec, bool quick)
{
    struct bare *bare = bench_alloc(sizeof *bare);
    struct strait_srtp_key key;
    ring_key(&key);
    fanout_init(&bare->fanout, spec, quick);
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        key.key[0] = (uint8_t)i;
        if (wc_AesInit(&bare->aes[i], NULL, INVALID_DEVID) != 0 ||
            wc_AesGcmSetKey(&bare->aes[i], key.key, 16) != 0) {
            bench_fail("wolfCrypt takes no GCM key");
            bare_close(bare);
            return NULL;
        }
    }
    return bare;
}

const struct bench_side bare_fanout = { .open = bare_open, .run = bare_run, .close = bare_close };

/* --- The peer: stock libsrtp ------------------------------------------------------------------------ */

struct stock {
    struct fanout fanout;
    srtp_t session[FANOUT_RECEIVERS];
};

static bool stock_turn(void *state)
{
    struct stock *stock = state;
    struct fanout *f = &stock->fanout;
    bool good = true;
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        for (unsigned k = 0; k < f->burst; k++) {
            int len = FANOUT_LEN;
            memcpy(f->out[i][k], f->packet[k], FANOUT_LEN);
            good &= srtp_protect(stock->session[i], f->out[i][k], &len) == srtp_err_status_ok &&
                    len == FANOUT_SEALED;
        }
    }
    return good;
}

static double stock_run(void *state)
{
    struct stock *stock = state;
    return fanout_run(&stock->fanout, stock_turn, stock);
}

static void stock_close(void *state)
{
    struct stock *stock = state;
    for (unsigned i = 0; i < FANOUT_RECEIVERS && stock->session[i] != NULL; i++) {
        srtp_dealloc(stock->session[i]);
    }
    free(stock);
}

static void *stock_open(const void *spec, bool quick)
{
    struct stock *stock = bench_alloc(sizeof *stock);
    fanout_init(&stock->fanout, spec, quick);
    for (unsigned i = 0; i < FANOUT_RECEIVERS; i++) {
        stock->session[i] = stock_session(STRAIT_SRTP_AEAD_AES_128_GCM, ssrc_any_outbound);
        if (stock->session[i] == NULL) {
            stock_close(stock);
            return NULL;
        }
    }
    return stock;
}

const struct bench_side stock_fanout = {
    .name = stock_name, .open = stock_open, .run = stock_run, .close = stock_close
};
