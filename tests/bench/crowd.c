#include "tests/bench/crowd.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>

enum {
    SETTLE_MS = 500, /* after the other sides have had their turns */
    IDLE_MS = 10000, /* about two rounds of consent */
    QUICK_MS = 20,
    PACKET_ROUNDS = 4
};

double crowd_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;
    while (dir != NULL && readdir(dir) != NULL) {
        n++;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}

/* AddressSanitizer's allocator tells mallinfo2 nothing. */
extern size_t __sanitizer_get_current_allocated_bytes(void) /* NOLINT(*-reserved-identifier) */
    __attribute__((weak));

double crowd_memory(void)
{
    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return (double)__sanitizer_get_current_allocated_bytes() / 1000;
    }
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1000;
}

/* Agents have sockets of their own. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void *crowd_open(struct crowd *crowd, const struct crowd_spec *spec, bool quick)
{
    crowd->spec = spec;
    crowd->quick = quick;
    if (crowd->made == NULL) {
        raise_limit();
        crowd->ends = quick ? CROWD_ENDS_QUICK : CROWD_ENDS;
        crowd->cost = (struct crowd_cost){ 0 };
        crowd->made = crowd->ops->make(spec->kind, crowd->ends, &crowd->cost);
    }
    return crowd->made != NULL ? crowd : NULL;
}

void crowd_close(struct crowd *crowd)
{
    if (crowd->spec->last) {
        crowd->ops->destroy(crowd->made);
        crowd->made = NULL;
    }
}

/* Percent of a processor. */
static double run_idle(const struct crowd *crowd)
{
    struct crowd_cost settling = { 0 }, cost = { 0 };
    bool good = crowd->ops->idle(crowd->made, (crowd->quick ? 0 : SETTLE_MS) * STRAIT_MS,
                                 &settling);
    uint64_t begin = bench_wall();
    good = good &&
           crowd->ops->idle(crowd->made, (crowd->quick ? QUICK_MS : IDLE_MS) * STRAIT_MS, &cost);
    double share = (double)cost.cpu / (double)(bench_wall() - begin);
    return good ? 100 * share : bench_fail("connections are gone while idle");
}

/* us of CPU time a packet. */
static double run_packets(const struct crowd *crowd, unsigned batch, bool receive)
{
    struct crowd_cost cost = { 0 };
    for (unsigned round = 0; round < PACKET_ROUNDS; round++) {
        for (unsigned from = 0; from < crowd->ends; from += batch) {
            unsigned to = from + batch < crowd->ends ? from + batch : crowd->ends;
            if (!crowd->ops->move(crowd->made, from, to, receive, &cost)) {
                return bench_fail("packets are lost");
            }
        }
    }
    return (double)cost.cpu / (PACKET_ROUNDS * crowd->ends) / 1000;
}

double crowd_run(struct crowd *crowd)
{
    switch (crowd->spec->what) {
    case CROWD_IDLE:
        return run_idle(crowd);
    case CROWD_MEMORY:
        return crowd->cost.memory / crowd->ends;
    case CROWD_DESCRIPTORS:
        return crowd->cost.descriptors / crowd->ends;
    case CROWD_SEND:
        return run_packets(crowd, CROWD_BATCH, false);
    case CROWD_RECEIVE:
        return run_packets(crowd, CROWD_BATCH, true);
    default:
        return run_packets(crowd, 1, true);
    }
}
