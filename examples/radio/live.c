#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"

int live_init(struct live *live, unsigned rate, const char **reason)
{
    *live = (struct live){ .rate = rate };
    drift_init(&live->drift);
    live->resampler = resampler_create(rate, reason);
    if (!live->resampler) {
        return -1;
    }
    live->size = (size_t)((uint64_t)DRIFT_CAPACITY * rate / RADIO_RATE);
    live->ring = malloc(live->size * RADIO_CHANNELS * sizeof *live->ring);
    *reason = "no memory";
    return live->ring ? 0 : -1;
}

void live_finish(struct live *live)
{
    resampler_destroy(live->resampler);
    free(live->ring);
    *live = (struct live){ 0 };
}

size_t live_room(const struct live *live)
{
    return live->size - live->n;
}

size_t live_push(struct live *live, const float *stereo, size_t n)
{
    size_t done = 0;

    if (n > live_room(live)) {
        n = live_room(live);
    }
    while (done < n) {
        const size_t at = (live->first + live->n) % live->size;
        const size_t part = n - done < live->size - at ? n - done : live->size - at;

        memcpy(live->ring + 2 * at, stereo + 2 * done, part * 2 * sizeof *stereo);
        live->n += part;
        done += part;
    }
    return n;
}

void live_end(struct live *live)
{
    live->ended = true;
}

enum source_result live_pull(struct live *live, float *stereo, size_t n, size_t *got)
{
    const uint64_t waiting = (uint64_t)live->n * RADIO_RATE / live->rate;

    *got = 0;
    if (!drift_play(&live->drift, waiting, (uint32_t)n, live->ended)) {
        return SOURCE_WAIT;
    }
    while (*got == 0) {
        const size_t straight = live->size - live->first < live->n ? live->size - live->first
                                                                   : live->n;
        /* libsamplerate would take thousands more, out of our sight: no more than this needs. */
        const size_t wanted = (size_t)((double)n * live->rate / RADIO_RATE) + 16;
        const size_t given = straight < wanted ? straight : wanted;
        const bool last = live->ended && given == live->n;
        size_t used;

        *got = resampler_run(live->resampler, live->drift.ratio, live->ring + 2 * live->first,
                             given, last, stereo, n, &used);
        live->first = (live->first + used) % live->size;
        live->n -= used;
        if (*got == 0 && used == 0) {
            return live->ended && live->n == 0 ? SOURCE_END : SOURCE_WAIT;
        }
    }
    return SOURCE_OK;
}
