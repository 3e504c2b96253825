#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

/* Datagrams that are taken in before the timers have their turn. */
enum { BURST = 64 };

static strait_time clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (strait_time)t.tv_sec * STRAIT_S + (strait_time)t.tv_nsec;
}

/* --- Opening -------------------------------------------------------------------------------------- */

static int open_signals(struct pipe *pipe)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    pipe->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (pipe->signals < 0) {
        complain("signalfd: %s.", strerror(errno));
        return -1;
    }
    return 0;
}

/* Whoever has the file reads all: others get no rights. */
static int open_keylog(struct pipe *pipe)
{
    const char *name = pipe->options->keylog;

    if (name) {
        pipe->keylog = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    if (name && pipe->keylog < 0) {
        complain("--keylog: cannot write %s: %s.", name, strerror(errno));
        return -1;
    }
    return 0;
}

/* Who forgets that the variable is set should see it. */
static void tell_keylog_env(void)
{
    const char *name = secure_getenv("SSLKEYLOGFILE");

    if (name && *name) {
        say("The keys are written to %s (SSLKEYLOGFILE): whoever reads it reads all", name);
    }
}

static int open_way(struct pipe *pipe)
{
    const struct options *options = pipe->options;
    char text[PLACE_MAX_TEXT];

    if (!options->listen) {
        return udp_connect(&pipe->udp, &options->place, &pipe->peer) == 0 ? peer_begin(pipe) : -1;
    }
    if (udp_listen(&pipe->udp, &options->place) != 0) {
        return -1;
    }
    if (options->verbose || strcmp(options->place.port, "0") == 0) {
        say("Listening on %s", place_text(&pipe->udp.local, text));
    }
    return 0;
}

int pipe_open(struct pipe *pipe, const struct options *options)
{
    pipe->options = options;
    pipe->udp.fd = -1;
    pipe->signals = pipe->keylog = -1;
    pipe->input_ended = pipe->wake = STRAIT_TIME_NEVER;
    pipe->now = clock_now();
    framing_init(&pipe->input, STDIN_FILENO, options->length_prefixed);
    if (open_signals(pipe) != 0 || identity_open(&pipe->identity, options) != 0) {
        return -1;
    }
    if (open_keylog(pipe) != 0 || peer_prepare(pipe) != 0) {
        return -1;
    }
    tell_keylog_env();
    return open_way(pipe);
}

void pipe_close(struct pipe *pipe)
{
    strait_dtls_destroy(pipe->dtls);
    strait_dtls_listener_destroy(pipe->listener);
    identity_close(&pipe->identity);
    udp_close(&pipe->udp);
    if (pipe->keylog >= 0) {
        close(pipe->keylog);
    }
    if (pipe->signals >= 0) {
        close(pipe->signals);
    }
}

/* --- Living --------------------------------------------------------------------------------------- */

/* Milliseconds until the next deadline, for poll. */
static int sleep_time(const struct pipe *pipe)
{
    strait_time until = pipe->dtls ? strait_dtls_deadline(pipe->dtls) : STRAIT_TIME_NEVER;

    if (pipe->wake < until) {
        until = pipe->wake;
    }
    if (until == STRAIT_TIME_NEVER) {
        return -1;
    }
    const strait_time ms = until > pipe->now ? (until - pipe->now + STRAIT_MS - 1) / STRAIT_MS : 0;
    return ms < 60000 ? (int)ms : 60000;
}

static void receive(struct pipe *pipe)
{
    uint8_t data[STRAIT_MAX_DATAGRAM];
    struct sockaddr_storage from;

    for (int i = 0; i < BURST && !pipe->stop; i++) {
        const ssize_t n = udp_receive(&pipe->udp, &from, data, sizeof data);

        if (n < 0) {
            break;
        }
        peer_receive(pipe, &from, data, (size_t)n);
        peer_settle(pipe);
    }
}

static void read_input(struct pipe *pipe)
{
    if (framing_read(&pipe->input) != 0) {
        complain("cannot read standard input: %s.", strerror(errno));
        pipe->status = 1;
        peer_close(pipe);
    }
}

static void wait_for_something(struct pipe *pipe)
{
    const bool reads = strait_dtls_state(pipe->dtls) == STRAIT_DTLS_CONNECTED && pipe->dtls &&
                       !pipe->input.ended;
    struct pollfd fds[] = {
        { .fd = pipe->udp.fd, .events = POLLIN },
        { .fd = pipe->signals, .events = POLLIN },
        { .fd = reads ? STDIN_FILENO : -1, .events = POLLIN },
    };

    (void)poll(fds, sizeof fds / sizeof fds[0], sleep_time(pipe));
    pipe->now = clock_now();
    if (fds[1].revents) {
        peer_close(pipe);
    }
    if (fds[0].revents) {
        receive(pipe);
    }
    if (fds[2].revents && !pipe->stop) {
        read_input(pipe);
    }
}

int pipe_run(struct pipe *pipe)
{
    while (!pipe->stop) {
        wait_for_something(pipe);
        peer_send_input(pipe);
        peer_settle(pipe);
    }
    return pipe->status;
}
