#include "verdict.h"

#include <stdio.h>
#include <string.h>

#include "say.h"

/* What helps in this program's own words; for the rest the library's detail is enough. */
static const struct advice {
    int error;
    const char *text;
} advices[] = {
    { STRAIT_E_FINGERPRINT, "give that one with --fingerprint if it is the peer you want" },
    { STRAIT_E_UNTRUSTED, "give its authority with --ca if you trust it" },
    { STRAIT_E_NAME, "say with --name whom you expect" },
    { STRAIT_E_VERSION, "compare --min and --max with the peer's" },
    { STRAIT_E_NO_CIPHER, "compare --ciphers and the kind of key with the peer's" },
    { STRAIT_E_NO_GROUP, "compare --groups with the peer's" },
    { STRAIT_E_NO_PROFILE, "compare --srtp with the peer's" },
    { STRAIT_E_NO_CERTIFICATE, "give the peer one" },
    { STRAIT_E_PSK, "compare --psk with the peer's, identity and key" },
    { STRAIT_E_ALERT, "its own words say why" },
};

static const char *advice_for(int error)
{
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
        if (advices[i].error == error) {
            return advices[i].text;
        }
    }
    return NULL;
}

/* The peer's fingerprint, so that it can be given. */
static void tell_fingerprint(const struct strait_dtls *dtls, const char *peer)
{
    struct strait_fingerprint print;
    char text[STRAIT_FINGERPRINT_TEXT_MAX] = "unreadable";
    size_t len;
    const uint8_t *der = strait_dtls_peer_certificate(dtls, &len);

    if (der && strait_fingerprint_of(&print, STRAIT_HASH_SHA256, der, len) == STRAIT_OK) {
        (void)strait_fingerprint_print(&print, text, sizeof text);
    }
    complain("the certificate of %s is '%s', which no --fingerprint names: %s (%s).", peer, text,
             advice_for(STRAIT_E_FINGERPRINT), strait_error_name(STRAIT_E_FINGERPRINT));
}

void verdict_tell(const struct options *options, const struct strait_dtls *dtls, const char *peer,
                  int network)
{
    const int error = strait_dtls_error(dtls);
    const char *detail = strait_dtls_error_detail(dtls);
    const char *advice = advice_for(error);

    if (error == STRAIT_E_FINGERPRINT) {
        tell_fingerprint(dtls, peer);
    } else if (error == STRAIT_E_TIMEOUT) {
        complain("%s did not answer in time%s%s: check that it listens there and that nothing "
                 "between drops UDP (%s).",
                 peer, network ? ", and the network says: " : "", network ? strerror(network) : "",
                 strait_error_name(error));
    } else if (error == STRAIT_E_IDLE) {
        complain("%s said nothing for %u s: --idle sets that limit (%s).", peer, options->idle,
                 strait_error_name(error));
    } else {
        complain("with %s: %s%s%s (%s).", peer, *detail ? detail : strait_strerror(error),
                 advice ? ": " : "", advice ? advice : "", strait_error_name(error));
    }
}
