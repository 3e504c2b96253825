/*
 * The pipe: one socket, at most one association at a time, standard input and output. The loop
 * gives the association what comes and the time, and sleeps until its deadline.
 */
#ifndef PIPE_PIPE_H
#define PIPE_PIPE_H

#include <strait/dtls_listener.h>

#include "framing.h"
#include "identity.h"
#include "options.h"
#include "socket.h"

struct pipe {
    const struct options *options;
    struct identity identity;
    struct strait_dtls_config config;
    struct udp udp;
    int signals; /* a signalfd */
    int keylog;  /* a file, or -1 */
    strait_time now;
    struct strait_dtls_listener *listener; /* NULL: none, or --no-cookie */
    struct strait_dtls *dtls;              /* NULL: listening, and nobody is there */
    struct sockaddr_storage peer;
    struct framing input;
    bool greeted;            /* the association was seen connected */
    bool input_over;         /* all of the input is sent */
    strait_time input_ended; /* when */
    strait_time wake;        /* when to look again whether to close */
    bool stop;
    int status; /* the program's */
};

/* Opens all that is needed. 0, or -1 after a word on standard error. */
int pipe_open(struct pipe *pipe, const struct options *options);

/* Runs until the end; returns the program's status. */
int pipe_run(struct pipe *pipe);

void pipe_close(struct pipe *pipe);

/* --- peer.c: the association's life --------------------------------------------------------------- */

/* Fills pipe->config and begins to listen. 0, or -1 after a word on standard error. */
int peer_prepare(struct pipe *pipe);

/* An association with pipe->peer begins. 0, or -1 after a word on standard error. */
int peer_begin(struct pipe *pipe);

/* A datagram from anybody; its bytes may be overwritten. */
void peer_receive(struct pipe *pipe, const struct sockaddr_storage *from, uint8_t *data,
                  size_t len);

/* Sends what there is of the input. */
void peer_send_input(struct pipe *pipe);

/* After everything: greets who is connected, ends what has ended. */
void peer_settle(struct pipe *pipe);

/* close_notify, where there is somebody to send it to. */
void peer_close(struct pipe *pipe);

#endif
