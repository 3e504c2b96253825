#include "pacer.h"

#include "format.h"

void pacer_init(struct pacer *pacer, strait_time start)
{
    *pacer = (struct pacer){ .start = start };
}

strait_time pacer_deadline(const struct pacer *pacer)
{
    return pacer->start + pacer->next / RADIO_RATE * STRAIT_S +
           pacer->next % RADIO_RATE * STRAIT_S / RADIO_RATE;
}

bool pacer_due(struct pacer *pacer, strait_time now)
{
    const strait_time deadline = pacer_deadline(pacer);

    if (now < deadline) {
        return false;
    }
    if (now - deadline > PACER_MAX_LATE) {
        const uint64_t late = (now - deadline) / (RADIO_FRAME_MS * STRAIT_MS);

        pacer->next += late * RADIO_FRAME_SAMPLES;
        pacer->skipped += late * RADIO_FRAME_SAMPLES;
    }
    return true;
}

void pacer_advance(struct pacer *pacer, uint32_t samples)
{
    pacer->next += samples;
}

static void wake(void *user)
{
    struct pacer *pacer = user;

    while (!pacer->stopped && pacer_due(pacer, strait_runtime_now(pacer->runtime))) {
        const uint32_t samples = pacer->due(pacer->user, pacer->next,
                                            strait_runtime_now(pacer->runtime));

        pacer->stopped |= samples == 0;
        pacer_advance(pacer, samples);
    }
    if (!pacer->stopped) {
        (void)strait_runtime_at(pacer->runtime, pacer_deadline(pacer), wake, pacer);
    }
}

int pacer_run(struct pacer *pacer, struct strait_runtime *runtime,
              uint32_t (*due)(void *user, uint64_t sample, strait_time now), void *user)
{
    pacer->runtime = runtime;
    pacer->due = due;
    pacer->user = user;
    return strait_runtime_at(runtime, pacer_deadline(pacer), wake, pacer);
}

void pacer_stop(struct pacer *pacer)
{
    pacer->stopped = true;
    if (pacer->runtime) {
        (void)strait_runtime_at(pacer->runtime, STRAIT_TIME_NEVER, wake, pacer);
    }
}
