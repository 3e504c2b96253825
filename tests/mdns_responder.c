#include "tests/mdns_responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERFACE "v0"
#define OTHER_END "v1"
#define GROUP "224.0.0.251"
enum { PORT = 5353, TYPE_A = 1, TYPE_AAAA = 28, OUR_ID = 0xbeef };

/* --- The network --------------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void set_up(const char *name)
{
    struct ifreq request = { .ifr_flags = 0 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags |= IFF_UP;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

void mdns_enter_network(void)
{
    char map[32];
    bool root = geteuid() == 0;
    snprintf(map, sizeof map, "0 %u 1", (unsigned)geteuid());
    assert_int_equal(unshare(CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER)), 0);
    if (!root) {
        write_file("/proc/self/uid_map", map);
    }
    set_up("lo");
}

struct request {
    struct nlmsghdr header;
    char body[512];
};

static struct rtattr *begin(struct request *r, unsigned short type)
{
    struct rtattr *a = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));
    *a = (struct rtattr){ .rta_len = RTA_LENGTH(0), .rta_type = type };
    r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + RTA_LENGTH(0);
    return a;
}

static void end(struct request *r, struct rtattr *a)
{
    a->rta_len = (unsigned short)((char *)r + r->header.nlmsg_len - (char *)a);
}

static void put(struct request *r, unsigned short type, const void *bytes, size_t len)
{
    struct rtattr *a = begin(r, type);
    memcpy(RTA_DATA(a), bytes, len);
    r->header.nlmsg_len += (unsigned)len;
    end(r, a);
}

static void ask_kernel(const struct request *r)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    assert_int_equal(send(fd, r, r->header.nlmsg_len, 0), r->header.nlmsg_len);
    assert_true(recv(fd, &answer, sizeof answer, 0) > 0);
    assert_int_equal(answer.header.nlmsg_type, NLMSG_ERROR);
    assert_int_equal(answer.error.error, 0);
    close(fd);
}

static void add_pair(void)
{
    struct request r = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                                     .nlmsg_type = RTM_NEWLINK,
                                     .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL |
                                                    NLM_F_ACK } };
    put(&r, IFLA_IFNAME, INTERFACE, sizeof INTERFACE);
    struct rtattr *info = begin(&r, IFLA_LINKINFO);
    put(&r, IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = begin(&r, IFLA_INFO_DATA);
    struct rtattr *peer = begin(&r, VETH_INFO_PEER);
    r.header.nlmsg_len += (unsigned)sizeof(struct ifinfomsg);
    put(&r, IFLA_IFNAME, OTHER_END, sizeof OTHER_END);
    end(&r, peer);
    end(&r, data);
    end(&r, info);
    ask_kernel(&r);
}

static void set_four(void)
{
    struct ifreq request = { .ifr_name = INTERFACE };
    struct sockaddr_in *address = (struct sockaddr_in *)(void *)&request.ifr_addr;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address->sin_family = AF_INET;
    inet_pton(AF_INET, MDNS_FOUR, &address->sin_addr);
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    inet_pton(AF_INET, "255.255.255.0", &address->sin_addr);
    assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &request), 0);
    close(fd);
}

static void set_six(void)
{
    struct {
        struct in6_addr address;
        uint32_t prefix;
        int index;
    } request = { .prefix = 64, .index = (int)if_nametoindex(INTERFACE) };
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET6, MDNS_SIX, &request.address);
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    close(fd);
}

void mdns_add_deprecated(const char *address)
{
    struct request r = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                                     .nlmsg_type = RTM_NEWADDR,
                                     .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL |
                                                    NLM_F_ACK } };
    struct ifaddrmsg *message = NLMSG_DATA(&r.header);
    struct ifa_cacheinfo lifetime = { .ifa_prefered = 0, .ifa_valid = 3600 };
    struct in6_addr six;
    *message = (struct ifaddrmsg){ .ifa_family = AF_INET6,
                                   .ifa_prefixlen = 64,
                                   .ifa_index = if_nametoindex(INTERFACE) };
    inet_pton(AF_INET6, address, &six);
    put(&r, IFA_LOCAL, &six, sizeof six);
    put(&r, IFA_CACHEINFO, &lifetime, sizeof lifetime);
    ask_kernel(&r);
}

void mdns_add_interface(void)
{
    add_pair();
    write_file("/proc/sys/net/ipv6/conf/" INTERFACE "/accept_dad", "0");
    set_up(INTERFACE);
    set_up(OTHER_END);
    set_four();
    set_six();
}

/* --- The responder --------------------------------------------------------------------------------------- */

