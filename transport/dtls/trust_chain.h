/* Whether a peer's certificates lead to a trusted authority (RFC 5280, section 6), and if not, why. */
#ifndef STRAIT_DTLS_TRUST_CHAIN_H
#define STRAIT_DTLS_TRUST_CHAIN_H

#include <strait/trust.h>

enum { STRAIT__CHAIN_DETAIL = 320, STRAIT__CHAIN_CERTS = 9 };

struct strait__der_view {
    const uint8_t *data;
    size_t len;
};

struct strait__chain_question {
    const struct strait_trust *trust;
    const struct strait_hooks *hooks;     /* for what is needed meanwhile */
    const struct strait__der_view *certs; /* the peer's, its own first */
    size_t n_certs;
    bool of_server;   /* the peer is one: what extendedKeyUsage must allow */
    const char *name; /* NULL: any */
    int64_t now;      /* seconds since 1970 */
};

struct strait__chain_verdict {
    int error;     /* STRAIT_OK: trusted; else as below */
    uint8_t alert; /* what the peer should hear (RFC 8446, 6.2) */
    char detail[STRAIT__CHAIN_DETAIL];
};

/*
 * Within a scope of wolf_hooks.h whose calendar is `now`. STRAIT_E_UNTRUSTED, _EXPIRED, _NAME,
 * _BAD_CERTIFICATE, _NOMEM; also the verdict's.
 */
int strait__chain_judge(struct strait__chain_verdict *verdict,
                        const struct strait__chain_question *question);

/* Whether what wolfSSL objects to in a certificate (0: nothing) is said by something else than its own rules. */
bool strait__chain_forgivable(int wolf_error);

#endif
