#include "tests/sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/address.h"
#include "transport/demux.h"

enum {
    BATCH = 16,   /* datagrams that a host gets in one call */
    SPINS = 10000 /* steps in one instant after which a deadline is stuck */
};

struct sim_packet {
    strait_time when;
    uint64_t number; /* of two for the same instant the older one comes first */
    struct sockaddr_storage from, to;
    const struct sim_host *waits_for; /* NULL, or the host whose next ones go first */
    unsigned waits;                   /* ... and how many of them */
    size_t len;
    uint8_t data[];
};

static void die(const char *why)
{
    fprintf(stderr, "sim: %s\n", why);
    abort();
}

struct sockaddr_storage sim_address(const char *text, uint16_t port)
{
    struct sockaddr_storage address;
    if (!strait__address_parse(&address, text, port)) {
        die("no address");
    }
    return address;
}

enum sim_kind sim_kind_of(const uint8_t *data, size_t len)
{
    switch (strait__demux(data, len)) {
    case STRAIT__STUN:
        return SIM_STUN;
    case STRAIT__DTLS:
        return SIM_DTLS;
    case STRAIT__RTP:
    case STRAIT__RTCP:
        return SIM_MEDIA;
    default:
        return SIM_OTHER;
    }
}

/* --- The heap of what is on its way ----------------------------------------------------------- */

static bool before(const struct sim_packet *a, const struct sim_packet *b)
{
    return a->when != b->when ? a->when < b->when : a->number < b->number;
}

static void swap(struct sim_net *net, size_t a, size_t b)
{
    struct sim_packet *packet = net->heap[a];
    net->heap[a] = net->heap[b];
    net->heap[b] = packet;
}

static void rise(struct sim_net *net, size_t at)
{
    for (; at > 0 && before(net->heap[at], net->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        swap(net, at, (at - 1) / 2);
    }
}

static void push(struct sim_net *net, struct sim_packet *packet)
{
    if (net->count == net->room) {
        net->room = net->room > 0 ? net->room * 2 : 64;
        net->heap = realloc(net->heap, net->room * sizeof *net->heap);
        if (net->heap == NULL) {
            die("out of memory");
        }
    }
    size_t at = net->count++;
    net->heap[at] = packet;
    rise(net, at);
}

static struct sim_packet *pop(struct sim_net *net)
{
    struct sim_packet *first = net->heap[0];
    net->heap[0] = net->heap[--net->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < net->count; child++) {
            least = before(net->heap[child], net->heap[least]) ? child : least;
        }
        if (least == at) {
            return first;
        }
        swap(net, at, least);
        at = least;
    }
}

/* --- Sending ---------------------------------------------------------------------------------- */

void sim_net_init(struct sim_net *net, uint64_t seed, strait_time now)
{
    memset(net, 0, sizeof *net);
    net->now = now;
    net->hash = 0xcbf29ce484222325u;
    sim_random_init(&net->random, seed, 0);
}

void sim_net_finish(struct sim_net *net)
{
    while (net->count > 0) {
        free(pop(net));
    }
    free(net->heap);
    memset(net, 0, sizeof *net);
}

void sim_net_add(struct sim_net *net, struct sim_host *host)
{
    host->net = net;
    host->next = net->hosts;
    net->hosts = host;
}

/* FNV-1a. */
static void hash(struct sim_net *net, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++) {
        net->hash = (net->hash ^ p[i]) * 0x100000001b3u;
    }
}

static struct sim_packet *put(struct sim_net *net, strait_time when,
                              const struct sockaddr_storage *from,
                              const struct sockaddr_storage *to, const uint8_t *data, size_t len)
{
    struct sim_packet *packet = malloc(sizeof *packet + (len > 0 ? len : 1));
    if (packet == NULL) {
        die("out of memory");
    }
    packet->when = when;
    packet->number = net->next_number++;
    packet->from = *from;
    packet->to = *to;
    packet->waits_for = NULL;
    packet->len = len;
    if (len > 0) {
        memcpy(packet->data, data, len);
    }
    push(net, packet);
    return packet;
}

void sim_net_inject(struct sim_net *net, const struct sockaddr_storage *from,
                    const struct sockaddr_storage *to, const uint8_t *data, size_t len,
                    strait_time delay)
{
    put(net, net->now + delay, from, to, data, len);
}

static size_t ip_header(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? 40 : 20;
}

/* True if the link loses the datagram. The order of the draws does not depend on the outcome. */
static bool loses(struct sim_host *host, const struct sockaddr_storage *to, size_t len)
{
    enum { UDP_HEADER = 8 };
    const struct sim_link *link = &host->out;
    bool lost = sim_random_chance(&host->net->random, link->loss);
    if (link->mtu > 0 && ip_header(to) + UDP_HEADER + len > link->mtu) {
        host->counts.too_big++;
        lost = true;
    }
    return lost || link->cut;
}

/* A datagram that does not keep its place. */
static struct sim_packet *put_later(struct sim_host *host, strait_time when,
                                    const struct sockaddr_storage *from,
                                    const struct sockaddr_storage *to, const uint8_t *data,
                                    size_t len)
{
    struct sim_net *net = host->net;
    strait_time most = host->out.jitter;
    if (host->out.overtakes == 0) {
        strait_time extra = most > 0 ? sim_random_below(&net->random, most) : 0;
        return put(net, when + extra, from, to, data, len);
    }
    struct sim_packet *packet = put(net, when + most, from, to, data, len);
    packet->waits_for = host;
    packet->waits = 1 + (unsigned)sim_random_below(&net->random, host->out.overtakes);
    return packet;
}

