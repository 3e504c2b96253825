/* Live state as plain data: read from one session, given to another. */
#include "srtp/packet.h"
#include "srtp/session.h"
#include "transport/util.h"

enum {
    /* RFC 3711, 3.4: 31 bits. Setting one needs 127 more (streams.c), and a stream that is so near to
     * its end must not send any more. */
    RTCP_INDEX_MAX = 0x7fffffff - 127,
};

static size_t list(const struct strait__srtp_direction *direction, struct strait_srtp_stream *out,
                   size_t max)
{
    for (size_t i = 0; i < direction->count && i < max; i++) {
        const struct strait__srtp_stream *stream = &direction->streams[i];
        out[i] = (struct strait_srtp_stream){
            .ssrc = stream->ssrc,
            .send = direction->send,
            .roc = stream->started ? (uint32_t)(stream->index >> 16) : 0,
            .sequence = stream->started ? (uint16_t)stream->index : 0,
            .started = stream->started,
            .rtcp_index = stream->rtcp_index,
        };
    }
    return direction->count;
}

size_t strait_srtp_streams(const struct strait_srtp *srtp, struct strait_srtp_stream *out,
                           size_t max)
{
    if (srtp == NULL) {
        return 0;
    }
    max = out != NULL ? max : 0;
    size_t sending = list(&srtp->send, out, max);
    size_t written = sending < max ? sending : max;
    out = out != NULL ? out + written : NULL;
    return sending + list(&srtp->receive, out, max - written);
}

int strait_srtp_restore(struct strait_srtp *srtp, const struct strait_srtp_stream *from)
{
    if (srtp == NULL || from == NULL) {
        return STRAIT_E_INVALID;
    }
    if (from->rtcp_index > RTCP_INDEX_MAX) {
        return from->rtcp_index > 0x7fffffff ? STRAIT_E_INVALID : STRAIT_E_LIMIT;
    }
    struct strait__srtp_direction *direction = from->send ? &srtp->send : &srtp->receive;
    if (strait__srtp_find(direction, from->ssrc) != NULL) {
        return STRAIT_E_EXISTS;
    }
    struct strait__srtp_stream stream = { .ssrc = from->ssrc, .rtcp_index = from->rtcp_index };
    if (from->started) {
        stream.started = true;
        stream.index = (uint64_t)from->roc << 16 | from->sequence;
        /* Which of the indices below were used is not known, and one must not be used twice: not to
         * send (RFC 3711, 9.1), and what comes again must be taken for a replay. */
        stream.used_up = stream.index + 1;
    }
    if (from->rtcp_index > 0) {
        stream.rtcp_used_up = from->rtcp_index + 1;
    }
    struct strait__srtp_stream *added;
    int result = strait__srtp_add(srtp, direction, &stream, &added);
    if (result == STRAIT_OK && from->send && from->rtcp_index > 0) {
        result = strait__srtp_set_rtcp_index(srtp, added, from->rtcp_index);
        if (result != STRAIT_OK) {
            strait__srtp_remove(direction, added);
        }
    }
    return result;
}
