#include "transport/dtls/rekey.h"

#include "transport/dtls/association.h"
#include "transport/util.h"

/* RFC 8446, 5.5: of AES-GCM 2^24.5 full-size records; wolfSSL updates by itself there. ChaCha20 has no such
 * limit, but the RFC has nothing against an update. */
static const uint64_t MOST_SEALED = UINT64_C(1) << 24;

/* RFC 9147, 4.5.3: 2^36 forgeries a key for AES-GCM and ChaCha20-Poly1305. wolfSSL stops at half of it, and
 * we before, for the sake of the error's name. New keys of the peer are asked for halfway. */
static const uint64_t MOST_FORGED = UINT64_C(1) << 35;
static const uint64_t MANY_FORGED = UINT64_C(1) << 34;

static bool is_13(const struct strait_dtls *d)
{
    return d->stats.version == STRAIT_DTLS_1_3;
}

/* wolfSSL has the keys of four epochs and overwrites the oldest that is neither our newest nor the peer's: with
 * ours far ahead that would be the one in which the peer repeats a KeyUpdate. Its acknowledgement would name
 * a wrong epoch then, and neither side would ever stop. A peer repeats it after 60 s at the latest (RFC 9147,
 * 5.8.2), and each time we answer: when we have not for longer, nothing is repeated. */
enum { MOST_AHEAD = 2 };
static const strait_time REPEATS_WITHIN = 60 * STRAIT_S;

void strait__rekey_init(struct strait__rekey *rekey)
{
    *rekey = (struct strait__rekey){ .read_epoch = 3, .write_epoch = 3 };
}

void strait__rekey_sent(struct strait_dtls *d)
{
    if (++d->rekey.sealed >= MOST_SEALED && is_13(d)) {
        d->rekey.wanted = true;
    }
}

void strait__rekey_left(struct strait_dtls *d, unsigned epoch_bits)
{
    /* RFC 9147, 8: one KeyUpdate at a time, so that epochs come one by one. */
    if (d->finished && is_13(d) && epoch_bits == ((d->rekey.write_epoch + 1) & 3)) {
        d->rekey.write_epoch++;
        d->rekey.sealed = 0;
    }
}

void strait__rekey_heard(struct strait_dtls *d, uint64_t epoch, bool answered)
{
    if (answered) {
        d->rekey.answered = d->now;
    }
    if (is_13(d) && epoch > d->rekey.read_epoch) {
        d->rekey.read_epoch = epoch;
        d->rekey.forged = 0;
        d->stats.key_updates_received++;
    }
}

void strait__rekey_forged(struct strait_dtls *d)
{
    if (strait__dtls_ended(d)) {
        return;
    }
    d->rekey.forged++;
    if (d->rekey.forged >= MOST_FORGED) {
        strait__dtls_say_goodbye(d);
        strait__dtls_fail(d, STRAIT_E_FORGERIES,
                          "so many records failed authentication that a forger might succeed next: "
                          "begin a new association");
    } else if (d->rekey.forged == MANY_FORGED && is_13(d)) {
        d->rekey.wanted = true;
    }
}

static int update(struct strait_dtls *d)
{
    strait__dtls_enter(d);
    int done = wolfSSL_update_keys(d->ssl);
    strait__dtls_leave(d);
    if (done == WOLFSSL_SUCCESS) {
        d->rekey.wanted = false;
        d->stats.key_updates_sent++;
    }
    strait__flight_flush(&d->flight);
    return done == WOLFSSL_SUCCESS ? STRAIT_OK : STRAIT_E_CRYPTO;
}

void strait__rekey_settle(struct strait_dtls *d)
{
    /* The first epoch of application data is the handshake's business until the peer has acknowledged. */
    if (d->state != STRAIT_DTLS_CONNECTED || !d->accepted || !is_13(d)) {
        return;
    }
    bool waits = wolfSSL_dtls13_has_pending_msg(d->ssl);
    bool ahead = d->rekey.write_epoch >= d->rekey.read_epoch + MOST_AHEAD &&
                 d->now - d->rekey.answered <= REPEATS_WITHIN;
    if (d->rekey.wanted && !waits && !ahead) {
        d->rekey.error = update(d);
        waits = wolfSSL_dtls13_has_pending_msg(d->ssl);
    }
    if (waits && !d->rekey.waits) {
        strait__dtls_wait_longer(d);
    }
    d->rekey.waits = waits;
}

int strait_dtls_update_keys(struct strait_dtls *dtls, strait_time now)
{
    struct strait_dtls *d = dtls;
    if (d == NULL) {
        return STRAIT_E_INVALID;
    }
    if (d->state != STRAIT_DTLS_CONNECTED) {
        return STRAIT_E_STATE;
    }
    if (!is_13(d)) {
        return STRAIT_E_UNSUPPORTED;
    }
    strait__dtls_tick(d, now);
    d->rekey.wanted = true;
    d->rekey.error = STRAIT_OK;
    strait__dtls_settle(d);
    return d->rekey.error != STRAIT_OK && d->hook_error != 0 ? d->hook_error : d->rekey.error;
}
