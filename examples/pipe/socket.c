#include "socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* Room for a burst of datagrams; the kernel gives what it allows. */
static const int RECEIVE_BUFFER = 4 << 20;

static int resolve(const struct place *place, struct sockaddr_storage *out, socklen_t *len)
{
    const int error = place_resolve(place, out, len);

    if (error != 0) {
        complain("'%s' has no address: %s.", place->host,
                 error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
        return -1;
    }
    return 0;
}

static int open_socket(struct udp *udp, int family)
{
    const int off = 0;

    udp->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (udp->fd < 0) {
        return -1;
    }
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &RECEIVE_BUFFER, sizeof RECEIVE_BUFFER);
    if (family == AF_INET6) {
        (void)setsockopt(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    return 0;
}

static void read_local(struct udp *udp)
{
    socklen_t len = sizeof udp->local;

    (void)getsockname(udp->fd, (struct sockaddr *)&udp->local, &len);
}

int udp_listen(struct udp *udp, const struct place *place)
{
    struct sockaddr_storage address;
    socklen_t len;
    char text[PLACE_MAX_TEXT];

    if (resolve(place, &address, &len) != 0) {
        return -1;
    }
    int done = open_socket(udp, address.ss_family);
    /* A machine without IPv6 still has all its IPv4 addresses. */
    if (done != 0 && errno == EAFNOSUPPORT && !place->host[0]) {
        struct sockaddr_in any = { .sin_family = AF_INET };

        any.sin_port = ((struct sockaddr_in6 *)(void *)&address)->sin6_port;
        memcpy(&address, &any, sizeof any);
        len = sizeof any;
        done = open_socket(udp, AF_INET);
    }
    if (done == 0) {
        done = bind(udp->fd, (const struct sockaddr *)&address, len);
    }
    if (done != 0) {
        complain("cannot listen on %s: %s%s.", place_text(&address, text), strerror(errno),
                 errno == EADDRINUSE ? ": choose another port, or 0 for any that is free" : "");
        return -1;
    }
    read_local(udp);
    return 0;
}

int udp_connect(struct udp *udp, const struct place *place, struct sockaddr_storage *peer)
{
    socklen_t len;
    char text[PLACE_MAX_TEXT];

    if (resolve(place, peer, &len) != 0) {
        return -1;
    }
    if (open_socket(udp, peer->ss_family) != 0 ||
        connect(udp->fd, (const struct sockaddr *)peer, len) != 0) {
        complain("cannot reach %s: %s.", place_text(peer, text), strerror(errno));
        return -1;
    }
    read_local(udp);
    return 0;
}

void udp_close(struct udp *udp)
{
    if (udp->fd >= 0) {
        close(udp->fd);
    }
    udp->fd = -1;
}

void udp_send(struct udp *udp, const struct sockaddr_storage *to, const uint8_t *data, size_t len)
{
    if (sendto(udp->fd, data, len, 0, (const struct sockaddr *)to, place_len(to)) < 0) {
        udp->error = errno;
    }
}

ssize_t udp_receive(struct udp *udp, struct sockaddr_storage *from, uint8_t *data, size_t room)
{
    socklen_t len = sizeof *from;

    memset(from, 0, sizeof *from);
    const ssize_t n = recvfrom(udp->fd, data, room, MSG_DONTWAIT, (struct sockaddr *)from, &len);

    if (n >= 0) {
        udp->error = 0;
    } else if (errno != EAGAIN && errno != EINTR) {
        udp->error = errno;
    }
    return n;
}
