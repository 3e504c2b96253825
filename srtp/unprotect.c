#include "srtp/packet.h"
#include "srtp/session.h"
#include "transport/util.h"

static int status_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return STRAIT_OK;
    case srtp_err_status_auth_fail:
        return STRAIT_E_AUTH;
    case srtp_err_status_replay_fail:
        return STRAIT_E_REPLAY;
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        return STRAIT_E_TOO_OLD;
    /* An SRTCP packet whose E flag says that it is not encrypted, in a profile that encrypts. */
    case srtp_err_status_cant_check:
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
        return STRAIT_E_INVALID;
    case srtp_err_status_key_expired:
        return STRAIT_E_LIMIT;
    case srtp_err_status_alloc_fail:
        return STRAIT_E_NOMEM;
    default:
        return STRAIT_E_CRYPTO;
    }
}

/*
 * The index of an SSRC's first RTP packet. Its rollover counter is 0, unless the sender began near
 * 65535 and what it sent before the rollover was lost (libsrtp takes 0 and never recovers). Then the
 * sequence number is low: with a high one, more than 2^15 packets would have been lost.
 */
static int first_index(struct strait_srtp *srtp, struct strait_packet *packet, size_t header_len,
                       uint64_t *index)
{
    uint16_t sequence = strait__get16(packet->data + 2);
    *index = sequence;
    if (strait__srtp_probe_rtp(&srtp->probe, packet->data, packet->len, header_len, *index)) {
        return STRAIT_OK;
    }
    if (sequence >= 0x8000 || packet->len > STRAIT__PROBE_SCRATCH) {
        return STRAIT_E_AUTH;
    }
    *index = UINT64_C(1) << 16 | sequence;
    return strait__srtp_probe_rtp(&srtp->probe, packet->data, packet->len, header_len, *index)
               ? STRAIT_OK
               : STRAIT_E_AUTH;
}

/* Of an authentic packet. */
static int find_or_add(struct strait_srtp *srtp, uint32_t ssrc, struct strait__srtp_stream **stream)
{
    const struct strait__srtp_stream fresh = { .ssrc = ssrc };
    return *stream != NULL ? STRAIT_OK : strait__srtp_add(srtp, &srtp->receive, &fresh, stream);
}

/* Where the packet stands, and that it may be taken: all that does not need libsrtp. */
static int place_rtp(struct strait_srtp *srtp, struct strait_packet *packet, size_t header_len,
                     struct strait__srtp_stream **stream, uint64_t *index)
{
    uint32_t ssrc = strait__get32(packet->data + 8);
    int status = STRAIT_OK;
    *stream = strait__srtp_find(&srtp->receive, ssrc);
    if (*stream != NULL && (*stream)->started) {
        *index = strait__rtp_index((*stream)->index, strait__get16(packet->data + 2));
    } else {
        status = first_index(srtp, packet, header_len, index);
    }
    if (status == STRAIT_OK && *index >= STRAIT__RTP_INDEX_END) {
        /* No sender may go there (RFC 3711, 9.2). */
        status = STRAIT_E_AUTH;
    }
    if (status == STRAIT_OK) {
        status = find_or_add(srtp, ssrc, stream);
    }
    if (status == STRAIT_OK && *index < (*stream)->used_up) {
        status = *index + 1 == (*stream)->used_up ? STRAIT_E_REPLAY : STRAIT_E_TOO_OLD;
    }
    if (status == STRAIT_OK && !(*stream)->aligned) {
        status = strait__srtp_align(srtp, &srtp->receive, *stream, *index);
    }
    return status;
}

static int unprotect_rtp(struct strait_srtp *srtp, struct strait_packet *packet)
{
    struct strait__srtp_stream *stream;
    uint64_t index;
    size_t tag_len = srtp->probe.rtp.tag_len;
    int len = (int)packet->len;
    if (packet->len < tag_len) {
        return STRAIT_E_INVALID;
    }
    size_t header_len = strait__rtp_header_len(packet->data, packet->len - tag_len);
    if (header_len == 0) {
        return STRAIT_E_INVALID;
    }
    int status = place_rtp(srtp, packet, header_len, &stream, &index);
    if (status == STRAIT_OK) {
        status = status_of(srtp_unprotect(stream->group, packet->data, &len));
    }
    if (status == STRAIT_OK) {
        strait__srtp_took_rtp(stream, index);
        packet->len = (size_t)len;
        srtp->stats.rtp_unprotected++;
    }
    return status;
}

