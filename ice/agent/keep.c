/* The servers of an application, kept for the agents that come later. */
#include "ice/agent/agent.h"
#include "transport/util.h"

static void forget_text(const struct strait_hooks *hooks, const char *text)
{
    if (text != NULL) {
        strait__zero((char *)(uintptr_t)text, strlen(text));
        strait__free(hooks, (char *)(uintptr_t)text);
    }
}

void strait__servers_forget(const struct strait_hooks *hooks,
                            const struct strait_ice_server *servers, size_t n)
{
    for (size_t i = 0; i < n && servers != NULL; i++) {
        forget_text(hooks, servers[i].url);
        forget_text(hooks, servers[i].username);
        forget_text(hooks, servers[i].credential);
    }
    strait__free(hooks, (struct strait_ice_server *)(uintptr_t)servers);
}

static bool keep_text(const struct strait_hooks *hooks, const char **out, const char *text)
{
    *out = NULL;
    if (text == NULL) {
        return true;
    }
    size_t room = strlen(text) + 1;
    char *copy = strait__alloc(hooks, room);
    if (copy != NULL) {
        memcpy(copy, text, room);
    }
    *out = copy;
    return copy != NULL;
}

int strait__servers_keep(const struct strait_hooks *hooks, const struct strait_ice_server **out,
                         const struct strait_ice_server *servers, size_t n)
{
    *out = NULL;
    if (n == 0) {
        return STRAIT_OK;
    }
    struct strait_ice_server *kept = strait__alloc(hooks, n * sizeof *kept);
    bool good = kept != NULL;
    for (size_t i = 0; i < n && good; i++) {
        good = keep_text(hooks, &kept[i].url, servers[i].url) &&
               keep_text(hooks, &kept[i].username, servers[i].username) &&
               keep_text(hooks, &kept[i].credential, servers[i].credential);
    }
    if (!good) {
        strait__servers_forget(hooks, kept, n);
        return STRAIT_E_NOMEM;
    }
    *out = kept;
    return STRAIT_OK;
}
