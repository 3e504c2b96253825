#include "transport/certificate.h"
#include "transport/dtls/association.h"
#include "transport/dtls/peer_name.h"
#include "transport/dtls/profiles.h"
#include "transport/dtls/suites.h"
#include "transport/util.h"

enum { MTU_DEFAULT = 1200, MTU_MIN = 256, MTU_MAX = 16384 };

static const strait_time HANDSHAKE_TIMEOUT = 30 * STRAIT_S;

static bool legal_version(enum strait_dtls_version version)
{
    return version == STRAIT_DTLS_ANY_VERSION || version == STRAIT_DTLS_1_2 ||
           version == STRAIT_DTLS_1_3;
}

static bool legal_group(enum strait_dtls_group group)
{
    return strait_dtls_group_name((uint16_t)group) != NULL;
}

static bool legal_profiles(const struct strait_dtls_config *c)
{
    if (c->n_profiles > STRAIT_DTLS_MAX_PROFILES) {
        return false;
    }
    for (size_t i = 0; i < c->n_profiles; i++) {
        if (strait__profile_find(c->profiles[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static bool legal_groups(const struct strait_dtls_config *c)
{
    if (c->n_groups > STRAIT_DTLS_MAX_GROUPS) {
        return false;
    }
    for (size_t i = 0; i < c->n_groups; i++) {
        if (!legal_group(c->groups[i])) {
            return false;
        }
    }
    return true;
}

static bool legal_suites(const struct strait_dtls_config *c)
{
    if (c->n_cipher_suites > STRAIT_DTLS_MAX_CIPHERS) {
        return false;
    }
    for (size_t i = 0; i < c->n_cipher_suites; i++) {
        const struct strait__suite *suite = strait__suite_find(c->cipher_suites[i]);
        if (suite == NULL || !strait__suite_fits(suite, c->auth == STRAIT_DTLS_AUTH_PSK)) {
            return false;
        }
    }
    return true;
}

static bool legal_psk(const struct strait_dtls_config *c)
{
    bool hint = c->psk_hint == NULL || strnlen(c->psk_hint, STRAIT_DTLS_MAX_PSK_IDENTITY + 1) <=
                                           STRAIT_DTLS_MAX_PSK_IDENTITY;
    return c->events.psk != NULL && c->certificate == NULL && hint;
}

static bool legal_pki(const struct strait_dtls_config *c)
{
    struct strait__peer_name name;
    bool server = c->role == STRAIT_DTLS_SERVER;
    bool looks = !server || c->client_certificate != STRAIT_DTLS_CLIENT_CERTIFICATE_NONE;
    return (!looks || (c->trust != NULL && c->calendar > 0)) &&
           (c->server_name == NULL || (!server && strait__peer_name_read(&name, c->server_name)));
}

/* A client may do without a certificate of its own. What nobody would look at is a mistake. */
static bool legal_auth(const struct strait_dtls_config *c)
{
    if ((unsigned)c->client_certificate > STRAIT_DTLS_CLIENT_CERTIFICATE_NONE || c->calendar < 0 ||
        (c->auth != STRAIT_DTLS_AUTH_PKI && (c->trust != NULL || c->server_name != NULL))) {
        return false;
    }
    bool own = c->role != STRAIT_DTLS_SERVER || c->certificate != NULL;
    switch (c->auth) {
    case STRAIT_DTLS_AUTH_FINGERPRINT:
        return own;
    case STRAIT_DTLS_AUTH_PKI:
        return own && legal_pki(c);
    case STRAIT_DTLS_AUTH_PSK:
        return legal_psk(c);
    default:
        return false;
    }
}

/* DTLS 1.2 knows no hybrid group, and a server of it needs a suite for its kind of key. */
static bool possible12(const struct strait_dtls_config *c)
{
    bool group = false, suite = false;
    for (size_t i = 0; i < c->n_groups; i++) {
        group |= c->groups[i] != STRAIT_GROUP_X25519MLKEM768;
    }
    for (size_t i = 0; i < c->n_cipher_suites; i++) {
        const struct strait__suite *one = strait__suite_find(c->cipher_suites[i]);
        bool rsa = one->kind == STRAIT__SUITE_RSA;
        bool free = c->role != STRAIT_DTLS_SERVER || strait__suite_is_psk12(one);
        suite |= one->kind != STRAIT__SUITE_13 &&
                 (free || rsa == strait__certificate_is_rsa(c->certificate));
    }
    return group && suite;
}

static bool possible13(const struct strait_dtls_config *c)
{
    for (size_t i = 0; i < c->n_cipher_suites; i++) {
        if (strait__suite_find(c->cipher_suites[i])->kind == STRAIT__SUITE_13) {
            return true;
        }
    }
    return false;
}

/* A version for which there is no suite or no group is not offered. */
static void narrow_versions(struct strait_dtls_config *c)
{
    if (c->min_version == STRAIT_DTLS_1_2 && !possible12(c)) {
        c->min_version = STRAIT_DTLS_1_3;
    }
    if (c->max_version == STRAIT_DTLS_1_3 && !possible13(c)) {
        c->max_version = STRAIT_DTLS_1_2;
    }
}

/* What this build leaves out is no mistake of the caller's. */
static bool built(const struct strait_dtls_config *c)
{
#ifdef STRAIT_NO_POST_QUANTUM
    for (size_t i = 0; i < c->n_groups; i++) {
        if (c->groups[i] == STRAIT_GROUP_X25519MLKEM768) {
            return false;
        }
    }
#else
    (void)c;
#endif
    return true;
}

static void fill_gaps(struct strait_dtls_config *c)
{
    static const enum strait_dtls_group groups[] = {
#ifndef STRAIT_NO_POST_QUANTUM
        STRAIT_GROUP_X25519MLKEM768,
#endif
        STRAIT_GROUP_X25519, STRAIT_GROUP_P256,
        STRAIT_GROUP_P384, /* in 1.2 also which certificates a client takes (RFC 8422, 5.1) */
    };
    c->min_version = c->min_version != 0 ? c->min_version : STRAIT_DTLS_1_2;
    c->max_version = c->max_version != 0 ? c->max_version : STRAIT_DTLS_1_3;
    c->mtu = c->mtu != 0 ? c->mtu : MTU_DEFAULT;
    c->handshake_timeout = c->handshake_timeout != 0 ? c->handshake_timeout : HANDSHAKE_TIMEOUT;
    if (c->n_groups == 0) {
        memcpy(c->groups, groups, sizeof groups);
        c->n_groups = sizeof groups / sizeof *groups;
    }
    if (c->n_cipher_suites == 0) {
        c->n_cipher_suites = strait__suites_default(c->cipher_suites,
                                                    c->auth == STRAIT_DTLS_AUTH_PSK);
    }
}

bool strait__dtls_legal_mtu(uint16_t mtu)
{
    return mtu >= MTU_MIN && mtu <= MTU_MAX;
}

/* wolfSSL's client of both versions takes a ServerHello of 1.2 that agrees on ids for a false one. */
static bool offers_cid(const struct strait_dtls_config *c)
{
    return !c->cid || c->role == STRAIT_DTLS_SERVER || c->min_version == c->max_version;
}

int strait__dtls_config_read(struct strait_dtls_config *out,
                             const struct strait_dtls_config *config)
{
    if (strait__sized_read(out, sizeof *out, config) != STRAIT_OK || out->events.send == NULL ||
        !legal_auth(out) || (out->role != STRAIT_DTLS_CLIENT && out->role != STRAIT_DTLS_SERVER) ||
        !legal_version(out->min_version) || !legal_version(out->max_version)) {
        return STRAIT_E_INVALID;
    }
    fill_gaps(out);
    if (!legal_profiles(out) || !legal_groups(out) || !legal_suites(out)) {
        return STRAIT_E_INVALID;
    }
    narrow_versions(out);
    /* The numbers of the versions run backwards. */
    if (out->min_version < out->max_version || !strait__dtls_legal_mtu(out->mtu) ||
        out->local_cid_len > STRAIT_DTLS_MAX_CID || (out->local_cid_len > 0 && !out->cid)) {
        return STRAIT_E_INVALID;
    }
    return built(out) && offers_cid(out) ? STRAIT_OK : STRAIT_E_UNSUPPORTED;
}

bool strait__dtls_allows(const struct strait_dtls *d, enum strait_dtls_version version)
{
    return version <= d->config.min_version && version >= d->config.max_version;
}
