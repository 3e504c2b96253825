/* Two SRTP sessions with each other's keys, and packets for them. */
#ifndef TESTS_SRTP_PAIR_H
#define TESTS_SRTP_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/srtp.h>

enum { N_PROFILES = 4, PACKET_ROOM = 4096 };

extern const enum strait_srtp_profile all_profiles[N_PROFILES];

/* Bytes added to an RTP and to an RTCP packet. */
size_t rtp_added(enum strait_srtp_profile profile);
size_t rtcp_added(enum strait_srtp_profile profile);

/* Keys that everybody can compute: byte n of the key that `sender` sends with. */
void known_keys(enum strait_srtp_profile profile, int sender, struct strait_srtp_key *key);

/* For party 0 or 1; defaults otherwise. */
struct strait_srtp_config config_of(enum strait_srtp_profile profile, int party);
struct strait_srtp *session_of(enum strait_srtp_profile profile, int party);

/* For a group of tests: keeps libsrtp running, since starting it takes long. */
int hold_library(void **state);
int release_library(void **state);

struct pair {
    struct strait_srtp *alice, *bob;
};
struct pair pair_of(enum strait_srtp_profile profile);
void pair_destroy(struct pair *pair);

/* A packet in memory of its own, so that a sanitizer sees who reads past it. */
struct bytes {
    uint8_t data[PACKET_ROOM];
    size_t len;
};

/* From lower case hexadecimal. */
struct bytes hex(const char *text);
void assert_hex(const uint8_t *data, size_t len, const char *expected);

/* An RTP packet; its payload is a function of SSRC and sequence number. */
void rtp_make(struct bytes *packet, uint32_t ssrc, uint16_t sequence, size_t payload);
/* The same with `csrcs` CSRCs and an extension of `words` words (-1: none). */
void rtp_make_long(struct bytes *packet, uint32_t ssrc, uint16_t sequence, size_t payload,
                   unsigned csrcs, int words);
/* A receiver report or, with more payload, a compound packet. */
void rtcp_make(struct bytes *packet, uint32_t ssrc, size_t payload);

/* Their status. */
int protect_as(struct strait_srtp *srtp, struct bytes *packet, enum strait_packet_kind kind);
int unprotect_as(struct strait_srtp *srtp, struct bytes *packet, enum strait_packet_kind kind);
int protect(struct strait_srtp *srtp, struct bytes *packet);
int unprotect(struct strait_srtp *srtp, struct bytes *packet);

/* Makes and protects an RTP packet with 100 bytes of payload. */
void rtp_sealed(struct strait_srtp *from, struct bytes *packet, uint32_t ssrc, uint16_t sequence);
/* Sends such a packet from one to the other and compares; the receiver's status. */
int rtp_pass(struct strait_srtp *from, struct strait_srtp *to, uint32_t ssrc, uint16_t sequence);
int rtcp_pass(struct strait_srtp *from, struct strait_srtp *to, uint32_t ssrc);

struct strait_srtp_stats stats_of(const struct strait_srtp *srtp);
/* Fails where there is no such stream. */
struct strait_srtp_stream stream_of(const struct strait_srtp *srtp, bool send, uint32_t ssrc);

#endif
