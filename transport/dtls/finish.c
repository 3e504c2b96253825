#include "transport/dtls/association.h"
#include "transport/dtls/names.h"
#include "transport/dtls/profiles.h"
#include "transport/util.h"

/* RFC 5764, 4.2: client key, server key, client salt, server salt. */
static void cut_material(struct strait_dtls *d, const struct strait__profile *p,
                         const uint8_t *material)
{
    bool server = strait__dtls_is_server(d);
    struct strait_srtp_key *client_key = server ? &d->receive_key : &d->send_key;
    struct strait_srtp_key *server_key = server ? &d->send_key : &d->receive_key;
    memcpy(client_key->key, material, p->key);
    memcpy(server_key->key, material + p->key, p->key);
    memcpy(client_key->salt, material + 2 * p->key, p->salt);
    memcpy(server_key->salt, material + 2 * p->key + p->salt, p->salt);
}

static int export_keys(struct strait_dtls *d)
{
    static const char label[] = "EXTRACTOR-dtls_srtp"; /* RFC 5764, 4.2 */
    uint8_t material[STRAIT_SRTP_MAX_MATERIAL];
    int error = STRAIT_E_NO_PROFILE;
    strait__dtls_enter(d);
    const WOLFSSL_SRTP_PROTECTION_PROFILE *chosen = wolfSSL_get_selected_srtp_profile(d->ssl);
    const struct strait__profile *p = chosen != NULL ? strait__profile_find((unsigned)chosen->id)
                                                     : NULL;
    if (p != NULL) {
        size_t len = 2 * (p->key + p->salt);
        error = strait__exporter_derive(&d->exporter, label, NULL, 0, material, len);
        if (error == STRAIT_OK) {
            cut_material(d, p, material);
            d->stats.profile = p->profile;
        }
    }
    strait__dtls_leave(d);
    strait__zero(material, sizeof material);
    return error;
}

/* RFC 8446, 4.4.4: with its own Finished the client of 1.3 knows all; the server's was verified before.
 * wolfSSL_connect goes on waiting for the ACK. In 1.2 the server's Finished comes last. */
static bool handshake_done(struct strait_dtls *d)
{
    if (d->accepted) {
        return true;
    }
    return !strait__dtls_is_server(d) && wolfSSL_version(d->ssl) == DTLS1_3_VERSION &&
           wolfSSL_GetMaxOutputSize(d->ssl) > 0;
}

void strait__dtls_finish(struct strait_dtls *d)
{
    if (d->finished || strait__dtls_ended(d) || !handshake_done(d)) {
        return;
    }
    if (strait__psk_on(d)) {
        /* Both Finished are under its keys. */
        d->verified = STRAIT__VERIFY_GOOD;
        strait__psk_close(d);
    } else if (d->peer_der == NULL && !strait__dtls_anonymous_is_fine(d)) {
        strait__dtls_send_alert(d, STRAIT__ALERT_BAD_CERTIFICATE);
        strait__dtls_fail(d, STRAIT_E_NO_CERTIFICATE,
                          "the peer sent no certificate: WebRTC needs one from both sides");
        return;
    }
    int error = d->config.n_profiles > 0 ? export_keys(d) : STRAIT_OK;
    if (error != STRAIT_OK) {
        strait__dtls_send_alert(d, STRAIT__ALERT_HANDSHAKE_FAILURE);
        strait__dtls_fail(d, error,
                          error == STRAIT_E_NO_PROFILE
                              ? "the peer answered none of our SRTP profiles: add one that it has "
                                "to strait_dtls_config.profiles"
                              : "no SRTP keys came of the handshake's secret");
        return;
    }
    d->finished = true;
    strait__dtls_set_write_mtu(d);
    d->sent_new = true;
    d->stats.group = strait__group_of_name(wolfSSL_get_curve_name(d->ssl));
    strait__reassembly_reset(&d->reassembly, &d->hooks);
    strait__dtls_connect_or_hold(d);
}

void strait__dtls_connect_or_hold(struct strait_dtls *d)
{
    if (d->state != STRAIT_DTLS_CONNECTING) {
        return;
    }
    strait__dtls_verify(d);
    if (d->verified == STRAIT__VERIFY_BAD) {
        strait__dtls_send_alert(d, STRAIT__ALERT_BAD_CERTIFICATE);
        strait__dtls_fail_fingerprint(d);
    } else if (d->finished && d->verified == STRAIT__VERIFY_GOOD) {
        /* The peer must not wait for our Finished while the host looks at the news. */
        strait__flight_flush(&d->flight);
        d->state = STRAIT_DTLS_CONNECTED;
        d->heard = d->now;
        if (d->config.events.state != NULL) {
            d->config.events.state(d->config.user, d->state);
        }
    }
}
