#include "tests/srtp_pair.h"

#include "srtp/library.h"

const enum strait_srtp_profile all_profiles[N_PROFILES] = {
    STRAIT_SRTP_AEAD_AES_256_GCM,
    STRAIT_SRTP_AEAD_AES_128_GCM,
    STRAIT_SRTP_AES128_CM_SHA1_80,
    STRAIT_SRTP_AES128_CM_SHA1_32,
};

size_t rtp_added(enum strait_srtp_profile profile)
{
    switch (profile) {
    case STRAIT_SRTP_AES128_CM_SHA1_80:
        return 10;
    case STRAIT_SRTP_AES128_CM_SHA1_32:
        return 4;
    default:
        return 16;
    }
}

size_t rtcp_added(enum strait_srtp_profile profile)
{
    return profile == STRAIT_SRTP_AES128_CM_SHA1_32 ? 14 : rtp_added(profile) + 4;
}

void known_keys(enum strait_srtp_profile profile, int sender, struct strait_srtp_key *key)
{
    size_t key_len, salt_len;
    assert_int_equal(strait_srtp_profile_lengths(profile, &key_len, &salt_len), STRAIT_OK);
    memset(key, 0, sizeof *key);
    for (size_t i = 0; i < key_len; i++) {
        key->key[i] = (uint8_t)(17 * (size_t)sender + 3 * i + 1);
    }
    for (size_t i = 0; i < salt_len; i++) {
        key->salt[i] = (uint8_t)(29 * (size_t)sender + 5 * i + 2);
    }
}

struct strait_srtp_config config_of(enum strait_srtp_profile profile, int party)
{
    struct strait_srtp_config config = { .size = sizeof config, .profile = profile };
    known_keys(profile, party, &config.send);
    known_keys(profile, 1 - party, &config.receive);
    return config;
}

struct strait_srtp *session_of(enum strait_srtp_profile profile, int party)
{
    struct strait_srtp_config config = config_of(profile, party);
    struct strait_srtp *srtp;
    assert_int_equal(strait_srtp_create(&srtp, &config), STRAIT_OK);
    return srtp;
}

int hold_library(void **state)
{
    (void)state;
    return strait__srtp_library_acquire();
}

int release_library(void **state)
{
    (void)state;
    strait__srtp_library_release();
    return 0;
}

struct pair pair_of(enum strait_srtp_profile profile)
{
    return (struct pair){ session_of(profile, 0), session_of(profile, 1) };
}

void pair_destroy(struct pair *pair)
{
    strait_srtp_destroy(pair->alice);
    strait_srtp_destroy(pair->bob);
}

static unsigned digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);
    assert_non_null(at);
    return (unsigned)(at - digits);
}

struct bytes hex(const char *text)
{
    struct bytes bytes = { .len = strlen(text) / 2 };
    assert_true(bytes.len <= sizeof bytes.data && strlen(text) % 2 == 0);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return bytes;
}

void assert_hex(const uint8_t *data, size_t len, const char *expected)
{
    struct bytes bytes = hex(expected);
    assert_int_equal(len, bytes.len);
    assert_memory_equal(data, bytes.data, len);
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
    return at + 4;
}

static void fill(uint8_t *at, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = (uint8_t)(seed >> 24);
    }
}

void rtp_make_long(struct bytes *packet, uint32_t ssrc, uint16_t sequence, size_t payload,
                   unsigned csrcs, int words)
{
    uint8_t *at = packet->data;
    at = put32(at, 0x80600000u | sequence | csrcs << 24 | (words >= 0 ? 0x10000000u : 0));
    at = put32(at, 160u * sequence);
    at = put32(at, ssrc);
    for (unsigned i = 0; i < csrcs; i++) {
        at = put32(at, 0xc0c00000u + i);
    }
    if (words >= 0) {
        at = put32(at, 0xbede0000u | (uint32_t)words);
        fill(at, 4 * (size_t)words, ssrc);
        at += 4 * (size_t)words;
    }
    fill(at, payload, ssrc ^ sequence);
    packet->len = (size_t)(at - packet->data) + payload;
}

