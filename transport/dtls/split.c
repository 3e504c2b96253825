#include "transport/dtls/split.h"

bool strait__split_begin(struct strait__split *split, const uint8_t *record, size_t len)
{
    if (len < STRAIT__RECORD_HEADER || record[0] != STRAIT__HANDSHAKE ||
        strait__get16(record + 3) != 0 ||
        !strait__handshake_read(&split->message, record + STRAIT__RECORD_HEADER,
                                len - STRAIT__RECORD_HEADER)) {
        return false;
    }
    const struct strait__handshake *m = &split->message;
    split->bytes = m->fragment;
    split->left = m->fragment_len;
    return m->fragment_len > 0 &&
           len == STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER + (size_t)m->fragment_len;
}

size_t strait__split_next(struct strait__split *split, uint64_t seq, uint8_t *out, size_t room)
{
    const size_t headers = STRAIT__RECORD_HEADER + STRAIT__HANDSHAKE_HEADER;
    if (split->left == 0 || room <= headers) {
        return 0;
    }
    struct strait__handshake piece = split->message;
    piece.offset += piece.fragment_len - split->left;
    piece.fragment_len = split->left < room - headers ? split->left : (uint32_t)(room - headers);
    strait__record_write(out, STRAIT__HANDSHAKE, seq,
                         STRAIT__HANDSHAKE_HEADER + (size_t)piece.fragment_len);
    strait__handshake_write(out + STRAIT__RECORD_HEADER, &piece);
    memcpy(out + headers, split->bytes, piece.fragment_len);
    split->bytes += piece.fragment_len;
    split->left -= piece.fragment_len;
    return headers + piece.fragment_len;
}
