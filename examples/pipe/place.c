#include "place.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_port(struct place *out, const char *text)
{
    char *end;
    const unsigned long port = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || port > 65535) {
        return false;
    }
    snprintf(out->port, sizeof out->port, "%lu", port);
    return true;
}

bool place_read(struct place *out, const char *text, bool bare)
{
    const char *host = text;
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;

    if (!colon || colon == text) {
        out->host[0] = '\0';
        return bare && read_port(out, colon ? colon + 1 : text);
    }
    if (*text == '[' && colon[-1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return false; /* IPv6 without brackets: which colon is the port's? */
    }
    if (len == 0 || len >= sizeof out->host) {
        return false;
    }
    memcpy(out->host, host, len);
    out->host[len] = '\0';
    return read_port(out, colon + 1);
}

int place_resolve(const struct place *place, struct sockaddr_storage *out, socklen_t *len)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
                                    .ai_flags = AI_NUMERICSERV | AI_PASSIVE,
                                    /* An IPv6 socket of all addresses takes IPv4 as well. */
                                    .ai_family = place->host[0] ? AF_UNSPEC : AF_INET6 };
    struct addrinfo *found;
    const int error = getaddrinfo(place->host[0] ? place->host : NULL, place->port, &hints, &found);

    if (error != 0) {
        return error;
    }
    memset(out, 0, sizeof *out);
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* An IPv4 address that came over an IPv6 socket is shown as what it is. */
static void unmap(const struct sockaddr_storage *address, struct sockaddr_storage *out)
{
    const struct sockaddr_in6 *v6 = (const void *)address;

    memcpy(out, address, sizeof *out);
    if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = v6->sin6_port };

        memcpy(&v4.sin_addr, v6->sin6_addr.s6_addr + 12, sizeof v4.sin_addr);
        memcpy(out, &v4, sizeof v4);
    }
}

const char *place_text(const struct sockaddr_storage *address, char text[static PLACE_MAX_TEXT])
{
    struct sockaddr_storage plain;
    char host[64];
    char port[8];

    unmap(address, &plain);
    if (getnameinfo((const struct sockaddr *)&plain, place_len(&plain), host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "an unknown address";
    }
    snprintf(text, PLACE_MAX_TEXT, plain.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return text;
}

bool place_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *x = (const void *)a;
        const struct sockaddr_in6 *y = (const void *)b;

        return x->sin6_port == y->sin6_port && x->sin6_scope_id == y->sin6_scope_id &&
               memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
    }
    const struct sockaddr_in *x = (const void *)a;
    const struct sockaddr_in *y = (const void *)b;

    return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
}

socklen_t place_len(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}
