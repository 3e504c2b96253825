#include "identity.h"

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

int identity_open(struct identity *identity, const struct options *options)
{
    const int error = strait_certificate_create(&identity->certificate, NULL);

    (void)options;
    if (error != STRAIT_OK) {
        complain("cannot make a certificate: %s (%s).", strait_strerror(error),
                 strait_error_name(error));
        return -1;
    }
    tell_fingerprint(identity->certificate);
    return 0;
}

void identity_close(struct identity *identity)
{
    strait_certificate_unref(identity->certificate);
}
