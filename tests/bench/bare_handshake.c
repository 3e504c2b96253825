/* The floor of a handshake: wolfSSL over two queues, one WOLFSSL_CTX an end for all handshakes. */
#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/ssl.h>

#include "tests/bench/handshake.h"
#include "transport/dtls/wolf_hooks.h"
#include "transport/dtls/wolf_library.h"
#include "transport/util.h"

/* TURNS: far more than any handshake needs. A ClientHello with a post-quantum share wants BIG_MTU. */
enum { ENDS = 2, TURNS = 20, BIG_MTU = 1600, MATERIAL = 2 * (16 + 12), NOW = 1000000000 };

struct end {
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
    struct wire *in, *out;
};

struct bare {
    struct handshake_spec spec;
    unsigned handshakes;
    bool library;
    struct strait_hooks hooks; /* the defaults: as strait is given none */
    struct end end[ENDS];
    struct wire wire[ENDS];
};

static int on_receive(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct end *end = user;
    uint8_t *data;
    size_t len = wire_take(end->in, &data);
    (void)ssl;
    if (len == 0 || len > (size_t)size) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    memcpy(buffer, data, len);
    return (int)len;
}

static int on_send(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    struct end *end = user;
    (void)ssl;
    return wire_put(end->out, buffer, (size_t)size) ? size : WOLFSSL_CBIO_ERR_GENERAL;
}

static int on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

/* --- Once ---------------------------------------------------------------------------------------- */

static WOLFSSL_METHOD *method_of(const struct bare *bare, int i)
{
    if (bare->spec.version == STRAIT_DTLS_1_2) {
        return i == HANDSHAKE_SERVER ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method();
    }
    return i == HANDSHAKE_SERVER ? wolfDTLSv1_3_server_method() : wolfDTLSv1_3_client_method();
}

