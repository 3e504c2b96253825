#include "option_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hex.h"
#include "say.h"

#define RANDOM_CID 8u

static bool read_number(const char *name, const char *text, uint32_t min, uint32_t max,
                        uint32_t *out)
{
    char *end;

    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < min || value > max) {
        complain("--%s must be a number from %u to %u, not '%s'.", name, min, max, text);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* The next word of "one,two" or "one:two", and a zero behind it; NULL at the end. */
static const char *next_word(const char **list, char word[static 64])
{
    const size_t len = strcspn(*list, ",:");

    if (**list == '\0' || len >= 64) {
        return NULL;
    }
    memcpy(word, *list, len);
    word[len] = '\0';
    *list += len + ((*list)[len] != '\0');
    return word;
}

/* --- Who ------------------------------------------------------------------------------------------ */

static bool read_cert(struct options *options, const char *text)
{
    options->cert = text;
    return true;
}

static bool read_key(struct options *options, const char *text)
{
    options->key = text;
    return true;
}

static bool read_ca(struct options *options, const char *text)
{
    options->ca = text;
    return true;
}

static bool read_name(struct options *options, const char *text)
{
    options->name = text;
    return true;
}

static bool read_client_cert(struct options *options, const char *text)
{
    static const char *const names[] = {
        [STRAIT_DTLS_CLIENT_CERTIFICATE_REQUIRED] = "required",
        [STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED] = "wanted",
        [STRAIT_DTLS_CLIENT_CERTIFICATE_NONE] = "none",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            options->client_cert = (enum strait_dtls_client_certificate)i;
            return options->has_client_cert = true;
        }
    }
    complain("--client-cert must be required, wanted or none, not '%s'.", text);
    return false;
}

static bool read_fingerprint(struct options *options, const char *text)
{
    if (options->n_fingerprints == STRAIT_DTLS_MAX_FINGERPRINTS) {
        complain("--fingerprint can be given %u times.", STRAIT_DTLS_MAX_FINGERPRINTS);
        return false;
    }
    if (strait_fingerprint_parse(&options->fingerprints[options->n_fingerprints++], text,
                                 strlen(text)) != STRAIT_OK) {
        complain(
            "--fingerprint must look like 'sha-256 AB:CD:...' (sha-384 and sha-512 do as well), "
            "not '%s'.",
            text);
        return false;
    }
    return true;
}

static bool read_psk(struct options *options, const char *text)
{
    options->psk = text;
    return true;
}

/* --- What is agreed on ---------------------------------------------------------------------------- */

static bool read_version(const char *name, const char *text, enum strait_dtls_version *out)
{
    if (strcmp(text, "1.2") == 0) {
        *out = STRAIT_DTLS_1_2;
    } else if (strcmp(text, "1.3") == 0) {
        *out = STRAIT_DTLS_1_3;
    } else {
        complain("--%s must be 1.2 or 1.3, not '%s'.", name, text);
        return false;
    }
    return true;
}

static bool read_min(struct options *options, const char *text)
{
    return read_version("min", text, &options->min);
}

static bool read_max(struct options *options, const char *text)
{
    return read_version("max", text, &options->max);
}

static bool read_ciphers(struct options *options, const char *text)
{
    const char *rest = text;
    char word[64];

    while (next_word(&rest, word)) {
        const uint16_t cipher = strait_dtls_cipher_number(word);

        if (cipher == 0 || options->n_ciphers == STRAIT_DTLS_MAX_CIPHERS) {
            complain("--ciphers takes IANA's names of suites with AEAD, such as "
                     "TLS_AES_128_GCM_SHA256 or TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, not '%s'.",
                     text);
            return false;
        }
        options->ciphers[options->n_ciphers++] = cipher;
    }
    return true;
}

static bool read_groups(struct options *options, const char *text)
{
    const char *rest = text;
    char word[64];

    while (next_word(&rest, word)) {
        const uint16_t group = strait_dtls_group_number(word);

        if (group == 0 || options->n_groups == STRAIT_DTLS_MAX_GROUPS) {
            complain("--groups takes X25519MLKEM768, X25519, P-256 and P-384, once each, not '%s'.",
                     text);
            return false;
        }
        options->groups[options->n_groups++] = (enum strait_dtls_group)group;
    }
    return true;
}

static enum strait_srtp_profile profile_number(const char *name)
{
    static const enum strait_srtp_profile all[] = { STRAIT_SRTP_AEAD_AES_128_GCM,
                                                    STRAIT_SRTP_AEAD_AES_256_GCM,
                                                    STRAIT_SRTP_AES128_CM_SHA1_80,
                                                    STRAIT_SRTP_AES128_CM_SHA1_32 };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcasecmp(strait_srtp_profile_name(all[i]), name) == 0) {
            return all[i];
        }
    }
    return STRAIT_SRTP_NONE;
}

static bool read_srtp(struct options *options, const char *text)
{
    const char *rest = text;
    char word[64];

    while (next_word(&rest, word)) {
        const enum strait_srtp_profile profile = profile_number(word);

        if (profile == STRAIT_SRTP_NONE || options->n_profiles == STRAIT_DTLS_MAX_PROFILES) {
            complain("--srtp takes %s, %s, %s and %s, once each, not '%s'.",
                     strait_srtp_profile_name(STRAIT_SRTP_AEAD_AES_128_GCM),
                     strait_srtp_profile_name(STRAIT_SRTP_AEAD_AES_256_GCM),
                     strait_srtp_profile_name(STRAIT_SRTP_AES128_CM_SHA1_80),
                     strait_srtp_profile_name(STRAIT_SRTP_AES128_CM_SHA1_32), text);
            return false;
        }
        options->profiles[options->n_profiles++] = profile;
    }
    return true;
}

