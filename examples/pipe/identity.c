#include "identity.h"

#include <string.h>

#include "authority.h"
#include "file.h"
#include "say.h"

/* Nobody can know the fingerprint of a certificate that was made just now. */
static void tell_fingerprint(const struct strait_certificate *certificate)
{
    struct strait_fingerprint print;
    char text[STRAIT_FINGERPRINT_TEXT_MAX];

    if (strait_certificate_fingerprint(certificate, STRAIT_HASH_SHA256, &print) == STRAIT_OK &&
        strait_fingerprint_print(&print, text, sizeof text) > 0) {
        say("Our certificate is '%s'", text);
    }
}

static int make(struct identity *identity)
{
    const int error = strait_certificate_create(&identity->certificate, NULL);

    if (error != STRAIT_OK) {
        complain("cannot make a certificate: %s (%s).", strait_strerror(error),
                 strait_error_name(error));
        return -1;
    }
    tell_fingerprint(identity->certificate);
    return 0;
}

static int parse(struct identity *identity, const struct file *cert, const struct file *key)
{
    if (memmem(cert->bytes, cert->len, "-----BEGIN", 10)) {
        return strait_certificate_load_pem(&identity->certificate, NULL, cert->bytes, cert->len,
                                           key->bytes, key->len);
    }
    return strait_certificate_load_der(&identity->certificate, NULL, (const uint8_t *)cert->bytes,
                                       cert->len, (const uint8_t *)key->bytes, key->len);
}

static const char *reason(int error)
{
    switch (error) {
    case STRAIT_E_INVALID:
        return "one of them is empty";
    case STRAIT_E_PARSE:
        return "one of them is neither PEM nor DER, or the key is another certificate's";
    case STRAIT_E_UNSUPPORTED:
        return "the key must be ECDSA P-256 or P-384, or RSA of 2048 to 4096 bits, not encrypted";
    default:
        return strait_strerror(error);
    }
}

static int load(struct identity *identity, const struct options *options)
{
    struct file cert, key = { .len = 0 };
    int error = -1;

    if (file_read(&cert, "cert", options->cert) == 0 && file_read(&key, "key", options->key) == 0) {
        error = parse(identity, &cert, &key);
        if (error != STRAIT_OK) {
            complain("cannot use %s with %s: %s (%s).", options->cert, options->key, reason(error),
                     strait_error_name(error));
        }
    }
    file_free(&cert);
    file_free(&key);
    return error == STRAIT_OK ? 0 : -1;
}

int identity_open(struct identity *identity, const struct options *options)
{
    if (options->psk) {
        return psk_open(&identity->psk, options->psk);
    }
    if (options->ca && authority_open(&identity->trust, options->ca) != 0) {
        return -1;
    }
    if (options->cert) {
        return load(identity, options);
    }
    return options->listen ? make(identity) : 0;
}

void identity_close(struct identity *identity)
{
    strait_certificate_unref(identity->certificate);
    strait_trust_unref(identity->trust);
    psk_close(&identity->psk);
}
