#include "listening.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int try_one(const struct addrinfo *where)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(where->ai_family, where->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;

    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (where->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
        return fd;
    }
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .v6 = { 0 } };
    socklen_t len = sizeof address;

    if (getsockname(fd, &address.any, &len) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

int listening_open(const char *address, uint16_t port, uint16_t *bound, char *reason, size_t room)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                              .ai_socktype = SOCK_STREAM };
    const char *const anywhere[] = { "::", "0.0.0.0" };
    const char *const given[] = { address, NULL };
    const char *const *wanted = address ? given : anywhere;
    char service[8];

    snprintf(service, sizeof service, "%u", port);
    for (size_t i = 0; i < 2 && wanted[i]; i++) {
        struct addrinfo *found;
        int fd;

        if (getaddrinfo(wanted[i], service, &hints, &found) != 0) {
            snprintf(reason, room, "--http-address must be an IPv4 or IPv6 address, not '%s'.",
                     wanted[i]);
            return -1;
        }
        fd = try_one(found);
        freeaddrinfo(found);
        if (fd >= 0) {
            *bound = port_of(fd);
            return fd;
        }
        if (errno == EADDRINUSE) {
            snprintf(reason, room, "TCP port %u is in use: choose another with --http-port.", port);
            return -1;
        }
        snprintf(reason, room, "cannot listen on TCP port %u of %s: %s.", port, wanted[i],
                 strerror(errno));
    }
    return -1;
}
