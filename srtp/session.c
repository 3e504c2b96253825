#include "srtp/session.h"

#include "srtp/library.h"
#include "transport/dtls/wolf_hooks.h"
#include "transport/util.h"

enum {
    /* RFC 3711, 3.3.2: at least 64. From 2^15 on an index cannot be told from one a rollover away. */
    WINDOW_MIN = 64,
    WINDOW_MAX = 32767,
    /* Video at 1,000 packets a second, and a second of reordering and retransmission. */
    WINDOW_RTP = 1024,
    /* What libsrtp has; its window for SRTCP has one size. */
    WINDOW_RTCP = 128,
    /* Audio, video layers, their retransmission and FEC for some ten sources. */
    MAX_SSRCS = 64,
};

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static bool is_window(uint32_t packets)
{
    return packets >= WINDOW_MIN && packets <= WINDOW_MAX;
}

static int read_config(struct strait_srtp_config *config, const struct strait_srtp_config *from)
{
    size_t key, salt;
    int result = strait__sized_read(config, sizeof *config, from);
    if (result == STRAIT_OK) {
        result = strait_srtp_profile_lengths(config->profile, &key, &salt);
    }
    if (result != STRAIT_OK) {
        return result;
    }
    config->replay_window_rtp = or_default(config->replay_window_rtp, WINDOW_RTP);
    config->replay_window_rtcp = or_default(config->replay_window_rtcp, WINDOW_RTCP);
    config->max_ssrcs = or_default(config->max_ssrcs, MAX_SSRCS);
    bool windows = is_window(config->replay_window_rtp) && is_window(config->replay_window_rtcp);
    return windows ? STRAIT_OK : STRAIT_E_INVALID;
}

int strait_srtp_create(struct strait_srtp **out, const struct strait_srtp_config *from)
{
    struct strait_srtp_config config;
    struct strait_hooks hooks;
    struct strait__wolf_scope scope;
    struct strait_srtp *srtp = NULL;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    int result = read_config(&config, from);
    if (result == STRAIT_OK) {
        result = strait__hooks_init(&hooks, config.hooks);
    }
    if (result == STRAIT_OK) {
        result = strait__srtp_library_acquire();
    }
    if (result != STRAIT_OK) {
        goto done;
    }
    srtp = strait__alloc(&hooks, sizeof *srtp);
    if (srtp == NULL) {
        strait__srtp_library_release();
        result = STRAIT_E_NOMEM;
        goto done;
    }
    srtp->hooks = hooks;
    srtp->profile = config.profile;
    srtp->replay_window = config.replay_window_rtp;
    srtp->max_ssrcs = config.max_ssrcs;
    srtp->send.send = true;
    srtp->send.key = config.send;
    srtp->receive.key = config.receive;
    strait__wolf_enter(&scope, &srtp->hooks, 0);
    result = strait__srtp_probe_init(&srtp->probe, config.profile, &config.receive);
    strait__wolf_leave(&scope);
    if (result == STRAIT_OK) {
        *out = srtp;
    } else {
        strait_srtp_destroy(srtp);
    }
done:
    strait__zero(&config, sizeof config);
    return result;
}

void strait_srtp_destroy(struct strait_srtp *srtp)
{
    if (srtp == NULL) {
        return;
    }
    struct strait_hooks hooks = srtp->hooks;
    strait__srtp_direction_finish(srtp, &srtp->send);
    strait__srtp_direction_finish(srtp, &srtp->receive);
    strait__srtp_probe_finish(&srtp->probe);
    strait__zero(srtp, sizeof *srtp);
    strait__free(&hooks, srtp);
    strait__srtp_library_release();
}

int strait_srtp_stats(const struct strait_srtp *srtp, struct strait_srtp_stats *out)
{
    if (srtp == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait_srtp_stats stats = srtp->stats;
    stats.ssrcs_send = srtp->send.count;
    stats.ssrcs_receive = srtp->receive.count;
    return strait__sized_copy(out, &stats, sizeof stats);
}
