/* A handshake's peer: OpenSSL over two memory BIOs, one SSL_CTX an end for all handshakes. */
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/bench/handshake.h"

/* TURNS: far more than any handshake needs. */
enum { ENDS = 2, TURNS = 20, MATERIAL = 2 * (16 + 12) };

struct openssl {
    unsigned handshakes;
    SSL_CTX *ctx[ENDS];
    SSL *ssl[ENDS];
};

static const char *name(void)
{
    static char text[64];
    snprintf(text, sizeof text, "OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
    return text;
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

/* --- Once ---------------------------------------------------------------------------------------- */

static X509 *self_signed(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *subject = cert != NULL ? X509_get_subject_name(cert) : NULL;
    if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(cert), 0) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(cert), 86400) == NULL ||
        X509_set_pubkey(cert, key) != 1 ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1,
                                   -1, 0) != 1 ||
        X509_set_issuer_name(cert, subject) != 1 || X509_sign(cert, key, EVP_sha256()) == 0) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static SSL_CTX *open_context(bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? DTLS_server_method() : DTLS_client_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key != NULL ? self_signed(key) : NULL;
    bool good = ctx != NULL && cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1 &&
                SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
                SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
                SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
                SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256") == 1 &&
                SSL_CTX_set1_groups_list(ctx, "P-256") == 1 &&
                SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AEAD_AES_128_GCM") == 0;
    if (good) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU);
    } else {
        SSL_CTX_free(ctx);
        ctx = NULL;
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

static void close_openssl(void *state)
{
    struct openssl *openssl = state;
    for (int i = 0; i < ENDS; i++) {
        SSL_CTX_free(openssl->ctx[i]);
    }
    free(openssl);
}

static void *open_openssl(const void *spec, bool quick)
{
    struct openssl *openssl = bench_alloc(sizeof *openssl);
    (void)spec;
    openssl->handshakes = quick ? 1 : HANDSHAKE_RUN;
    for (int i = 0; i < ENDS; i++) {
        openssl->ctx[i] = open_context(i == HANDSHAKE_SERVER);
        if (openssl->ctx[i] == NULL) {
            bench_fail("OpenSSL makes no context");
            close_openssl(openssl);
            return NULL;
        }
    }
    return openssl;
}

/* --- Each time ------------------------------------------------------------------------------------ */

static BIO *open_queue(void)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        BIO_set_mem_eof_return(bio, -1);
    }
    return bio;
}

static bool open_objects(struct openssl *openssl)
{
    BIO *to[ENDS] = { open_queue(), open_queue() };
    for (int i = 0; i < ENDS; i++) {
        openssl->ssl[i] = SSL_new(openssl->ctx[i]);
    }
    if (to[0] == NULL || to[1] == NULL || openssl->ssl[0] == NULL || openssl->ssl[1] == NULL) {
        BIO_free(to[0]);
        BIO_free(to[1]);
        return false;
    }
    for (int i = 0; i < ENDS; i++) {
        BIO_up_ref(to[i]);
        BIO_up_ref(to[!i]);
        SSL_set_bio(openssl->ssl[i], to[i], to[!i]);
        DTLS_set_link_mtu(openssl->ssl[i], HANDSHAKE_MTU);
    }
    BIO_free(to[0]);
    BIO_free(to[1]);
    SSL_set_connect_state(openssl->ssl[HANDSHAKE_CLIENT]);
    SSL_set_accept_state(openssl->ssl[HANDSHAKE_SERVER]);
    return true;
}

static bool shake(struct openssl *openssl)
{
    bool done[ENDS] = { false, false };
    for (int turn = 0; turn < TURNS && !(done[0] && done[1]); turn++) {
        for (int i = 0; i < ENDS; i++) {
            ERR_clear_error();
            done[i] = done[i] || SSL_do_handshake(openssl->ssl[i]) == 1;
        }
    }
    return done[0] && done[1];
}

static bool export_keys(struct openssl *openssl)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t material[ENDS][MATERIAL];
    for (int i = 0; i < ENDS; i++) {
        if (SSL_get_selected_srtp_profile(openssl->ssl[i]) == NULL ||
            SSL_export_keying_material(openssl->ssl[i], material[i], MATERIAL, label,
                                       sizeof label - 1, NULL, 0, 0) != 1) {
            return false;
        }
    }
    return memcmp(material[0], material[1], MATERIAL) == 0;
}

static bool handshake(struct openssl *openssl)
{
    bool good = open_objects(openssl) && shake(openssl) && export_keys(openssl);
    for (int i = 0; i < ENDS; i++) {
        SSL_free(openssl->ssl[i]);
        openssl->ssl[i] = NULL;
    }
    return good;
}

static double run_openssl(void *state)
{
    struct openssl *openssl = state;
    uint64_t start = bench_cpu();
    for (unsigned i = 0; i < openssl->handshakes; i++) {
        if (!handshake(openssl)) {
            return bench_fail("OpenSSL: a handshake failed");
        }
    }
    return handshake_rate(openssl->handshakes, bench_cpu() - start);
}

const struct bench_side openssl_handshake = {
    .name = name, .open = open_openssl, .run = run_openssl, .close = close_openssl
};
