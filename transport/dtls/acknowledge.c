/* Acknowledgements of DTLS 1.3: RFC 9147, section 7. */
#include "transport/dtls/association.h"
#include "transport/dtls/cid.h"

static void acknowledge(struct strait_dtls *d, strait_time clock)
{
    strait__dtls_enter(d);
    d->scope.now = clock < d->scope.now ? clock : d->scope.now;
    int done = wolfSSL_dtls_got_timeout(d->ssl);
    int error = done == WOLFSSL_SUCCESS ? 0 : strait__dtls_reason(d, done);
    strait__dtls_leave(d);
    if (error != 0) {
        strait__dtls_fail_wolf(d, error);
    }
}

void strait__dtls_forget_held(struct strait_dtls *d)
{
    strait__free(&d->hooks, d->held);
    d->held = NULL;
    d->held_len = 0;
}

void strait__dtls_hold(struct strait_dtls *d, const uint8_t *record, size_t len)
{
    strait__dtls_forget_held(d);
    d->held = strait__alloc(&d->hooks, len);
    if (d->held != NULL) {
        memcpy(d->held, record, len);
        d->held_len = len;
    }
}

void strait__dtls_acknowledge(struct strait_dtls *d)
{
    d->timer.quick = STRAIT_TIME_NEVER;
    if (d->held != NULL) {
        strait__flight_add(&d->flight, d->held, d->held_len);
        strait__dtls_forget_held(d);
    }
    if (wolfSSL_dtls13_use_quick_timeout(d->ssl)) {
        acknowledge(d, STRAIT_TIME_NEVER);
    }
}

/* How many records an acknowledgement of one datagram can name. */
static size_t most_named(struct strait_dtls *d)
{
    enum { NUMBER = 16, HEADER = 5, LIST = 2, TYPE = 1, TAG = 16 };
    return (d->flight.mtu - HEADER - strait__cid_peer_len(d) - LIST - TYPE - TAG) / NUMBER;
}

/* Of a handshake. Later epochs with the same bits have other messages, one at a time. */
static bool is_named(const struct strait_dtls *d, uint8_t first)
{
    bool unified = (first & 0xe0) == 0x20;
    return unified ? (first & 3) == 2 && d->seen.latest <= 3 : first == STRAIT__HANDSHAKE;
}

void strait__dtls_acknowledge_in_time(struct strait_dtls *d, uint8_t first, uint64_t sent)
{
    if (d->records_sent != sent) {
        d->unacknowledged = 0;
        strait__dtls_forget_held(d);
        return;
    }
    d->unacknowledged += is_named(d, first);
    if (d->stats.version == STRAIT_DTLS_1_3 && d->unacknowledged >= most_named(d)) {
        /* A client's own flight acknowledges the server's, whose rest may be on its way: the server would take
         * for lost what is not named. */
        d->holds = !strait__dtls_is_server(d) && !d->finished;
        /* Where the clock stands still wolfSSL repeats nothing. */
        acknowledge(d, 0);
        d->holds = false;
        d->unacknowledged = 0;
    }
}
