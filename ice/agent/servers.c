/* STUN and TURN servers: checked, given to libnice, and let go of in order. */
#include "ice/agent/agent.h"
#include "ice/agent/url.h"
#include "transport/address.h"

enum {
    /* RFC 8489, 14.3: a user name is shorter than 509 bytes. The same for the password. */
    CREDENTIAL_MAX = 508,
    /* An allocation is given back in one try and another: the server forgets it in ten minutes anyway. */
    CLOSE_TRIES = 2,
    CLOSE_TIMEOUT_MS = 50,
    CLOSE_PACING_MS = 1,
    CLOSE_ROUNDS = 1000,
    LOOK_UP_ROUNDS = 16,
};

static bool legal_credential(const char *text)
{
    size_t len = text != NULL ? strnlen(text, CREDENTIAL_MAX + 1) : 0;
    return len > 0 && len <= CREDENTIAL_MAX;
}

static int check(struct strait_runtime *runtime, size_t i, const struct strait_ice_server *server,
                 struct strait__ice_url *url)
{
    const char *why = "there is none";
    int error = server->url == NULL ? STRAIT_E_INVALID
                                    : strait__ice_url_parse(url, server->url, &why);
    if (error != STRAIT_OK) {
        return strait__fail(runtime, error, "the URL of ICE server %zu: %s", i, why);
    }
    if (url->turn &&
        (!legal_credential(server->username) || !legal_credential(server->credential))) {
        return strait__fail(
            runtime, STRAIT_E_INVALID,
            "ICE server %zu: a TURN server needs a username and a credential of 1 to "
            "%d bytes",
            i, CREDENTIAL_MAX);
    }
    return STRAIT_OK;
}

static int give_turn(struct strait__agent *a, const struct strait_ice_server *server,
                     const struct strait__ice_url *url, const char *host, guint port)
{
    if (a->n_relays == NICE_CANDIDATE_MAX_TURN_SERVERS) {
        return strait__fail(a->guest.runtime, STRAIT_E_LIMIT, "more than %d TURN servers",
                            NICE_CANDIDATE_MAX_TURN_SERVERS);
    }
    a->n_relays++;
    return nice_agent_set_relay_info(a->nice, a->stream, STRAIT__AGENT_COMPONENT, host, port,
                                     server->username, server->credential,
                                     url->tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP)
               ? STRAIT_OK
               : STRAIT_E_NOMEM;
}

static int give(struct strait__agent *a, const struct strait_ice_server *server,
                const struct strait__ice_url *url)
{
    char host[STRAIT__ADDRESS_TEXT];
    guint port = strait__address_port(&url->address);
    strait__address_print_host(&url->address, host, sizeof host);
    strait__agent_exempt(a, &url->address);
    if (url->turn) {
        return give_turn(a, server, url, host, port);
    }
    if (a->has_stun) {
        return strait__fail(a->guest.runtime, STRAIT_E_UNSUPPORTED,
                            "libnice asks one STUN server only: leave the others out");
    }
    a->has_stun = true;
    g_object_set(a->nice, "stun-server", host, "stun-server-port", port, NULL);
    return STRAIT_OK;
}

int strait__agent_give_servers(struct strait__agent *a, const struct strait_ice_server *servers,
                               size_t n)
{
    int error = STRAIT_OK;
    for (size_t i = 0; i < n && error == STRAIT_OK; i++) {
        struct strait__ice_url url;
        error = check(a->guest.runtime, i, &servers[i], &url);
        if (error == STRAIT_OK) {
            error = give(a, &servers[i], &url);
        }
    }
    return error;
}

/* --- The end --------------------------------------------------------------------------------------- */

static void on_closed(GObject *nice, GAsyncResult *result, gpointer user)
{
    struct strait__agent *a = user;
    (void)nice;
    (void)result;
    a->closed = true;
}

void strait__agent_begin_close(struct strait__agent *a)
{
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
    /* No loop any more: what is left of at most CLOSE_TRIES time-outs is waited for here. A source of GLib's ends
     * each wait. */
    for (int i = 0; a->closing && !a->closed && i < CLOSE_ROUNDS; i++) {
        g_main_context_iteration(a->context, TRUE);
    }
    /* libnice's look-up of the STUN server's address, which it does not free where it did not run. */
    for (int i = 0;
         a->has_stun && i < LOOK_UP_ROUNDS && g_main_context_iteration(a->context, FALSE); i++) {
    }
}
