#include "status.h"

#include "format.h"
#include "line.h"
#include "playing.h"
#include "station.h"
#include "terminal.h"

/* What the listeners' last reports say, on average; negative without any. */
static double loss_of(const struct station *station)
{
    double sum = 0;
    unsigned n = 0;

    for (const struct listener *listener = station->listeners; listener;
         listener = listener->next) {
        if (listener->has_reception) {
            sum += listener->reception.fraction_lost / 256.0;
            n++;
        }
    }
    return n > 0 ? sum / n : -1;
}

/* Bits a second since the oldest of the past ticks. */
static double bitrate_of(struct status *status, strait_time now)
{
    const uint64_t octets = status->station->octets;
    const size_t at = status->ticks % STATUS_WINDOW;
    const size_t oldest = status->ticks < STATUS_WINDOW ? 0 : at;
    const strait_time since = status->ticks > 0 ? now - status->past[oldest].when : 0;
    const uint64_t sent = status->ticks > 0 ? octets - status->past[oldest].octets : 0;

    status->past[at].when = now;
    status->past[at].octets = octets;
    status->ticks++;
    return since > 0 ? (double)sent * 8 * (double)STRAIT_S / (double)since : 0;
}

static void tick(void *user)
{
    struct status *status = user;
    const strait_time now = strait_runtime_now(status->runtime);
    struct playing playing;
    char text[LINE_ROOM];
    struct line line = {
        .listeners = status->station->n_listeners,
        .bitrate = bitrate_of(status, now),
        .loss = loss_of(status->station),
        .ascii = !terminal_is_utf8(),
    };

    playing_now(&playing, status->station);
    line.title = playing.name ? playing.name : "";
    line.position = (double)playing.position / RADIO_RATE;
    line.duration = (double)playing.length / RADIO_RATE;
    (void)line_render(text, &line, terminal_columns());
    terminal_show(text);
    (void)strait_runtime_at(status->runtime, now + STATUS_INTERVAL, tick, status);
}

int status_start(struct status *status, struct strait_runtime *runtime,
                 const struct station *station)
{
    *status = (struct status){ .station = station };
    if (!terminal_is_live()) {
        return STRAIT_OK;
    }
    status->runtime = runtime;
    return strait_runtime_at(runtime, strait_runtime_now(runtime), tick, status);
}

void status_stop(struct status *status)
{
    if (status->runtime) {
        (void)strait_runtime_at(status->runtime, STRAIT_TIME_NEVER, tick, status);
        status->runtime = NULL;
    }
    terminal_hide();
}
