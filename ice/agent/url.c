#include "ice/agent/url.h"

#include <string.h>
#include <strings.h>

#include "transport/address.h"

/* RFC 7064, 3.2 and RFC 7065, 3.2 */
enum { PORT = 3478, TLS_PORT = 5349 };

#define HOST_MAX STRAIT__ICE_HOST_MAX

struct cursor {
    const char *at;
    const char **why;
};

static int refuse(struct cursor *c, int error, const char *why)
{
    *c->why = why;
    return error;
}

static int read_scheme(struct cursor *c, struct strait__ice_url *url)
{
    static const struct {
        const char *text;
        bool turn, tls;
    } schemes[] = { { "stun:", false, false },
                    { "turn:", true, false },
                    { "stuns:", false, true },
                    { "turns:", true, true } };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i].text);
        if (strncasecmp(c->at, schemes[i].text, len) != 0) {
            continue;
        }
        if (schemes[i].tls && !schemes[i].turn) {
            return refuse(c, STRAIT_E_UNSUPPORTED,
                          "STUN over TLS tells no address of a UDP socket: use stun:");
        }
        url->turn = schemes[i].turn;
        url->tls = url->tcp = schemes[i].tls;
        url->port = schemes[i].tls ? TLS_PORT : PORT;
        c->at += len;
        return STRAIT_OK;
    }
    return refuse(c, STRAIT_E_PARSE, "a server's URL begins with stun:, turn: or turns:");
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* Letters of host names; RFC 3986's percent encoding has no place in them. */
static bool is_name_char(char ch)
{
    return is_digit(ch) || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '-' ||
           ch == '.' || ch == '_';
}

static int read_six(struct cursor *c, struct strait__ice_url *url)
{
    const char *end = strchr(c->at, ']');
    size_t len = end != NULL ? (size_t)(end - c->at) - 1 : sizeof url->host;
    if (len >= sizeof url->host) {
        return refuse(c, STRAIT_E_PARSE, "an IPv6 address ends with ]");
    }
    memcpy(url->host, c->at + 1, len);
    url->host[len] = '\0';
    if (!strait__address_parse(&url->address, url->host, 0) || url->address.ss_family != AF_INET6) {
        return refuse(c, STRAIT_E_PARSE, "what is in brackets is no IPv6 address");
    }
    c->at = end + 1;
    return STRAIT_OK;
}

static int read_host(struct cursor *c, struct strait__ice_url *url)
{
    char *text = url->host;
    size_t len = 0;
    if (c->at[0] == '[') {
        return read_six(c, url);
    }
    bool digits = true; /* and dots: meant as an IPv4 address */
    while (len < HOST_MAX && is_name_char(c->at[len])) {
        digits = digits && (is_digit(c->at[len]) || c->at[len] == '.');
        text[len] = c->at[len];
        len++;
    }
    text[len] = '\0';
    if (len == 0 || is_name_char(c->at[len])) {
        return refuse(c, STRAIT_E_PARSE, "the host is missing or too long");
    }
    c->at += len;
    if (strait__address_parse(&url->address, text, 0)) {
        return STRAIT_OK;
    }
    if (digits || text[0] == '.' || strstr(text, "..") != NULL) {
        return refuse(c, STRAIT_E_PARSE, "the host is neither an address nor a name");
    }
    memset(&url->address, 0, sizeof url->address);
    url->named = true;
    return STRAIT_OK;
}

static int read_port(struct cursor *c, struct strait__ice_url *url)
{
    uint32_t port = 0;
    if (*c->at != ':') {
        return STRAIT_OK;
    }
    c->at++;
    size_t digits = 0;
    for (; is_digit(*c->at) && digits < 6; c->at++, digits++) {
        port = port * 10 + (uint32_t)(*c->at - '0');
    }
    if (port == 0 || port > UINT16_MAX || digits > 5) {
        return refuse(c, STRAIT_E_PARSE, "a port is 1 to 65535");
    }
    url->port = (uint16_t)port;
    return STRAIT_OK;
}

static int read_transport(struct cursor *c, struct strait__ice_url *url)
{
    static const char key[] = "?transport=";
    if (*c->at == '\0') {
        return STRAIT_OK;
    }
    if (!url->turn || strncasecmp(c->at, key, sizeof key - 1) != 0) {
        return refuse(c, STRAIT_E_PARSE,
                      "after the port there is nothing, or ?transport= in a turn: URL");
    }
    c->at += sizeof key - 1;
    bool udp = strcasecmp(c->at, "udp") == 0;
    if (url->tls && udp) {
        return refuse(c, STRAIT_E_UNSUPPORTED,
                      "TURN over DTLS is not there: use turns:...?transport=tcp, which is TLS, or "
                      "turn:");
    }
    url->tcp = strcasecmp(c->at, "tcp") == 0;
    if (url->tcp || udp) {
        return STRAIT_OK;
    }
    /* RFC 7065, 3.1: transport-ext = 1*unreserved */
    size_t len = strspn(c->at,
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~");
    return len > 0 && c->at[len] == '\0'
               ? refuse(c, STRAIT_E_UNSUPPORTED, "a server's transport is udp or tcp")
               : refuse(c, STRAIT_E_PARSE, "the transport is malformed");
}

int strait__ice_url_parse(struct strait__ice_url *out, const char *url, const char **why)
{
    struct cursor c = { .at = url, .why = why };
    memset(out, 0, sizeof *out);
    *why = "";
    int error = read_scheme(&c, out);
    if (error == STRAIT_OK) {
        error = read_host(&c, out);
    }
    if (error == STRAIT_OK) {
        error = read_port(&c, out);
    }
    if (error == STRAIT_OK) {
        error = read_transport(&c, out);
    }
    if (error == STRAIT_OK && !out->named) {
        strait__address_set_port(&out->address, out->port);
    }
    return error;
}
