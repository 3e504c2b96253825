/* Datagrams out: from an endpoint's outbox to its sockets, a train a call where the kernel can. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>

#include "transport/address.h"
#include "transport/runtime/guest.h"
#include "transport/runtime/internal.h"
#include "transport/util.h"

/* All that we may say: the source address, the traffic class and the segment size. */
struct control {
    _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                                           CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
};

static void put_control(struct msghdr *header, int level, int type, const void *value, size_t len)
{
    uint8_t *end = (uint8_t *)header->msg_control + header->msg_controllen;
    struct cmsghdr *control = (struct cmsghdr *)(void *)end;
    control->cmsg_len = CMSG_LEN(len);
    control->cmsg_level = level;
    control->cmsg_type = type;
    memcpy(CMSG_DATA(control), value, len);
    header->msg_controllen += CMSG_SPACE(len);
}

static void put_source(struct msghdr *header, const struct sockaddr_storage *local)
{
    if (local->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)local;
        const struct in_pktinfo info = { .ipi_spec_dst = four->sin_addr };
        put_control(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else if (local->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)local;
        const struct in6_pktinfo info = { .ipi6_addr = six->sin6_addr,
                                          .ipi6_ifindex = six->sin6_scope_id };
        put_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

static void put_traffic_class(struct msghdr *header, sa_family_t family, unsigned dscp,
                              unsigned ecn)
{
    int value = (int)((dscp & 63u) << 2 | (ecn & 3u));
    if (value == 0) {
        return;
    }
    if (family == AF_INET) {
        put_control(header, IPPROTO_IP, IP_TOS, &value, sizeof value);
    } else {
        put_control(header, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
    }
}

/* 0 or errno. */
static int send_piece(struct strait_runtime *runtime, const struct strait__socket *sock,
                      const struct strait_send *send, size_t offset, size_t len)
{
    struct sockaddr_storage remote = send->path->remote;
    /* sendmsg only reads it. */
    struct iovec bytes = { .iov_base = (void *)(uintptr_t)(send->data + offset), .iov_len = len };
    struct control control = { .bytes = { 0 } };
    struct msghdr header = {
        .msg_name = &remote,
        .msg_namelen = strait__address_len(&remote),
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
    };
    if (sock->wildcard) {
        put_source(&header, &send->path->local);
    }
    put_traffic_class(&header, remote.ss_family, send->dscp, send->ecn);
    if (send->segment_size > 0 && len > send->segment_size) {
        put_control(&header, SOL_UDP, UDP_SEGMENT, &send->segment_size, sizeof send->segment_size);
    }
    if (header.msg_controllen == 0) {
        header.msg_control = NULL;
    }
    ssize_t sent;
    do {
        strait__count(&runtime->counters.send_calls, 1);
        sent = sendmsg(sock->source.fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

static size_t count_segments(const struct strait_send *send, size_t len)
{
    size_t size = send->segment_size;
    return size > 0 && len > size ? (len + size - 1) / size : 1;
}

/* How much of the train one call may take. */
static size_t piece_len(const struct strait_send *send, size_t offset, bool segments)
{
    size_t left = send->len - offset;
    if (send->segment_size == 0 || left <= send->segment_size) {
        return left;
    }
    size_t most = segments ? (size_t)STRAIT__SEGMENTS_BYTES / send->segment_size : 1;
    most = most < 1 ? 1 : most > STRAIT__SEGMENTS ? STRAIT__SEGMENTS : most;
    return left < most * send->segment_size ? left : most * send->segment_size;
}

static void wait_until_writable(struct strait_runtime *runtime, struct strait__socket *sock)
{
    strait__count(&runtime->counters.send_would_block, 1);
    sock->blocked = true;
    (void)strait__source_change(runtime, &sock->source, EPOLLIN | EPOLLOUT);
}

static void give_up(struct strait_runtime *runtime, int error, uint64_t datagrams)
{
    strait__count(&runtime->counters.send_errors, datagrams);
    atomic_store_explicit(&runtime->counters.last_send_errno, error, memory_order_relaxed);
}

/* The kernel refused a train: true if its datagrams may pass one by one. */
static bool try_single(struct strait__socket *sock, int error)
{
    switch (error) {
    case EIO: /* the device has no checksum offload, or IPsec is in the way */
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        sock->segments = false;
        return true;
    case EINVAL: /* longer than this path's MTU: says nothing about others of the socket */
    case EMSGSIZE:
        return true;
    default:
        return false;
    }
}

/* Sends from *offset on. False: the socket is full, *offset says how far it came. */
static bool send_pieces(struct strait_runtime *runtime, struct strait__socket *sock,
                        const struct strait_send *send, size_t *offset)
{
    bool segments = true;
    do {
        size_t len = piece_len(send, *offset, segments && sock->segments);
        size_t n = count_segments(send, len);
        int error = send_piece(runtime, sock, send, *offset, len);
        if (error == EAGAIN) {
            return false;
        }
        if (error != 0 && n > 1 && try_single(sock, error)) {
            segments = false;
            continue;
        }
        if (error != 0) {
            give_up(runtime, error, n);
        } else {
            strait__count(&runtime->counters.datagrams_sent, n);
        }
        *offset += len;
    } while (*offset < send->len);
    return true;
}

static bool send_train(struct strait_runtime *runtime, struct strait__socket *sock,
                       const struct strait_send *send, size_t *offset)
{
    bool sent = send_pieces(runtime, sock, send, offset);
    if (!sent) {
        wait_until_writable(runtime, sock);
    }
    return sent;
}

void strait__count_sent(struct strait_runtime *runtime, const struct strait_send *send, int error)
{
    size_t n = count_segments(send, send->len);
    if (error != 0) {
        give_up(runtime, error, n);
    } else {
        strait__count(&runtime->counters.datagrams_sent, n);
    }
}

size_t strait__send_through(struct strait_runtime *runtime, int fd, const struct strait_send *send)
{
    struct strait__socket sock = { .source = { .fd = fd }, .segments = true };
    size_t offset = 0;
    (void)send_pieces(runtime, &sock, send, &offset);
    return offset;
}

/* How much of the oldest train went before its socket was full. One that does not look like the train
 * that it was is sent whole: a datagram twice does no harm, one left out does. */
static size_t resume_at(struct strait__driven *driven, const struct strait_send *send)
{
    bool same = driven->partial.data == send->data && driven->partial.offset < send->len &&
                driven->partial.segment_size == send->segment_size;
    size_t offset = same ? driven->partial.offset : 0;
    driven->partial.offset = 0;
    return offset;
}

static struct strait__socket *find_socket(const struct strait__driven *driven, uint32_t number)
{
    struct strait__socket *sock = driven->sockets;
    while (sock != NULL && sock->number != number) {
        sock = sock->next;
    }
    return sock;
}

/* Returns how many are done with: fewer than n where a socket is full. Those behind wait as well, since
 * an outbox is emptied in order. */
static size_t send_all(struct strait_runtime *runtime, struct strait__driven *driven,
                       const struct strait_send *sends, size_t n)
{
    size_t offset = resume_at(driven, &sends[0]);
    for (size_t i = 0; i < n; i++, offset = 0) {
        struct strait__guest *guest = strait__guest_find(runtime, sends[i].path->socket);
        if (guest != NULL) {
            guest->ops->send(guest, &sends[i]);
            continue;
        }
        struct strait__socket *sock = find_socket(driven, sends[i].path->socket);
        if (sock == NULL) {
            give_up(runtime, EBADF, count_segments(&sends[i], sends[i].len));
            continue;
        }
        if (sock->blocked || !send_train(runtime, sock, &sends[i], &offset)) {
            driven->partial.data = sends[i].data;
            driven->partial.offset = offset;
            driven->partial.segment_size = sends[i].segment_size;
            return i;
        }
    }
    return n;
}

void strait__drain(struct strait_runtime *runtime, struct strait__driven *driven)
{
    struct strait_send sends[STRAIT__SENDS];
    size_t n;
    while ((n = strait_endpoint_pending(driven->endpoint, sends, STRAIT__SENDS)) > 0) {
        size_t done = send_all(runtime, driven, sends, n);
        strait_endpoint_sent(driven->endpoint, done);
        if (done < n) {
            return;
        }
    }
}
