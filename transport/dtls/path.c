#include "transport/dtls/path.h"

/* A loss says nothing of the size, and the fewer datagrams a flight has the sooner it gets through a path that
 * only loses: not before the fourth (RFC 6347, 4.1.1.1: "if repeated retransmissions do not result in a
 * response"). What IPv4 must carry is seldom too much. */
enum { TRIES_IN_FULL = 3, TRIES_AT_IPV4 = 6 };

void strait__path_sent(struct strait__path *path, strait_time now)
{
    *path = (struct strait__path){ .measures = true, .since = now };
}

bool strait__path_again(struct strait__path *path, size_t *mtu)
{
    size_t smaller = *mtu > STRAIT__MTU_IPV4 ? STRAIT__MTU_IPV4 : STRAIT__MTU_MIN;
    uint32_t most = *mtu > STRAIT__MTU_IPV4 ? TRIES_IN_FULL : TRIES_AT_IPV4;
    path->measures = false;
    if (path->tries < most || path->longest <= smaller) {
        path->tries++;
        return false;
    }
    path->tries = 0;
    path->longest = 0;
    *mtu = smaller;
    return true;
}

bool strait__path_answered(struct strait__path *path, strait_time now, strait_time *rtt)
{
    bool measured = path->measures;
    path->measures = false;
    *rtt = measured ? now - path->since : 0;
    return measured;
}
