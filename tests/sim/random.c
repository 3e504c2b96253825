#include "tests/sim/random.h"

/* SplitMix64. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The state advances by a constant: neighbouring seeds must not be neighbouring states, or they
 * would give the same numbers shifted by one. */
void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream)
{
    random->state = mix(mix(seed + 1) ^ (stream << 32));
}

uint64_t sim_random_next(struct sim_random *random)
{
    return mix(random->state += 0x9e3779b97f4a7c15u);
}

uint64_t sim_random_below(struct sim_random *random, uint64_t n)
{
    return sim_random_next(random) % n;
}

bool sim_random_chance(struct sim_random *random, unsigned percent)
{
    return sim_random_below(random, 100) < percent;
}

void sim_random_fill(struct sim_random *random, uint8_t *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(sim_random_next(random) >> 56);
    }
}
