#include "transport/dtls/trust_chain.h"

#include <stdarg.h>
#include <stdio.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "transport/dtls/peer_name.h"
#include "transport/dtls/wire.h"
#include "transport/trust.h"
#include "transport/util.h"

/* The way from the peer's own certificate, path[0], to what an anchor has signed, path[length - 1]. */
struct judging {
    const struct strait__chain_question *q;
    struct strait__chain_verdict *verdict;
    struct strait__x509 x[STRAIT__CHAIN_CERTS]; /* as they came */
    bool usable[STRAIT__CHAIN_CERTS];
    const struct strait__x509 *path[STRAIT__CHAIN_CERTS];
    size_t length;
    const struct strait__anchor *anchor;
    bool direct; /* path[0] is the anchor itself */
};

__attribute__((format(printf, 4, 5))) static int refuse(struct judging *j, int error, uint8_t alert,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    j->verdict->error = error;
    j->verdict->alert = alert;
    vsnprintf(j->verdict->detail, sizeof j->verdict->detail, format, args);
    va_end(args);
    return error;
}

static int out_of_memory(struct judging *j)
{
    return refuse(j, STRAIT_E_NOMEM, STRAIT__ALERT_INTERNAL_ERROR,
                  "out of memory while the peer's certificate was looked at");
}

static bool valid_now(const struct judging *j, const struct strait__x509 *x)
{
    return j->q->now >= x->not_before && j->q->now <= x->not_after;
}

/* --- Reading ----------------------------------------------------------------------------------- */

static int read_all(struct judging *j)
{
    for (size_t i = 0; i < j->q->n_certs; i++) {
        int error = strait__x509_read(&j->x[i], j->q->certs[i].data, j->q->certs[i].len);
        if (error == STRAIT_E_NOMEM) {
            return out_of_memory(j);
        }
        if (error != STRAIT_OK && i == 0) {
            return refuse(
                j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_BAD_CERTIFICATE,
                "the peer's certificate cannot be read: it is malformed, or has a key or a "
                "critical extension that is not known here");
        }
        j->usable[i] = error == STRAIT_OK;
    }
    return STRAIT_OK;
}

/* --- The path ---------------------------------------------------------------------------------- */

/* One that is valid now goes before one that is not. */
static const struct strait__anchor *find_anchor(const struct judging *j,
                                                const struct strait__x509 *x)
{
    const struct strait__anchor *late = NULL;
    for (const struct strait__anchor *a = strait__trust_anchors(j->q->trust); a != NULL;
         a = a->next) {
        if (a->x.ca && strait__x509_issued(&a->x, x)) {
            if (valid_now(j, &a->x)) {
                return a;
            }
            late = a;
        }
    }
    return late;
}

static const struct strait__anchor *find_itself(const struct judging *j,
                                                const struct strait__x509 *x)
{
    const struct strait__anchor *a = strait__trust_anchors(j->q->trust);
    while (a != NULL && (a->x.len != x->len || memcmp(a->der, x->der, x->len) != 0)) {
        a = a->next;
    }
    return a;
}

static const struct strait__x509 *find_sent(struct judging *j, const struct strait__x509 *x)
{
    const struct strait__x509 *late = NULL;
    size_t late_at = 0;
    for (size_t i = 1; i < j->q->n_certs; i++) {
        if (j->usable[i] && !j->x[i].self_issued && strait__x509_issued(&j->x[i], x)) {
            if (valid_now(j, &j->x[i])) {
                j->usable[i] = false; /* once in a path */
                return &j->x[i];
            }
            late = &j->x[i];
            late_at = i;
        }
    }
    if (late != NULL) {
        j->usable[late_at] = false;
    }
    return late;
}

static int no_authority(struct judging *j, const struct strait__x509 *last)
{
    if (strait_trust_count(j->q->trust) == 0) {
        return refuse(j, STRAIT_E_UNTRUSTED, STRAIT__ALERT_UNKNOWN_CA,
                      "nobody is trusted, so not %s either: add an authority to the strait_trust",
                      j->path[0]->subject_text);
    }
    if (last == j->path[0] && last->self_issued) {
        return refuse(
            j, STRAIT_E_UNTRUSTED, STRAIT__ALERT_UNKNOWN_CA,
            "the certificate of %s is signed by itself: add it to the strait_trust if it is "
            "known to be the peer's, or let an authority sign it",
            last->subject_text);
    }
    return refuse(
        j, STRAIT_E_UNTRUSTED, STRAIT__ALERT_UNKNOWN_CA,
        "%s, which signed the certificate of %s, is not trusted and was not sent: add it to "
        "the strait_trust, or to the chain that the peer sends",
        last->issuer_text, last->subject_text);
}

