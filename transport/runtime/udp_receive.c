/* Datagrams in: from a socket's queue to its endpoint, in batches. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "transport/address.h"
#include "transport/runtime/internal.h"
#include "transport/util.h"

/* The longest datagram, and the longest train that GRO makes. */
#define BUFFER_ROOM 65536u

/* All that we ask for: the local address, the traffic class and GRO's segment size. */
struct control {
    _Alignas(struct cmsghdr)
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + 2 * CMSG_SPACE(sizeof(int))];
};

struct strait__receiver {
    struct mmsghdr messages[STRAIT__MESSAGES];
    struct iovec buffers[STRAIT__MESSAGES];
    struct sockaddr_storage remotes[STRAIT__MESSAGES];
    struct control controls[STRAIT__MESSAGES];
    struct strait_datagram datagrams[STRAIT__DATAGRAMS];
    size_t n_datagrams;
    uint8_t *bytes;
};

struct strait__receiver *strait__receiver_create(const struct strait_hooks *hooks)
{
    struct strait__receiver *receiver = strait__alloc(hooks, sizeof *receiver);
    if (receiver == NULL) {
        return NULL;
    }
    /* Not zeroed: the part of a buffer that no datagram has reached costs no memory. */
    receiver->bytes = hooks->alloc(hooks->user, (size_t)STRAIT__MESSAGES * BUFFER_ROOM);
    if (receiver->bytes == NULL) {
        strait__free(hooks, receiver);
        return NULL;
    }
    for (size_t i = 0; i < STRAIT__MESSAGES; i++) {
        receiver->buffers[i].iov_base = receiver->bytes + i * BUFFER_ROOM;
        receiver->buffers[i].iov_len = BUFFER_ROOM;
    }
    return receiver;
}

void strait__receiver_destroy(const struct strait_hooks *hooks, struct strait__receiver *receiver)
{
    if (receiver != NULL) {
        strait__free(hooks, receiver->bytes);
        strait__free(hooks, receiver);
    }
}

static int receive_batch(struct strait_runtime *runtime, const struct strait__socket *sock)
{
    struct strait__receiver *r = runtime->receiver;
    for (size_t i = 0; i < STRAIT__MESSAGES; i++) {
        r->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &r->remotes[i],
            .msg_namelen = sizeof r->remotes[i],
            .msg_iov = &r->buffers[i],
            .msg_iovlen = 1,
            .msg_control = r->controls[i].bytes,
            .msg_controllen = sizeof r->controls[i],
        };
    }
    strait__count(&runtime->counters.receive_calls, 1);
    return recvmmsg(sock->source.fd, r->messages, STRAIT__MESSAGES, MSG_DONTWAIT, NULL);
}

static void read_traffic_class(struct strait_datagram *datagram, unsigned value)
{
    /* RFC 3168, section 5: the two low bits; RFC 2474: the six above. */
    datagram->ecn = value & 3u;
    datagram->dscp = (value >> 2) & 63u;
}

static void read_local4(struct strait_datagram *datagram, const struct cmsghdr *control)
{
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    /* spec_dst, not addr: they differ for a broadcast, and nothing can be sent from that. */
    ((struct sockaddr_in *)(void *)&datagram->local)->sin_addr = info.ipi_spec_dst;
}

static void read_local6(struct strait_datagram *datagram, const struct cmsghdr *control)
{
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    struct sockaddr_in6 *local = (struct sockaddr_in6 *)(void *)&datagram->local;
    local->sin6_addr = info.ipi6_addr;
    /* As getifaddrs writes it: RFC 4007 gives a zone to addresses of limited scope only. */
    local->sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
}

static int read_int(const struct cmsghdr *control)
{
    int value;
    memcpy(&value, CMSG_DATA(control), sizeof value);
    return value;
}

/* Returns the segment size; 0: the message is one datagram. */
static size_t read_controls(struct strait_datagram *datagram, struct msghdr *header)
{
    size_t segment = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            read_local4(datagram, c);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            read_traffic_class(datagram, *CMSG_DATA(c));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            read_local6(datagram, c);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            read_traffic_class(datagram, (unsigned)read_int(c));
        } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO && read_int(c) > 0) {
            segment = (size_t)read_int(c);
        }
    }
    return segment;
}

static void hand_over(struct strait_runtime *runtime, struct strait__driven *driven,
                      strait_time now)
{
    struct strait__receiver *r = runtime->receiver;
    size_t n = r->n_datagrams;
    r->n_datagrams = 0;
    if (n > 0 && !driven->dead) {
        /* Cannot fail: what the bytes say is counted by the endpoint. */
        (void)strait_endpoint_receive(driven->endpoint, now, r->datagrams, n);
    }
    if (n > 0 && !driven->dead) {
        strait__drain(runtime, driven);
    }
}

/* Splits message `i` into its datagrams. */
static void take_message(struct strait_runtime *runtime, const struct strait__socket *sock,
                         size_t i, strait_time now)
{
    struct strait__receiver *r = runtime->receiver;
    struct strait_datagram first = {
        .local = sock->bound,
        .remote = r->remotes[i],
        .socket = sock->number,
        .rx_time = now,
    };
    size_t len = r->messages[i].msg_len;
    size_t segment = read_controls(&first, &r->messages[i].msg_hdr);
    segment = segment > 0 ? segment : len;
    uint8_t *bytes = r->buffers[i].iov_base;
    size_t offset = 0;
    do {
        struct strait_datagram *datagram = &r->datagrams[r->n_datagrams++];
        size_t left = len - offset;
        *datagram = first;
        datagram->data = bytes + offset;
        datagram->len = left < segment ? left : segment;
        /* What follows in the train is still to be read. */
        datagram->room = left > segment ? segment : BUFFER_ROOM - offset;
        offset += datagram->len;
        strait__count(&runtime->counters.datagrams_received, 1);
        if (r->n_datagrams == STRAIT__DATAGRAMS) {
            hand_over(runtime, sock->driven, now);
        }
    } while (offset < len);
}

void strait__socket_receive(struct strait_runtime *runtime, struct strait__socket *sock)
{
    struct strait__receiver *r = runtime->receiver;
    for (int round = 0; round < STRAIT__RECEIVE_ROUNDS && !sock->source.dead; round++) {
        int n = receive_batch(runtime, sock);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            strait__log(&runtime->hooks, STRAIT_LOG_WARNING, "runtime", "recvmmsg: %s",
                        strerror(errno));
        }
        strait_time now = strait_runtime_now(runtime);
        for (int i = 0; i < n && !sock->source.dead; i++) {
            if ((r->messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
                strait__count(&runtime->counters.receive_truncated, 1);
            } else {
                take_message(runtime, sock, (size_t)i, now);
            }
        }
        hand_over(runtime, sock->driven, now);
        if (n < STRAIT__MESSAGES) {
            /* The queue is empty; if not, epoll says so again. */
            return;
        }
    }
}
