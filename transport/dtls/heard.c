#include "transport/dtls/heard.h"

#include "transport/dtls/association.h"

void strait__heard(struct strait_dtls *d, uint64_t epoch, bool answered)
{
    strait__rekey_heard(d, epoch, answered);
    if (d->state == STRAIT_DTLS_CONNECTED) {
        strait__dtls_wait_longer(d);
    }
}

void strait__dtls_wait_longer(struct strait_dtls *d)
{
    d->heard = d->now;
    d->give_up = strait__dtls_later(d->now, d->config.handshake_timeout);
}

strait_time strait__heard_deadline(const struct strait_dtls *d)
{
    bool limited = d->state == STRAIT_DTLS_CONNECTED && d->config.idle_timeout > 0;
    return limited ? strait__dtls_later(d->heard, d->config.idle_timeout) : STRAIT_TIME_NEVER;
}

void strait__heard_advance(struct strait_dtls *d)
{
    if (d->now >= strait__heard_deadline(d)) {
        strait__dtls_end_idle(d);
    }
}
