/* CRC-32 of ITU V.42, as STUN's FINGERPRINT takes it (RFC 8489, 14.7). */
#ifndef STRAIT_ICE_CRC32_H
#define STRAIT_ICE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t strait__crc32(const uint8_t *data, size_t len);

#endif
