#include "state_name.h"

const char *ice_state_name(enum strait_ice_state state)
{
    static const char *const names[] = {
        [STRAIT_ICE_NEW] = "new",
        [STRAIT_ICE_CHECKING] = "checking",
        [STRAIT_ICE_CONNECTED] = "connected",
        [STRAIT_ICE_COMPLETED] = "completed",
        [STRAIT_ICE_DISCONNECTED] = "disconnected",
        [STRAIT_ICE_FAILED] = "failed",
        [STRAIT_ICE_CLOSED] = "closed",
    };

    return names[state];
}

const char *dtls_state_name(enum strait_dtls_state state)
{
    static const char *const names[] = {
        [STRAIT_DTLS_NEW] = "new",
        [STRAIT_DTLS_CONNECTING] = "connecting",
        [STRAIT_DTLS_CONNECTED] = "connected",
        [STRAIT_DTLS_CLOSED] = "closed",
        [STRAIT_DTLS_FAILED] = "failed",
    };

    return names[state];
}
