/* What the lines of standard input ask for. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/netns/peer.h"

void commands_tell_local(struct peer *peer)
{
    const struct strait_ice_parameters *local = strait_transport_local_ice(peer->transport);
    printf("local\tufrag=%s\tpwd=%s\tlite=%d\n", local->ufrag, local->pwd,
           !peer->options.agent && peer->options.ice == STRAIT_ICE_LITE);
}

static int do_remote(struct peer *peer, char *rest)
{
    struct strait_ice_parameters remote = { .ice_lite = false };
    char lite = '0';
    if (sscanf(rest, "%256s %256s %c", remote.ufrag, remote.pwd, &lite) != 3) {
        return STRAIT_E_PARSE;
    }
    remote.ice_lite = lite == '1';
    return strait_transport_set_remote_ice(peer->transport, &remote);
}

static int do_fingerprint(struct peer *peer, char *rest)
{
    struct strait_dtls_parameters dtls = { .n_fingerprints = 1 };
    if (strait_fingerprint_parse(&dtls.fingerprints[0], rest, strlen(rest)) != STRAIT_OK) {
        return STRAIT_E_PARSE;
    }
    dtls.role = peer->options.transport.dtls_role == STRAIT_DTLS_CLIENT ? STRAIT_DTLS_SERVER
                                                                        : STRAIT_DTLS_CLIENT;
    return strait_transport_set_remote_dtls(peer->transport, &dtls);
}

/* Not all that a peer tells can be used by every kind of ICE. */
static int do_candidate(struct peer *peer, char *rest)
{
    struct strait_candidate candidate;
    int error = strait_candidate_parse(&candidate, rest, strlen(rest));
    if (error == STRAIT_OK) {
        error = strait_transport_add_remote_candidate(peer->transport, &candidate);
    }
    if (error != STRAIT_E_UNSUPPORTED) {
        return error;
    }
    printf("unsupported\ttext=%s\n", rest);
    return STRAIT_OK;
}

static int do_end(struct peer *peer, char *rest)
{
    (void)rest;
    return strait_transport_end_of_candidates(peer->transport);
}

static int do_gather(struct peer *peer, char *rest)
{
    (void)rest;
    return strait_agent_gather(peer->transport);
}

static int do_restart(struct peer *peer, char *rest)
{
    (void)rest;
    int error = strait_transport_restart_ice(peer->transport, NULL, NULL);
    if (error == STRAIT_OK) {
        commands_tell_local(peer);
    }
    return error;
}

/* Candidates that come after the credentials are of the new sockets. */
static int do_regather(struct peer *peer, char *rest)
{
    (void)rest;
    int error = strait_agent_regather(peer->transport);
    if (error == STRAIT_OK) {
        commands_tell_local(peer);
    }
    return error;
}

/* The remote has restarted, and this is the answer to it: both in one turn, as an application does it. */
static int do_answer(struct peer *peer, char *rest)
{
    int error = do_remote(peer, rest);
    return error == STRAIT_OK ? do_restart(peer, rest) : error;
}

static int do_media(struct peer *peer, char *rest)
{
    media_send(peer, strtoul(rest, NULL, 10) * STRAIT_MS);
    return STRAIT_OK;
}

static void tell_pair(struct peer *peer)
{
    static const char *const types[] = { "host", "srflx", "prflx", "relay" };
    struct strait_agent_stats stats = { .size = sizeof stats };
    if (!peer->options.agent || strait_agent_stats(peer->transport, &stats) != STRAIT_OK ||
        !stats.has_pair) {
        return;
    }
    printf("\tlocal=%s\tremote=%s\tprotocol=%s", types[stats.local.type], types[stats.remote.type],
           stats.local.protocol == STRAIT_CANDIDATE_TCP ? "tcp" : "udp");
}

/* What was dropped on its way, under its reasons. */
static void tell_drops(struct peer *peer, const struct strait_transport_stats *stats)
{
    struct strait_runtime_stats runtime = { .size = sizeof runtime };
    struct strait_agent_stats agent = { .size = sizeof agent };
    strait_runtime_stats(peer->runtime, &runtime);
    if (peer->options.agent) {
        strait_agent_stats(peer->transport, &agent);
    }
    printf("\tforged=%llu\treplayed=%llu\tunvalidated=%llu\tearly=%llu\tno_room=%llu"
           "\tsend_errors=%llu\tsend_errno=%d",
           (unsigned long long)stats->srtp.forged, (unsigned long long)stats->srtp.replayed,
           (unsigned long long)stats->dropped_unvalidated,
           (unsigned long long)stats->dropped_early_full, (unsigned long long)agent.dropped_no_room,
           (unsigned long long)runtime.send_errors, runtime.last_send_errno);
}

static int do_stats(struct peer *peer, char *rest)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    (void)rest;
    int error = strait_transport_stats(peer->transport, &stats);
    printf("stats\tice=%d\tpairs=%u", (int)stats.ice_state, stats.selected_candidate_pair_changes);
    tell_drops(peer, &stats);
    tell_pair(peer);
    media_tell(&peer->media);
    printf("\n");
    return error;
}

static int do_quit(struct peer *peer, char *rest)
{
    (void)rest;
    peer->ended = true;
    return STRAIT_OK;
}

static const struct command {
    const char *name;
    int (*run)(struct peer *peer, char *rest);
} commands[] = {
    { "remote", do_remote },       { "fingerprint", do_fingerprint },
    { "candidate", do_candidate }, { "end", do_end },
    { "gather", do_gather },       { "restart", do_restart },
    { "media", do_media },         { "stats", do_stats },
    { "regather", do_regather },   { "quit", do_quit },
    { "report", browser_report },  { "answer", do_answer },
};

static void run(struct peer *peer, char *line)
{
    char *rest = line + strcspn(line, " ");
    rest += strspn(rest, " ");
    size_t len = strcspn(line, " ");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strlen(commands[i].name) == len && strncmp(line, commands[i].name, len) == 0) {
            int error = commands[i].run(peer, rest);
            if (error != STRAIT_OK) {
                printf("error\tcommand=%s\terror=%s\tdetail=%s\n", commands[i].name,
                       strait_error_name(error), strait_runtime_error_detail(peer->runtime));
            }
            return;
        }
    }
    printf("error\tcommand=%s\terror=unknown\n", line);
}

void commands_read(void *user, short events)
{
    struct peer *peer = user;
    (void)events;
    ssize_t n = read(STDIN_FILENO, peer->line + peer->n_line, sizeof peer->line - 1 - peer->n_line);
    if (n <= 0) {
        peer->ended = peer->ended || n == 0 || errno != EAGAIN;
        return;
    }
    peer->n_line += (size_t)n;
    peer->line[peer->n_line] = '\0';
    char *line = peer->line;
    for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        *end = '\0';
        run(peer, line);
        line = end + 1;
    }
    peer->n_line = strlen(line);
    memmove(peer->line, line, peer->n_line);
}
