/* What became of a protected record. wolfSSL drops in silence: its counters tell which. */
#include "transport/dtls/association.h"

struct tally {
    word32 forged, dropped;
    uint64_t sent;
};

static struct tally tally_of(struct strait_dtls *d)
{
    struct tally tally = { .sent = d->records_sent };
    wolfSSL_dtls_get_drop_stats(d->ssl, &tally.forged, &tally.dropped);
    return tally;
}

/* wolfSSL looks at the window before it authenticates in 1.2 and after it in 1.3, where RFC 9147, 4.5.1 asks for
 * that; it counts only the former. */
static void account(struct strait_dtls *d, const struct tally *before,
                    const struct strait__number *number)
{
    bool dtls13 = d->stats.version == STRAIT_DTLS_1_3;
    bool is_new = number == NULL || strait__seen_is_new(&d->seen, number);
    struct tally now = tally_of(d);
    if (now.forged != before->forged) {
        d->stats.dropped_forged++;
        strait__rekey_forged(d);
        if (d->psk != NULL && !dtls13 && strait__dtls_is_server(d)) {
            /* RFC 4279: with different keys nothing but this is seen. It may be somebody else's record. */
            strait__dtls_suspect(d, STRAIT__ALERT_DECRYPT_ERROR, STRAIT_E_PSK,
                                 "the peer's records cannot be read: it has another key");
        }
    } else if (!is_new) {
        d->stats.dropped_replayed++;
    } else if (now.dropped != before->dropped || d->in != NULL) {
        /* In 1.2 wolfSSL also drops numbers that are too far ahead for any peer. */
        *(d->finished && !dtls13 ? &d->stats.dropped_forged : &d->stats.dropped_epoch) += 1;
    } else if (number != NULL) {
        strait__dtls_enter(d);
        d->newest |= strait__seen_take(&d->seen, number);
        strait__dtls_leave(d);
        strait__heard(d, number->epoch, now.sent != before->sent);
    }
}

/* In 1.2 no handshake message is due any more: the peer's last flight comes again behind an unprotected
 * message, and wolfSSL ends an association of which a renegotiation is asked. RFC 5246, 7.4.1.1 lets it be
 * ignored. */
static bool is_late_handshake(const struct strait_dtls *d, const struct strait__record *record)
{
    return d->finished && !record->unified && record->type == STRAIT__HANDSHAKE;
}

void strait__dtls_protected(struct strait_dtls *d, struct strait__record *record)
{
    struct strait__number number;
    struct tally before = tally_of(d);
    strait__dtls_enter(d);
    /* Before wolfSSL: data is delivered in the record's place. */
    bool known = strait__seen_read(&d->seen, record, &number);
    strait__dtls_leave(d);
    if (is_late_handshake(d, record)) {
        *(strait__seen_is_new(&d->seen, &number) ? &d->stats.dropped_handshake
                                                 : &d->stats.dropped_replayed) += 1;
        return;
    }
    strait__dtls_run(d, record->data, record->len);
    /* The host may have closed it, and with it wolfSSL's object, when it got the data. */
    if (d->ssl != NULL) {
        account(d, &before, known ? &number : NULL);
    }
}
