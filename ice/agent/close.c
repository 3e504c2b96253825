/* The end of an agent: what it has asked for is called off, and what it has been given is given back. */
#include "ice/agent/servers.h"
#include "transport/util.h"

enum {
    /* An allocation is given back in one try and another: the server forgets it in ten minutes anyway. */
    CLOSE_TRIES = 2,
    CLOSE_TIMEOUT_MS = 50,
    CLOSE_PACING_MS = 1,
    CLOSE_ROUNDS = 1000,
    LOOK_UP_ROUNDS = 16,
};

static void on_closed(GObject *nice, GAsyncResult *result, gpointer user)
{
    struct strait__agent *a = user;
    (void)nice;
    (void)result;
    a->closed = true;
}

/* What libnice's look-up of the STUN server keeps is freed where that has run, and it takes the stream for granted.
 * Names that are looked up are let go of when GLib has said so. */
static void call_off(struct strait__agent *a)
{
    struct strait__servers *s = a->servers;
    if (s == NULL) {
        return;
    }
    strait__reflexive_end(s);
    for (size_t i = 0; i < s->n; i++) {
        strait__lookup_cancel(s->servers[i].lookup);
        s->servers[i].lookup = NULL;
    }
    for (int i = 0; s->lookups > 0 && i < CLOSE_ROUNDS; i++) {
        g_main_context_iteration(a->context, TRUE);
    }
    for (int i = 0;
         a->has_stun && i < LOOK_UP_ROUNDS && g_main_context_iteration(a->context, FALSE); i++) {
    }
    a->has_stun = false;
}

void strait__agent_shut(struct strait__agent *a)
{
    a->shut = true;
    call_off(a);
    strait__guest_keep(&a->guest, NULL, 0);
    nice_agent_remove_stream(a->nice, a->stream);
}

void strait__agent_begin_close(struct strait__agent *a)
{
    call_off(a);
    /* libnice may close sockets here, and the application open others of the same number before our next run. */
    if (a->guest.runtime != NULL) {
        strait__guest_keep(&a->guest, NULL, 0);
    }
    a->closing = true;
    g_object_set(a->nice, "stun-max-retransmissions", CLOSE_TRIES, "stun-initial-timeout",
                 CLOSE_TIMEOUT_MS, "stun-pacing-timer", CLOSE_PACING_MS, NULL);
    /* Nothing is allocated any more from here on; closing then waits for what the stream gives back. */
    nice_agent_remove_stream(a->nice, a->stream);
    /* Its answer comes in the context that is the thread's default now. */
    g_main_context_push_thread_default(a->context);
    nice_agent_close_async(a->nice, on_closed, a);
    g_main_context_pop_thread_default(a->context);
    strait__guest_wake(&a->guest);
}

void strait__agent_end_close(struct strait__agent *a)
{
    call_off(a);
    /* No loop any more: what is left of at most CLOSE_TRIES time-outs is waited for here. A source of GLib's ends
     * each wait. */
    for (int i = 0; a->closing && !a->closed && i < CLOSE_ROUNDS; i++) {
        g_main_context_iteration(a->context, TRUE);
    }
}

static void drop(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

void strait__servers_finish(struct strait__agent *a)
{
    struct strait__servers *s = a->servers;
    if (s == NULL) {
        return;
    }
    strait__ask_close(s->ask);
    drop(&s->limit);
    drop(&s->after);
    drop(&s->soon);
    if (s->libnices != NULL) {
        g_source_unref(s->libnices);
    }
    for (size_t i = 0; i < s->n; i++) {
        strait__tunnel_close(s->servers[i].tunnel);
    }
    strait__free(&a->hooks, s);
    a->servers = NULL;
}
