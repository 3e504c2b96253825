/* The peer: a transport, a runtime, and standard input. */
#include "tests/netns/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* --- Events --------------------------------------------------------------------------------------- */

static double seconds(const struct peer *peer)
{
    return (double)strait_runtime_now(peer->runtime) / (double)STRAIT_S;
}

static void on_ice(void *user, struct strait_transport *transport, enum strait_ice_state state)
{
    static const char *const names[] = { "new",          "checking", "connected", "completed",
                                         "disconnected", "failed",   "closed" };
    const struct peer *peer = user;
    printf("ice\tstate=%s\tat=%.6f\tdetail=%s\n", names[state], seconds(peer),
           strait_transport_error_detail(transport));
}

static void on_dtls(void *user, struct strait_transport *transport, enum strait_dtls_state state)
{
    static const char *const names[] = { "new", "connecting", "connected", "closed", "failed" };
    const struct peer *peer = user;
    printf("dtls\tstate=%s\tat=%.6f\tdetail=%s\n", names[state], seconds(peer),
           strait_transport_error_detail(transport));
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct peer *peer = user;
    (void)transport;
    if (peer->options.echo) {
        browser_receive(peer, packets, n);
    } else {
        media_receive(&peer->media, packets, n);
    }
}

static const char *print_address(const struct sockaddr_storage *address, char *text, size_t room)
{
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;
    char host[INET6_ADDRSTRLEN] = "";
    bool is_six = address->ss_family == AF_INET6;
    inet_ntop(address->ss_family, is_six ? (const void *)&six->sin6_addr : &four->sin_addr, host,
              sizeof host);
    snprintf(text, room, is_six ? "[%s]:%u" : "%s:%u", host,
             ntohs(is_six ? six->sin6_port : four->sin_port));
    return text;
}

static void on_path(void *user, struct strait_transport *transport, const struct strait_path *path)
{
    char local[80], remote[80];
    const struct peer *peer = user;
    (void)transport;
    printf("path\tat=%.6f\tlocal=%s\tremote=%s\n", seconds(peer),
           print_address(&path->local, local, sizeof local),
           print_address(&path->remote, remote, sizeof remote));
}

static void tell_candidate(const struct strait_candidate *candidate)
{
    char text[STRAIT_CANDIDATE_TEXT_MAX];
    if (strait_candidate_print(candidate, text, sizeof text) > 0) {
        printf("candidate\ttext=%s\n", text);
    }
}

static void on_candidate(void *user, struct strait_transport *transport,
                         const struct strait_candidate *candidate)
{
    (void)user;
    (void)transport;
    tell_candidate(candidate);
}

static void on_gathered(void *user, struct strait_transport *transport)
{
    (void)user;
    (void)transport;
    printf("gathered\n");
}

static void on_network_changed(void *user, struct strait_transport *transport)
{
    const struct peer *peer = user;
    (void)transport;
    printf("network\tat=%.6f\n", seconds(peer));
}

static void on_server_error(void *user, struct strait_transport *transport,
                            const struct strait_server_error *error)
{
    (void)user;
    (void)transport;
    printf("server\turl=%s\terror=%s\tdetail=%s\n", error->url, strait_error_name(error->error),
           error->detail);
}

/* --- Life ----------------------------------------------------------------------------------------- */

static int open_port(struct peer *peer)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = { .six = { .sin6_family = AF_INET6 } };
    struct strait_candidate candidates[32];
    if (inet_pton(AF_INET6, peer->options.bind, &address.six.sin6_addr) != 1) {
        address.four = (struct sockaddr_in){ .sin_family = AF_INET };
        inet_pton(AF_INET, peer->options.bind, &address.four.sin_addr);
    }
    int error = strait_runtime_bind(peer->runtime, peer->endpoint, &address.any, sizeof address,
                                    NULL, NULL);
    size_t n = strait_endpoint_local_candidates(peer->endpoint, candidates, 32);
    for (size_t i = 0; i < n && i < 32; i++) {
        tell_candidate(&candidates[i]);
    }
    printf("gathered\n");
    return error;
}

