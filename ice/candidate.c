#include <stdio.h>

#include "ice/backend.h"
#include "ice/crc32.h"
#include "transport/address.h"
#include "transport/util.h"

/* RFC 8445, 5.1.2.2: the recommended type preferences. */
enum { PREFER_HOST = 126, PREFER_PRFLX = 110, PREFER_SRFLX = 100, PREFER_RELAY = 0 };

/* RFC 8445, 5.1.2: a priority is 1..2^31-1. */
#define MAX_PRIORITY UINT32_C(0x7fffffff)

static const char *const type_names[] = {
    [STRAIT_CANDIDATE_HOST] = "host",
    [STRAIT_CANDIDATE_SRFLX] = "srflx",
    [STRAIT_CANDIDATE_PRFLX] = "prflx",
    [STRAIT_CANDIDATE_RELAY] = "relay",
};
static const char *const tcp_names[] = {
    [STRAIT_TCP_ACTIVE] = "active",
    [STRAIT_TCP_PASSIVE] = "passive",
    [STRAIT_TCP_SO] = "so",
};
enum { N_TYPES = sizeof type_names / sizeof *type_names };
enum { N_TCP = sizeof tcp_names / sizeof *tcp_names };

/* A piece of the line; not terminated. */
struct token {
    const char *at;
    size_t len;
};

struct reader {
    const char *at, *end;
};

