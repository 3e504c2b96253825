/* What the peer is, by its arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/netns/peer.h"

static bool read_kind(struct peer_options *o, const char *value)
{
    o->agent = strcmp(value, "agent") == 0;
    o->ice = strcmp(value, "full") == 0 ? STRAIT_ICE_FULL : STRAIT_ICE_LITE;
    return o->agent || o->ice == STRAIT_ICE_FULL || strcmp(value, "lite") == 0;
}

/* The one that controls is the DTLS client. */
static bool read_role(struct peer_options *o, const char *value)
{
    bool controls = strcmp(value, "controlling") == 0;
    o->transport.ice_role = controls ? STRAIT_ICE_CONTROLLING : STRAIT_ICE_CONTROLLED;
    o->transport.dtls_role = controls ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER;
    return controls || strcmp(value, "controlled") == 0;
}

/* Another than goes with the role of ICE. */
static bool read_dtls(struct peer_options *o, const char *value)
{
    bool client = strcmp(value, "client") == 0;
    o->transport.dtls_role = client ? STRAIT_DTLS_CLIENT : STRAIT_DTLS_SERVER;
    return client || strcmp(value, "server") == 0;
}

static bool read_ports(struct peer_options *o, const char *value)
{
    char *end = NULL;
    o->config.port_min = (uint16_t)strtoul(value, &end, 10);
    o->config.port_max = *end == '-' ? (uint16_t)strtoul(end + 1, &end, 10) : 0;
    return *end == '\0' && o->config.port_max > 0;
}

static bool read_server(struct peer_options *o, const char *value)
{
    if (o->config.n_servers == PEER_MAX_SERVERS) {
        return false;
    }
    struct strait_ice_server *server = &o->servers[o->config.n_servers++];
    server->url = value;
    if (strncmp(value, "turn", 4) == 0) {
        server->username = "ann";
        server->credential = "secret";
    }
    return true;
}

static bool read_rule(const char **rules, size_t *n, const char *value)
{
    if (*n == PEER_MAX_RULES) {
        return false;
    }
    rules[(*n)++] = value;
    return true;
}

static bool read_flag(struct peer_options *o, const char *name)
{
    if (strcmp(name, "--relay") == 0) {
        o->config.policy = STRAIT_ICE_RELAY;
    } else if (strcmp(name, "--tcp") == 0) {
        o->config.ice_tcp = true;
    } else if (strcmp(name, "--no-mdns") == 0) {
        o->config.no_mdns = true;
    } else if (strcmp(name, "--echo") == 0) {
        o->echo = true;
    } else if (strcmp(name, "--aggressive") == 0) {
        o->config.aggressive = true;
    } else if (strcmp(name, "--thread") == 0) {
        o->thread = true;
    } else {
        return false;
    }
    return true;
}

static bool read_value(struct peer_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--kind") == 0) {
        return read_kind(o, value);
    }
    if (strcmp(name, "--role") == 0) {
        return read_role(o, value);
    }
    if (strcmp(name, "--dtls") == 0) {
        return read_dtls(o, value);
    }
    if (strcmp(name, "--bind") == 0) {
        o->bind = value;
        return true;
    }
    if (strcmp(name, "--ports") == 0) {
        return read_ports(o, value);
    }
    if (strcmp(name, "--server") == 0) {
        return read_server(o, value);
    }
    if (strcmp(name, "--ice-timeout") == 0) {
        o->transport.ice_timeout = strtoul(value, NULL, 10) * STRAIT_S;
        return true;
    }
    if (strcmp(name, "--trust") == 0) {
        o->trust = value;
        return true;
    }
    if (strcmp(name, "--allow") == 0) {
        return read_rule(o->allow, &o->config.local.n_allow, value);
    }
    if (strcmp(name, "--deny") == 0) {
        return read_rule(o->deny, &o->config.local.n_deny, value);
    }
    return false;
}

bool peer_options_read(struct peer_options *o, int argc, char **argv)
{
    o->agent = true;
    o->bind = "0.0.0.0";
    o->transport.dtls_role = STRAIT_DTLS_SERVER;
    o->config.servers = o->servers;
    o->config.local.allow = o->allow;
    o->config.local.deny = o->deny;
    for (int i = 1; i < argc; i++) {
        if (read_flag(o, argv[i])) {
            continue;
        }
        if (i + 1 == argc || !read_value(o, argv[i], argv[i + 1])) {
            fprintf(stderr, "peer: %s: this option or its value is unknown\n", argv[i]);
            return false;
        }
        i++;
    }
    return true;
}
