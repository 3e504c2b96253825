#include "pacer.h"

void pacer_init(struct pacer *pacer, strait_time start, strait_time period)
{
    *pacer = (struct pacer){ .start = start, .period = period };
}

strait_time pacer_deadline(const struct pacer *pacer)
{
    return pacer->start + pacer->next * pacer->period;
}

bool pacer_take(struct pacer *pacer, strait_time now, uint64_t *frame)
{
    const strait_time deadline = pacer_deadline(pacer);

    if (now < deadline) {
        return false;
    }
    if (now - deadline > PACER_MAX_LATE) {
        const uint64_t late = (now - deadline) / pacer->period;

        pacer->next += late;
        pacer->skipped += late;
    }
    *frame = pacer->next++;
    return true;
}

static void wake(void *user)
{
    struct pacer *pacer = user;
    uint64_t frame;

    while (pacer_take(pacer, strait_runtime_now(pacer->runtime), &frame)) {
        pacer->due(pacer->user, frame, strait_runtime_now(pacer->runtime));
    }
    (void)strait_runtime_at(pacer->runtime, pacer_deadline(pacer), wake, pacer);
}

int pacer_run(struct pacer *pacer, struct strait_runtime *runtime,
              void (*due)(void *user, uint64_t frame, strait_time now), void *user)
{
    pacer->runtime = runtime;
    pacer->due = due;
    pacer->user = user;
    return strait_runtime_at(runtime, pacer_deadline(pacer), wake, pacer);
}

void pacer_stop(struct pacer *pacer)
{
    if (pacer->runtime) {
        (void)strait_runtime_at(pacer->runtime, STRAIT_TIME_NEVER, wake, pacer);
    }
}
