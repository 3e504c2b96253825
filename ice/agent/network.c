/*
 * News of this host's network: the kernel says that something has changed (rtnetlink), and what has is seen by
 * looking at the addresses. One socket for all agents of a runtime; it stays until that ends.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ice/agent/agent.h"
#include "ice/agent/interfaces.h"
#include "transport/util.h"

/* A new network comes in pieces: link, address of each family, routes. Others look every 2 s (libwebrtc) or wait as
 * long for quiet (Chromium). */
static const strait_time QUIET = 300 * STRAIT_MS;
static const strait_time AT_MOST = 2 * STRAIT_S;

struct strait__network {
    struct strait__guest guest; /* first */
    struct strait_hooks hooks;
    int fd;
    strait_time since;              /* something has changed and was not looked at; 0: nothing */
    strait_time quiet_at;           /* nothing more comes of it, probably */
    struct strait__agents *members; /* who wants to know */
};

/* --- Life ----------------------------------------------------------------------------------------- */

static void orphaned(struct strait__guest *guest)
{
    struct strait__network *network = (struct strait__network *)(void *)guest;
    struct strait_hooks hooks = network->hooks;
    while (network->members != NULL) {
        strait__network_leave(network->members);
    }
    close(network->fd);
    strait__free(&hooks, network);
}

static int listen_to_kernel(void)
{
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&groups, sizeof groups) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void run(struct strait__guest *guest);

static void send_none(struct strait__guest *guest, const struct strait_send *send)
{
    strait__count_sent(guest->runtime, send, EBADF);
}

static const struct strait__guest_ops guest_ops = { .run = run,
                                                    .send = send_none,
                                                    .orphaned = orphaned };

static int create(struct strait__network **out, struct strait_runtime *runtime)
{
    struct strait__network *network = strait__alloc(&runtime->hooks, sizeof *network);
    if (network == NULL) {
        return STRAIT_E_NOMEM;
    }
    network->hooks = runtime->hooks;
    network->fd = listen_to_kernel();
    int error = network->fd >= 0 ? strait__guest_init(&network->guest, &guest_ops, runtime, NULL)
                                 : strait__fail_errno(runtime, "news of the network: netlink");
    if (error == STRAIT_OK) {
        error = strait__guest_watch(&network->guest, network->fd, EPOLLIN, false);
        if (error != STRAIT_OK) {
            strait__guest_finish(&network->guest);
        }
    }
    if (error != STRAIT_OK) {
        if (network->fd >= 0) {
            close(network->fd);
        }
        strait__free(&runtime->hooks, network);
        return error;
    }
    *out = network;
    return STRAIT_OK;
}

int strait__network_join(struct strait__agents *agents, struct strait_runtime *runtime)
{
    if (agents->config.events.network_changed == NULL) {
        return STRAIT_OK;
    }
    if (runtime->guests.network == NULL) {
        int error = create(&runtime->guests.network, runtime);
        if (error != STRAIT_OK) {
            return error;
        }
    }
    agents->known = strait__alloc(&agents->hooks, STRAIT__AGENT_MAX_LOCAL * sizeof *agents->known);
    if (agents->known == NULL) {
        return STRAIT_E_NOMEM;
    }
    struct strait__network *network = runtime->guests.network;
    agents->network = network;
    agents->next_member = network->members;
    network->members = agents;
    return STRAIT_OK;
}

void strait__network_leave(struct strait__agents *agents)
{
    if (agents->network == NULL) {
        return;
    }
    struct strait__agents **link = &agents->network->members;
    while (*link != agents) {
        link = &(*link)->next_member;
    }
    *link = agents->next_member;
    agents->network = NULL;
}

/* --- News ------------------------------------------------------------------------------------------- */

/* What the messages say is not of interest: that there are some is. */
static bool drain(int fd)
{
    char message[8192];
    bool any = false;
    ssize_t n;
    do {
        n = recv(fd, message, sizeof message, MSG_TRUNC);
        /* ENOBUFS: there were more than the socket holds. */
        any = any || n > 0 || (n < 0 && errno == ENOBUFS);
    } while (n > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)));
    return any;
}

/* Read once for all members: there may be thousands. */
static void look(struct strait__network *network)
{
    struct strait__host host;
    int error = strait__host_read(&host, &network->hooks, network->guest.runtime);
    for (struct strait__agents *one = network->members; error == STRAIT_OK && one != NULL;
         one = one->next_member) {
        one->network_news = strait__agents_match(one, &host) || one->network_news;
    }
    strait__host_finish(&host, &network->hooks);
    /* A callback may end any of them. */
    struct strait__agents *one = network->members;
    while (one != NULL) {
        if (one->network_news) {
            one->network_news = false;
            one->config.events.network_changed(one->config.user, one->transport);
            one = network->members;
        } else {
            one = one->next_member;
        }
    }
}

static void run(struct strait__guest *guest)
{
    struct strait__network *network = (struct strait__network *)(void *)guest;
    strait_time now = strait_runtime_now(guest->runtime);
    (void)strait__guest_take(guest, network->fd);
    if (drain(network->fd)) {
        network->since = network->since != 0 ? network->since : now;
        network->quiet_at = now + QUIET;
    }
    if (network->since == 0) {
        return;
    }
    strait_time at = network->quiet_at < network->since + AT_MOST ? network->quiet_at
                                                                  : network->since + AT_MOST;
    if (now < at) {
        strait__guest_set_deadline(guest, at);
        return;
    }
    network->since = 0;
    look(network);
}
