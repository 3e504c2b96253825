/* Certificates for a day, made by the openssl program for the addresses of this host, in a folder of their own. */
#ifndef STRAIT_TESTS_OPENSSL_PKI_H
#define STRAIT_TESTS_OPENSSL_PKI_H

#include <strait/trust.h>

struct openssl_pki {
    char folder[64];
    char cert[96], key[96]; /* of what was issued last */
};

/* An authority of its own. Asserts, here and below. */
void openssl_pki_open(struct openssl_pki *pki);
void openssl_pki_close(struct openssl_pki *pki);
/* `names`: "IP:127.0.0.1,DNS:localhost"; `days` negative: it has expired. */
void openssl_pki_issue(struct openssl_pki *pki, const char *names, int days);
struct strait_trust *openssl_pki_trust(const struct openssl_pki *pki);

#endif
