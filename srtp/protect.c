#include "srtp/packet.h"
#include "srtp/session.h"
#include "transport/util.h"

static int status_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return STRAIT_OK;
    case srtp_err_status_replay_fail:
    /* Before the window nobody knows whether the index was used, so it is taken as used. */
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        return STRAIT_E_REPLAY;
    case srtp_err_status_key_expired:
        return STRAIT_E_LIMIT;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
        return STRAIT_E_INVALID;
    case srtp_err_status_alloc_fail:
        return STRAIT_E_NOMEM;
    default:
        return STRAIT_E_CRYPTO;
    }
}

static int find_or_add(struct strait_srtp *srtp, uint32_t ssrc, struct strait__srtp_stream **out)
{
    const struct strait__srtp_stream fresh = { .ssrc = ssrc };
    *out = strait__srtp_find(&srtp->send, ssrc);
    return *out != NULL ? STRAIT_OK : strait__srtp_add(srtp, &srtp->send, &fresh, out);
}

static int expired(struct strait_srtp *srtp)
{
    srtp->stats.protect_refused++;
    return STRAIT_E_LIMIT;
}

static int protect_rtp(struct strait_srtp *srtp, struct strait_packet *packet)
{
    struct strait__srtp_stream *stream;
    int len = (int)packet->len;
    if (strait__rtp_header_len(packet->data, packet->len) == 0) {
        return STRAIT_E_INVALID;
    }
    int status = find_or_add(srtp, strait__get32(packet->data + 8), &stream);
    if (status != STRAIT_OK) {
        return status;
    }
    uint16_t sequence = strait__get16(packet->data + 2);
    uint64_t index = stream->started ? strait__rtp_index(stream->index, sequence) : sequence;
    if (index >= STRAIT__RTP_INDEX_END) {
        return expired(srtp);
    }
    if (index < stream->used_up) {
        return STRAIT_E_REPLAY;
    }
    if (!stream->aligned) {
        status = strait__srtp_align(srtp, &srtp->send, stream, index);
        if (status != STRAIT_OK) {
            return status;
        }
    }
    status = status_of(srtp_protect(stream->group, packet->data, &len));
    if (status == STRAIT_OK) {
        strait__srtp_took_rtp(stream, index);
        packet->len = (size_t)len;
        srtp->stats.rtp_protected++;
    }
    return status;
}

static int protect_rtcp(struct strait_srtp *srtp, struct strait_packet *packet)
{
    struct strait__srtp_stream *stream;
    int len = (int)packet->len;
    if (!strait__rtcp_fits(packet->data, packet->len)) {
        return STRAIT_E_INVALID;
    }
    int status = find_or_add(srtp, strait__get32(packet->data + 4), &stream);
    if (status != STRAIT_OK) {
        return status;
    }
    status = status_of(srtp_protect_rtcp(stream->group, packet->data, &len));
    if (status == STRAIT_E_LIMIT) {
        return expired(srtp);
    }
    if (status == STRAIT_OK) {
        size_t at = strait__srtcp_index_at(srtp->profile, (size_t)len, srtp->probe.rtcp.tag_len);
        strait__srtp_took_rtcp(stream, strait__get32(packet->data + at) & STRAIT__SRTCP_INDEX_MASK);
        packet->len = (size_t)len;
        srtp->stats.rtcp_protected++;
    }
    return status;
}

static int protect(struct strait_srtp *srtp, struct strait_packet *packet)
{
    if (packet->data == NULL || packet->len > STRAIT_MAX_DATAGRAM) {
        return STRAIT_E_INVALID;
    }
    if (packet->room < packet->len + STRAIT_TAILROOM) {
        return STRAIT_E_TOO_SMALL;
    }
    packet->kind = strait__packet_kind(packet->kind, packet->data, packet->len);
    return packet->kind == STRAIT_PACKET_RTCP ? protect_rtcp(srtp, packet)
                                              : protect_rtp(srtp, packet);
}

/* STRAIT_E_LIMIT is counted where it is known which limit it was. */
static void count_refusal(struct strait_srtp_stats *stats, int status)
{
    switch (status) {
    case STRAIT_E_INVALID:
        stats->malformed++;
        break;
    case STRAIT_E_TOO_SMALL:
    case STRAIT_E_REPLAY:
        stats->protect_refused++;
        break;
    case STRAIT_E_NOMEM:
    case STRAIT_E_CRYPTO:
        stats->failed++;
        break;
    default:
        break;
    }
}

int strait_srtp_protect(struct strait_srtp *srtp, struct strait_packet *packets, size_t n)
{
    int well = 0;
    if (srtp == NULL || (packets == NULL && n > 0)) {
        return STRAIT_E_INVALID;
    }
    for (size_t i = 0; i < n; i++) {
        packets[i].status = protect(srtp, &packets[i]);
        if (packets[i].status == STRAIT_OK) {
            well++;
        } else {
            count_refusal(&srtp->stats, packets[i].status);
        }
    }
    return well;
}