static int find_path(struct judging *j)
{
    const struct strait__x509 *x = &j->x[0];
    j->path[j->length++] = x;
    j->anchor = find_itself(j, x);
    j->direct = j->anchor != NULL;
    while (j->anchor == NULL) {
        j->anchor = find_anchor(j, x);
        if (j->anchor == NULL) {
            const struct strait__x509 *issuer = find_sent(j, x);
            if (issuer == NULL) {
                return no_authority(j, x);
            }
            x = j->path[j->length++] = issuer;
        }
    }
    return STRAIT_OK;
}

/* --- Rules for each certificate ---------------------------------------------------------------- */

static int check_dates(struct judging *j, const struct strait__x509 *x)
{
    char date[STRAIT__DATE_TEXT], now[STRAIT__DATE_TEXT];
    if (valid_now(j, x)) {
        return STRAIT_OK;
    }
    bool early = j->q->now < x->not_before;
    strait__date_print(early ? x->not_before : x->not_after, date);
    strait__date_print(j->q->now, now);
    return refuse(j, STRAIT_E_EXPIRED, STRAIT__ALERT_CERTIFICATE_EXPIRED,
                  "the certificate of %s is valid %s %s only, and it is %s: %s", x->subject_text,
                  early ? "from" : "until", date, now,
                  early ? "set the calendar right, or wait"
                        : "renew it, or set the calendar right");
}

static int check_strength(struct judging *j, const struct strait__x509 *x)
{
    if (x->key == STRAIT__KEY_OTHER) {
        return refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_UNSUPPORTED_CERTIFICATE,
                      "%s has a key of a kind that is not known here: use ECDSA or RSA",
                      x->subject_text);
    }
    if (x->key == STRAIT__KEY_RSA && x->rsa_bits < STRAIT__RSA_MIN) {
        return refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_UNSUPPORTED_CERTIFICATE,
                      "%s has an RSA key of %u bits: 2048 are the least", x->subject_text,
                      x->rsa_bits);
    }
    if (x->sha1) {
        return refuse(
            j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_BAD_CERTIFICATE,
            "the certificate of %s is signed with SHA-1, which can be forged: have it signed "
            "anew",
            x->subject_text);
    }
    return STRAIT_OK;
}

static int check_purpose(struct judging *j, const struct strait__x509 *x)
{
    if (j->q->of_server ? x->for_server : x->for_client) {
        return STRAIT_OK;
    }
    return refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_UNSUPPORTED_CERTIFICATE,
                  "the certificate of %s is not for a %s: its extendedKeyUsage lacks %s",
                  x->subject_text, j->q->of_server ? "server" : "client",
                  j->q->of_server ? "serverAuth" : "clientAuth");
}

/* RFC 5280, 6.1.4 (k) and (n). */
static int check_authority(struct judging *j, const struct strait__x509 *x)
{
    if (x->ca && x->signs_certs) {
        return STRAIT_OK;
    }
    return refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_UNKNOWN_CA,
                  "%s signed a certificate but is no authority: its %s", x->subject_text,
                  x->ca ? "keyUsage lacks keyCertSign" : "basicConstraints lack CA");
}

static int check_each(struct judging *j)
{
    int error = STRAIT_OK;
    for (size_t i = 0; i < j->length && error == STRAIT_OK; i++) {
        const struct strait__x509 *x = j->path[i];
        error = check_dates(j, x);
        error = error == STRAIT_OK && i > 0 ? check_authority(j, x) : error;
        error = error == STRAIT_OK && !j->direct ? check_strength(j, x) : error;
        error = error == STRAIT_OK ? check_purpose(j, x) : error;
        /* wolfSSL holds a certificate to the constraints of its own issuer only: those further up cannot be
         * kept, so they may not be there. */
        if (error == STRAIT_OK && i > 1 && x->constrained) {
            error = refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_BAD_CERTIFICATE,
                           "the nameConstraints of %s reach over another authority: not supported",
                           x->subject_text);
        }
    }
    if (error == STRAIT_OK && !j->path[0]->signs) {
        error = refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_UNSUPPORTED_CERTIFICATE,
                       "the certificate of %s may not sign a handshake: its keyUsage lacks "
                       "digitalSignature",
                       j->path[0]->subject_text);
    }
    if (error == STRAIT_OK && !j->direct) {
        error = check_dates(j, &j->anchor->x);
    }
    if (error == STRAIT_OK && !j->direct && j->anchor->x.constrained && j->length > 1) {
        error = refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_BAD_CERTIFICATE,
                       "the nameConstraints of %s reach over another authority: not supported",
                       j->anchor->x.subject_text);
    }
    return error;
}

/* --- Signatures -------------------------------------------------------------------------------- */

