/*
 * Authorities that are trusted to say whose a certificate is (RFC 5280): what a strait_dtls with
 * STRAIT_DTLS_AUTH_PKI needs. Filled once, then shared: reference counted and unchanged from then on, so
 * that any number of associations in any number of threads may use it. What peers send is not kept in it.
 */
#ifndef STRAIT_TRUST_H
#define STRAIT_TRUST_H

#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_trust;

/* Empty: nobody is trusted. `hooks` NULL: the defaults; copied. The caller owns one reference.
 * STRAIT_E_INVALID, _NOMEM, _CRYPTO. */
STRAIT_API int strait_trust_create(struct strait_trust **out, const struct strait_hooks *hooks);

/*
 * Adds the certificates of `data`: PEM (RFC 7468; its blocks CERTIFICATE, text around them is skipped) or DER,
 * one behind the other. An authority has basicConstraints with CA (RFC 5280, 4.2.1.9) and vouches for others;
 * any other certificate vouches for itself alone: a self-signed one of a device, for example. What this build
 * cannot use (unknown kinds of keys, RSA below 2048 bits) is skipped. Returns how many are new. On
 * failure nothing of `data` is taken: STRAIT_E_INVALID, _NOMEM, _PARSE (malformed, or no certificate in it),
 * _UNSUPPORTED (none that can be used), _STATE (shared already: an association or somebody else has a
 * reference). No callbacks but hooks.
 */
STRAIT_API int strait_trust_add(struct strait_trust *trust, const void *data, size_t len);

/* The same with a file. Also STRAIT_E_SYSTEM (it cannot be read). */
STRAIT_API int strait_trust_add_file(struct strait_trust *trust, const char *path);

/*
 * Each file of a directory (not of those below it) that has certificates; what has none, or cannot be read,
 * is skipped. Returns how many are new. STRAIT_E_INVALID, _NOMEM, _STATE, _SYSTEM (no such directory),
 * _NOT_FOUND (no certificate in it).
 */
STRAIT_API int strait_trust_add_directory(struct strait_trust *trust, const char *path);

/*
 * The system's authorities: the first file that is there of those where Debian, Fedora, openSUSE, Alpine,
 * Arch and the BSDs have them, or else /etc/ssl/certs. What of it cannot be used is skipped. Returns how many
 * are new. STRAIT_E_INVALID, _NOMEM, _STATE, _NOT_FOUND (none in any of these places).
 */
STRAIT_API int strait_trust_add_system(struct strait_trust *trust);

/* How many certificates it has. */
STRAIT_API size_t strait_trust_count(const struct strait_trust *trust);

/* What went wrong in the last function that added, and what to do, in English; "" where nothing did. */
STRAIT_API const char *strait_trust_error_detail(const struct strait_trust *trust);

/* One reference more; returns its argument. */
STRAIT_API struct strait_trust *strait_trust_ref(struct strait_trust *trust);

/* One reference less; the last one frees. NULL is fine. */
STRAIT_API void strait_trust_unref(struct strait_trust *trust);

#ifdef __cplusplus
}
#endif
#endif
