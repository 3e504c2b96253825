#include "transport/dtls/secrets.h"

#include "transport/dtls/association.h"
#include "transport/dtls/keylog.h"
#include "transport/dtls/names.h"
#include "transport/util.h"

static bool suite_is_sha384(WOLFSSL *ssl)
{
    return strait__suite_sha384((uint16_t)wolfSSL_get_current_cipher_suite(ssl));
}

/* DTLS 1.2, inside wolfSSL: the master secret. */
static int on_master_secret(WOLFSSL *ssl, void *secret, int len, void *user)
{
    struct strait_dtls *d = user;
    struct strait__exporter *e = &d->exporter;
    if (len != STRAIT__MASTER_SECRET ||
        wolfSSL_get_client_random(ssl, e->randoms, STRAIT__RANDOM) != STRAIT__RANDOM ||
        wolfSSL_get_server_random(ssl, e->randoms + STRAIT__RANDOM, STRAIT__RANDOM) !=
            STRAIT__RANDOM) {
        return -1;
    }
    memcpy(e->secret, secret, STRAIT__MASTER_SECRET);
    e->sha384 = suite_is_sha384(ssl);
    e->dtls13 = false;
    e->ready = true;
    strait__keylog(d, "CLIENT_RANDOM", e->randoms, secret, (size_t)len);
    return 0;
}

static const char *label_of(int id)
{
    switch (id) {
    case CLIENT_HANDSHAKE_TRAFFIC_SECRET:
        return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case SERVER_HANDSHAKE_TRAFFIC_SECRET:
        return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case CLIENT_TRAFFIC_SECRET:
        return "CLIENT_TRAFFIC_SECRET_0";
    case SERVER_TRAFFIC_SECRET:
        return "SERVER_TRAFFIC_SECRET_0";
    case EXPORTER_SECRET:
        return "EXPORTER_SECRET";
    default:
        return NULL;
    }
}

/* The peer's, by which the numbers of its records are read. */
static bool watch_numbers(struct strait_dtls *d, WOLFSSL *ssl, int id, const uint8_t *secret,
                          size_t len)
{
    bool server = strait__dtls_is_server(d);
    bool handshake = id ==
                     (server ? CLIENT_HANDSHAKE_TRAFFIC_SECRET : SERVER_HANDSHAKE_TRAFFIC_SECRET);
    bool traffic = id == (server ? CLIENT_TRAFFIC_SECRET : SERVER_TRAFFIC_SECRET);
    uint16_t suite = (uint16_t)wolfSSL_get_current_cipher_suite(ssl);
    return (!handshake && !traffic) ||
           strait__seen_secret(&d->seen, suite, handshake ? 2 : 3, secret, len);
}

/* DTLS 1.3, inside wolfSSL: each secret of the key schedule (RFC 8446, 7.1). */
static int on_secret(WOLFSSL *ssl, int id, const unsigned char *secret, int len, void *user)
{
    struct strait_dtls *d = user;
    uint8_t client_random[STRAIT__RANDOM];
    const char *label = label_of(id);
    if (len < 32 || len > STRAIT__MASTER_SECRET) {
        return -1;
    }
    if (id == EXPORTER_SECRET) {
        memcpy(d->exporter.secret, secret, (size_t)len);
        d->exporter.sha384 = len == 48;
        d->exporter.dtls13 = true;
        d->exporter.ready = true;
    }
    if (!watch_numbers(d, ssl, id, secret, (size_t)len)) {
        return -1;
    }
    if (label != NULL &&
        wolfSSL_get_client_random(ssl, client_random, sizeof client_random) == STRAIT__RANDOM) {
        strait__keylog(d, label, client_random, secret, (size_t)len);
    }
    return 0;
}

bool strait__dtls_watch_secrets(struct strait_dtls *d)
{
    strait__zero(&d->exporter, sizeof d->exporter);
    strait__zero(&d->seen, sizeof d->seen);
    return wolfSSL_set_secret_cb(d->ssl, on_master_secret, d) == WOLFSSL_SUCCESS &&
           wolfSSL_set_tls13_secret_cb(d->ssl, on_secret, d) == WOLFSSL_SUCCESS;
}
