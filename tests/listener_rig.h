/* A listener, a client of it, and the client's ClientHellos to play with. */
#ifndef STRAIT_TESTS_LISTENER_RIG_H
#define STRAIT_TESTS_LISTENER_RIG_H

#include "tests/dtls_hellos.h"

/* A client that got its cookie and whose second ClientHello is kept from the listener. */
struct rig {
    struct pair pair;
    struct capture first, second;
    uint8_t reply[2048]; /* the last one */
    size_t reply_len;
    int replies;
};

/* A client of that version; secrets live 1 s. */
struct pair_options options_of(enum strait_dtls_version version);
struct rig *rig_with(const struct pair_options *o);
struct rig *rig_create(enum strait_dtls_version version);
/* Nothing is left allocated. */
void rig_destroy(struct rig *rig);
struct strait_dtls_listener_stats stats_of(const struct rig *rig);

/* A datagram; what came of it. */
struct strait_dtls *give(struct rig *rig, const void *address, size_t address_len,
                         const uint8_t *data, size_t len);
/* From that address, the client's being 0; true if it makes an association. */
bool accepts(struct rig *rig, uint8_t address, const struct capture *c);
/* The last answer was that alert. */
bool alerted(const struct rig *rig, uint8_t description);

#endif
