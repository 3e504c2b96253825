#include "transport/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "transport/util.h"

static const struct sockaddr_in *v4(const struct sockaddr_storage *address)
{
    return (const struct sockaddr_in *)(const void *)address;
}

static const struct sockaddr_in6 *v6(const struct sockaddr_storage *address)
{
    return (const struct sockaddr_in6 *)(const void *)address;
}

bool strait__address_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET) {
        return v4(a)->sin_addr.s_addr == v4(b)->sin_addr.s_addr;
    }
    return a->ss_family == AF_INET6 && v6(a)->sin6_scope_id == v6(b)->sin6_scope_id &&
           memcmp(&v6(a)->sin6_addr, &v6(b)->sin6_addr, sizeof v6(a)->sin6_addr) == 0;
}

bool strait__address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return strait__address_same_host(a, b) && strait__address_port(a) == strait__address_port(b);
}

bool strait__path_equal(const struct strait_path *a, const struct strait_path *b)
{
    return a->socket == b->socket && strait__address_equal(&a->remote, &b->remote) &&
           strait__address_equal(&a->local, &b->local);
}

bool strait__address_is_unspecified(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET
               ? v4(address)->sin_addr.s_addr == htonl(INADDR_ANY)
               : address->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6(address)->sin6_addr);
}

socklen_t strait__address_len(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return 0;
    }
}

uint16_t strait__address_port(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET:
        return ntohs(v4(address)->sin_port);
    case AF_INET6:
        return ntohs(v6(address)->sin6_port);
    default:
        return 0;
    }
}

void strait__address_set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET) {
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
    } else if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    }
}

bool strait__address_copy(struct sockaddr_storage *out, const struct sockaddr *from, socklen_t len)
{
    if (from == NULL || len < (socklen_t)sizeof from->sa_family) {
        return false;
    }
    socklen_t want = from->sa_family == AF_INET    ? (socklen_t)sizeof(struct sockaddr_in)
                     : from->sa_family == AF_INET6 ? (socklen_t)sizeof(struct sockaddr_in6)
                                                   : 0;
    if (want == 0 || len < want) {
        return false;
    }
    memset(out, 0, sizeof *out);
    memcpy(out, from, want);
    return true;
}

bool strait__address_parse(struct sockaddr_storage *out, const char *text, uint16_t port)
{
    memset(out, 0, sizeof *out);
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
    } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
    } else {
        memset(out, 0, sizeof *out);
        return false;
    }
    strait__address_set_port(out, port);
    return true;
}

const char *strait__address_print_host(const struct sockaddr_storage *address, char *text,
                                       size_t room)
{
    const void *host = address->ss_family == AF_INET    ? (const void *)&v4(address)->sin_addr
                       : address->ss_family == AF_INET6 ? (const void *)&v6(address)->sin6_addr
                                                        : NULL;
    if (host == NULL || inet_ntop(address->ss_family, host, text, (socklen_t)room) == NULL) {
        snprintf(text, room, "?");
    }
    return text;
}

const char *strait__address_print(const struct sockaddr_storage *address, char *text, size_t room)
{
    char host[INET6_ADDRSTRLEN];
    strait__address_print_host(address, host, sizeof host);
    const char *form = address->ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u";
    snprintf(text, room, form, host, strait__address_port(address));
    return text;
}

/* socket, then per address: family, port, scope, 16 bytes of address. */
static uint8_t *put_address(uint8_t *p, const struct sockaddr_storage *address)
{
    strait__put16(p, address->ss_family);
    strait__put16(p + 2, strait__address_port(address));
    if (address->ss_family == AF_INET) {
        memcpy(p + 8, &v4(address)->sin_addr, 4);
    } else if (address->ss_family == AF_INET6) {
        strait__put32(p + 4, v6(address)->sin6_scope_id);
        memcpy(p + 8, &v6(address)->sin6_addr, 16);
    }
    return p + 24;
}

void strait__path_key(struct strait__path_key *key, const struct strait_path *path)
{
    memset(key, 0, sizeof *key);
    strait__put32(key->bytes, path->socket);
    put_address(put_address(key->bytes + 4, &path->local), &path->remote);
}
