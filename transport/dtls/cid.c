#include "transport/dtls/cid.h"

#include "transport/dtls/association.h"

/* wolfSSL's own, see strait__dtls_send_alert. Forgets ids that the other side did not agree on. */
void DtlsCIDOnExtensionsParsed(WOLFSSL *ssl) __attribute__((weak));

static bool use(struct strait_dtls *d)
{
    return wolfSSL_dtls_cid_use(d->ssl) == WOLFSSL_SUCCESS &&
           wolfSSL_dtls_cid_set(d->ssl, d->config.local_cid, d->config.local_cid_len) ==
               WOLFSSL_SUCCESS;
}

bool strait__cid_offer(struct strait_dtls *d)
{
    bool forgets = DtlsCIDOnExtensionsParsed != NULL || !strait__dtls_allows(d, STRAIT_DTLS_1_2);
    return !d->config.cid || strait__dtls_is_server(d) || (forgets && use(d));
}

/* True if it will be asked for another ClientHello. */
static bool lacks_share(const struct strait_dtls *d, const struct strait__hello *hello)
{
    if (!strait__dtls_common_version(d, hello, STRAIT_DTLS_1_3)) {
        return false;
    }
    for (size_t i = 0; i < d->config.n_groups; i++) {
        if (strait__hello_has_share(hello, (uint16_t)d->config.groups[i])) {
            return false;
        }
    }
    return true;
}

/* wolfSSL writes no id above its limit, so that such a peer gets none. And it takes an empty id in a second
 * ClientHello for a changed one: there it hears of connection ids only then. */
bool strait__cid_answer(struct strait_dtls *d, const struct strait__hello *hello)
{
    if (!d->config.cid || hello->cid.data == NULL || hello->cid.len > STRAIT_DTLS_MAX_CID ||
        wolfSSL_dtls_cid_is_enabled(d->ssl) || (hello->cid.len == 0 && lacks_share(d, hello))) {
        return true;
    }
    strait__dtls_enter(d);
    bool used = use(d);
    strait__dtls_leave(d);
    return used;
}

void strait__cid_negotiated(struct strait_dtls *d)
{
    if (!d->config.cid || d->stats.cipher_suite == 0) {
        return;
    }
    /* wolfSSL's client of 1.2 goes on with an id that the server did not agree on, and then reads nothing. */
    if (!strait__dtls_is_server(d) && d->stats.version == STRAIT_DTLS_1_2 &&
        DtlsCIDOnExtensionsParsed != NULL) {
        strait__dtls_enter(d);
        DtlsCIDOnExtensionsParsed(d->ssl);
        strait__dtls_leave(d);
    }
    d->stats.cid = wolfSSL_dtls_cid_is_enabled(d->ssl);
}

size_t strait__cid_peer_len(struct strait_dtls *d)
{
    unsigned int len = 0;
    return wolfSSL_dtls_cid_get_tx_size(d->ssl, &len) == WOLFSSL_SUCCESS ? len : 0;
}

bool strait_dtls_newest(const struct strait_dtls *dtls)
{
    return dtls != NULL && dtls->newest;
}

size_t strait_dtls_peek_cid(const uint8_t *datagram, size_t len, size_t cid_len,
                            const uint8_t **cid)
{
    /* RFC 9146, 4: behind type, version, epoch and sequence number, before the length; RFC 9147, 4: behind the first
     * byte, 0 0 1 C S L E E. */
    enum { UNIFIED_CID_MASK = 0xf0, UNIFIED_CID = 0x30, AT_12 = 11, LENGTH = 2 };
    if (datagram == NULL || cid == NULL || cid_len == 0 || len == 0) {
        return 0;
    }
    bool unified = (datagram[0] & UNIFIED_CID_MASK) == UNIFIED_CID;
    size_t at = unified ? 1 : AT_12;
    size_t behind = unified ? 0 : LENGTH;
    if ((!unified && datagram[0] != STRAIT__TLS12_CID) || len < at + behind ||
        len - at - behind < cid_len) {
        return 0;
    }
    *cid = datagram + at;
    return cid_len;
}
