/* UDP sockets: opening, options, binding, and the addresses that a wildcard stands for. */
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/runtime/internal.h"
#include "transport/util.h"

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static void set_buffer(int fd, int forced, int plain, uint32_t bytes)
{
    int value = bytes < INT_MAX ? (int)bytes : INT_MAX;
    /* A privileged process may go beyond the system's limit; for the others the kernel gives as much
     * as that allows, which is no error. */
    if (!set_option(fd, SOL_SOCKET, forced, value)) {
        (void)set_option(fd, SOL_SOCKET, plain, value);
    }
}

void strait__set_buffers(const struct strait_runtime *runtime, int fd)
{
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, runtime->receive_buffer);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, runtime->send_buffer);
}

/* NULL, or the name of the option that failed. */
static const char *set_options(const struct strait_runtime *runtime, struct strait__socket *sock,
                               int fd)
{
    if (sock->bound.ss_family == AF_INET) {
        if (!set_option(fd, IPPROTO_IP, IP_RECVTOS, 1)) {
            return "IP_RECVTOS";
        }
        if (sock->wildcard && !set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)) {
            return "IP_PKTINFO";
        }
    } else {
        if (!set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
            return "IPV6_V6ONLY";
        }
        if (!set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1)) {
            return "IPV6_RECVTCLASS";
        }
        if (sock->wildcard && !set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)) {
            return "IPV6_RECVPKTINFO";
        }
    }
    strait__set_buffers(runtime, fd);
    /* Both are there from Linux 5.0 on, and nothing is lost but speed without. A kernel that does not
     * know UDP_SEGMENT would send a train as one datagram, so ask it. */
    (void)set_option(fd, SOL_UDP, UDP_GRO, 1);
    int segment = 0;
    socklen_t len = sizeof segment;
    sock->segments = getsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, &len) == 0;
    return NULL;
}

static int fail_bind(struct strait_runtime *runtime, const struct sockaddr_storage *address)
{
    char host[STRAIT__ADDRESS_TEXT];
    strait__address_print_host(address, host, sizeof host);
    unsigned port = strait__address_port(address);
    switch (errno) {
    case EADDRINUSE:
        return strait__fail(runtime, STRAIT_E_EXISTS,
                            "UDP port %u is in use on %s: choose another or stop its owner", port,
                            host);
    case EADDRNOTAVAIL:
        return strait__fail(runtime, STRAIT_E_SYSTEM,
                            "%s is not an address of this host: bind to one that is", host);
    case EACCES:
        return strait__fail(runtime, STRAIT_E_SYSTEM,
                            "UDP port %u on %s is not permitted: choose another", port, host);
    default:
        return strait__fail(runtime, STRAIT_E_SYSTEM, "bind to UDP port %u on %s: %s", port, host,
                            strerror(errno));
    }
}

/* Opens sock->source.fd and binds it to sock->bound, which gets its port. */
static int open_socket(struct strait_runtime *runtime, struct strait__socket *sock)
{
    int fd = socket(sock->bound.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return strait__fail_errno(runtime, "socket");
    }
    sock->source.fd = fd;
    const char *option = set_options(runtime, sock, fd);
    if (option != NULL) {
        return strait__fail(runtime, STRAIT_E_SYSTEM, "setsockopt(%s): %s", option,
                            strerror(errno));
    }
    if (bind(fd, (const struct sockaddr *)&sock->bound, strait__address_len(&sock->bound)) != 0) {
        return fail_bind(runtime, &sock->bound);
    }
    socklen_t len = sizeof sock->bound;
    if (getsockname(fd, (struct sockaddr *)&sock->bound, &len) != 0) {
        return strait__fail_errno(runtime, "getsockname");
    }
    return STRAIT_OK;
}

static int add_local(struct strait_runtime *runtime, const struct strait__socket *sock,
                     const struct sockaddr_storage *address, const char *interface)
{
    int result = strait__endpoint_add_local(sock->driven->endpoint, sock->number, address,
                                            interface);
    if (result == STRAIT_OK || result == STRAIT_E_EXISTS || result == STRAIT_E_DENIED) {
        return STRAIT_OK;
    }
    char text[STRAIT__ADDRESS_TEXT];
    return strait__fail(runtime, result, "local address %s: %s",
                        strait__address_print(address, text, sizeof text), strait_strerror(result));
}

