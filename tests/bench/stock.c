#include "tests/bench/stock.h"

#include <stdlib.h>
#include <string.h>

#include "tests/bench/srtp_ring.h"

/* --- Sessions ------------------------------------------------------------------------------------ */

const char *stock_name(void)
{
    return srtp_get_version_string();
}

static bool start(void)
{
    static bool started;
    started = started || srtp_init() == srtp_err_status_ok;
    return started;
}

srtp_t stock_session(enum strait_srtp_profile profile, srtp_ssrc_type_t direction)
{
    struct strait_srtp_key key;
    size_t key_len = 0, salt_len = 0;
    unsigned char master[STRAIT_SRTP_MAX_KEY + STRAIT_SRTP_MAX_SALT];
    srtp_t session = NULL;
    ring_key(&key);
    strait_srtp_profile_lengths(profile, &key_len, &salt_len);
    memcpy(master, key.key, key_len);
    memcpy(master + key_len, key.salt, salt_len);
    srtp_policy_t policy = {
        .ssrc = { .type = direction }, .key = master, .window_size = 1024, /* strait's default */
    };
    if (!start() ||
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, (srtp_profile_t)profile) !=
            srtp_err_status_ok ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, (srtp_profile_t)profile) !=
            srtp_err_status_ok ||
        srtp_create(&session, &policy) != srtp_err_status_ok) {
        bench_fail("libsrtp makes no session of profile %d", (int)profile);
        return NULL;
    }
    return session;
}

/* --- The side of the benchmark `srtp` ---------------------------------------------------------------- */

struct stock {
    srtp_t out, in;
};

static void close_sessions(void *state)
{
    struct stock *stock = state;
    if (stock->out != NULL) {
        srtp_dealloc(stock->out);
    }
    if (stock->in != NULL) {
        srtp_dealloc(stock->in);
    }
    free(stock);
}

static void *open_sessions(enum strait_srtp_profile profile)
{
    struct stock *stock = bench_alloc(sizeof *stock);
    stock->out = stock_session(profile, ssrc_any_outbound);
    stock->in = stock_session(profile, ssrc_any_inbound);
    if (stock->out == NULL || stock->in == NULL) {
        close_sessions(stock);
        return NULL;
    }
    return stock;
}

static bool protect(void *state, uint8_t *packet, size_t *len)
{
    const struct stock *stock = state;
    int n = (int)*len;
    srtp_err_status_t status = srtp_protect(stock->out, packet, &n);
    *len = (size_t)n;
    return status == srtp_err_status_ok;
}

static bool unprotect(void *state, uint8_t *packet, size_t *len)
{
    const struct stock *stock = state;
    int n = (int)*len;
    srtp_err_status_t status = srtp_unprotect(stock->in, packet, &n);
    *len = (size_t)n;
    return status == srtp_err_status_ok;
}

static const struct ring_ops ops = {
    .name = "libsrtp",
    .open = open_sessions,
    .protect = protect,
    .unprotect = unprotect,
    .close = close_sessions,
};

static void *open_ring(const void *spec, bool quick)
{
    return ring_open(&ops, spec, quick);
}

const struct bench_side stock_side = {
    .name = stock_name, .open = open_ring, .run = ring_run, .close = ring_close
};