/* --- The rest ------------------------------------------------------------------------------------- */

static bool read_mtu(struct options *options, const char *text)
{
    return read_number("mtu", text, 256, 16384, &options->mtu);
}

static bool read_timeout(struct options *options, const char *text)
{
    return read_number("timeout", text, 1, 86400, &options->timeout);
}

/* Without a value: any. */
static bool read_cid(struct options *options, const char *text)
{
    const ssize_t len = text ? hex_read(text, strlen(text), options->local_cid,
                                        sizeof options->local_cid)
                             : getrandom(options->local_cid, RANDOM_CID, 0);

    if (len < 0) {
        complain("--cid takes up to %u bytes in hexadecimal, not '%s'.", STRAIT_DTLS_MAX_CID, text);
        return false;
    }
    options->local_cid_len = (uint8_t)len;
    return options->cid = true;
}

static bool read_idle(struct options *options, const char *text)
{
    return read_number("idle", text, 1, 1000000000, &options->idle);
}

static bool read_keylog(struct options *options, const char *text)
{
    options->keylog = text;
    return true;
}

/* The last colon is ours: a label may have some of its own. */
static bool read_export(struct options *options, const char *text)
{
    const char *colon = strrchr(text, ':');
    const size_t len = colon ? (size_t)(colon - text) : 0;

    if (len == 0 || len >= sizeof options->export_label) {
        complain("--export must look like 'EXPERIMENTAL my label:32', not '%s'.", text);
        return false;
    }
    memcpy(options->export_label, text, len);
    options->export_label[len] = '\0';
    return read_number("export", colon + 1, 1, EXPORT_MAX, &options->export_len);
}

static bool read_linger(struct options *options, const char *text)
{
    return read_number("linger", text, 0, 1000000000, &options->linger);
}

static bool read_length_prefixed(struct options *options, const char *text)
{
    (void)text;
    return options->length_prefixed = true;
}

static bool read_keep(struct options *options, const char *text)
{
    (void)text;
    return options->keep = true;
}

static bool read_no_cookie(struct options *options, const char *text)
{
    (void)text;
    return options->no_cookie = true;
}

static bool read_verbose(struct options *options, const char *text)
{
    (void)text;
    return options->verbose = true;
}

static bool read_stats(struct options *options, const char *text)
{
    (void)text;
    return options->stats = true;
}

const struct option_row option_rows[] = {
    { "Who we are, and how the peer is known", NULL, NULL, NULL },
    { "cert", "FILE", "our certificate, with those that vouch for it; without it, listen makes one",
      read_cert },
    { "key", "FILE", "... and its private key", read_key },
    { "ca", "FILE|DIR|system", "authorities that vouch for the peer's certificate", read_ca },
    { "name", "NAME", "connect: what the certificate must be for (HOST)", read_name },
    { "fingerprint", "TEXT", "the peer's certificate: 'sha-256 AB:CD:...'; may be given again",
      read_fingerprint },
    { "client-cert", "WHICH", "listen: required, wanted or none (required if we can tell)",
      read_client_cert },
    { "psk", "IDENTITY:HEX", "a key that both have already; @FILE: one a line", read_psk },
    { "What is agreed on", NULL, NULL, NULL },
    { "min", "VERSION", "1.2 or 1.3 (1.2)", read_min },
    { "max", "VERSION", "1.2 or 1.3 (1.3)", read_max },
    { "ciphers", "NAMES", "cipher suites by IANA's names, most wanted first", read_ciphers },
    { "groups", "NAMES", "key exchange, most wanted first: X25519MLKEM768,X25519,P-256,P-384",
      read_groups },
    { "srtp", "NAMES", "SRTP profiles, such as AEAD_AES_128_GCM: agreed on, not used", read_srtp },
    { "The rest", NULL, NULL, NULL },
    { "length-prefixed", NULL, "binary: each datagram after its length, 4 bytes, big endian",
      read_length_prefixed },
    { "cid", "[=HEX]", "connection ids: the peer's address may change; ours is HEX, or any",
      read_cid },
    { "mtu", "N", "bytes of a datagram, 256 to 16384 (1200)", read_mtu },
    { "timeout", "SECONDS", "for the handshake (30)", read_timeout },
    { "idle", "SECONDS", "end where the peer says nothing for so long", read_idle },
    { "linger", "SECONDS", "go on listening so long after the end of standard input (0)",
      read_linger },
    { "keep", NULL, "listen: serve peer after peer", read_keep },
    { "no-cookie", NULL, "listen: do not ask first whether a client is where it says it is",
      read_no_cookie },
    { "keylog", "FILE", "append the keys in NSS's format (as SSLKEYLOGFILE does)", read_keylog },
    { "export", "LABEL:LENGTH", "say this keying material in hexadecimal (RFC 5705)", read_export },
    { "verbose", NULL, "say what happens", read_verbose },
    { "stats", NULL, "say at the end what was counted", read_stats },
};

const size_t n_option_rows = sizeof option_rows / sizeof option_rows[0];
