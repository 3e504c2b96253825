/* coturn, as a child of the test: the program that ./dev has unpacked, or the one that is installed. */
#ifndef STRAIT_TESTS_TURN_SERVER_H
#define STRAIT_TESTS_TURN_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* With TLS the certificate and key are the test's own. */
struct turn_server {
    pid_t pid;
    uint16_t port, tls_port;
    /* URLs; user ann, password secret. By name: of localhost, over TCP. */
    char udp[80], tcp[80], by_name[80], tls[80], tls_by_name[80];
};

/* An address that agents gather from, or "": libnice leaves loopback out, and binds each socket to its interface. What
 * goes to it stays on this host. */
const char *host_address(void);

/* STRAIT_TURNSERVER, build-tools/ or PATH; NULL: there is none. Where STRAIT_TURNSERVER is set it has to be there. */
const char *turn_server_program(void);

/* On host_address() and 127.0.0.1; `cert` and `key` (PEM files) NULL: without TLS. False: no program, or no address: the case is to
 * be skipped, which is a failure where STRAIT_TURNSERVER is set. */
bool turn_server_start(struct turn_server *turn, const char *cert, const char *key);
void turn_server_stop(const struct turn_server *turn);

#endif
