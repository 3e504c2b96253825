/* What a host reads off an association. */
#include "transport/dtls/association.h"
#include "transport/util.h"

enum strait_dtls_state strait_dtls_state(const struct strait_dtls *dtls)
{
    return dtls != NULL ? dtls->state : STRAIT_DTLS_CLOSED;
}

int strait_dtls_error(const struct strait_dtls *dtls)
{
    return dtls != NULL ? dtls->error : STRAIT_E_INVALID;
}

const char *strait_dtls_error_detail(const struct strait_dtls *dtls)
{
    return dtls != NULL ? dtls->detail : "";
}

int strait_dtls_srtp_keys(const struct strait_dtls *dtls, enum strait_srtp_profile *profile,
                          struct strait_srtp_key *send, struct strait_srtp_key *receive)
{
    if (dtls == NULL || profile == NULL || send == NULL || receive == NULL) {
        return STRAIT_E_INVALID;
    }
    if (dtls->state != STRAIT_DTLS_CONNECTED) {
        return STRAIT_E_STATE;
    }
    if (dtls->stats.profile == STRAIT_SRTP_NONE) {
        return STRAIT_E_NO_PROFILE;
    }
    *profile = dtls->stats.profile;
    *send = dtls->send_key;
    *receive = dtls->receive_key;
    return STRAIT_OK;
}

size_t strait_dtls_max_data(const struct strait_dtls *dtls)
{
    if (dtls == NULL || dtls->state != STRAIT_DTLS_CONNECTED) {
        return 0;
    }
    int most = wolfSSL_GetMaxOutputSize(dtls->ssl);
    return most > 0 ? (size_t)most : 0;
}

const uint8_t *strait_dtls_peer_certificate(const struct strait_dtls *dtls, size_t *len)
{
    if (dtls == NULL || len == NULL) {
        return NULL;
    }
    *len = dtls->peer_der_len;
    return dtls->peer_der;
}

int strait_dtls_stats(const struct strait_dtls *dtls, struct strait_dtls_stats *out)
{
    return dtls != NULL ? strait__sized_copy(out, &dtls->stats, sizeof dtls->stats)
                        : STRAIT_E_INVALID;
}