/* Of the interfaces that are up: for a wildcard all addresses of its family, else the one that it is bound to. */
static int add_interfaces(struct strait_runtime *runtime, const struct strait__socket *sock)
{
    struct ifaddrs *all = NULL;
    /* Only the interface's name would be missing of an address that is known. */
    if (getifaddrs(&all) != 0 && sock->wildcard) {
        return strait__fail_errno(runtime, "getifaddrs");
    }
    int result = STRAIT_OK;
    bool found = sock->wildcard;
    for (const struct ifaddrs *one = all; one != NULL && result == STRAIT_OK; one = one->ifa_next) {
        struct sockaddr_storage address;
        if ((one->ifa_flags & IFF_UP) == 0 || one->ifa_addr == NULL ||
            one->ifa_addr->sa_family != sock->bound.ss_family ||
            !strait__address_copy(&address, one->ifa_addr, sizeof address)) {
            continue;
        }
        strait__address_set_port(&address, strait__address_port(&sock->bound));
        if (sock->wildcard || strait__address_equal(&address, &sock->bound)) {
            result = add_local(runtime, sock, &address, one->ifa_name);
            found = true;
        }
    }
    if (all != NULL) {
        freeifaddrs(all);
    }
    if (!found) {
        /* 127.0.0.2 and the like: this host's, and no interface says so. */
        result = add_local(runtime, sock, &sock->bound, NULL);
    }
    if (result == STRAIT_E_LIMIT && sock->wildcard) {
        /* The socket serves those that are no candidates as well. */
        strait__log(&runtime->hooks, STRAIT_LOG_WARNING, "runtime",
                    "this host has more addresses than an endpoint takes: %s", runtime->detail);
        result = STRAIT_OK;
    }
    return result;
}

static void socket_ready(struct strait_runtime *runtime, struct strait__source *source,
                         uint32_t events)
{
    struct strait__socket *sock = (struct strait__socket *)(void *)source;
    if ((events & EPOLLOUT) != 0) {
        sock->blocked = false;
        (void)strait__source_change(runtime, source, EPOLLIN);
    }
    /* An error that is pending is read, and by that forgotten, like a datagram. */
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        strait__socket_receive(runtime, sock);
    }
}

static int start_socket(struct strait_runtime *runtime, struct strait__socket *sock)
{
    int result = open_socket(runtime, sock);
    if (result == STRAIT_OK) {
        result = add_interfaces(runtime, sock);
    }
    if (result == STRAIT_OK &&
        strait__source_add(runtime, &sock->source, sock->source.fd, EPOLLIN) != 0) {
        result = strait__fail_errno(runtime, "epoll_ctl");
    }
    return result;
}

int strait_runtime_bind(struct strait_runtime *runtime, struct strait_endpoint *endpoint,
                        const struct sockaddr *address, socklen_t len, uint32_t *socket,
                        struct sockaddr_storage *bound)
{
    struct sockaddr_storage copy;
    if (runtime == NULL || endpoint == NULL || !strait__address_copy(&copy, address, len)) {
        return STRAIT_E_INVALID;
    }
    if (!strait__enter(runtime)) {
        return STRAIT_E_STATE;
    }
    struct strait__driven *driven = strait__find_driven(runtime, endpoint);
    if (driven == NULL) {
        return strait__fail(runtime, STRAIT_E_NOT_FOUND, "the endpoint was not added");
    }
    if (runtime->receiver == NULL) {
        runtime->receiver = strait__receiver_create(&runtime->hooks);
    }
    struct strait__socket *sock = strait__alloc(&runtime->hooks, sizeof *sock);
    if (sock == NULL || runtime->receiver == NULL) {
        strait__free(&runtime->hooks, sock);
        return STRAIT_E_NOMEM;
    }
    sock->source = (struct strait__source){ .fd = -1, .ready = socket_ready };
    sock->driven = driven;
    sock->bound = copy;
    sock->number = driven->last_number + 1;
    sock->wildcard = strait__address_is_unspecified(&copy);
    int result = start_socket(runtime, sock);
    if (result != STRAIT_OK) {
        if (sock->source.fd >= 0) {
            close(sock->source.fd);
        }
        strait__free(&runtime->hooks, sock);
        return result;
    }
    driven->last_number = sock->number;
    sock->next = driven->sockets;
    driven->sockets = sock;
    if (socket != NULL) {
        *socket = sock->number;
    }
    if (bound != NULL) {
        *bound = sock->bound;
    }
    return STRAIT_OK;
}

void strait__socket_close(struct strait_runtime *runtime, struct strait__socket *sock)
{
    strait__source_remove(runtime, &sock->source);
    close(sock->source.fd);
    strait__bury(runtime, &sock->source.grave);
}
