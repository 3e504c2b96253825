/* Two endpoints, A and B, with one transport each on external paths, joined by a perfect wire. */
#ifndef STRAIT_TESTS_TRANSPORT_PAIR_H
#define STRAIT_TESTS_TRANSPORT_PAIR_H

#include <stdbool.h>

#include <strait/strait.h>

struct side {
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    struct strait_path path;
    unsigned packets, data, ice_events, dtls_events, paths;
    enum strait_ice_state ice;
    enum strait_dtls_state dtls;
    uint8_t last[64];
    size_t last_len;
    struct strait_packet last_packet; /* its bytes are gone */
    /* What is done inside events. */
    bool destroy_on_connect, destroy_on_data, close_on_data, echo, drive_on_packets;
};

struct pair {
    struct strait_certificate *certificate[2];
    struct side side[2];
    strait_time now;
};

/* cmocka's, with a new pair as state. */
int pair_setup(void **state);
int pair_teardown(void **state);

struct strait_transport_config pair_config(struct pair *pair, int i);
void pair_give_dtls(struct pair *pair, int to);
void pair_set_paths(struct pair *pair);
/* Carries what waits at `from`; returns how many trains. */
size_t pair_carry(struct pair *pair, int from);
/* ... all of it in one datagram. */
void pair_carry_joined(struct pair *pair, int from);
/* Until nothing moves any more. */
void pair_run(struct pair *pair);
void pair_connect(struct pair *pair);

struct strait_packet pair_rtp(uint8_t *bytes, uint16_t sequence);
struct strait_transport_stats pair_stats(const struct side *side);

#endif