static bool srtcp_fits(const struct strait_srtp *srtp, const struct strait_packet *packet)
{
    size_t trailer = STRAIT__SRTCP_INDEX + srtp->probe.rtcp.tag_len;
    if (packet->len < trailer || !strait__rtcp_fits(packet->data, packet->len - trailer)) {
        return false;
    }
    size_t at = strait__srtcp_index_at(srtp->profile, packet->len, srtp->probe.rtcp.tag_len);
    bool encrypted = (packet->data[at] & 0x80) != 0;
    return encrypted || packet->len <= STRAIT__GCM_JOINED_MAX;
}

static int unprotect_rtcp(struct strait_srtp *srtp, struct strait_packet *packet)
{
    int status = STRAIT_OK;
    int len = (int)packet->len;
    if (!srtcp_fits(srtp, packet)) {
        return STRAIT_E_INVALID;
    }
    size_t at = strait__srtcp_index_at(srtp->profile, packet->len, srtp->probe.rtcp.tag_len);
    uint32_t index = strait__get32(packet->data + at) & STRAIT__SRTCP_INDEX_MASK;
    uint32_t ssrc = strait__get32(packet->data + 4);
    struct strait__srtp_stream *stream = strait__srtp_find(&srtp->receive, ssrc);
    if (stream == NULL && !strait__srtp_probe_rtcp(&srtp->probe, packet->data, packet->len)) {
        return STRAIT_E_AUTH;
    }
    status = find_or_add(srtp, ssrc, &stream);
    if (status == STRAIT_OK && index < stream->rtcp_used_up) {
        status = index + 1 == stream->rtcp_used_up ? STRAIT_E_REPLAY : STRAIT_E_TOO_OLD;
    }
    if (status == STRAIT_OK) {
        status = status_of(srtp_unprotect_rtcp(stream->group, packet->data, &len));
    }
    if (status == STRAIT_OK) {
        strait__srtp_took_rtcp(stream, index);
        packet->len = (size_t)len;
        srtp->stats.rtcp_unprotected++;
    }
    return status;
}

static int unprotect(struct strait_srtp *srtp, struct strait_packet *packet)
{
    if (packet->data == NULL || packet->len > STRAIT_MAX_DATAGRAM || packet->len > packet->room) {
        return STRAIT_E_INVALID;
    }
    packet->kind = strait__packet_kind(packet->kind, packet->data, packet->len);
    return packet->kind == STRAIT_PACKET_RTCP ? unprotect_rtcp(srtp, packet)
                                              : unprotect_rtp(srtp, packet);
}

static void count_drop(struct strait_srtp_stats *stats, int status)
{
    switch (status) {
    case STRAIT_E_AUTH:
        stats->forged++;
        break;
    case STRAIT_E_REPLAY:
        stats->replayed++;
        break;
    case STRAIT_E_TOO_OLD:
        stats->too_old++;
        break;
    case STRAIT_E_INVALID:
        stats->malformed++;
        break;
    case STRAIT_E_LIMIT:
        /* Counted where it is known that it was the number of SSRCs. */
        break;
    default:
        stats->failed++;
        break;
    }
}

int strait_srtp_unprotect(struct strait_srtp *srtp, struct strait_packet *packets, size_t n)
{
    int well = 0;
    if (srtp == NULL || (packets == NULL && n > 0)) {
        return STRAIT_E_INVALID;
    }
    for (size_t i = 0; i < n; i++) {
        packets[i].status = unprotect(srtp, &packets[i]);
        if (packets[i].status == STRAIT_OK) {
            well++;
        } else {
            count_drop(&srtp->stats, packets[i].status);
        }
    }
    return well;
}
