/* Many connections in one process over loopback, which the cases of the benchmark `ice` look at in turns. */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/ice_end.h"

enum {
    CROWD_ENDS = 1000,
    CROWD_ENDS_QUICK = 4,
    CROWD_PACKET = 172, /* RTP with 20 ms of speech */
    CROWD_BATCH =
        50 /* ends that send or receive at once: what a shared port's buffer holds with ease */
};

enum crowd_what {
    CROWD_IDLE,
    CROWD_MEMORY,
    CROWD_DESCRIPTORS,
    CROWD_SEND,
    CROWD_RECEIVE,
    CROWD_RECEIVE_ONE /* when nothing else is there */
};

struct crowd_spec {
    enum ice_kind kind;
    enum crowd_what what; /* is measured */
    bool last;            /* of this crowd's cases: it is not kept for the next one */
};

/* Of all the ends that are measured. */
struct crowd_cost {
    uint64_t cpu; /* ns */
    double memory;
    double descriptors;
};

/* How one side makes a crowd and has it work. Each adds what it took to a cost. */
struct crowd_ops {
    /* Connected, all of them; NULL, and a line, if not. */
    void *(*make)(enum ice_kind kind, unsigned ends, struct crowd_cost *cost);
    void (*destroy)(void *crowd);
    /* Works for so long. False: a connection is gone. */
    bool (*idle)(void *crowd, uint64_t ns, struct crowd_cost *cost);
    /* The ends `from` to `to` - 1 send, or receive, a packet each. False: not all of them did. */
    bool (*move)(void *crowd, unsigned from, unsigned to, bool receive, struct crowd_cost *cost);
};

/* A crowd that is there for one case after the other. */
struct crowd {
    const struct crowd_ops *ops;
    void *made;
    unsigned ends;
    struct crowd_cost cost;        /* of making it */
    const struct crowd_spec *spec; /* the open case's */
    bool quick;
};

void *crowd_open(struct crowd *crowd, const struct crowd_spec *spec, bool quick);
double crowd_run(struct crowd *crowd);
void crowd_close(struct crowd *crowd);

/* For the ops: what this process holds; KB. */
double crowd_memory(void);
double crowd_descriptors(void);

/* Plain libnice: all its agents in one GMainContext, as programs with GLib's main loop have them. */
extern const struct bench_side bare_nice;

#endif
