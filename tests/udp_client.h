/* A peer's plain UDP socket on loopback, for tests of the runtime. */
#ifndef STRAIT_TESTS_UDP_CLIENT_H
#define STRAIT_TESTS_UDP_CLIENT_H

#include <strait/types.h>

struct udp_client {
    int fd;
    struct sockaddr_storage address; /* where it is bound */
};

/* What came: up to 64 KiB, from where, with which traffic class (-1: not told). */
struct udp_message {
    uint8_t data[65536];
    size_t len;
    struct sockaddr_storage from;
    int traffic_class;
};

/* "127.0.0.1" and the like with any port; false where the address is none of this host. */
bool udp_client_open(struct udp_client *client, const char *host);
void udp_client_close(struct udp_client *client);

/* To a path's local address as the runtime sees it; errors end the test. */
void udp_client_send(const struct udp_client *client, const struct sockaddr_storage *to,
                     const void *data, size_t len);
/* Whether the kernel knows UDP_SEGMENT. */
bool udp_client_can_segment(const struct udp_client *client);
/* As one train of datagrams of `segment` bytes. */
void udp_client_send_train(const struct udp_client *client, const struct sockaddr_storage *to,
                           const void *data, size_t len, uint16_t segment);
void udp_client_set_traffic_class(const struct udp_client *client, int value);

/* False where nothing is there now. */
bool udp_client_receive(const struct udp_client *client, struct udp_message *message);

/* An address with a port, for paths and binding; errors end the test. */
struct sockaddr_storage udp_address(const char *host, uint16_t port);

#endif