static int wolf_refuses(struct judging *j, const struct strait__x509 *x, int wolf)
{
    switch (wolf) {
    case MEMORY_E:
    case MEMORY_ERROR:
        return out_of_memory(j);
    case ASN_NO_SIGNER_E:
        return refuse(
            j, STRAIT_E_UNTRUSTED, STRAIT__ALERT_UNKNOWN_CA,
            "the certificate of %s is of another key than that of %s which is trusted: add "
            "its own authority to the strait_trust",
            x->subject_text, x->issuer_text);
    case ASN_PATHLEN_INV_E:
    case ASN_PATHLEN_SIZE_E:
        return refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_UNKNOWN_CA,
                      "%s is one authority too many: %s may not have authorities below it",
                      x->subject_text, x->issuer_text);
    case ASN_NAME_INVALID_E:
        return refuse(j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_BAD_CERTIFICATE,
                      "%s has names that the nameConstraints of %s do not allow", x->subject_text,
                      x->issuer_text);
    default:
        return refuse(
            j, STRAIT_E_BAD_CERTIFICATE, STRAIT__ALERT_BAD_CERTIFICATE,
            "the certificate of %s is damaged or forged: it does not fit the key of %s (%s)",
            x->subject_text, x->issuer_text, wolfSSL_ERR_reason_error_string((unsigned long)wolf));
    }
}

static int let_sign(WOLFSSL_CERT_MANAGER *manager, const struct strait__x509 *x)
{
    return wolfSSL_CertManagerLoadCABuffer(manager, x->der, (long)x->len, WOLFSSL_FILETYPE_ASN1);
}

/*
 * From the anchor downwards each one is verified before it may vouch for the next: loading alone verifies
 * nothing. The manager lives as long as this takes, so that the trust does not grow by what peers send.
 */
static int check_signatures(struct judging *j)
{
    WOLFSSL_CERT_MANAGER *manager = wolfSSL_CertManagerNew();
    if (manager == NULL) {
        return out_of_memory(j);
    }
    const struct strait__x509 *x = &j->anchor->x;
    int wolf = let_sign(manager, x);
    for (size_t i = j->length; i-- > 0 && wolf == WOLFSSL_SUCCESS;) {
        x = j->path[i];
        wolf = wolfSSL_CertManagerVerifyBuffer(manager, x->der, (long)x->len,
                                               WOLFSSL_FILETYPE_ASN1);
        if (wolf == WOLFSSL_SUCCESS && i > 0) {
            wolf = let_sign(manager, x);
        }
    }
    wolfSSL_CertManagerFree(manager);
    return wolf == WOLFSSL_SUCCESS ? STRAIT_OK : wolf_refuses(j, x, wolf);
}

/* --- The name ---------------------------------------------------------------------------------- */

static int check_name(struct judging *j)
{
    struct strait__peer_name name;
    char others[128];
    if (j->q->name == NULL) {
        return STRAIT_OK;
    }
    others[0] = '\0';
    int error = STRAIT_E_NAME;
    if (strait__peer_name_read(&name, j->q->name)) {
        error = strait__peer_name_find(&name, j->path[0]->der, j->path[0]->len, others,
                                       sizeof others);
    }
    if (error == STRAIT_E_NOMEM) {
        return out_of_memory(j);
    }
    if (error == STRAIT_OK) {
        return STRAIT_OK;
    }
    if (others[0] == '\0') {
        return refuse(
            j, STRAIT_E_NAME, STRAIT__ALERT_BAD_CERTIFICATE,
            "the certificate of %s has no subjectAltName: it needs one with %s, a common name "
            "does not count",
            j->path[0]->subject_text, j->q->name);
    }
    return refuse(
        j, STRAIT_E_NAME, STRAIT__ALERT_BAD_CERTIFICATE,
        "the certificate is for %s, not for %s: connect to one of these names, or have it made "
        "for this one",
        others, j->q->name);
}

int strait__chain_judge(struct strait__chain_verdict *verdict,
                        const struct strait__chain_question *question)
{
    static const struct strait__chain_verdict good = { .error = STRAIT_OK };
    *verdict = good;
    struct judging *j = strait__alloc(question->hooks, sizeof *j); /* 5 KB */
    if (j == NULL) {
        struct judging none = { .verdict = verdict };
        return out_of_memory(&none);
    }
    j->q = question;
    j->verdict = verdict;
    int error = read_all(j);
    error = error == STRAIT_OK ? find_path(j) : error;
    error = error == STRAIT_OK ? check_each(j) : error;
    error = error == STRAIT_OK && !j->direct ? check_signatures(j) : error;
    error = error == STRAIT_OK ? check_name(j) : error;
    strait__free(question->hooks, j);
    return error;
}
