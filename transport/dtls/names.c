#include "transport/dtls/names.h"

#include <strait/dtls.h>

#include <string.h>
#include <strings.h>

#include "transport/dtls/suites.h"

struct name {
    uint16_t number;
    const char *name;
};

static const struct name groups[] = {
    { STRAIT_GROUP_P256, "P-256" },
    { STRAIT_GROUP_P384, "P-384" },
    { STRAIT_GROUP_X25519, "X25519" },
    { STRAIT_GROUP_X25519MLKEM768, "X25519MLKEM768" },
    /* IANA's names of the same. */
    { STRAIT_GROUP_P256, "secp256r1" },
    { STRAIT_GROUP_P384, "secp384r1" },
};

static const struct name wolf_groups[] = {
    { STRAIT_GROUP_P256, "SECP256R1" },
    { STRAIT_GROUP_P384, "SECP384R1" },
    { STRAIT_GROUP_X25519, "X25519" },
    { STRAIT_GROUP_X25519MLKEM768, "X25519MLKEM768" },
};

static const struct name alerts[] = {
    { 0, "close_notify" },
    { 10, "unexpected_message" },
    { 20, "bad_record_mac" },
    { 21, "decryption_failed" },
    { 22, "record_overflow" },
    { 30, "decompression_failure" },
    { 40, "handshake_failure" },
    { 41, "no_certificate" },
    { 42, "bad_certificate" },
    { 43, "unsupported_certificate" },
    { 44, "certificate_revoked" },
    { 45, "certificate_expired" },
    { 46, "certificate_unknown" },
    { 47, "illegal_parameter" },
    { 48, "unknown_ca" },
    { 49, "access_denied" },
    { 50, "decode_error" },
    { 51, "decrypt_error" },
    { 52, "too_many_cids_requested" },
    { 60, "export_restriction" },
    { 70, "protocol_version" },
    { 71, "insufficient_security" },
    { 80, "internal_error" },
    { 86, "inappropriate_fallback" },
    { 90, "user_canceled" },
    { 100, "no_renegotiation" },
    { 109, "missing_extension" },
    { 110, "unsupported_extension" },
    { 111, "certificate_unobtainable" },
    { 112, "unrecognized_name" },
    { 113, "bad_certificate_status_response" },
    { 115, "unknown_psk_identity" },
    { 116, "certificate_required" },
    { 120, "no_application_protocol" },
};

#define FIND(table, number) find((table), sizeof(table) / sizeof *(table), (number))

static const char *find(const struct name *table, size_t n, uint16_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].number == number) {
            return table[i].name;
        }
    }
    return NULL;
}

const char *strait_dtls_cipher_name(uint16_t cipher_suite)
{
    const struct strait__suite *suite = strait__suite_find(cipher_suite);
    return suite != NULL ? suite->name : NULL;
}

uint16_t strait_dtls_cipher_number(const char *iana_name)
{
    const struct strait__suite *suite = iana_name != NULL ? strait__suite_named(iana_name) : NULL;
    return suite != NULL ? suite->number : 0;
}

/* In any case: "x25519" is IANA's, "X25519" everybody else's. */
uint16_t strait_dtls_group_number(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof groups / sizeof *groups; i++) {
        if (strcasecmp(groups[i].name, name) == 0) {
            return groups[i].number;
        }
    }
    return 0;
}

const char *strait_dtls_group_name(uint16_t group)
{
    return FIND(groups, group);
}

const char *strait_dtls_alert_name(uint8_t description)
{
    return FIND(alerts, description);
}

const char *strait__alert_name(uint8_t description)
{
    const char *name = strait_dtls_alert_name(description);
    return name != NULL ? name : "unknown alert";
}

uint8_t strait__suite_overhead12(uint16_t cipher_suite)
{
    enum { EXPLICIT_NONCE = 8, TAG = 16 };
    /* RFC 7905, section 2: ChaCha20-Poly1305 has no explicit nonce. RFC 5288, section 3: GCM has. */
    bool chacha = cipher_suite >= 0xcca8 && cipher_suite <= 0xccae;
    return chacha ? TAG : EXPLICIT_NONCE + TAG;
}

bool strait__suite_sha384(uint16_t cipher_suite)
{
    static const char suffix[] = "_SHA384";
    const char *name = strait_dtls_cipher_name(cipher_suite);
    size_t len = name != NULL ? strlen(name) : 0;
    return len > sizeof suffix && strcmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

uint16_t strait__group_of_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof wolf_groups / sizeof *wolf_groups; i++) {
        if (strcmp(wolf_groups[i].name, name) == 0) {
            return wolf_groups[i].number;
        }
    }
    return 0;
}
