/* Connection ids: RFC 9146 for DTLS 1.2, RFC 9147, section 9 for 1.3. */
#ifndef STRAIT_DTLS_CID_H
#define STRAIT_DTLS_CID_H

#include <stdbool.h>
#include <stddef.h>

struct strait_dtls;
struct strait__hello;

/* Client: offers them with the ClientHello. False where wolfSSL does not. Inside wolfSSL. */
bool strait__cid_offer(struct strait_dtls *d);

/* Server: agrees on them where this ClientHello offers them. */
bool strait__cid_answer(struct strait_dtls *d, const struct strait__hello *hello);

/* In the handshake, after what wolfSSL read: whether they are agreed on. */
void strait__cid_negotiated(struct strait_dtls *d);

/* Bytes of the id that we write into each protected record. */
size_t strait__cid_peer_len(struct strait_dtls *d);

#endif