static bool open_context(struct bare *bare, int i)
{
    struct end *end = &bare->end[i];
    struct strait_certificate *certificate;
    size_t cert_len, key_len;
    end->in = &bare->wire[i];
    end->out = &bare->wire[!i];
    end->ctx = wolfSSL_CTX_new(method_of(bare, i));
    if (end->ctx == NULL || strait_certificate_create(&certificate, NULL) != STRAIT_OK) {
        return false;
    }
    const uint8_t *cert = strait_certificate_der(certificate, &cert_len);
    const uint8_t *key = strait_certificate_key_der(certificate, &key_len);
    const char *suite = bare->spec.version == STRAIT_DTLS_1_2 ? "ECDHE-ECDSA-AES128-GCM-SHA256"
                                                              : "TLS13-AES128-GCM-SHA256";
    bool good = wolfSSL_CTX_set_cipher_list(end->ctx, suite) == WOLFSSL_SUCCESS &&
                wolfSSL_CTX_use_certificate_buffer(end->ctx, cert, (long)cert_len,
                                                   WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
                wolfSSL_CTX_use_PrivateKey_buffer(end->ctx, key, (long)key_len,
                                                  WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
    wolfSSL_CTX_set_verify(end->ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           on_verify);
    wolfSSL_CTX_SetIORecv(end->ctx, on_receive);
    wolfSSL_CTX_SetIOSend(end->ctx, on_send);
    strait_certificate_unref(certificate);
    return good;
}

static void close_bare(void *state)
{
    struct bare *bare = state;
    for (int i = 0; i < ENDS; i++) {
        wolfSSL_CTX_free(bare->end[i].ctx);
    }
    if (bare->library) {
        strait__wolf_unref();
    }
    free(bare);
}

static void *open_bare(const void *spec, bool quick)
{
    struct bare *bare = bench_alloc(sizeof *bare);
    bare->spec = *(const struct handshake_spec *)spec;
    bare->handshakes = quick ? 1 : HANDSHAKE_RUN;
    strait__hooks_init(&bare->hooks, NULL);
    bare->library = strait__wolf_ref() == STRAIT_OK;
    if (!bare->library || !open_context(bare, HANDSHAKE_CLIENT) ||
        !open_context(bare, HANDSHAKE_SERVER)) {
        bench_fail("wolfSSL makes no context");
        close_bare(bare);
        return NULL;
    }
    return bare;
}

/* --- Each time ------------------------------------------------------------------------------------ */

static bool open_object(struct bare *bare, int i)
{
    struct end *end = &bare->end[i];
    int group = (int)bare->spec.group;
    bool dtls13 = bare->spec.version == STRAIT_DTLS_1_3;
    end->ssl = wolfSSL_new(end->ctx);
    if (end->ssl == NULL) {
        return false;
    }
    wolfSSL_SetIOReadCtx(end->ssl, end);
    wolfSSL_SetIOWriteCtx(end->ssl, end);
    wolfSSL_dtls_set_using_nonblock(end->ssl, 1);
    wolfSSL_KeepArrays(end->ssl);
    wolfSSL_dtls_set_mtu(end->ssl, BIG_MTU);
    bool good = wolfSSL_set_groups(end->ssl, &group, 1) == WOLFSSL_SUCCESS &&
                wolfSSL_set_tlsext_use_srtp(end->ssl, "SRTP_AEAD_AES_128_GCM") == 0;
    if (dtls13 && i == HANDSHAKE_SERVER) {
        good = good && wolfSSL_disable_hrr_cookie(end->ssl) == WOLFSSL_SUCCESS;
    } else if (dtls13) {
        good = good && wolfSSL_UseKeyShare(end->ssl, (word16)group) == WOLFSSL_SUCCESS;
    }
    return good;
}

static bool shake(struct bare *bare)
{
    WOLFSSL *client = bare->end[HANDSHAKE_CLIENT].ssl, *server = bare->end[HANDSHAKE_SERVER].ssl;
    bool connected = false, accepted = false;
    for (int turn = 0; turn < TURNS && !(connected && accepted); turn++) {
        connected = connected || wolfSSL_connect(client) == WOLFSSL_SUCCESS;
        accepted = accepted || wolfSSL_accept(server) == WOLFSSL_SUCCESS;
    }
    return connected && accepted;
}

static bool export_keys(struct bare *bare)
{
    uint8_t material[ENDS][MATERIAL];
    for (int i = 0; i < ENDS; i++) {
        size_t len = MATERIAL;
        if (wolfSSL_export_dtls_srtp_keying_material(bare->end[i].ssl, material[i], &len) !=
                WOLFSSL_SUCCESS ||
            len != MATERIAL) {
            return false;
        }
        wolfSSL_FreeArrays(bare->end[i].ssl);
    }
    return memcmp(material[0], material[1], MATERIAL) == 0;
}

static bool handshake(struct bare *bare)
{
    bool good = open_object(bare, HANDSHAKE_SERVER) && open_object(bare, HANDSHAKE_CLIENT) &&
                shake(bare) && export_keys(bare);
    for (int i = 0; i < ENDS; i++) {
        wolfSSL_free(bare->end[i].ssl);
        bare->end[i].ssl = NULL;
        bare->wire[i].count = 0;
    }
    return good;
}

static double run_bare(void *state)
{
    struct bare *bare = state;
    struct strait__wolf_scope scope;
    bool good = true;
    strait__wolf_enter(&scope, &bare->hooks, NOW);
    uint64_t start = bench_cpu();
    for (unsigned i = 0; good && i < bare->handshakes; i++) {
        good = handshake(bare);
    }
    uint64_t took = bench_cpu() - start;
    strait__wolf_leave(&scope);
    return good ? handshake_rate(bare->handshakes, took) : bench_fail("wolfSSL: no handshake");
}

const struct bench_side bare_handshake = { .open = open_bare,
                                           .run = run_bare,
                                           .close = close_bare };
