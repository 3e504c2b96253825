#include "ice/agent/url.h"

#include <string.h>
#include <strings.h>

#include "transport/address.h"

/* RFC 7064, 3.2 and RFC 7065, 3.2 */
enum { PORT = 3478 };

#define HOST_MAX 253u /* RFC 1035, 2.3.4, as text */

struct cursor {
    const char *at;
    const char **why;
};

static int refuse(struct cursor *c, int error, const char *why)
{
    *c->why = why;
    return error;
}

static int read_scheme(struct cursor *c, bool *turn)
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
        if (schemes[i].tls) {
            /* libnice takes the word and sends plaintext. */
            return refuse(c, STRAIT_E_UNSUPPORTED,
                          "STUN and TURN over TLS are not there: use turn:...?transport=tcp");
        }
        *turn = schemes[i].turn;
        c->at += len;
        return STRAIT_OK;
    }
    return refuse(c, STRAIT_E_PARSE, "a server's URL begins with stun: or turn:");
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

static int read_six(struct cursor *c, struct sockaddr_storage *address)
{
    char text[64];
    const char *end = strchr(c->at, ']');
    size_t len = end != NULL ? (size_t)(end - c->at) - 1 : sizeof text;
    if (len >= sizeof text) {
        return refuse(c, STRAIT_E_PARSE, "an IPv6 address ends with ]");
    }
    memcpy(text, c->at + 1, len);
    text[len] = '\0';
    if (!strait__address_parse(address, text, PORT) || address->ss_family != AF_INET6) {
        return refuse(c, STRAIT_E_PARSE, "what is in brackets is no IPv6 address");
    }
    c->at = end + 1;
    return STRAIT_OK;
}

static int read_host(struct cursor *c, struct sockaddr_storage *address)
{
    char text[HOST_MAX + 1];
    size_t len = 0;
    if (c->at[0] == '[') {
        return read_six(c, address);
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
    if (strait__address_parse(address, text, PORT)) {
        return STRAIT_OK;
    }
    if (digits || text[0] == '.' || strstr(text, "..") != NULL) {
        return refuse(c, STRAIT_E_PARSE, "the host is neither an address nor a name");
    }
    /* The rest is still to be right. */
    memset(address, 0, sizeof *address);
    return STRAIT_OK;
}

static int read_port(struct cursor *c, struct sockaddr_storage *address)
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
    strait__address_set_port(address, (uint16_t)port);
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
    url->tcp = strcasecmp(c->at, "tcp") == 0;
    if (url->tcp || strcasecmp(c->at, "udp") == 0) {
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
    int error = read_scheme(&c, &out->turn);
    if (error == STRAIT_OK) {
        error = read_host(&c, &out->address);
    }
    if (error == STRAIT_OK) {
        error = read_port(&c, &out->address);
    }
    if (error == STRAIT_OK) {
        error = read_transport(&c, out);
    }
    if (error == STRAIT_OK && out->address.ss_family == AF_UNSPEC) {
        error = refuse(&c, STRAIT_E_UNSUPPORTED,
                       "names are not looked up: give the server's address");
    }
    return error;
}
