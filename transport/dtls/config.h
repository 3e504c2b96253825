/* What an association's configuration may say. Pure: no crypto library. */
#ifndef STRAIT_DTLS_CONFIG_H
#define STRAIT_DTLS_CONFIG_H

#include <strait/dtls.h>

/* 256..16384. */
bool strait__dtls_legal_mtu(uint16_t mtu);

/* Checks it and fills the gaps. STRAIT_E_INVALID; _UNSUPPORTED where this build leaves out what it asks for. */
int strait__dtls_config_read(struct strait_dtls_config *out,
                             const struct strait_dtls_config *config);

#endif