/* One more of this host's has gone, due at `when`: whoever waited for it alone comes right after
 * it. What rises in the heap changes places only with what was looked at already. */
static void overtake(struct sim_host *host, uint64_t first, strait_time when)
{
    struct sim_net *net = host->net;
    for (size_t i = 0; i < net->count; i++) {
        struct sim_packet *packet = net->heap[i];
        if (packet->waits_for == host && packet->number < first && --packet->waits == 0) {
            packet->waits_for = NULL;
            packet->when = packet->when < when ? packet->when : when;
            packet->number = net->next_number++;
            rise(net, i);
        }
    }
}

static void damage(struct sim_host *host, struct sim_packet *packet)
{
    struct sim_random *random = &host->net->random;
    if (host->out.damage > 0 && packet->len > 0 && sim_random_chance(random, host->out.damage)) {
        uint64_t bit = sim_random_below(random, 8 * packet->len);
        packet->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        host->counts.damaged++;
    }
}

void sim_net_send(struct sim_host *host, uint32_t socket, const struct sockaddr_storage *to,
                  const uint8_t *data, size_t len)
{
    struct sim_net *net = host->net;
    if (socket >= host->n_addresses) {
        die("a datagram from a socket that the host does not have");
    }
    const struct sockaddr_storage *from = &host->outer[socket];
    struct sim_flight flight = { host, from, to, data, len, sim_kind_of(data, len) };
    hash(net, &net->now, sizeof net->now);
    hash(net, from, strait__address_len(from));
    hash(net, to, strait__address_len(to));
    hash(net, data, len);
    host->counts.sent[flight.kind]++;
    host->counts.last_sent[flight.kind] = net->now;

    strait_time extra = net->shape != NULL ? net->shape(net->shape_user, &flight) : 0;
    if (loses(host, to, len) || extra == SIM_DROP) {
        host->counts.lost[flight.kind]++;
        return;
    }
    strait_time when = net->now + host->out.delay + extra;
    uint64_t first = net->next_number;
    if (sim_random_chance(&net->random, host->out.duplication)) {
        host->counts.doubled++;
        damage(host, put_later(host, when, from, to, data, len));
    }
    if (sim_random_chance(&net->random, host->out.reordering)) {
        host->counts.overtaken++;
        damage(host, put_later(host, when, from, to, data, len));
    } else {
        damage(host, put(net, when, from, to, data, len));
    }
    if (host->out.overtakes > 0) {
        overtake(host, first, when);
    }
}

/* --- Time ------------------------------------------------------------------------------------- */

static struct sim_host *host_of(struct sim_net *net, const struct sockaddr_storage *address,
                                uint32_t *socket)
{
    for (struct sim_host *host = net->hosts; host != NULL; host = host->next) {
        for (uint32_t i = 0; i < host->n_addresses; i++) {
            if (strait__address_equal(&host->outer[i], address)) {
                *socket = i;
                return host;
            }
        }
    }
    return NULL;
}

static struct strait_datagram datagram_of(const struct sim_host *host, uint32_t socket,
                                          struct sim_packet *packet)
{
    return (struct strait_datagram){ .data = packet->data,
                                     .len = packet->len,
                                     .room = packet->len,
                                     .local = host->local[socket],
                                     .remote = packet->from,
                                     .socket = socket };
}

/* Delivers what has arrived for one host at this instant, in one call. */
static void deliver(struct sim_net *net)
{
    struct sim_packet *packets[BATCH];
    struct strait_datagram datagrams[BATCH];
    uint32_t socket;
    size_t n = 0;
    struct sim_host *host = host_of(net, &net->heap[0]->to, &socket);
    if (host == NULL) {
        net->nobody++;
        free(pop(net));
        return;
    }
    while (n < BATCH && net->count > 0 && net->heap[0]->when <= net->now &&
           host_of(net, &net->heap[0]->to, &socket) == host) {
        packets[n] = pop(net);
        datagrams[n] = datagram_of(host, socket, packets[n]);
        n++;
    }
    host->receive(host, net->now, datagrams, n);
    for (size_t i = 0; i < n; i++) {
        free(packets[i]);
    }
}

/* The host whose deadline comes first. */
static struct sim_host *next_host(struct sim_net *net, strait_time *when)
{
    struct sim_host *first = NULL;
    *when = STRAIT_TIME_NEVER;
    for (struct sim_host *host = net->hosts; host != NULL; host = host->next) {
        strait_time deadline = host->deadline(host);
        if (deadline < *when) {
            *when = deadline;
            first = host;
        }
    }
    return first;
}

bool sim_net_run(struct sim_net *net, strait_time until, bool (*done)(void *user), void *user)
{
    unsigned spins = 0;
    while (done == NULL || !done(user)) {
        strait_time deadline;
        struct sim_host *host = next_host(net, &deadline);
        strait_time arrival = net->count > 0 ? net->heap[0]->when : STRAIT_TIME_NEVER;
        strait_time when = arrival < deadline ? arrival : deadline;
        if (when > until || when == STRAIT_TIME_NEVER) {
            net->now = until != STRAIT_TIME_NEVER && until > net->now ? until : net->now;
            return false;
        }
        spins = when <= net->now ? spins + 1 : 0;
        if (spins > SPINS) {
            die("a deadline does not move on");
        }
        net->now = when > net->now ? when : net->now;
        if (arrival <= deadline) {
            deliver(net);
        } else {
            host->advance(host, net->now);
        }
    }
    return true;
}
