#include "reorder.h"

#include <opus.h>
#include <string.h>

#define RATE 48000

/* How far `b` lies after `a` on a clock that wraps. */
static int32_t after(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

void reorder_init(struct reorder *reorder)
{
    memset(reorder, 0, sizeof *reorder);
}

static void restart(struct reorder *reorder)
{
    for (size_t i = 0; i < REORDER_SLOTS; i++) {
        reorder->slots[i].used = false;
    }
    reorder->n = 0;
    reorder->playing = false;
    reorder->stalled = reorder->late_run = 0;
}

static void drop(struct reorder *reorder, struct reorder_packet *packet)
{
    packet->used = false;
    reorder->n--;
}

static struct reorder_packet *oldest(struct reorder *reorder)
{
    struct reorder_packet *found = NULL;

    for (size_t i = 0; i < REORDER_SLOTS; i++) {
        struct reorder_packet *packet = &reorder->slots[i];

        if (packet->used && (!found || after(found->timestamp, packet->timestamp) < 0)) {
            found = packet;
        }
    }
    return found;
}

/* Where the last of the waiting packets ends; only where there is one. */
static uint32_t newest_end(const struct reorder *reorder)
{
    uint32_t end = reorder->play;

    for (size_t i = 0; i < REORDER_SLOTS; i++) {
        const struct reorder_packet *packet = &reorder->slots[i];

        if (packet->used && after(end, packet->timestamp + packet->samples) > 0) {
            end = packet->timestamp + packet->samples;
        }
    }
    return end;
}

static bool is_waiting(const struct reorder *reorder, uint16_t sequence, uint32_t timestamp)
{
    for (size_t i = 0; i < REORDER_SLOTS; i++) {
        const struct reorder_packet *packet = &reorder->slots[i];

        if (packet->used && packet->sequence == sequence && packet->timestamp == timestamp) {
            return true;
        }
    }
    return false;
}

static struct reorder_packet *free_slot(struct reorder *reorder)
{
    if (reorder->n == REORDER_SLOTS) {
        drop(reorder, oldest(reorder));
        reorder->stats.skipped++;
    }
    for (size_t i = 0; i < REORDER_SLOTS; i++) {
        if (!reorder->slots[i].used) {
            reorder->n++;
            return &reorder->slots[i];
        }
    }
    return NULL;
}

/* What the time of a packet says, which is the next one if none waits. */
static void look_at_time(struct reorder *reorder, uint32_t timestamp)
{
    const int32_t ahead = after(reorder->play, timestamp);

    if (ahead < 0) {
        if (++reorder->late_run > REORDER_LATE_RUN) {
            restart(reorder);
        }
        return;
    }
    reorder->late_run = 0;
    /* Nothing came because nothing was sent: that time has passed for him as well. */
    if (reorder->n == 0) {
        reorder->play += (uint32_t)ahead < reorder->stalled ? (uint32_t)ahead : reorder->stalled;
        reorder->stalled = 0;
        if (after(reorder->play, timestamp) > RATE) {
            restart(reorder);
        }
    }
}

void reorder_put(struct reorder *reorder, uint16_t sequence, uint32_t timestamp,
                 const uint8_t *data, size_t len, strait_time now)
{
    const int samples = len > 0 && len <= REORDER_MAX_PACKET
                            ? opus_packet_get_nb_samples(data, (opus_int32)len, RATE)
                            : 0;
    struct reorder_packet *packet;

    reorder->stats.received++;
    if (samples <= 0) {
        reorder->stats.invalid++;
        return;
    }
    if (is_waiting(reorder, sequence, timestamp)) {
        reorder->stats.duplicate++;
        return;
    }
    if (reorder->playing) {
        look_at_time(reorder, timestamp);
    }
    if (reorder->playing && after(reorder->play, timestamp) < 0) {
        reorder->stats.late++;
        return;
    }
    packet = free_slot(reorder);
    if (!packet) {
        return;
    }
    if (reorder->n == 1 && !reorder->playing) {
        reorder->first = now;
        reorder->play = timestamp;
    }
    packet->used = true;
    packet->sequence = sequence;
    packet->timestamp = timestamp;
    packet->samples = (uint32_t)samples;
    packet->len = len;
    memcpy(packet->data, data, len);
}

/* Leaves out what lies before `until`. */
static void skip_to(struct reorder *reorder, uint32_t until)
{
    struct reorder_packet *packet;

    while ((packet = oldest(reorder)) != NULL && after(until, packet->timestamp) < 0) {
        drop(reorder, packet);
        reorder->stats.skipped++;
    }
    reorder->play = until;
    reorder->least = UINT32_MAX;
    reorder->ticks = 0;
}

/* Brings a delay down that has grown, at once or a tick at a time. */
static void keep_pace(struct reorder *reorder, uint32_t samples)
{
    const uint32_t waiting = newest_end(reorder) - reorder->play;

    if (waiting > REORDER_MOST) {
        skip_to(reorder, newest_end(reorder) - (uint32_t)(REORDER_DELAY * RATE / STRAIT_S));
        reorder->play = oldest(reorder)->timestamp;
        return;
    }
    reorder->least = waiting < reorder->least ? waiting : reorder->least;
    if (++reorder->ticks < REORDER_WATCH) {
        return;
    }
    if (reorder->least > REORDER_PLENTY) {
        skip_to(reorder, reorder->play + samples);
    }
    reorder->least = UINT32_MAX;
    reorder->ticks = 0;
}

static bool begin(struct reorder *reorder, strait_time now)
{
    if (reorder->n == 0 || now < reorder->first + REORDER_DELAY) {
        return false;
    }
    reorder->playing = true;
    reorder->play = reorder->covered = oldest(reorder)->timestamp;
    reorder->least = UINT32_MAX;
    reorder->ticks = 0;
    return true;
}

bool reorder_tick(struct reorder *reorder, uint32_t samples, strait_time now)
{
    const struct reorder_packet *first;

    if (!reorder->playing && !begin(reorder, now)) {
        return false;
    }
    reorder->tick = samples;
    if (reorder->n == 0) {
        /* What is due comes late, or there is silence: its time stands still, and the delay grows. The
         * last packet may be longer than a tick, though. */
        if (after(reorder->play, reorder->covered) > 0) {
            reorder->play += samples;
        } else {
            reorder->stats.empty++;
            reorder->stalled += samples;
        }
        return true;
    }
    keep_pace(reorder, samples);
    reorder->play += samples;
    first = oldest(reorder);
    if (after(reorder->play, first->timestamp) >= 0 && after(reorder->covered, reorder->play) > 0) {
        reorder->stats.missing++;
    }
    return true;
}

const struct reorder_packet *reorder_take(struct reorder *reorder, uint32_t *offset)
{
    struct reorder_packet *packet = oldest(reorder);

    if (!reorder->playing || !packet || after(reorder->play, packet->timestamp) >= 0) {
        return NULL;
    }
    drop(reorder, packet);
    *offset = packet->timestamp - (reorder->play - reorder->tick);
    reorder->covered = packet->timestamp + packet->samples;
    return packet;
}
