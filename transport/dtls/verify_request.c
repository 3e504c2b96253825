/* The client and HelloVerifyRequests: RFC 6347, 4.2.1. A server that has changed its secret meanwhile, or whose
 * first one was forged, asks once more, which wolfSSL takes for an error. Its object has hashed the ClientHello
 * with the cookie that was no good, so another one begins anew; not before the flight would be repeated, for
 * the second one may be forged as well, and then a ServerHello is on its way. */
#include "transport/dtls/association.h"

enum { COOKIE_AT = 2 + 1 }; /* behind server_version and the cookie's length */

static void keep(struct strait_dtls *d, const uint8_t *cookie, size_t len)
{
    strait__dtls_forget_cookie(d);
    d->cookie = strait__alloc(&d->hooks, len);
    if (d->cookie != NULL) {
        memcpy(d->cookie, cookie, len);
        d->cookie_len = len;
    }
}

void strait__dtls_forget_cookie(struct strait_dtls *d)
{
    strait__free(&d->hooks, d->cookie);
    d->cookie = NULL;
    d->cookie_len = 0;
}

bool strait__dtls_begins_anew(struct strait_dtls *d)
{
    if (!d->asked_again || d->hello_done) {
        return false;
    }
    d->asked_again = false;
    d->newest_message = 0;
    strait__dtls_forget_cookie(d);
    strait__dtls_object_close(d);
    int error = strait__dtls_object_open(d);
    if (error != STRAIT_OK) {
        strait__dtls_fail(d, error, "wolfSSL made no association: %s", strait_strerror(error));
    } else {
        strait__dtls_run(d, NULL, 0);
    }
    return true;
}

bool strait__dtls_verify_request(struct strait_dtls *d, const struct strait__handshake *message)
{
    const uint8_t *cookie = message->fragment + COOKIE_AT;
    size_t len = message->length;
    if (d->hello_done || message->fragment_len != len || len <= COOKIE_AT ||
        message->fragment[COOKIE_AT - 1] != len - COOKIE_AT) {
        return true; /* wolfSSL has its own answer */
    }
    len -= COOKIE_AT;
    if (d->cookie == NULL) {
        keep(d, cookie, len);
        return true;
    }
    if (d->cookie_len != len || memcmp(d->cookie, cookie, len) != 0) {
        d->asked_again = true;
    }
    /* A copy makes wolfSSL say again what it said. */
    bool copy = !d->asked_again && message->message_seq == 0;
    d->stats.dropped_handshake += !copy;
    return copy;
}
