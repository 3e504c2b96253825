/* The certificates of tests/data/pki, read from their files. */
#ifndef STRAIT_TESTS_PKI_H
#define STRAIT_TESTS_PKI_H

#include <strait/certificate.h>

/* 2030-01-01: within the dates of those that are not made to be out of date. */
#define PKI_TODAY INT64_C(1893456000)

/* The files with these names ("server.crt inter.crt") one behind the other, and a zero. To be freed. */
char *pki_text(const char *names, size_t *len);

/* The first certificate of these files in DER; returns its length. */
size_t pki_der(const char *names, uint8_t *out, size_t room);

/* `names`: the certificate and its intermediates, without ".crt"; `key` without ".key". Asserts. */
struct strait_certificate *pki_load(const char *names, const char *key);

#endif
