#include "pipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "say.h"
#include "setup.h"
#include "verdict.h"

/* How long the end of the input waits for the other side to finish its part of the handshake: what was
 * sent before would be lost with it (RFC 9147, 5.8.1: our Finished may have to be sent again, within 3 s). */
static const strait_time PATIENCE = 3 * STRAIT_S;

enum { HANDSHAKE = 22, TYPE_AT = 13, CLIENT_HELLO = 1 };

static void on_send(void *user, const uint8_t *data, size_t len)
{
    struct pipe *pipe = user;

    udp_send(&pipe->udp, &pipe->peer, data, len);
}

static void on_data(void *user, uint8_t *data, size_t len)
{
    struct pipe *pipe = user;

    if (framing_write(STDOUT_FILENO, pipe->options->length_prefixed, data, len) != 0 &&
        !pipe->stop) {
        complain("cannot write to standard output: %s.", strerror(errno));
        pipe->stop = true;
        pipe->status = 1;
    }
}

static void on_keylog(void *user, const char *line)
{
    const struct pipe *pipe = user;

    dprintf(pipe->keylog, "%s\n", line);
}

static int on_psk(void *user, struct strait_dtls_psk *psk)
{
    const struct pipe *pipe = user;

    return psk_answer(&pipe->identity.psk, pipe->options->listen, psk);
}

static const char *advice_for(int error)
{
    switch (error) {
    case STRAIT_E_INVALID:
        return "--min, --max, --ciphers, --groups, --name and the kind of key do not go together";
    case STRAIT_E_UNSUPPORTED:
        return "connect with --cid needs one version, --min and --max alike; all else was left out "
               "when this was built";
    default:
        return strait_strerror(error);
    }
}

static void fail(struct pipe *pipe, const char *what, int error)
{
    complain("%s: %s (%s).", what, advice_for(error), strait_error_name(error));
    pipe->stop = true;
    pipe->status = 1;
}

/* After creation, by ourselves or by the listener. */
static int set_up(struct pipe *pipe)
{
    if (pipe->options->n_fingerprints == 0) {
        return STRAIT_OK;
    }
    return strait_dtls_set_fingerprints(pipe->dtls, pipe->options->fingerprints,
                                        pipe->options->n_fingerprints);
}

int peer_begin(struct pipe *pipe)
{
    int error = strait_dtls_create(&pipe->dtls, &pipe->config, pipe->now);

    if (error == STRAIT_OK) {
        error = set_up(pipe);
    }
    if (error == STRAIT_OK) {
        error = strait_dtls_start(pipe->dtls, pipe->now);
    }
    if (error != STRAIT_OK) {
        fail(pipe, "cannot begin", error);
        return -1;
    }
    return 0;
}

/* --- Listening ------------------------------------------------------------------------------------ */

static void on_listener_send(void *user, const void *to, size_t to_len, const uint8_t *data,
                             size_t len)
{
    struct pipe *pipe = user;
    struct sockaddr_storage address = { .ss_family = 0 };

    memcpy(&address, to, to_len);
    udp_send(&pipe->udp, &address, data, len);
}

/* The association sends its first flight within the listener's call. */
static int on_accept(void *user, const void *from, size_t from_len,
                     struct strait_dtls_config *config)
{
    struct pipe *pipe = user;

    if (pipe->options->ca) {
        config->calendar = time(NULL);
    }
    memset(&pipe->peer, 0, sizeof pipe->peer);
    memcpy(&pipe->peer, from, from_len);
    return STRAIT_OK;
}

