/* What strait needs of wolfSSL, chosen at compile time. Library and application must see exactly
 * these macros, so everything that includes a wolfSSL header compiles with WOLFSSL_USER_SETTINGS
 * and this folder on its include path (the Meson dependency `wolfssl` brings both). */
#ifndef STRAIT_WOLFSSL_USER_SETTINGS_H
#define STRAIT_WOLFSSL_USER_SETTINGS_H

/* --- Protocol: DTLS 1.2 and 1.3; TLS for the tunnel to a TURN server --------------------------- */
#define WOLFSSL_DTLS
#define WOLFSSL_DTLS13
#define WOLFSSL_TLS13
#define NO_OLD_TLS
#define WOLFSSL_DTLS_MTU
#define WOLFSSL_DTLS_CH_FRAG
#define WOLFSSL_DTLS_CID
/* The longest connection id in a record, ours or the peer's. */
#define DTLS_CID_MAX_SIZE 32
/* What it dropped: which records were authentic. */
#define WOLFSSL_DTLS_DROP_STATS
#define WOLFSSL_SEND_HRR_COOKIE
#define WOLFSSL_SRTP
#define HAVE_KEYING_MATERIAL
#define HAVE_SECRET_CALLBACK
#define HAVE_EX_DATA
/* Without it a post-handshake flight of DTLS 1.3 is repeated once a second at most, whatever our
 * own timer says. Milliseconds. */
#define DTLS13_MIN_RTX_INTERVAL 20

#define HAVE_TLS_EXTENSIONS
#define HAVE_SNI
#define HAVE_SUPPORTED_CURVES
#define HAVE_EXTENDED_MASTER
/* OpenSSL 3 as client refuses a DTLS 1.2 server that does not answer renegotiation_info. */
#define HAVE_SERVER_RENEGOTIATION_INFO
#define NO_SESSION_CACHE
/* Suites by their numbers: their names cost a hundredth of a handshake. */
#define WOLFSSL_SET_CIPHER_BYTES

/* PSK also for DTLS 1.2 peers without (EC)DHE; which suites are offered is decided per object. */
#define WOLFSSL_STATIC_PSK

/* --- Certificates --------------------------------------------------------------------------- */
/* SDP fingerprints are checked in the verify callback: it must run for good chains too. */
#define WOLFSSL_ALWAYS_VERIFY_CB
#define WOLFSSL_CERT_GEN
#define WOLFSSL_CERT_EXT
#define WOLFSSL_ALT_NAMES
#define WOLFSSL_KEY_GEN
#define WOLFSSL_PEM_TO_DER
#define WOLFSSL_PUB_PEM_TO_DER
#define WOLFSSL_DER_TO_PEM
#define WOLFSSL_BASE64_ENCODE

/* --- Ciphers and key exchange --------------------------------------------------------------- */
#define HAVE_AESGCM
#define WOLFSSL_AES_DIRECT
#define HAVE_AES_ECB
#define WOLFSSL_AES_COUNTER
#define HAVE_CHACHA
#define HAVE_POLY1305
#define WOLFSSL_MIN_AUTH_TAG_SZ 8

#define WOLFSSL_SHA384
#define WOLFSSL_SHA512
#define WOLFSSL_SHA3
#define WOLFSSL_SHAKE128
#define WOLFSSL_SHAKE256
#define HAVE_HKDF

#define HAVE_ECC
#define HAVE_ECC384
#define HAVE_ECC521
#define ECC_SHAMIR
#define HAVE_CURVE25519
/* The table look-up in assembler behind the other way (fe_cmov_table_avx2 of 5.9.2) takes the upper halves of
 * vector registers for zero: where ECDSA has just used them, every other public key is wrong. */
#define WOLFSSL_CURVE25519_NOT_USE_ED25519
/* strait's options "rsa" and "post_quantum". */
#ifdef STRAIT_NO_RSA
#define NO_RSA
#else
#define WC_RSA_PSS
#define WC_RSA_BLINDING
#endif
#ifndef STRAIT_NO_POST_QUANTUM
#define WOLFSSL_HAVE_MLKEM
#define WOLFSSL_PQC_HYBRIDS
#endif

#define ECC_TIMING_RESISTANT
#define TFM_TIMING_RESISTANT

#define NO_MD4
#define NO_MD5
#define NO_RC4
#define NO_DES3
#define NO_DSA
#define NO_DH
#define NO_PWDBASED
#define NO_PKCS12

/* --- Speed ---------------------------------------------------------------------------------- */
#define WOLFSSL_SP_MATH_ALL
/* What autotools would find out: without it C code for 32-bit words is taken. */
#ifdef __SIZEOF_INT128__
#define HAVE___UINT128_T 1
#endif
#define WOLFSSL_HAVE_SP_ECC
#ifndef STRAIT_NO_RSA
#define WOLFSSL_HAVE_SP_RSA
#endif
/* P-384 and P-521 go through the generic code: their tables alone are 1 MB. */
#ifdef STRAIT_SMALL_CRYPTO
/* No tables of precomputed points, loops that are not unrolled, no assembler. */
#define WOLFSSL_SP_SMALL
#define CURVE25519_SMALL
#define USE_SLOW_SHA256
#define USE_SLOW_SHA512
#define WOLFSSL_SHA3_SMALL
#define GCM_SMALL
#define WOLFSSL_AES_SMALL_TABLES
#define WOLFSSL_MLKEM_SMALL
#define WOLFSSL_MLKEM_NO_LARGE_CODE
#elif defined(__x86_64__)
#define WOLFSSL_X86_64_BUILD
#define WOLFSSL_AESNI
#define USE_INTEL_SPEEDUP
#define WOLFSSL_SP_ASM
#define WOLFSSL_SP_X86_64
#define WOLFSSL_SP_X86_64_ASM
#else
#define GCM_TABLE_4BIT
#endif

/* --- The world outside: memory, random bytes and time are ours ------------------------------ */
#define NO_FILESYSTEM
#define NO_WOLFSSL_DIR
#define NO_WRITEV
#define WOLFSSL_USER_IO
#define WOLFSSL_NO_SOCK
#define HAVE_THREAD_LS
#define HAVE_GMTIME_R

#define USER_TICKS
#define XMALLOC_OVERRIDE
#define XMALLOC(size, heap, type) ((void)(heap), (void)(type), strait__wolf_malloc((size)))
#define XREALLOC(p, size, heap, type) \
    ((void)(heap), (void)(type), strait__wolf_realloc((p), (size)))
#define XFREE(p, heap, type) ((void)(heap), (void)(type), strait__wolf_free((p)))
#define CUSTOM_RAND_GENERATE_BLOCK strait__wolf_random_block
#define XTIME(t) strait__wolf_time((t))

/* Assembler sources read this file as well. */
#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* transport/dtls/wolf_hooks.c has them. LowResTimer (seconds, unsigned int) and
 * TimeNowInMilliseconds (int64_t) are declared by wolfSSL itself. */
void *strait__wolf_malloc(size_t size);
void *strait__wolf_realloc(void *p, size_t size);
void strait__wolf_free(void *p);
/* Fills `out`; 0, or anything else when there are no random bytes. */
int strait__wolf_random_block(unsigned char *out, unsigned int size);
/* Seconds since 1970 for the validity dates of certificates, as time(2). */
time_t strait__wolf_time(time_t *t);
#endif

#endif
