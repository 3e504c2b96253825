#include "transport/dtls/listener.h"
#include "transport/dtls/reply.h"
#include "transport/util.h"

static const uint8_t *message_of(const struct strait__candidate *c)
{
    return c->record + STRAIT__RECORD_HEADER;
}

static uint64_t record_seq(const struct strait__candidate *c)
{
    return strait__get48(c->record + 5);
}

static uint16_t message_seq(const struct strait__candidate *c)
{
    return strait__get16(message_of(c) + 4);
}

/* RFC 9147, 5.1: what a forged address makes us send is no weapon. QUIC's bound (RFC 9000, 8.1). */
enum { AMPLIFICATION = 3 };

static bool reply(struct strait_dtls_listener *l, const struct strait__candidate *c,
                  const uint8_t *data, size_t len)
{
    if (len > AMPLIFICATION * c->received) {
        l->stats.amplification_limited++;
        return false;
    }
    l->stats.datagrams_sent++;
    l->stats.bytes_sent += len;
    l->config.send(l->config.user, c->from, c->from_len, data, len);
    return true;
}

static void refuse(struct strait_dtls_listener *l, const struct strait__candidate *c, uint8_t alert)
{
    uint8_t out[STRAIT__REPLY_MAX];
    reply(l, c, out, strait__reply_alert(out, record_seq(c), alert));
}

/* --- out of state: an association --- */

static int make_association(struct strait_dtls_listener *l, const struct strait__candidate *c,
                            const uint8_t secret[STRAIT__SECRET], struct strait_dtls **out)
{
    struct strait_dtls_config config = l->model->config;
    config.calendar = strait__dtls_calendar(l->model, l->now);
    config.psk_hint = l->psk_hint[0] != '\0' ? l->psk_hint : NULL;
    if (l->config.accept != NULL &&
        l->config.accept(l->config.user, c->from, c->from_len, &config) != STRAIT_OK) {
        l->stats.refused_host++;
        return STRAIT_OK;
    }
    struct strait_dtls *d;
    int error = strait_dtls_create(&d, &config, l->now);
    if (error != STRAIT_OK) {
        return error;
    }
    error = strait__dtls_accept_cookie(d, l->now, secret, c->record, c->len, c->fragments);
    if (error != STRAIT_OK) {
        strait_dtls_destroy(d);
        return error;
    }
    l->stats.accepted++;
    *out = d;
    return STRAIT_OK;
}

/* Which secret made the cookie that came: its age, and the secret for this address. */
static enum strait__secret_age find_secret(
    const struct strait_dtls_listener *l, const struct strait__candidate *c,
    bool (*good)(const uint8_t *secret, const struct strait__hello *hello), uint8_t *secret)
{
    enum strait__secret_age age = STRAIT__SECRET_CURRENT;
    for (; age < STRAIT__SECRET_AGES; age++) {
        if (strait__secret_of(&l->secrets, age, c->from, c->from_len, secret) == STRAIT_OK &&
            good(secret, &c->hello)) {
            break;
        }
    }
    return age;
}

static void count_bad(struct strait_dtls_listener *l, enum strait__secret_age age)
{
    if (age == STRAIT__SECRET_RETIRED) {
        l->stats.expired_cookies++;
    } else {
        l->stats.bad_cookies++;
    }
}

/* --- DTLS 1.2 --- */

static int ask_again12(struct strait_dtls_listener *l, const struct strait__candidate *c)
{
    uint8_t out[STRAIT__REPLY_MAX], cookie[STRAIT__COOKIE_MAC], secret[STRAIT__SECRET];
    int error = strait__secret_of(&l->secrets, STRAIT__SECRET_CURRENT, c->from, c->from_len,
                                  secret);
    if (error == STRAIT_OK) {
        error = strait__cookie12(secret, &c->hello, cookie);
    }
    strait__zero(secret, sizeof secret);
    if (error != STRAIT_OK) {
        return error;
    }
    size_t len = strait__reply_hello_verify(out, record_seq(c), message_seq(c), cookie);
    l->stats.hello_verify_requests += reply(l, c, out, len);
    return STRAIT_OK;
}

