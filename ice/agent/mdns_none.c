/* In mdns.c's place where the build leaves it out. */
#include "ice/agent/mdns.h"

int strait__mdns_ask(struct strait__agents *agents, const struct strait_candidate *candidate,
                     bool early)
{
    (void)agents;
    (void)candidate;
    (void)early;
    return STRAIT_E_UNSUPPORTED;
}

void strait__mdns_turn_over(struct strait__agents *agents)
{
    (void)agents;
}

bool strait__mdns_hold_end(struct strait__agents *agents)
{
    (void)agents;
    return false;
}

void strait__mdns_finish(struct strait__agents *agents)
{
    (void)agents;
}
