/* W3C's words for states. */
#ifndef RADIO_STATE_NAME_H
#define RADIO_STATE_NAME_H

#include <strait/strait.h>

/* RTCIceTransportState */
const char *ice_state_name(enum strait_ice_state state);

/* RTCDtlsTransportState */
const char *dtls_state_name(enum strait_dtls_state state);

#endif
