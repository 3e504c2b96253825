/* The UDP socket. */
#ifndef PIPE_SOCKET_H
#define PIPE_SOCKET_H

#include <stdint.h>

#include "place.h"

struct udp {
    int fd;
    struct sockaddr_storage local;
    int error; /* errno of what the network refused last, 0 after a datagram came */
};

/* Binds to the place. 0, or -1 after a word on standard error. */
int udp_listen(struct udp *udp, const struct place *place);

/* Connects to the place, whose address goes to `peer`. */
int udp_connect(struct udp *udp, const struct place *place, struct sockaddr_storage *peer);

void udp_close(struct udp *udp);

/* Waits while the socket's buffer is full. Datagrams that the network refuses are lost, as others are. */
void udp_send(struct udp *udp, const struct sockaddr_storage *to, const uint8_t *data, size_t len);

/* The next datagram that is there: its length, or -1 where there is none. */
ssize_t udp_receive(struct udp *udp, struct sockaddr_storage *from, uint8_t *data, size_t room);

#endif
