/* What the command line asks for. */
#ifndef PIPE_OPTIONS_H
#define PIPE_OPTIONS_H

#include <strait/dtls.h>

#include "place.h"

/* RFC 5869, 2.3: 255 times the hash; SHA-256's is the shortest. */
#define EXPORT_MAX 8160u

struct options {
    bool listen;
    struct place place;
    bool keep;      /* listen: peer after peer */
    bool no_cookie; /* listen: answer at once */

    /* Who we are, and how the peer is known. */
    const char *cert, *key; /* files; NULL: a client has none, a server makes one */
    const char *ca;         /* "system", a directory or a file; NULL: none */
    const char *name;       /* that the server's certificate must have */
    struct strait_fingerprint fingerprints[STRAIT_DTLS_MAX_FINGERPRINTS];
    size_t n_fingerprints;
    enum strait_dtls_client_certificate client_cert;
    bool has_client_cert;
    const char *psk; /* "IDENTITY:HEX" or "@FILE" */

    /* What is agreed on; 0: the library's own choice. */
    enum strait_dtls_version min, max;
    uint16_t ciphers[STRAIT_DTLS_MAX_CIPHERS];
    size_t n_ciphers;
    enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS];
    size_t n_groups;
    enum strait_srtp_profile profiles[STRAIT_DTLS_MAX_PROFILES];
    size_t n_profiles;

    bool cid;
    uint8_t local_cid[STRAIT_DTLS_MAX_CID];
    uint8_t local_cid_len;
    uint32_t mtu;
    uint32_t timeout; /* of the handshake, in seconds; 0: the library's */
    uint32_t idle;    /* seconds without a word of the peer; 0: no limit */
    uint32_t linger;  /* seconds that it listens on after the end of input */

    const char *keylog; /* a file */
    char export_label[250];
    uint32_t export_len; /* 0: none */

    bool length_prefixed;
    bool verbose, stats;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE, /* --help, --version: printed */
    OPTIONS_WRONG /* said on standard error */
};

enum options_result options_read(struct options *out, int argc, char **argv);

#endif
