/* Pseudo-random numbers from a seed: the same on every machine. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

/* `stream` tells sources of the same seed apart. */
void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream);
uint64_t sim_random_next(struct sim_random *random);
/* 0 .. n - 1; n > 0. */
uint64_t sim_random_below(struct sim_random *random, uint64_t n);
/* True `percent` times of a hundred. */
bool sim_random_chance(struct sim_random *random, unsigned percent);
void sim_random_fill(struct sim_random *random, uint8_t *out, size_t bytes);

#endif
