/* What the files of a listener share. */
#ifndef STRAIT_DTLS_LISTENER_INTERNAL_H
#define STRAIT_DTLS_LISTENER_INTERNAL_H

#include <strait/dtls_listener.h>

#include "transport/dtls/association.h"
#include "transport/dtls/cookie.h"
#include "transport/dtls/hello_pool.h"

struct strait_dtls_listener {
    struct strait_dtls_listener_config config; /* gaps filled; its template is the model's */
    /* Never started: it holds what the template refers to, and was checked as any association's. */
    struct strait_dtls *model;
    char psk_hint[STRAIT_DTLS_MAX_PSK_IDENTITY + 1]; /* which the model forgets; "": none */
    struct strait__secrets secrets;
    struct strait__hello_pool pool;
    struct strait_dtls_listener_stats stats;
    strait_time now;
};

/* A whole ClientHello and where it came from. */
struct strait__candidate {
    const void *from;
    size_t from_len;
    uint8_t *record; /* one, with the whole message in it */
    size_t len;
    size_t received; /* bytes that brought it: the answer may be three times as long */
    uint32_t fragments;
    struct strait__hello hello;
};

/* --- listener_answer.c --- */
/* Answers it, or makes an association of it. As strait_dtls_listener_receive. */
int strait__listener_answer(struct strait_dtls_listener *l, struct strait__candidate *candidate,
                            struct strait_dtls **out);

/* --- listener_choose.c --- */
/* The suite and, where none of the client's shares is of a group of ours, the group that a
 * HelloRetryRequest names; else group 0. The alert that says why it cannot be, or -1. */
int strait__listener_choose(const struct strait_dtls_config *config,
                            const struct strait__hello *hello, uint16_t *suite, uint16_t *group);

#endif
