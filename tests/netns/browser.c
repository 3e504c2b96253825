/* For a browser as the other end: its RTP goes back to it, the same packets under another SSRC, and a report tells in
 * W3C's names what its getStats is compared with. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "tests/netns/peer.h"

/* --- Echo ----------------------------------------------------------------------------------------- */

enum { HEADER = 12, SSRC = 8, OWN_SSRC = 7 };

/* False where this one came before. A test is over long before the numbers come round. */
static bool count(struct echo *echo, uint16_t number)
{
    uint8_t bit = (uint8_t)(1u << number % 8);
    if ((echo->seen[number / 8] & bit) != 0) {
        echo->twice++;
        return false;
    }
    echo->seen[number / 8] |= bit;
    if (echo->received++ == 0) {
        echo->first = echo->last = number;
    } else if ((uint16_t)(number - echo->last) < 0x8000) {
        echo->last = number;
    } else if ((uint16_t)(echo->first - number) < 0x8000) {
        echo->first = number;
    }
    return true;
}

static void send_back(struct peer *peer, struct strait_packet *packet)
{
    for (int i = 0; i < 4; i++) {
        packet->data[SSRC + i] = i < 3 ? 0 : OWN_SSRC;
    }
    if (strait_transport_send(peer->transport, packet, 1) == 1) {
        peer->echo.sent++;
    } else {
        peer->echo.refused++;
    }
}

void browser_receive(struct peer *peer, struct strait_packet *packets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (packets[i].kind == STRAIT_PACKET_RTP && packets[i].len >= HEADER &&
            count(&peer->echo, (uint16_t)(packets[i].data[2] << 8 | packets[i].data[3]))) {
            send_back(peer, &packets[i]);
        }
    }
}

static void tell_echo(const struct echo *echo)
{
    unsigned span = echo->received > 0 ? (uint16_t)(echo->last - echo->first) + 1u : 0;
    printf("\treceived=%u\tsent=%u\trefused=%u\tmissing=%u\ttwice=%u", echo->received, echo->sent,
           echo->refused, span - echo->received, echo->twice);
}

/* --- Report --------------------------------------------------------------------------------------- */

static void tell_transport(const struct strait_transport_stats *stats)
{
    static const char *const ice[] = { "new",          "checking", "connected", "completed",
                                       "disconnected", "failed",   "closed" };
    static const char *const dtls[] = { "new", "connecting", "connected", "closed", "failed" };
    printf("\ticeState=%s\ticeRole=%s\tdtlsState=%s\tdtlsRole=%s\tselectedCandidatePairChanges=%u",
           ice[stats->ice_state],
           stats->ice_role == STRAIT_ICE_CONTROLLING ? "controlling" : "controlled",
           dtls[stats->dtls_state], stats->dtls.role == STRAIT_DTLS_CLIENT ? "client" : "server",
           stats->selected_candidate_pair_changes);
    printf("\trtpSent=%llu\trtpReceived=%llu\tremoteUnresolved=%llu",
           (unsigned long long)stats->rtp_sent, (unsigned long long)stats->rtp_received,
           (unsigned long long)stats->remote_unresolved);
}

static void tell_address(const char *name, const struct sockaddr_storage *address)
{
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;
    char text[INET6_ADDRSTRLEN] = "";
    bool is_six = address->ss_family == AF_INET6;
    inet_ntop(address->ss_family, is_six ? (const void *)&six->sin6_addr : &four->sin_addr, text,
              sizeof text);
    printf("\t%sAddress=%s\t%sPort=%u", name, text, name,
           ntohs(is_six ? six->sin6_port : four->sin_port));
}

/* Of all pairs; the round trip and the priority of the selected one. */
static void tell_counts(const struct strait_pair_stats *pair)
{
    printf("\trequestsSent=%llu\trequestsReceived=%llu\tresponsesSent=%llu\tresponsesReceived=%llu"
           "\tconsentRequestsSent=%llu\trttUs=%llu\tpriority=%llu",
           (unsigned long long)pair->requests_sent, (unsigned long long)pair->requests_received,
           (unsigned long long)pair->responses_sent, (unsigned long long)pair->responses_received,
           (unsigned long long)pair->consent_requests_sent,
           (unsigned long long)(pair->current_round_trip_time / STRAIT_US),
           (unsigned long long)pair->priority);
}

/* What only an agent knows: the types, and the candidates that it has. */
static void tell_agent(const struct peer *peer)
{
    static const char *const types[] = { "host", "srflx", "prflx", "relay" };
    struct strait_agent_stats stats = { .size = sizeof stats };
    if (!peer->options.agent || strait_agent_stats(peer->transport, &stats) != STRAIT_OK) {
        return;
    }
    printf("\tlocalCandidates=%u\tremoteCandidates=%u\tnamesAsked=%llu\tnamesResolved=%llu",
           stats.local_candidates, stats.remote_candidates, (unsigned long long)stats.names_asked,
           (unsigned long long)stats.names_resolved);
    if (stats.has_pair) {
        printf("\tlocalType=%s\tremoteType=%s\tprotocol=%s", types[stats.local.type],
               types[stats.remote.type],
               stats.local.protocol == STRAIT_CANDIDATE_TCP ? "tcp" : "udp");
        tell_address("candidate", &stats.local.address);
    }
}

int browser_report(struct peer *peer, char *rest)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    (void)rest;
    int error = strait_transport_stats(peer->transport, &stats);
    printf("report");
    tell_transport(&stats);
    tell_address("local", &stats.pair.path.local);
    tell_address("remote", &stats.pair.path.remote);
    tell_counts(&stats.pair);
    tell_agent(peer);
    tell_echo(&peer->echo);
    printf("\n");
    return error;
}
