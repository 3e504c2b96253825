#include <strait/error.h>

struct entry {
    int code;
    const char *name, *text;
};

#define ENTRY(code, text) \
    {                     \
        code, #code, text \
    }

static const struct entry entries[] = {
    ENTRY(STRAIT_OK, "no error"),
    ENTRY(STRAIT_E_INVALID, "invalid argument"),
    ENTRY(STRAIT_E_NOMEM, "out of memory"),
    ENTRY(STRAIT_E_STATE, "not possible in this state"),
    ENTRY(STRAIT_E_LIMIT, "a configured limit is reached"),
    ENTRY(STRAIT_E_AGAIN, "no room now: drain the outbox and try again"),
    ENTRY(STRAIT_E_TOO_SMALL, "the buffer is too small"),
    ENTRY(STRAIT_E_EXISTS, "exists already"),
    ENTRY(STRAIT_E_NOT_FOUND, "not found"),
    ENTRY(STRAIT_E_PARSE, "malformed input"),
    ENTRY(STRAIT_E_UNSUPPORTED, "not supported"),
    ENTRY(STRAIT_E_RANDOM, "the random source failed"),
    ENTRY(STRAIT_E_SYSTEM, "a system call failed"),
    ENTRY(STRAIT_E_CRYPTO, "the crypto library failed"),
    ENTRY(STRAIT_E_AUTH, "authentication failed"),
    ENTRY(STRAIT_E_REPLAY, "replayed packet"),
    ENTRY(STRAIT_E_TOO_OLD, "packet older than the replay window"),
    ENTRY(STRAIT_E_DENIED, "the rules do not allow this address"),
    ENTRY(STRAIT_E_FINGERPRINT, "the peer's certificate does not match its signalled fingerprint"),
    ENTRY(STRAIT_E_NO_CERTIFICATE, "the peer sent no certificate"),
    ENTRY(STRAIT_E_ALERT, "the peer sent a fatal alert"),
    ENTRY(STRAIT_E_NO_PROFILE, "no SRTP protection profile in common"),
    ENTRY(STRAIT_E_NO_CIPHER, "no cipher suite in common"),
    ENTRY(STRAIT_E_NO_GROUP, "no key exchange group in common"),
    ENTRY(STRAIT_E_VERSION, "no DTLS version in common"),
    ENTRY(STRAIT_E_HANDSHAKE, "the DTLS handshake failed"),
    ENTRY(STRAIT_E_TIMEOUT, "timed out"),
    ENTRY(STRAIT_E_CLOSED, "closed"),
    ENTRY(STRAIT_E_CONSENT, "consent to send expired: the peer no longer answers"),
    ENTRY(STRAIT_E_UNTRUSTED, "the peer's certificate leads to no trusted authority"),
    ENTRY(STRAIT_E_EXPIRED, "a certificate of the peer's is not valid at this time"),
    ENTRY(STRAIT_E_NAME, "the peer's certificate is for other names"),
    ENTRY(STRAIT_E_BAD_CERTIFICATE, "the peer's certificate is malformed or not for this use"),
    ENTRY(STRAIT_E_PSK, "no pre-shared key in common"),
    ENTRY(STRAIT_E_IDLE, "the peer was silent for too long"),
    ENTRY(STRAIT_E_FORGERIES, "too many forged records for one key"),
};

static const struct entry *find(int code)
{
    for (unsigned i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (entries[i].code == code) {
            return &entries[i];
        }
    }
    return 0;
}

const char *strait_strerror(int code)
{
    const struct entry *entry = find(code);
    return entry ? entry->text : "unknown error";
}

const char *strait_error_name(int code)
{
    const struct entry *entry = find(code);
    return entry ? entry->name : "STRAIT_E_?";
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const char *strait_version(void)
{
    return STRING(STRAIT_VERSION_MAJOR) "." STRING(STRAIT_VERSION_MINOR) "." STRING(
        STRAIT_VERSION_PATCH);
}
