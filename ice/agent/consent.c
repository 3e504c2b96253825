/* Consent (RFC 7675) of an agent's pair: when silence is told as disconnected, and for how long it may last. libnice
 * itself asks, waits, and says failed. */
#include "ice/agent/agent.h"
#include "ice/session.h"
#include "transport/transport.h"

#ifdef STRAIT_OWN_LIBNICE
#include <nice/strait.h>

/* Below this the spaces between consent checks would be no milliseconds any more. */
enum { LEAST_MS = 60 };

void strait__agent_set_consent(struct strait__agent *a)
{
    strait_time ms = a->agents->transport->config.consent_timeout / STRAIT_MS;
    ms = ms < LEAST_MS ? LEAST_MS : ms;
    nice_strait_set_consent_timeout(a->nice, ms < G_MAXUINT / 1000 ? (guint)ms : G_MAXUINT / 1000);
}

/* When the peer has been silent for too long; STRAIT_TIME_NEVER: it has answered. As full ICE on the shared port has
 * it: a quarter of the time-out after the first consent check that has no answer. */
static strait_time silent_at(const struct strait__agent *a)
{
    guint64 since = nice_strait_unanswered_since(a->nice, a->stream, STRAIT__AGENT_COMPONENT);
    if (since == 0) {
        return STRAIT_TIME_NEVER;
    }
    strait_time ago = (strait_time)(g_get_monotonic_time() - (gint64)since) * STRAIT_US;
    strait_time now = strait_runtime_now(a->guest.runtime);
    strait_time part = a->agents->transport->config.consent_timeout / STRAIT__ICE_SILENT_PART;
    return now + part > ago ? now + part - ago : now;
}

/* The old path's consent has ended, and the restart goes on. */
static bool lost_in_restart(const struct strait__agent *a)
{
    NiceCandidate *local, *remote;
    return !nice_agent_get_selected_pair(a->nice, a->stream, STRAIT__AGENT_COMPONENT, &local,
                                         &remote);
}

void strait__agent_watch_consent(struct strait__agent *a)
{
    bool up = a->reported == STRAIT_ICE_CONNECTED || a->reported == STRAIT_ICE_COMPLETED;
    if (!a->has_path || a->guest.runtime == NULL ||
        (!up && a->reported != STRAIT_ICE_DISCONNECTED)) {
        return;
    }
    if (lost_in_restart(a)) {
        strait__agent_lose_pair(a);
        strait__agent_report(a, STRAIT_ICE_CHECKING, STRAIT_OK, "");
        return;
    }
    strait_time when = silent_at(a);
    if (when <= strait_runtime_now(a->guest.runtime)) {
        if (up) {
            strait__agent_report(a, STRAIT_ICE_DISCONNECTED, STRAIT_OK, "");
        }
    } else if (!up) {
        strait__agent_report(
            a, a->state == NICE_COMPONENT_STATE_READY ? STRAIT_ICE_COMPLETED : STRAIT_ICE_CONNECTED,
            STRAIT_OK, "");
    } else if (when < a->guest.deadline.when) {
        strait__guest_set_deadline(&a->guest, when);
    }
}
#else
/* The system's libnice has 10 s before 0.1.22 and 30 s since, and does not tell of silence. */
void strait__agent_set_consent(struct strait__agent *a)
{
    (void)a;
}

void strait__agent_watch_consent(struct strait__agent *a)
{
    (void)a;
}
#endif
