#include "tests/udp_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "transport/address.h"

struct sockaddr_storage udp_address(const char *host, uint16_t port)
{
    struct sockaddr_storage address;
    assert_true(strait__address_parse(&address, host, port));
    return address;
}

static void set_option(int fd, int level, int name, int value)
{
    assert_int_equal(setsockopt(fd, level, name, &value, sizeof value), 0);
}

bool udp_client_open(struct udp_client *client, const char *host)
{
    client->address = udp_address(host, 0);
    client->fd = socket(client->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = strait__address_len(&client->address);
    if (client->fd < 0 || bind(client->fd, (struct sockaddr *)&client->address, len) != 0) {
        if (client->fd >= 0) {
            close(client->fd);
        }
        client->fd = -1;
        return false;
    }
    if (client->address.ss_family == AF_INET) {
        set_option(client->fd, IPPROTO_IP, IP_RECVTOS, 1);
    } else {
        set_option(client->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    }
    assert_int_equal(getsockname(client->fd, (struct sockaddr *)&client->address, &len), 0);
    return true;
}

void udp_client_close(struct udp_client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
}

void udp_client_set_traffic_class(const struct udp_client *client, int value)
{
    if (client->address.ss_family == AF_INET) {
        set_option(client->fd, IPPROTO_IP, IP_TOS, value);
    } else {
        set_option(client->fd, IPPROTO_IPV6, IPV6_TCLASS, value);
    }
}

void udp_client_send(const struct udp_client *client, const struct sockaddr_storage *to,
                     const void *data, size_t len)
{
    ssize_t sent = sendto(client->fd, data, len, 0, (const struct sockaddr *)to,
                          strait__address_len(to));
    assert_int_equal(sent, len);
}

bool udp_client_can_segment(const struct udp_client *client)
{
    int segment;
    socklen_t len = sizeof segment;
    return getsockopt(client->fd, SOL_UDP, UDP_SEGMENT, &segment, &len) == 0;
}

void udp_client_send_train(const struct udp_client *client, const struct sockaddr_storage *to,
                           const void *data, size_t len, uint16_t segment)
{
    struct sockaddr_storage remote = *to;
    struct iovec bytes = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof segment)] = { 0 };
    struct msghdr header = {
        .msg_name = &remote,
        .msg_namelen = strait__address_len(&remote),
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    assert_int_equal(sendmsg(client->fd, &header, 0), len);
}

bool udp_client_receive(const struct udp_client *client, struct udp_message *message)
{
    struct iovec bytes = { .iov_base = message->data, .iov_len = sizeof message->data };
    _Alignas(struct cmsghdr) uint8_t control[256];
    memset(&message->from, 0, sizeof message->from);
    struct msghdr header = {
        .msg_name = &message->from,
        .msg_namelen = sizeof message->from,
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t len = recvmsg(client->fd, &header, 0);
    if (len < 0) {
        assert_int_equal(errno, EAGAIN);
        return false;
    }
    message->len = (size_t)len;
    message->traffic_class = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c != NULL; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            message->traffic_class = *CMSG_DATA(c);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            memcpy(&message->traffic_class, CMSG_DATA(c), sizeof message->traffic_class);
        }
    }
    return true;
}
