/* A network of the test's own, and somebody there who answers questions of multicast DNS (RFC 6762). */
#ifndef STRAIT_TESTS_MDNS_RESPONDER_H
#define STRAIT_TESTS_MDNS_RESPONDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDNS_FOUR "10.77.0.1"
#define MDNS_SIX "fd77::1"

/* A network namespace with nothing in it but loopback. For the rest of the process. */
void mdns_enter_network(void);
/* An interface that has MDNS_FOUR and MDNS_SIX. */
void mdns_add_interface(void);
/* One more, IPv6 and deprecated. */
void mdns_add_deprecated(const char *address);

struct mdns_responder {
    int fd; /* beside the port's other owners */
    const char *names[4], *addresses[4];
    unsigned questions; /* for any name */
    unsigned foreign;   /* answers and announcements of others */
};

/* Sockets of both families that have the port for themselves, into two descriptors. */
void mdns_take_port(int fds[2]);

void mdns_responder_open(struct mdns_responder *responder);
/* Answers what has come. Never blocks. */
void mdns_responder_serve(struct mdns_responder *responder);
void mdns_responder_close(struct mdns_responder *responder);

#endif
