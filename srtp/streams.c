/*
 * Which SSRCs there are and where each one stands. libsrtp's own memory for them comes from malloc;
 * the keys in it are wolfCrypt's and so from the hooks.
 */
#include "srtp/derive.h"
#include "srtp/packet.h"
#include "srtp/session.h"
#include "transport/dtls/wolf_hooks.h"
#include "transport/util.h"

enum { FIRST_ROOM = 4 };

/* The number of streams whose SSRC is below this one. */
static uint32_t lower_bound(const struct strait__srtp_direction *direction, uint32_t ssrc)
{
    uint32_t first = 0;
    for (uint32_t n = direction->count; n > 0;) {
        uint32_t half = n / 2;
        bool below = direction->streams[first + half].ssrc < ssrc;
        first = below ? first + half + 1 : first;
        n = below ? n - half - 1 : half;
    }
    return first;
}

struct strait__srtp_stream *strait__srtp_find(const struct strait__srtp_direction *direction,
                                              uint32_t ssrc)
{
    uint32_t at = lower_bound(direction, ssrc);
    bool there = at < direction->count && direction->streams[at].ssrc == ssrc;
    return there ? &direction->streams[at] : NULL;
}

static int make_room(struct strait_srtp *srtp, struct strait__srtp_direction *direction)
{
    if (direction->count < direction->room) {
        return STRAIT_OK;
    }
    uint32_t room = direction->room > 0 ? direction->room * 2 : FIRST_ROOM;
    struct strait__srtp_stream *streams = strait__alloc(&srtp->hooks, room * sizeof *streams);
    if (streams == NULL) {
        return STRAIT_E_NOMEM;
    }
    if (direction->count > 0) {
        memcpy(streams, direction->streams, direction->count * sizeof *streams);
    }
    strait__free(&srtp->hooks, direction->streams);
    direction->streams = streams;
    direction->room = room;
    return STRAIT_OK;
}

static int status_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return STRAIT_OK;
    case srtp_err_status_alloc_fail:
        return STRAIT_E_NOMEM;
    default:
        return STRAIT_E_CRYPTO;
    }
}

/* What a group is made with, and streams of it that cannot wait for their first packet. */
static void policy_init(const struct strait_srtp *srtp,
                        const struct strait__srtp_direction *direction,
                        struct strait__srtp_master *master, srtp_policy_t *policy)
{
    srtp_profile_t profile = (srtp_profile_t)srtp->profile;
    memset(policy, 0, sizeof *policy);
    srtp_crypto_policy_set_from_profile_for_rtp(&policy->rtp, profile);
    /* RFC 5764, 4.1.2: SRTCP has the tag of 80 bits in the profile with 32 too; libsrtp knows. */
    srtp_crypto_policy_set_from_profile_for_rtcp(&policy->rtcp, profile);
    (void)strait__srtp_master_init(master, srtp->profile, &direction->key);
    policy->key = master->bytes;
    policy->window_size = srtp->replay_window;
    policy->allow_repeat_tx = 0;
    policy->ssrc.type = direction->send ? ssrc_any_outbound : ssrc_any_inbound;
}

static int make_group(struct strait_srtp *srtp, struct strait__srtp_direction *direction)
{
    struct strait__wolf_scope scope;
    struct strait__srtp_master master;
    srtp_policy_t policy;
    srtp_t group;
    policy_init(srtp, direction, &master, &policy);
    strait__wolf_enter(&scope, &srtp->hooks, 0);
    int result = status_of(srtp_create(&group, &policy));
    strait__wolf_leave(&scope);
    strait__zero(&master, sizeof master);
    if (result == STRAIT_OK) {
        srtp_set_user_data(group, direction->newest);
        direction->newest = group;
        direction->in_newest = 0;
    }
    return result;
}

int strait__srtp_add(struct strait_srtp *srtp, struct strait__srtp_direction *direction,
                     const struct strait__srtp_stream *from, struct strait__srtp_stream **out)
{
    if (direction->count >= srtp->max_ssrcs) {
        srtp->stats.ssrcs_refused++;
        return STRAIT_E_LIMIT;
    }
    int result = make_room(srtp, direction);
    if (result == STRAIT_OK &&
        (direction->newest == NULL || direction->in_newest == STRAIT__SSRCS_A_GROUP)) {
        result = make_group(srtp, direction);
    }
    if (result != STRAIT_OK) {
        return result;
    }
    uint32_t at = lower_bound(direction, from->ssrc);
    struct strait__srtp_stream *stream = &direction->streams[at];
    memmove(stream + 1, stream, (direction->count - at) * sizeof *stream);
    *stream = *from;
    stream->group = direction->newest;
    direction->count++;
    direction->in_newest++;
    *out = stream;
    return STRAIT_OK;
}

