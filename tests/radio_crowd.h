/* The radio as a process of its own, and listeners made with strait that join it over loopback. */
#ifndef STRAIT_TESTS_RADIO_CROWD_H
#define STRAIT_TESTS_RADIO_CROWD_H

#include <jansson.h>
#include <strait/strait.h>
#include <sys/types.h>

struct radio_process {
    pid_t pid;
    int output; /* a file with all that it says */
    uint16_t port;
};

/* Starts `program`, verbose, on free ports of this machine. Errors end the test, here and below. */
void radio_start(struct radio_process *radio, const char *program);

/* All that it has said on standard output; the caller frees it. */
char *radio_said(const struct radio_process *radio);

/* As Ctrl-C does; returns its exit status. */
int radio_stop(struct radio_process *radio);

/* GET /stats; the caller releases it. */
json_t *radio_stats(const struct radio_process *radio);

/* GET of any other path: its status. */
int radio_get(const struct radio_process *radio, const char *path);

/* kB of memory, and open descriptors. */
long radio_memory(const struct radio_process *radio);
long radio_descriptors(const struct radio_process *radio);

/* A listener: its own port, full ICE, DTLS as client. */
struct crowd_listener {
    struct strait_runtime *runtime; /* the one that drives it */
    struct strait_endpoint *endpoint;
    struct strait_transport *transport;
    char resource[80];
    unsigned number;
    uint16_t sequence; /* of the packet that came last */
    uint64_t received, lost;
};

/* POSTs an offer; the runtime has to be dispatched until packets come. */
void crowd_join(struct crowd_listener *listener, const struct radio_process *radio,
                struct strait_runtime *runtime, struct strait_certificate *certificate);

/* Says goodbye by DELETE, or by closing the connection. */
void crowd_delete(const struct crowd_listener *listener, const struct radio_process *radio);
void crowd_close(struct crowd_listener *listener);

/* Is gone without a word, unless it has said one. */
void crowd_vanish(struct crowd_listener *listener);

#endif
