/* The addresses of this host that an agent gathers from. */
#include <nice/interfaces.h>
#include <string.h>

#include "ice/agent/agent.h"
#include "transport/address.h"

static bool allowed(const struct strait__agent *a, const char *text)
{
    char host[STRAIT__ADDRESS_TEXT];
    struct sockaddr_storage address;
    g_strlcpy(host, text, sizeof host);
    host[strcspn(host, "%")] = '\0'; /* a link-local one's scope */
    return strait__address_parse(&address, host, 0) &&
           strait__rules_allow(&a->agents->local_rules, &address);
}

static bool add(struct strait__agent *a, const char *text)
{
    NiceAddress address;
    nice_address_init(&address);
    return allowed(a, text) && nice_address_set_from_string(&address, text) &&
           nice_agent_add_local_address(a->nice, &address);
}

int strait__agent_choose_addresses(struct strait__agent *a)
{
    if (a->chosen || a->agents->local_rules.n == 0) {
        return STRAIT_OK;
    }
    GList *all = nice_interfaces_get_local_ips(a->agents->local_rules.n_allow > 0);
    for (const GList *one = all; one != NULL; one = one->next) {
        a->chosen = add(a, one->data) || a->chosen;
    }
    g_list_free_full(all, g_free);
    return a->chosen ? STRAIT_OK : STRAIT_E_NOT_FOUND;
}
