/* Whether the peer is still there: the idle limit of an association. */
#ifndef STRAIT_DTLS_HEARD_H
#define STRAIT_DTLS_HEARD_H

#include <strait/types.h>

struct strait_dtls;

/* An authentic record of that epoch came. `answered`: something was sent because of it. */
void strait__heard(struct strait_dtls *d, uint64_t epoch, bool answered);

/* From now on the peer has the whole idle time, and what waits for its answer is repeated as long as a
 * handshake would be. */
void strait__dtls_wait_longer(struct strait_dtls *d);

/* The peer was silent for too long: ends the association. */
void strait__heard_advance(struct strait_dtls *d);
/* When that will be. */
strait_time strait__heard_deadline(const struct strait_dtls *d);

#endif
