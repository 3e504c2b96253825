#include "transport/dtls/wire.h"

bool strait__handshake_read(struct strait__handshake *out, const uint8_t *data, size_t len)
{
    if (len < STRAIT__HANDSHAKE_HEADER) {
        return false;
    }
    *out = (struct strait__handshake){
        .type = data[0],
        .length = strait__get24(data + 1),
        .message_seq = strait__get16(data + 4),
        .offset = strait__get24(data + 6),
        .fragment_len = strait__get24(data + 9),
        .fragment = data + STRAIT__HANDSHAKE_HEADER,
    };
    return out->fragment_len <= len - STRAIT__HANDSHAKE_HEADER && out->offset <= out->length &&
           out->fragment_len <= out->length - out->offset;
}

void strait__handshake_write(uint8_t *out, const struct strait__handshake *handshake)
{
    out[0] = handshake->type;
    strait__put24(out + 1, handshake->length);
    strait__put16(out + 4, handshake->message_seq);
    strait__put24(out + 6, handshake->offset);
    strait__put24(out + 9, handshake->fragment_len);
}

void strait__record_write(uint8_t *out, enum strait__content_type type, uint64_t seq, size_t len)
{
    out[0] = (uint8_t)type;
    strait__put16(out + 1, 0xfefd);
    strait__put16(out + 3, 0);
    strait__put48(out + 5, seq);
    strait__put16(out + 11, (uint16_t)len);
}

const uint8_t strait__hello_retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

bool strait__is_hello_retry(const uint8_t *body, size_t len)
{
    return len >= 2 + sizeof strait__hello_retry_random &&
           memcmp(body + 2, strait__hello_retry_random, sizeof strait__hello_retry_random) == 0;
}
