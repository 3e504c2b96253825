#include "drift.h"

void drift_init(struct drift *drift)
{
    *drift = (struct drift){ .least = UINT64_MAX, .ratio = 1.0 };
}

void drift_full(struct drift *drift)
{
    drift->full = true;
    drift->ratio = 1.0;
    drift->leave_out = false;
}

static double nudge(uint64_t margin)
{
    const uint32_t target = DRIFT_TARGET;
    const double away = ((double)margin - target) / target;
    const double most = away > 1.0 ? 1.0 : away < -1.0 ? -1.0 : away;

    return 1.0 - DRIFT_MAX_NUDGE * most;
}

static void end_window(struct drift *drift)
{
    if (drift->least <= DRIFT_TARGET) {
        drift->full = false;
    }
    if (!drift->full) {
        drift->ratio = nudge(drift->least);
        drift->leave_out = drift->least > DRIFT_TARGET + DRIFT_SLACK;
    }
    drift->least = UINT64_MAX;
    drift->elapsed = 0;
}

bool drift_play(struct drift *drift, uint64_t waiting, uint32_t samples, bool ended)
{
    if (ended) {
        drift->playing = true;
        drift->full = true;
        drift->ratio = 1.0;
        return true;
    }
    if (!drift->playing && waiting < DRIFT_TARGET && !drift->full) {
        return false;
    }
    drift->playing = waiting >= samples;
    if (!drift->playing) {
        drift->run_dry++;
        drift->full = false;
        drift->ratio = 1.0;
        drift->least = UINT64_MAX;
        drift->elapsed = 0;
        return false;
    }
    if (waiting - samples < drift->least) {
        drift->least = waiting - samples;
    }
    drift->elapsed += samples;
    if (drift->elapsed >= DRIFT_WINDOW) {
        end_window(drift);
    }
    return true;
}

bool drift_leave_out(struct drift *drift)
{
    const bool leave_out = drift->leave_out;

    drift->leave_out = false;
    return leave_out;
}