void strait__srtp_remove(struct strait__srtp_direction *direction,
                         struct strait__srtp_stream *stream)
{
    /* srtp_remove_stream takes the SSRC as it stands in a packet, the other functions as a number. */
    uint8_t bytes[4];
    uint32_t ssrc;
    strait__put32(bytes, stream->ssrc);
    memcpy(&ssrc, bytes, sizeof ssrc);
    if (stream->listed) {
        srtp_remove_stream(stream->group, ssrc);
    }
    size_t behind = (size_t)(direction->streams + direction->count - (stream + 1));
    memmove(stream, stream + 1, behind * sizeof *stream);
    direction->count--;
}

/* Does for one SSRC what libsrtp does when its first packet comes. */
static int list_stream(struct strait_srtp *srtp, struct strait__srtp_direction *direction,
                       struct strait__srtp_stream *stream)
{
    struct strait__wolf_scope scope;
    struct strait__srtp_master master;
    srtp_policy_t policy;
    policy_init(srtp, direction, &master, &policy);
    policy.ssrc.type = ssrc_specific;
    policy.ssrc.value = stream->ssrc;
    strait__wolf_enter(&scope, &srtp->hooks, 0);
    int result = status_of(srtp_add_stream(stream->group, &policy));
    strait__wolf_leave(&scope);
    strait__zero(&master, sizeof master);
    stream->listed = result == STRAIT_OK;
    return result;
}

int strait__srtp_align(struct strait_srtp *srtp, struct strait__srtp_direction *direction,
                       struct strait__srtp_stream *stream, uint64_t index)
{
    uint32_t roc = (uint32_t)(index >> 16);
    if (!stream->listed) {
        if (roc == 0) {
            return STRAIT_OK;
        }
        int result = list_stream(srtp, direction, stream);
        if (result != STRAIT_OK) {
            return result;
        }
    }
    /* Not taken before a packet is authentic, so a forged one before does no harm. */
    return status_of(srtp_set_stream_roc(stream->group, stream->ssrc, roc));
}

void strait__srtp_took_rtp(struct strait__srtp_stream *stream, uint64_t index)
{
    if (!stream->started || index > stream->index) {
        stream->index = index;
    }
    stream->started = true;
    stream->listed = true;
    stream->aligned = true;
}

void strait__srtp_took_rtcp(struct strait__srtp_stream *stream, uint32_t index)
{
    if (index > stream->rtcp_index) {
        stream->rtcp_index = index;
    }
    stream->listed = true;
}

/*
 * libsrtp cannot be told an SRTCP index, but moves it when it receives one: the lower end of its replay
 * window of 128 is also the last index sent. So it receives, in the stream that is to send, a
 * packet made here for the index at the window's upper end, which is never sent. srtp_update_stream
 * keeps the index and forgets that the stream received.
 */
int strait__srtp_set_rtcp_index(struct strait_srtp *srtp, struct strait__srtp_stream *stream,
                                uint32_t index)
{
    enum { WINDOW = 128 };
    struct strait__srtp_direction *direction = &srtp->send;
    struct strait__wolf_scope scope;
    struct strait__srtp_master master;
    srtp_policy_t policy;
    uint8_t packet[STRAIT__RTCP_HEADER + STRAIT__SRTCP_INDEX + STRAIT__TAG_MAX];
    struct strait__srtp_probe *probe = strait__alloc(&srtp->hooks, sizeof *probe);
    if (probe == NULL) {
        return STRAIT_E_NOMEM;
    }
    strait__wolf_enter(&scope, &srtp->hooks, 0);
    int result = strait__srtp_probe_init(probe, srtp->profile, &direction->key);
    if (result == STRAIT_OK) {
        result = list_stream(srtp, direction, stream);
    }
    if (result == STRAIT_OK) {
        int len = (int)strait__srtp_probe_empty_rtcp(probe, packet, stream->ssrc,
                                                     index + WINDOW - 1);
        result = status_of(srtp_unprotect_rtcp(stream->group, packet, &len));
    }
    if (result == STRAIT_OK) {
        policy_init(srtp, direction, &master, &policy);
        policy.ssrc.type = ssrc_specific;
        policy.ssrc.value = stream->ssrc;
        result = status_of(srtp_update_stream(stream->group, &policy));
        strait__zero(&master, sizeof master);
    }
    strait__srtp_probe_finish(probe);
    strait__wolf_leave(&scope);
    strait__free(&srtp->hooks, probe);
    return result;
}

void strait__srtp_direction_finish(struct strait_srtp *srtp,
                                   struct strait__srtp_direction *direction)
{
    for (srtp_t group = direction->newest, before; group != NULL; group = before) {
        before = srtp_get_user_data(group);
        srtp_dealloc(group);
    }
    strait__free(&srtp->hooks, direction->streams);
    strait__zero(direction, sizeof *direction);
}