void rtp_make(struct bytes *packet, uint32_t ssrc, uint16_t sequence, size_t payload)
{
    rtp_make_long(packet, ssrc, sequence, payload, 0, -1);
}

void rtcp_make(struct bytes *packet, uint32_t ssrc, size_t payload)
{
    put32(put32(packet->data, 0x80c90000u | (uint32_t)(1 + payload / 4)), ssrc);
    fill(packet->data + 8, payload, ssrc);
    packet->len = 8 + payload;
}

/* The bytes go through memory that is just large enough. */
static int run(int (*call)(struct strait_srtp *, struct strait_packet *, size_t),
               struct strait_srtp *srtp, struct bytes *packet, enum strait_packet_kind kind,
               size_t room)
{
    uint8_t *data = malloc(room > 0 ? room : 1);
    assert_non_null(data);
    memcpy(data, packet->data, packet->len);
    struct strait_packet p = { .data = data, .len = packet->len, .room = room, .kind = kind };
    int well = call(srtp, &p, 1);
    assert_int_equal(well, p.status == STRAIT_OK);
    if (p.status == STRAIT_OK) {
        packet->len = p.len;
    }
    memcpy(packet->data, data, packet->len);
    free(data);
    return p.status;
}

int protect_as(struct strait_srtp *srtp, struct bytes *packet, enum strait_packet_kind kind)
{
    return run(strait_srtp_protect, srtp, packet, kind, packet->len + STRAIT_TAILROOM);
}

int unprotect_as(struct strait_srtp *srtp, struct bytes *packet, enum strait_packet_kind kind)
{
    return run(strait_srtp_unprotect, srtp, packet, kind, packet->len);
}

int protect(struct strait_srtp *srtp, struct bytes *packet)
{
    return protect_as(srtp, packet, STRAIT_PACKET_AUTO);
}

int unprotect(struct strait_srtp *srtp, struct bytes *packet)
{
    return unprotect_as(srtp, packet, STRAIT_PACKET_AUTO);
}

void rtp_sealed(struct strait_srtp *from, struct bytes *packet, uint32_t ssrc, uint16_t sequence)
{
    rtp_make(packet, ssrc, sequence, 100);
    assert_int_equal(protect(from, packet), STRAIT_OK);
}

static int pass(struct strait_srtp *from, struct strait_srtp *to, const struct bytes *plain)
{
    struct bytes packet = *plain;
    assert_int_equal(protect(from, &packet), STRAIT_OK);
    assert_true(packet.len > plain->len);
    int status = unprotect(to, &packet);
    if (status == STRAIT_OK) {
        assert_int_equal(packet.len, plain->len);
        assert_memory_equal(packet.data, plain->data, plain->len);
    }
    return status;
}

int rtp_pass(struct strait_srtp *from, struct strait_srtp *to, uint32_t ssrc, uint16_t sequence)
{
    struct bytes packet;
    rtp_make(&packet, ssrc, sequence, 100);
    return pass(from, to, &packet);
}

int rtcp_pass(struct strait_srtp *from, struct strait_srtp *to, uint32_t ssrc)
{
    struct bytes packet;
    rtcp_make(&packet, ssrc, 48);
    return pass(from, to, &packet);
}

struct strait_srtp_stats stats_of(const struct strait_srtp *srtp)
{
    struct strait_srtp_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_srtp_stats(srtp, &stats), STRAIT_OK);
    return stats;
}

struct strait_srtp_stream stream_of(const struct strait_srtp *srtp, bool send, uint32_t ssrc)
{
    struct strait_srtp_stream streams[256], found = { .ssrc = ssrc };
    size_t n = strait_srtp_streams(srtp, streams, 256);
    int count = 0;
    assert_true(n <= 256);
    for (size_t i = 0; i < n; i++) {
        if (streams[i].ssrc == ssrc && streams[i].send == send) {
            found = streams[i];
            count++;
        }
    }
    assert_int_equal(count, 1);
    return found;
}
