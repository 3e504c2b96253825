/* How long a bare handshake takes over a bad network: a cell is one kind of handshake at one kind of
 * network, run by many seeds. */
#ifndef SIM_LOSS_H
#define SIM_LOSS_H

#include "tests/sim/bare.h"

struct sim_cell {
    enum sim_version version;
    unsigned loss; /* percent */
    uint16_t mtu;
    bool cookies;
};

enum { SIM_CELLS = 2 * SIM_VERSIONS * 2 * 3 };

/* Connect times in ms, as one side sees them. */
struct sim_times {
    unsigned p50, p90, p99, most;
};

struct sim_result {
    struct sim_times of[2]; /* by enum sim_side */
    double datagrams;       /* of both sides, the mean of all runs */
};

/* In the order of the table: cookies, version, MTU, loss. */
struct sim_cell sim_cell(size_t number);

/* The seeds 0 .. n - 1. Each completes and passes sim_bare_check, or the case fails. */
struct sim_result sim_cell_run(const struct sim_cell *cell, size_t seeds);

/* What p99 of a cell must stay below, in ms. */
unsigned sim_cell_bound(const struct sim_cell *cell);

/* How many of the seeds 0 .. n - 1 complete where besides 10 % loss so many percent of the datagrams have
 * one bit flipped, MTU 1200 and 576 in turn. The others end on each side that was not connected within 30 s
 * by a named error, and never with unequal keys, or the case fails. */
size_t sim_damage_run(enum sim_version version, bool cookies, unsigned percent, size_t seeds);

#endif
