/*
 * Packets at their time: what begins with sample k is due at start + k / 48000 s, whatever the delays
 * before were and however long each packet plays. A late wake-up catches up at once; after a
 * pause longer than PACER_MAX_LATE the time in between is left out, so that nobody hears it in a burst.
 */
#ifndef RADIO_PACER_H
#define RADIO_PACER_H

#include <stdbool.h>
#include <strait/runtime.h>

#define PACER_MAX_LATE (500 * STRAIT_MS)

struct pacer {
    strait_time start;
    uint64_t next;    /* sample, at 48 kHz */
    uint64_t skipped; /* samples that were left out */
    bool stopped;

    struct strait_runtime *runtime;
    uint32_t (*due)(void *user, uint64_t sample, strait_time now);
    void *user;
};

void pacer_init(struct pacer *pacer, strait_time start);

/* When the next packet is due. */
strait_time pacer_deadline(const struct pacer *pacer);

/* True if a packet is due: it begins with sample pacer->next. */
bool pacer_due(struct pacer *pacer, strait_time now);

/* What was due plays `samples`. */
void pacer_advance(struct pacer *pacer, uint32_t samples);

/* Has `due` called for each packet from the runtime's loop; it returns how many samples the packet
 * plays, 0: there will be no more. Errors of strait_runtime_at. */
int pacer_run(struct pacer *pacer, struct strait_runtime *runtime,
              uint32_t (*due)(void *user, uint64_t sample, strait_time now), void *user);

void pacer_stop(struct pacer *pacer);

#endif
