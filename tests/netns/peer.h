/* One end of a connection in a network of the test's own: a transport that lines on standard input rule and that tells
 * on standard output what happens to it, a line each: a word, then key=value, with tabs between them. */
#ifndef STRAIT_TESTS_NETNS_PEER_H
#define STRAIT_TESTS_NETNS_PEER_H

#include <strait/strait.h>

enum { PEER_MAX_SERVERS = 9, PEER_MAX_RULES = 16, MEDIA_MAX = 1 << 20 };

struct peer_options {
    bool thread; /* the runtime has one of its own */
    bool agent;
    bool echo;
    enum strait_ice_kind ice; /* where it is no agent */
    const char *bind;         /* likewise: the address of the shared port */
    struct strait_transport_config transport;
    struct strait_agent_config config;
    struct strait_ice_server servers[PEER_MAX_SERVERS];
    const char *trust; /* a file with the authorities of turns: servers */
    const char *allow[PEER_MAX_RULES], *deny[PEER_MAX_RULES];
};

/* Packets with numbers from 1 on. */
struct media {
    strait_time interval, next; /* of sending; 0: it rests */
    uint32_t sent, refused, stranger;
    uint32_t received, twice, highest;
    uint8_t seen[MEDIA_MAX / 8];
};

/* A browser's packets, each once. */
struct echo {
    uint32_t received, twice, sent, refused;
    uint16_t first, last;
    uint8_t seen[65536 / 8];
};

struct peer {
    struct peer_options options;
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct strait_certificate *certificate;
    struct strait_transport *transport;
    struct media media;
    struct echo echo;
    size_t n_line;
    bool ended;
    char line[4096];
};

/* --- options.c --- */
/* Says what is wrong on standard error. */
bool peer_options_read(struct peer_options *options, int argc, char **argv);

/* --- media.c --- */
/* A packet each `interval`; 0: no more. */
void media_send(struct peer *peer, strait_time interval);
void media_receive(struct media *media, const struct strait_packet *packets, size_t n);
/* Prints its part of a line. */
void media_tell(const struct media *media);

/* --- browser.c --- */
/* Sends them back. */
void browser_receive(struct peer *peer, struct strait_packet *packets, size_t n);
/* A command: statistics, a line. */
int browser_report(struct peer *peer, char *rest);

/* --- commands.c --- */
/* Its credentials, a line. */
void commands_tell_local(struct peer *peer);
/* Something is to be read on standard input. In the runtime's thread. */
void commands_read(void *user, short events);

#endif