/* The next token, up to a single space or the end; false where none is left or it is empty. */
static bool next(struct reader *r, struct token *t)
{
    const char *space = r->at < r->end ? memchr(r->at, ' ', (size_t)(r->end - r->at)) : NULL;
    const char *stop = space != NULL ? space : r->end;
    t->at = r->at;
    t->len = (size_t)(stop - r->at);
    r->at = space != NULL ? space + 1 : r->end;
    return t->len > 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ABNF's literals are case-insensitive (RFC 5234, 2.3). */
static bool is(const struct token *t, const char *word)
{
    size_t i = 0;
    for (; i < t->len && word[i] != '\0'; i++) {
        if (lower(t->at[i]) != word[i]) {
            return false;
        }
    }
    return i == t->len && word[i] == '\0';
}

static bool number(const struct token *t, size_t max_digits, uint32_t min, uint32_t max,
                   uint32_t *out)
{
    if (t->len == 0 || t->len > max_digits) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (t->at[i] < '0' || t->at[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(t->at[i] - '0');
    }
    *out = (uint32_t)value;
    return value >= min && value <= max;
}

static bool next_number(struct reader *r, size_t max_digits, uint32_t min, uint32_t max,
                        uint32_t *out)
{
    struct token t;
    return next(r, &t) && number(&t, max_digits, min, max, out);
}

/* RFC 8839, 5.1: 1*32ice-char. */
static bool read_foundation(const struct token *t, char out[STRAIT_FOUNDATION_MAX + 1])
{
    if (t->len > STRAIT_FOUNDATION_MAX) {
        return false;
    }
    memcpy(out, t->at, t->len);
    out[t->len] = '\0';
    return strait__ice_chars(out, 1, STRAIT_FOUNDATION_MAX);
}

static bool hostname_char(char c)
{
    char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* An address, or a name (mDNS, RFC 8839, 5.1); `name` NULL: a name is skipped. */
static bool read_host(const struct token *t, uint16_t port, struct sockaddr_storage *address,
                      char *name)
{
    char text[STRAIT_HOSTNAME_MAX + 1];
    if (t->len > STRAIT_HOSTNAME_MAX) {
        return false;
    }
    memcpy(text, t->at, t->len);
    text[t->len] = '\0';
    if (strlen(text) == t->len && strait__address_parse(address, text, port)) {
        return true;
    }
    bool letter = false; /* only digits and dots: an address that is none, not a name */
    for (size_t i = 0; i < t->len; i++) {
        if (!hostname_char(text[i])) {
            return false;
        }
        letter = letter || lower(text[i]) != text[i] || (text[i] >= 'a' && text[i] <= 'z');
    }
    if (letter && name != NULL) {
        memcpy(name, text, t->len + 1);
    }
    return letter;
}

static int read_protocol(const struct token *t, enum strait_candidate_protocol *out)
{
    if (is(t, "udp")) {
        *out = STRAIT_CANDIDATE_UDP;
    } else if (is(t, "tcp")) {
        *out = STRAIT_CANDIDATE_TCP;
    } else {
        return STRAIT_E_UNSUPPORTED;
    }
    return STRAIT_OK;
}

static int read_type(const struct token *t, enum strait_candidate_type *out)
{
    for (int i = 0; i < N_TYPES; i++) {
        if (is(t, type_names[i])) {
            *out = (enum strait_candidate_type)i;
            return STRAIT_OK;
        }
    }
    return STRAIT_E_UNSUPPORTED;
}

static bool read_tcp_type(const struct token *t, enum strait_tcp_type *out)
{
    for (int i = 1; i < N_TCP; i++) {
        if (is(t, tcp_names[i])) {
            *out = (enum strait_tcp_type)i;
            return true;
        }
    }
    return false;
}

/* raddr, rport and the extensions: pairs of a name and a value, which may be empty. */
static bool read_rest(struct strait_candidate *c, struct reader *r)
{
    struct token name, value, raddr = { 0 };
    uint32_t rport = 0;
    while (r->at < r->end) {
        if (!next(r, &name) || r->at[-1] != ' ') {
            return false;
        }
        bool filled = next(r, &value);
        if (is(&name, "raddr")) {
            raddr = value;
        } else if (is(&name, "rport")) {
            if (!number(&value, 5, 0, UINT16_MAX, &rport)) {
                return false;
            }
        } else if (is(&name, "tcptype") && c->protocol == STRAIT_CANDIDATE_TCP) {
            if (!read_tcp_type(&value, &c->tcp_type)) {
                return false;
            }
        } else if (!filled && r->at < r->end) {
            return false; /* two spaces */
        }
    }
    return raddr.at == NULL || read_host(&raddr, (uint16_t)rport, &c->related, NULL);
}

static bool skip(struct reader *r, const char *prefix)
{
    size_t n = strlen(prefix);
    if ((size_t)(r->end - r->at) < n || !is(&(struct token){ r->at, n }, prefix)) {
        return false;
    }
    r->at += n;
    return true;
}

static bool printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* candidate-attribute of RFC 8839, 5.1, its fixed part. */
static int read_fixed(struct strait_candidate *c, struct reader *r)
{
    struct token t, host;
    uint32_t component, port;
    if (!next(r, &t) || !read_foundation(&t, c->foundation) ||
        !next_number(r, 3, 1, 256, &component) || !next(r, &t)) {
        return STRAIT_E_PARSE;
    }
    c->component = (uint16_t)component;
    int protocol = read_protocol(&t, &c->protocol);
    if (!next_number(r, 10, 1, MAX_PRIORITY, &c->priority) || !next(r, &host) ||
        !next_number(r, 5, 0, UINT16_MAX, &port)) {
        return STRAIT_E_PARSE;
    }
    c->port = (uint16_t)port;
    if (!read_host(&host, c->port, &c->address, c->hostname)) {
        return STRAIT_E_PARSE;
    }
    if (!next(r, &t) || !is(&t, "typ") || !next(r, &t)) {
        return STRAIT_E_PARSE;
    }
    int type = read_type(&t, &c->type);
    return protocol != STRAIT_OK ? protocol : type;
}

int strait_candidate_parse(struct strait_candidate *out, const char *text, size_t len)
{
    if (out == NULL || text == NULL) {
        return STRAIT_E_INVALID;
    }
    struct strait_candidate c = { .component = 0 };
    struct reader r = { text, text + len };
    skip(&r, "a=");
    if (!skip(&r, "candidate:") || !printable(r.at, (size_t)(r.end - r.at))) {
        return STRAIT_E_PARSE;
    }
    int result = read_fixed(&c, &r);
    if (result == STRAIT_E_PARSE || !read_rest(&c, &r)) {
        return STRAIT_E_PARSE;
    }
    /* RFC 6544, 4.5: tcptype is mandatory. */
    if (result == STRAIT_OK && c.protocol == STRAIT_CANDIDATE_TCP &&
        c.tcp_type == STRAIT_TCP_NONE) {
        return STRAIT_E_PARSE;
    }
    if (result == STRAIT_OK) {
        *out = c;
    }
    return result;
}

static bool printable_candidate(const struct strait_candidate *c)
{
    bool named = c->hostname[0] != '\0';
    return (unsigned)c->type < N_TYPES && (unsigned)c->protocol <= STRAIT_CANDIDATE_TCP &&
           (unsigned)c->tcp_type < N_TCP &&
           (c->protocol == STRAIT_CANDIDATE_TCP) == (c->tcp_type != STRAIT_TCP_NONE) &&
           c->component >= 1 && c->component <= 256 && c->priority >= 1 &&
           c->priority <= MAX_PRIORITY && memchr(c->hostname, 0, sizeof c->hostname) != NULL &&
           strait__ice_chars(c->foundation, 1, STRAIT_FOUNDATION_MAX) &&
           named == (strait__address_len(&c->address) == 0);
}

/* RFC 8839, 5.1: raddr and rport must be there for all but host candidates; where they are not to be
 * told, the address is the unspecified one and the port 0. */
static int print_related(const struct strait_candidate *c, char *text, size_t room)
{
    char host[STRAIT__ADDRESS_TEXT] = "";
    if (strait__address_len(&c->related) != 0) {
        strait__address_print_host(&c->related, host, sizeof host);
    } else if (c->type != STRAIT_CANDIDATE_HOST) {
        snprintf(host, sizeof host, "%s", c->address.ss_family == AF_INET6 ? "::" : "0.0.0.0");
    } else {
        text[0] = '\0';
        return 0;
    }
    return snprintf(text, room, " raddr %s rport %u", host, strait__address_port(&c->related));
}

int strait_candidate_print(const struct strait_candidate *candidate, char *text, size_t room)
{
    if (candidate == NULL || text == NULL || !printable_candidate(candidate)) {
        return STRAIT_E_INVALID;
    }
    const struct strait_candidate *c = candidate;
    char host[STRAIT_HOSTNAME_MAX + 1];
    char related[STRAIT__ADDRESS_TEXT + 24];
    uint16_t port = c->port;
    if (c->hostname[0] != '\0') {
        memcpy(host, c->hostname, sizeof host);
    } else {
        strait__address_print_host(&c->address, host, sizeof host);
        port = strait__address_port(&c->address);
    }
    print_related(c, related, sizeof related);
    bool tcp = c->protocol == STRAIT_CANDIDATE_TCP;
    int n = snprintf(text, room, "candidate:%s %u %s %u %s %u typ %s%s%s%s", c->foundation,
                     c->component, tcp ? "tcp" : "udp", c->priority, host, port,
                     type_names[c->type], related, tcp ? " tcptype " : "",
                     tcp ? tcp_names[c->tcp_type] : "");
    return n >= 0 && (size_t)n < room ? n : STRAIT_E_TOO_SMALL;
}

uint32_t strait_candidate_priority(enum strait_candidate_type type, uint16_t local_preference,
                                   uint16_t component)
{
    uint32_t preference = type == STRAIT_CANDIDATE_HOST    ? PREFER_HOST
                          : type == STRAIT_CANDIDATE_PRFLX ? PREFER_PRFLX
                          : type == STRAIT_CANDIDATE_SRFLX ? PREFER_SRFLX
                                                           : PREFER_RELAY;
    uint32_t id = component > 256 ? 256 : component;
    return preference << 24 | (uint32_t)local_preference << 8 | (256 - id);
}

int strait_candidate_host(struct strait_candidate *out, const struct sockaddr *address,
                          uint16_t local_preference)
{
    struct strait_candidate c = { .component = 1, .type = STRAIT_CANDIDATE_HOST };
    if (out == NULL || address == NULL ||
        !strait__address_copy(&c.address, address, sizeof c.address) ||
        strait__address_port(&c.address) == 0) {
        return STRAIT_E_INVALID;
    }
    c.port = strait__address_port(&c.address);
    c.priority = strait_candidate_priority(c.type, local_preference, c.component);
    /* RFC 8445, 5.1.1.3: the same for candidates of one type with one base address, whatever the port.
     * A CRC of 32 bits over 32 bits of IPv4 address is different for each of them. */
    struct strait_path base = { .local = c.address };
    struct strait__path_key key;
    strait__address_set_port(&base.local, 0);
    strait__path_key(&key, &base);
    snprintf(c.foundation, sizeof c.foundation, "%u",
             (unsigned)strait__crc32(key.bytes, sizeof key.bytes));
    *out = c;
    return STRAIT_OK;
}

uint16_t strait__ice_local_preference(const struct strait_path *local, size_t place)
{
    size_t base = local->local.ss_family == AF_INET6 ? UINT16_MAX : UINT16_MAX / 2;
    return (uint16_t)(place < base ? base - place : 0);
}