void mdns_responder_open(struct mdns_responder *responder)
{
    int on = 1;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    struct ip_mreqn group = { .imr_ifindex = (int)if_nametoindex(INTERFACE) };
    inet_pton(AF_INET, GROUP, &group.imr_multiaddr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group), 0);
    responder->fd = fd;
}

void mdns_take_port(int fds[2])
{
    int on = 1;
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
    fds[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    fds[1] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fds[1], IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&four, sizeof four), 0);
    assert_int_equal(bind(fds[1], (struct sockaddr *)&six, sizeof six), 0);
}

void mdns_responder_close(struct mdns_responder *responder)
{
    close(responder->fd);
}

/* RFC 1035, 4.1.4. Returns where the name in the message ends. */
static size_t read_name(const uint8_t *m, size_t len, size_t at, char *out, size_t room)
{
    size_t after = 0, n = 0;
    while (at < len && m[at] != 0) {
        if ((m[at] & 0xc0) == 0xc0 && at + 1 < len) {
            after = after != 0 ? after : at + 2;
            at = (size_t)(m[at] & 0x3f) << 8 | m[at + 1];
            continue;
        }
        for (size_t i = 1; i <= m[at] && at + i < len && n + 2 < room; i++) {
            out[n++] = (char)m[at + i];
        }
        out[n++] = '.';
        at += 1u + m[at];
    }
    out[n > 0 ? n - 1 : 0] = '\0';
    return after != 0 ? after : at + 1;
}

static size_t put_name(uint8_t *out, const char *name)
{
    size_t n = 0;
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        out[n++] = (uint8_t)label;
        memcpy(out + n, name, label);
        n += label;
        name += label + (name[label] == '.');
    }
    out[n++] = 0;
    return n;
}

static void answer(const struct mdns_responder *responder, const char *name, const char *address,
                   int type)
{
    uint8_t m[512] = { OUR_ID >> 8, OUR_ID & 0xff, 0x84, 0, 0, 0, 0, 1 };
    size_t n = 12, bytes = type == TYPE_A ? 4 : 16;
    if (inet_pton(type == TYPE_A ? AF_INET : AF_INET6, address, m + 256) != 1) {
        return;
    }
    n += put_name(m + n, name);
    const uint8_t head[] = { 0, (uint8_t)type, 0x80, 1, 0, 0, 0, 120, 0, (uint8_t)bytes };
    memcpy(m + n, head, sizeof head);
    n += sizeof head;
    memmove(m + n, m + 256, bytes);
    struct sockaddr_in group = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    inet_pton(AF_INET, GROUP, &group.sin_addr);
    n += bytes;
    assert_int_equal(sendto(responder->fd, m, n, 0, (struct sockaddr *)&group, sizeof group), n);
}

static void take_question(struct mdns_responder *responder, const char *name, int type)
{
    responder->questions++;
    for (size_t i = 0; i < sizeof responder->names / sizeof *responder->names; i++) {
        if (responder->names[i] != NULL && strcasecmp(responder->names[i], name) == 0) {
            answer(responder, name, responder->addresses[i], type);
        }
    }
}

static void take(struct mdns_responder *responder, const uint8_t *m, size_t len)
{
    size_t at = 12;
    unsigned questions = (unsigned)m[4] << 8 | m[5];
    bool ours = (m[0] << 8 | m[1]) == OUR_ID, probe = m[8] != 0 || m[9] != 0;
    if ((m[2] & 0x80) != 0 || probe) {
        responder->foreign += !ours;
        return;
    }
    for (unsigned i = 0; i < questions && at + 4 < len; i++) {
        char name[256];
        at = read_name(m, len, at, name, sizeof name);
        if (at + 4 <= len) {
            take_question(responder, name, m[at] << 8 | m[at + 1]);
        }
        at += 4;
    }
}

void mdns_responder_serve(struct mdns_responder *responder)
{
    uint8_t m[2048];
    ssize_t len;
    while ((len = recv(responder->fd, m, sizeof m, 0)) > 0) {
        if (len > 12) {
            take(responder, m, (size_t)len);
        }
    }
}
