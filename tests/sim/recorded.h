/* Runs in which both endpoints are recorded and the application makes calls inside events. */
#ifndef SIM_RECORDED_H
#define SIM_RECORDED_H

#include "tests/sim/pair.h"
#include "transport/replay_read.h"

struct sim_recorded {
    struct sim_record a, b;
    uint64_t sent_a, sent_b;     /* datagrams */
    uint64_t events_a, events_b; /* all kinds but media */
};

/* Connects, sends data, attributes and media, restarts ICE where it is ours, closes. */
void sim_record_run(struct sim_recorded *recorded, const struct sim_plan *plan);
void sim_recorded_finish(struct sim_recorded *recorded);

/* Roles and kinds of ICE change with the seed. */
struct sim_plan sim_record_plan(enum sim_version version, unsigned loss, uint64_t seed);

/* The offset of the n-th entry of a type, from 0, or SIZE_MAX; where an entry ends. */
size_t sim_record_find(const struct sim_record *record, enum strait__record_type type, size_t n);
size_t sim_record_end(const struct sim_record *record, size_t at);

#endif
