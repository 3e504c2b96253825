/*
 * What a server answers without state: each is one record, written into the caller's buffer. The answer
 * takes the record number and the message_seq of the ClientHello (RFC 6347, section 4.2.1), so that the
 * client can tell two answers apart although nobody counts them.
 */
#ifndef STRAIT_DTLS_REPLY_H
#define STRAIT_DTLS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "transport/dtls/cookie.h"

/* Above the longest of them: a HelloRetryRequest with key_share and a cookie over SHA-384. */
enum { STRAIT__REPLY_MAX = 256 };

/* Each gives the record's length. */
size_t strait__reply_hello_verify(uint8_t out[STRAIT__REPLY_MAX], uint64_t record_seq,
                                  uint16_t message_seq, const uint8_t cookie[STRAIT__COOKIE_MAC]);

/* Group 0: the client's share is taken, only the cookie is asked for. */
size_t strait__reply_hello_retry(uint8_t out[STRAIT__REPLY_MAX], uint64_t record_seq,
                                 uint16_t message_seq, uint16_t suite, uint16_t group,
                                 const uint8_t *cookie, size_t cookie_len);

size_t strait__reply_alert(uint8_t out[STRAIT__REPLY_MAX], uint64_t record_seq,
                           uint8_t description);

#endif