static int answer12(struct strait_dtls_listener *l, const struct strait__candidate *c,
                    struct strait_dtls **out)
{
    uint8_t secret[STRAIT__SECRET];
    if (c->hello.cookie12.len == 0) {
        return ask_again12(l, c);
    }
    int error;
    enum strait__secret_age age = find_secret(l, c, strait__cookie12_good, secret);
    if (age <= STRAIT__SECRET_PREVIOUS) {
        error = make_association(l, c, secret, out);
    } else {
        /* RFC 6347, 4.2.1: as a ClientHello without a cookie. */
        count_bad(l, age);
        error = ask_again12(l, c);
    }
    strait__zero(secret, sizeof secret);
    return error;
}

/* --- DTLS 1.3 --- */

static int ask_again13(struct strait_dtls_listener *l, const struct strait__candidate *c)
{
    uint8_t out[STRAIT__REPLY_MAX], cookie[STRAIT__COOKIE_MAX], secret[STRAIT__SECRET];
    uint16_t suite, group;
    size_t cookie_len;
    int alert = strait__listener_choose(&l->model->config, &c->hello, &suite, &group);
    if (alert >= 0) {
        l->stats.refused_parameters++;
        refuse(l, c, (uint8_t)alert);
        return STRAIT_OK;
    }
    int error = strait__secret_of(&l->secrets, STRAIT__SECRET_CURRENT, c->from, c->from_len,
                                  secret);
    if (error == STRAIT_OK) {
        error = strait__cookie13(secret, message_of(c) + STRAIT__HANDSHAKE_HEADER,
                                 c->len - STRAIT__RECORD_HEADER - STRAIT__HANDSHAKE_HEADER, suite,
                                 group, cookie, &cookie_len);
    }
    strait__zero(secret, sizeof secret);
    if (error != STRAIT_OK) {
        return error;
    }
    size_t len = strait__reply_hello_retry(out, record_seq(c), message_seq(c), suite, group, cookie,
                                           cookie_len);
    l->stats.hello_retry_requests += reply(l, c, out, len);
    return STRAIT_OK;
}

static int answer13(struct strait_dtls_listener *l, const struct strait__candidate *c,
                    struct strait_dtls **out)
{
    uint8_t secret[STRAIT__SECRET];
    if (c->hello.cookie12.len > 0) {
        /* RFC 9147, 5.3: legacy_cookie is empty. */
        l->stats.refused_parameters++;
        refuse(l, c, STRAIT__ALERT_ILLEGAL_PARAMETER);
        return STRAIT_OK;
    }
    if (c->hello.cookie13.data == NULL) {
        return ask_again13(l, c);
    }
    int error = STRAIT_OK;
    enum strait__secret_age age = find_secret(l, c, strait__cookie13_good, secret);
    if (age <= STRAIT__SECRET_PREVIOUS) {
        error = make_association(l, c, secret, out);
    } else {
        /* RFC 9147, 5.1: the client may begin anew without a cookie. */
        count_bad(l, age);
        refuse(l, c, STRAIT__ALERT_ILLEGAL_PARAMETER);
    }
    strait__zero(secret, sizeof secret);
    return error;
}

int strait__listener_answer(struct strait_dtls_listener *l, struct strait__candidate *candidate,
                            struct strait_dtls **out)
{
    if (strait__dtls_common_version(l->model, &candidate->hello, STRAIT_DTLS_1_3)) {
        return answer13(l, candidate, out);
    }
    if (strait__dtls_common_version(l->model, &candidate->hello, STRAIT_DTLS_1_2)) {
        return answer12(l, candidate, out);
    }
    l->stats.refused_version++;
    refuse(l, candidate, STRAIT__ALERT_PROTOCOL_VERSION);
    return STRAIT_OK;
}