int peer_prepare(struct pipe *pipe)
{
    setup_config(&pipe->config, pipe->options, &pipe->identity);
    pipe->config.events = (struct strait_dtls_events){
        .size = sizeof pipe->config.events, .send = on_send, .data = on_data, .psk = on_psk
    };
    if (pipe->keylog >= 0) {
        pipe->config.events.keylog = on_keylog;
    }
    pipe->config.user = pipe;
    if (!pipe->options->listen || pipe->options->no_cookie) {
        return 0;
    }
    const struct strait_dtls_listener_config config = {
        .size = sizeof config,
        .dtls = &pipe->config,
        .user = pipe,
        .send = on_listener_send,
        .accept = on_accept,
    };
    const int error = strait_dtls_listener_create(&pipe->listener, &config, pipe->now);
    if (error != STRAIT_OK) {
        fail(pipe, "cannot begin", error);
        return -1;
    }
    return 0;
}

static void greet_with_cookie(struct pipe *pipe, const struct sockaddr_storage *from, uint8_t *data,
                              size_t len)
{
    int error = strait_dtls_listener_receive(pipe->listener, pipe->now, from, place_len(from), data,
                                             len, &pipe->dtls);

    if (error == STRAIT_OK && pipe->dtls) {
        error = set_up(pipe);
    }
    if (error != STRAIT_OK) {
        fail(pipe, "cannot take a client", error);
    }
}

/* RFC 9147, 4: epoch 0, and a ClientHello at its beginning. */
static bool is_client_hello(const uint8_t *data, size_t len)
{
    return len > TYPE_AT && data[0] == HANDSHAKE && data[3] == 0 && data[4] == 0 &&
           data[TYPE_AT] == CLIENT_HELLO;
}

static void greet_at_once(struct pipe *pipe, const struct sockaddr_storage *from, uint8_t *data,
                          size_t len)
{
    if (is_client_hello(data, len)) {
        pipe->peer = *from;
        if (peer_begin(pipe) == 0) {
            (void)strait_dtls_receive(pipe->dtls, pipe->now, data, len);
        }
    }
}

/* RFC 9146, section 6: the peer's address follows its newest authentic record. */
static void receive_from_elsewhere(struct pipe *pipe, const struct sockaddr_storage *from,
                                   uint8_t *data, size_t len)
{
    const struct options *options = pipe->options;
    char text[PLACE_MAX_TEXT];
    const uint8_t *cid;
    const size_t cid_len = strait_dtls_peek_cid(data, len, options->local_cid_len, &cid);

    if (!options->cid || cid_len == 0 || memcmp(cid, options->local_cid, cid_len) != 0) {
        return;
    }
    (void)strait_dtls_receive(pipe->dtls, pipe->now, data, len);
    if (strait_dtls_newest(pipe->dtls)) {
        pipe->peer = *from;
        if (options->verbose) {
            say("The peer has moved to %s", place_text(from, text));
        }
    }
}

void peer_receive(struct pipe *pipe, const struct sockaddr_storage *from, uint8_t *data, size_t len)
{
    if (pipe->dtls) {
        if (place_equal(from, &pipe->peer)) {
            (void)strait_dtls_receive(pipe->dtls, pipe->now, data, len);
        } else {
            receive_from_elsewhere(pipe, from, data, len);
        }
    } else if (pipe->listener) {
        greet_with_cookie(pipe, from, data, len);
    } else if (pipe->options->listen) {
        greet_at_once(pipe, from, data, len);
    }
}

/* --- What goes out -------------------------------------------------------------------------------- */

static void wrong_input(struct pipe *pipe, const char *reason)
{
    complain("standard input, datagram %llu: %s.", (unsigned long long)pipe->input.number, reason);
    pipe->status = 1;
    peer_close(pipe);
}

static void send_one(struct pipe *pipe, const uint8_t *data, size_t len)
{
    const int error = strait_dtls_send(pipe->dtls, pipe->now, data, len);
    char reason[128];

    if (error == STRAIT_E_TOO_SMALL) {
        snprintf(reason, sizeof reason,
                 "its %zu bytes do not fit: at most %zu do here, shorten it or raise --mtu", len,
                 strait_dtls_max_data(pipe->dtls));
        wrong_input(pipe, reason);
    } else if (error != STRAIT_OK) {
        wrong_input(pipe, strait_strerror(error));
    }
}

