#include "ice/agent/filter.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "ice/agent/agent.h"
#include "transport/address.h"
#include "transport/endpoint.h"
#include "transport/util.h"

/* --- The program ------------------------------------------------------------------------------------ */

enum {
    SOURCE_FOUR = 12, /* of the IPv4 header (RFC 791, 3.1) */
    SOURCE_SIX = 8,   /* of the IPv6 header (RFC 8200, 3) */
    MAPPED = 96,      /* rules have IPv4 as ::ffff:0:0/96 */
};

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct program {
    struct sock_filter *at;
    size_t n;
    bool full;
};

static void emit(struct program *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
    if (p->n >= STRAIT__FILTER_ROOM) {
        p->full = true;
        return;
    }
    p->at[p->n++] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
}

static void emit_return(struct program *p, bool pass)
{
    emit(p, BPF_RET | BPF_K, 0, 0, pass ? UINT32_MAX : 0);
}

/* True for an IPv4 rule, or one of IPv6 that has all of IPv4 in it. */
static bool concerns_four(const struct strait__rule *rule)
{
    size_t bits = rule->len < MAPPED ? rule->len : MAPPED, bytes = bits / 8;
    unsigned rest = bits % 8;
    return memcmp(rule->bytes, mapped, bytes) == 0 &&
           (rest == 0 || ((rule->bytes[bytes] ^ mapped[bytes]) >> (8 - rest)) == 0);
}

/* Goes on behind what follows, `then` instructions, where the packet's source is not in the range. */
static void emit_match(struct program *p, const struct strait__rule *rule, bool four, uint8_t then)
{
    unsigned bits = four ? (rule->len > MAPPED ? rule->len - MAPPED : 0) : rule->len;
    const uint8_t *bytes = four ? rule->bytes + sizeof mapped : rule->bytes;
    uint32_t source = (uint32_t)SKF_NET_OFF + (four ? SOURCE_FOUR : SOURCE_SIX);
    unsigned words = (bits + 31) / 32;
    for (unsigned i = 0; i < words; i++) {
        unsigned here = bits - 32 * i < 32 ? bits - 32 * i : 32;
        uint32_t mask = UINT32_MAX << (32 - here);
        /* Load, mask and compare, for each word that follows. */
        uint8_t rest = (uint8_t)(3 * (words - i - 1) + then);
        emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, source + 4 * i);
        emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, rest, strait__get32(bytes + 4 * (size_t)i) & mask);
    }
}

/* What is denied is dropped; what is allowed goes to the end of these rules. */
static void emit_rules(struct program *p, const struct strait__rules *rules, bool four)
{
    for (size_t i = rules->n_allow; i < rules->n; i++) {
        if (!four || concerns_four(&rules->rules[i])) {
            emit_match(p, &rules->rules[i], four, 1);
            emit_return(p, false);
        }
    }
    if (rules->n_allow == 0) {
        return;
    }
    size_t first = p->n;
    for (size_t i = 0; i < rules->n_allow; i++) {
        if (!four || concerns_four(&rules->rules[i])) {
            emit_match(p, &rules->rules[i], four, 1);
            emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
        }
    }
    emit_return(p, false);
    for (size_t i = first; i < p->n; i++) {
        if (p->at[i].code == (BPF_JMP | BPF_JA)) {
            p->at[i].k = (uint32_t)(p->n - i - 1);
        }
    }
}