static int make_agent(struct peer *peer)
{
    struct peer_options *o = &peer->options;
    int error = STRAIT_OK;
    if (o->trust != NULL) {
        error = strait_trust_create(&o->config.trust, NULL);
    }
    if (error == STRAIT_OK && o->trust != NULL) {
        int n = strait_trust_add_file(o->config.trust, o->trust);
        error = n < 0 ? n : STRAIT_OK;
    }
    if (error == STRAIT_OK) {
        error = strait_agent_create(&peer->transport, peer->runtime, peer->endpoint, &o->transport,
                                    &o->config);
    }
    strait_trust_unref(o->config.trust);
    return error;
}

static int make_transport(struct peer *peer)
{
    struct peer_options *o = &peer->options;
    o->transport.size = sizeof o->transport;
    o->transport.user = peer;
    o->transport.certificate = peer->certificate;
    o->transport.ice = o->ice;
    o->transport.events =
        (struct strait_transport_events){ .size = sizeof(struct strait_transport_events),
                                          .ice_state = on_ice,
                                          .dtls_state = on_dtls,
                                          .packets = on_packets,
                                          .path = on_path };
    o->config.size = sizeof o->config;
    o->config.events = (struct strait_agent_events){ .size = sizeof(struct strait_agent_events),
                                                     .candidate = on_candidate,
                                                     .gathered = on_gathered,
                                                     .network_changed = on_network_changed,
                                                     .server_error = on_server_error };
    o->config.user = peer;
    if (o->agent) {
        return make_agent(peer);
    }
    int error = open_port(peer);
    return error != STRAIT_OK
               ? error
               : strait_transport_create(&peer->transport, peer->endpoint, &o->transport,
                                         strait_runtime_now(peer->runtime));
}

static void tell_self(struct peer *peer)
{
    struct strait_fingerprint print;
    char text[STRAIT_FINGERPRINT_TEXT_MAX];
    strait_certificate_fingerprint(peer->certificate, STRAIT_HASH_SHA256, &print);
    strait_fingerprint_print(&print, text, sizeof text);
    printf("fingerprint\ttext=%s\n", text);
    commands_tell_local(peer);
}

static int open_peer(struct peer *peer)
{
    int error = strait_runtime_create(&peer->runtime, NULL);
    if (error == STRAIT_OK) {
        error = strait_certificate_create(&peer->certificate, NULL);
    }
    if (error == STRAIT_OK) {
        error = strait_endpoint_create(&peer->endpoint, NULL, strait_runtime_now(peer->runtime));
    }
    if (error == STRAIT_OK) {
        error = strait_runtime_add(peer->runtime, peer->endpoint);
    }
    if (error == STRAIT_OK) {
        error = make_transport(peer);
    }
    if (error == STRAIT_OK) {
        tell_self(peer);
    }
    return error;
}

static int run_here(struct peer *peer)
{
    int error = strait_runtime_watch(peer->runtime, STDIN_FILENO, POLLIN, commands_read, peer);
    while (error == STRAIT_OK && !peer->ended) {
        error = strait_runtime_wait(peer->runtime, STRAIT_S);
    }
    return error;
}

static void read_there(void *user)
{
    commands_read(user, POLLIN);
}

/* This thread waits for lines, and all else is the other's. */
static int run_in_thread(struct peer *peer)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    int error = strait_runtime_start(peer->runtime);
    while (error == STRAIT_OK && !peer->ended && poll(&in, 1, -1) > 0) {
        error = strait_runtime_call(peer->runtime, read_there, peer);
    }
    return error == STRAIT_OK ? strait_runtime_stop(peer->runtime) : error;
}

static void close_peer(struct peer *peer)
{
    if (peer->transport != NULL) {
        strait_transport_close(peer->transport, strait_runtime_now(peer->runtime));
    }
    strait_runtime_destroy(peer->runtime);
    strait_endpoint_destroy(peer->endpoint);
    strait_certificate_unref(peer->certificate);
}

int main(int argc, char **argv)
{
    static struct peer peer;
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    if (!peer_options_read(&peer.options, argc, argv)) {
        return 2;
    }
    int error = open_peer(&peer);
    if (error == STRAIT_OK) {
        error = peer.options.thread ? run_in_thread(&peer) : run_here(&peer);
    }
    if (error != STRAIT_OK) {
        fprintf(stderr, "peer: %s: %s\n", strait_strerror(error),
                peer.runtime != NULL ? strait_runtime_error_detail(peer.runtime) : "");
    }
    close_peer(&peer);
    return error == STRAIT_OK ? 0 : 1;
}