void peer_send_input(struct pipe *pipe)
{
    const uint8_t *data;
    size_t len;

    while (!pipe->stop && strait_dtls_state(pipe->dtls) == STRAIT_DTLS_CONNECTED) {
        switch (framing_next(&pipe->input, &data, &len)) {
        case FRAMING_DATAGRAM:
            send_one(pipe, data, len);
            break;
        case FRAMING_TOO_LONG:
            wrong_input(pipe, "no datagram has more than 65535 bytes");
            break;
        case FRAMING_CUT:
            wrong_input(pipe, "the input ended within it");
            break;
        case FRAMING_MORE:
            pipe->input_over = pipe->input.ended;
            return;
        }
    }
}

/* --- The end -------------------------------------------------------------------------------------- */

static void end(struct pipe *pipe)
{
    if (pipe->options->verbose) {
        report_alerts(pipe->dtls);
    }
    if (pipe->options->stats) {
        report_stats(pipe->dtls);
    }
    strait_dtls_destroy(pipe->dtls);
    pipe->dtls = NULL;
    pipe->greeted = false;
    pipe->input_ended = pipe->wake = STRAIT_TIME_NEVER;
    pipe->stop |= !pipe->options->keep;
}

void peer_close(struct pipe *pipe)
{
    if (pipe->dtls) {
        strait_dtls_close(pipe->dtls, pipe->now);
    }
    pipe->stop = true;
}

/* Our last flight has arrived: the association has nothing to repeat, which it would do by then. */
static bool is_settled(const struct pipe *pipe)
{
    return strait_dtls_deadline(pipe->dtls) > pipe->now + PATIENCE ||
           pipe->now >= pipe->input_ended + PATIENCE;
}

/* The input is over: --linger from now on, and not before our last flight has arrived. */
static void settle_close(struct pipe *pipe)
{
    if (!pipe->input_over || pipe->options->keep) {
        return;
    }
    if (pipe->input_ended == STRAIT_TIME_NEVER) {
        pipe->input_ended = pipe->now;
    }
    const strait_time end = pipe->input_ended + pipe->options->linger * STRAIT_S;
    if (pipe->now >= end && is_settled(pipe)) {
        peer_close(pipe);
    }
    pipe->wake = pipe->now < end ? end : pipe->input_ended + PATIENCE;
}

/* With --keep one peer's end is not ours. */
static void ended_badly(struct pipe *pipe)
{
    char text[PLACE_MAX_TEXT];

    verdict_tell(pipe->options, pipe->dtls, place_text(&pipe->peer, text), pipe->udp.error);
    if (!pipe->options->keep) {
        pipe->status = 1;
    }
}

static void greet(struct pipe *pipe)
{
    const struct options *options = pipe->options;
    char text[PLACE_MAX_TEXT];

    if (!pipe->greeted && options->verbose) {
        report_connected(pipe->dtls, place_text(&pipe->peer, text));
    }
    if (!pipe->greeted && options->export_len > 0) {
        report_export(pipe->dtls, options->export_label, options->export_len);
    }
    pipe->greeted = true;
}

void peer_settle(struct pipe *pipe)
{
    char text[PLACE_MAX_TEXT];

    if (!pipe->dtls) {
        return;
    }
    if (strait_dtls_deadline(pipe->dtls) <= pipe->now) {
        strait_dtls_advance(pipe->dtls, pipe->now);
    }
    switch (strait_dtls_state(pipe->dtls)) {
    case STRAIT_DTLS_CONNECTED:
        greet(pipe);
        settle_close(pipe);
        break;
    case STRAIT_DTLS_CLOSED:
        if (strait_dtls_error(pipe->dtls) == STRAIT_E_IDLE) {
            ended_badly(pipe);
        } else if (pipe->options->verbose) {
            say("Closed by %s", pipe->stop ? "us" : place_text(&pipe->peer, text));
        }
        end(pipe);
        break;
    case STRAIT_DTLS_FAILED:
        ended_badly(pipe);
        end(pipe);
        break;
    default:
        break;
    }
}