/* By its port as well: what a relay sends for others comes from other ports. */
static void emit_exempt(struct program *p, const struct sockaddr_storage *address, bool four)
{
    enum { SOURCE_PORT = 0 }; /* in the header of UDP or TCP, which a socket's filter begins with */
    struct strait__rule rule = { .len = 128 };
    if (address->ss_family != (four ? AF_INET : AF_INET6)) {
        return;
    }
    if (four) {
        memcpy(rule.bytes + sizeof mapped,
               &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else {
        memcpy(rule.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    }
    emit_match(p, &rule, four, 3);
    emit(p, BPF_LD | BPF_H | BPF_ABS, 0, 0, SOURCE_PORT);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, strait__address_port(address));
    emit_return(p, true);
}

int strait__filter_build(struct sock_filter *out, const struct strait__rules *const *rules,
                         size_t n_rules, const struct sockaddr_storage *exempt, size_t n_exempt)
{
    struct program p = { .at = out };
    size_t to_six = 0;
    emit(&p, BPF_LD | BPF_B | BPF_ABS, 0, 0, (uint32_t)SKF_NET_OFF);
    emit(&p, BPF_ALU | BPF_RSH | BPF_K, 0, 0, 4);
    emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 4);
    to_six = p.n;
    emit(&p, BPF_JMP | BPF_JA, 0, 0, 0);
    for (int six = 0; six < 2; six++) {
        if (six) {
            out[to_six].k = (uint32_t)(p.n - to_six - 1);
        }
        for (size_t i = 0; i < n_exempt; i++) {
            emit_exempt(&p, &exempt[i], !six);
        }
        for (size_t i = 0; i < n_rules; i++) {
            emit_rules(&p, rules[i], !six);
        }
        emit_return(&p, true);
    }
    return p.full ? STRAIT_E_LIMIT : (int)p.n;
}

/* --- The sockets ------------------------------------------------------------------------------------ */

/* Those that anybody can reach: the others have a peer that was asked by us. */
static bool is_open_to_all(int fd)
{
    int type = 0, listens = 0;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
        return false;
    }
    len = sizeof listens;
    return type == SOCK_DGRAM ||
           (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens != 0);
}

static int attach(struct strait__agent *a, const struct sock_fprog *program)
{
    GPtrArray *sockets = nice_agent_get_sockets(a->nice, a->stream, STRAIT__AGENT_COMPONENT);
    int error = STRAIT_OK;
    for (guint i = 0; sockets != NULL && i < sockets->len && error == STRAIT_OK; i++) {
        int fd = g_socket_get_fd(g_ptr_array_index(sockets, i));
        if (is_open_to_all(fd) &&
            setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof *program) != 0) {
            error = strait__fail_errno(a->guest.runtime, "setsockopt(SO_ATTACH_FILTER)");
        }
    }
    if (sockets != NULL) {
        g_ptr_array_unref(sockets);
    }
    return error;
}

int strait__agent_filter(struct strait__agent *a)
{
    const struct strait__rules *rules[] = { &a->agents->remote_rules,
                                            &a->agents->endpoint->remote_rules };
    if (rules[0]->n + rules[1]->n == 0) {
        return STRAIT_OK;
    }
    struct sock_filter *program = strait__alloc(&a->hooks, STRAIT__FILTER_ROOM * sizeof *program);
    if (program == NULL) {
        return STRAIT_E_NOMEM;
    }
    int n = strait__filter_build(program, rules, 2, a->exempt, a->n_exempt);
    int error =
        n < 0
            ? strait__fail(a->guest.runtime, n, "the remote rules are too many for a socket filter")
            : attach(a, &(struct sock_fprog){ .len = (unsigned short)n, .filter = program });
    strait__free(&a->hooks, program);
    return error;
}

void strait__agent_exempt(struct strait__agent *a, const struct sockaddr_storage *server)
{
    for (size_t i = 0; i < a->n_exempt; i++) {
        if (strait__address_same_host(&a->exempt[i], server)) {
            return;
        }
    }
    if (a->n_exempt == STRAIT__AGENT_MAX_EXEMPT) {
        char host[STRAIT__ADDRESS_TEXT];
        strait__log(&a->hooks, STRAIT_LOG_WARNING, "ice",
                    "one ICE server too many: %s keeps to the "
                    "rules for peers",
                    strait__address_print_host(server, host, sizeof host));
        return;
    }
    a->exempt[a->n_exempt++] = *server;
}
