/* Which alerts came and went. wolfSSL knows it while there is an object, the association ever after. */
#include "transport/dtls/association.h"

static WOLFSSL_ALERT_HISTORY history_of(const struct strait_dtls *d)
{
    WOLFSSL_ALERT_HISTORY history = {
        .last_rx = { .code = -1, .level = -1 },
        .last_tx = { .code = -1, .level = -1 },
    };
    if (d->ssl != NULL) {
        wolfSSL_get_alert_history(d->ssl, &history);
    }
    if (d->muted) {
        history.last_tx.code = d->refused_alert;
    }
    return history;
}

void strait__dtls_keep_alerts(struct strait_dtls *d)
{
    WOLFSSL_ALERT_HISTORY history = history_of(d);
    d->alert_received = history.last_rx.code >= 0 ? history.last_rx.code : d->alert_received;
    d->alert_sent = history.last_tx.code >= 0 ? history.last_tx.code : d->alert_sent;
}

int strait_dtls_alert_received(const struct strait_dtls *dtls)
{
    if (dtls == NULL) {
        return -1;
    }
    int code = history_of(dtls).last_rx.code;
    return code >= 0 ? code : dtls->alert_received;
}

int strait_dtls_alert_sent(const struct strait_dtls *dtls)
{
    if (dtls == NULL) {
        return -1;
    }
    int code = history_of(dtls).last_tx.code;
    return code >= 0 ? code : dtls->alert_sent;
}
