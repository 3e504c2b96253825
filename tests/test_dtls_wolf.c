/* A bare wolfSSL client against our server: what strait's own client never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <strait/dtls.h>
#include <strait/dtls_listener.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/settings.h>

enum { QUEUE = 64, LARGEST = 2048 };

struct queue {
    struct {
        uint8_t data[LARGEST];
        size_t len;
    } datagrams[QUEUE];
    int first, n;
};

static struct queue to_client, to_server;
static int n_data;

static void push(struct queue *queue, const void *data, size_t len)
{
    assert_true(queue->n < QUEUE && len <= LARGEST);
    int at = (queue->first + queue->n++) % QUEUE;
    memcpy(queue->datagrams[at].data, data, len);
    queue->datagrams[at].len = len;
}

static int pop(struct queue *queue, void *data, size_t room)
{
    if (queue->n == 0) {
        return 0;
    }
    size_t len = queue->datagrams[queue->first].len;
    len = len < room ? len : room;
    memcpy(data, queue->datagrams[queue->first].data, len);
    queue->first = (queue->first + 1) % QUEUE;
    queue->n--;
    return (int)len;
}

static int client_receive(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    (void)ssl;
    (void)user;
    int len = pop(&to_client, buffer, (size_t)size);
    return len > 0 ? len : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int client_send(WOLFSSL *ssl, char *buffer, int size, void *user)
{
    (void)ssl;
    (void)user;
    push(&to_server, buffer, (size_t)size);
    return size;
}

static void server_send(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    push(&to_client, data, len);
}

struct client {
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
};

static void client_open(struct client *client, WOLFSSL_METHOD *method, const char *suites)
{
    memset(&to_client, 0, sizeof to_client);
    memset(&to_server, 0, sizeof to_server);
    client->ctx = wolfSSL_CTX_new(method);
    assert_non_null(client->ctx);
    wolfSSL_CTX_set_verify(client->ctx, WOLFSSL_VERIFY_NONE, NULL);
    wolfSSL_CTX_SetIORecv(client->ctx, client_receive);
    wolfSSL_CTX_SetIOSend(client->ctx, client_send);
    if (suites != NULL) {
        assert_int_equal(wolfSSL_CTX_set_cipher_list(client->ctx, suites), WOLFSSL_SUCCESS);
    }
    client->ssl = wolfSSL_new(client->ctx);
    assert_non_null(client->ssl);
    wolfSSL_dtls_set_using_nonblock(client->ssl, 1);
    /* Room for the post-quantum share, which it would send empty otherwise. */
    wolfSSL_dtls_set_mtu(client->ssl, 1600);
    assert_int_equal(wolfSSL_set_tlsext_use_srtp(client->ssl, "SRTP_AEAD_AES_128_GCM"), 0);
}

static void client_close(struct client *client)
{
    wolfSSL_free(client->ssl);
    wolfSSL_CTX_free(client->ctx);
}

static void server_data(void *user, uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    n_data += len == 3;
}

static struct strait_dtls *server_open(const struct strait_fingerprint *of_client)
{
    struct strait_dtls *server;
    struct strait_certificate *certificate;
    assert_int_equal(strait_certificate_create(&certificate, NULL), STRAIT_OK);
    struct strait_dtls_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events, .send = server_send, .data = server_data },
        .certificate = certificate,
        .role = STRAIT_DTLS_SERVER,
        .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
        .n_profiles = 1,
    };
    assert_int_equal(strait_dtls_create(&server, &config, 0), STRAIT_OK);
    strait_certificate_unref(certificate);
    assert_int_equal(strait_dtls_set_fingerprints(server, of_client, 1), STRAIT_OK);
    assert_int_equal(strait_dtls_start(server, 0), STRAIT_OK);
    return server;
}

static void exchange(struct client *client, struct strait_dtls *server)
{
    uint8_t data[LARGEST];
    int len;
    uint8_t nothing[1];
    for (int round = 0; round < 10; round++) {
        if (wolfSSL_connect(client->ssl) == WOLFSSL_SUCCESS) {
            (void)wolfSSL_peek(client->ssl, nothing, sizeof nothing);
        }
        while ((len = pop(&to_server, data, sizeof data)) > 0) {
            strait_dtls_receive(server, (strait_time)round * STRAIT_MS, data, (size_t)len);
        }
    }
}

static void refused(WOLFSSL_METHOD *method, const char *suites, int error)
{
    struct client client;
    struct strait_fingerprint any = { .hash = STRAIT_HASH_SHA256, .len = 32 };
    struct strait_dtls *server = server_open(&any);
    client_open(&client, method, suites);
    exchange(&client, server);
    /* A ClientHello is not protected: a better one had 2 s to come. */
    strait_dtls_advance(server, 3 * STRAIT_S);
    exchange(&client, server);
    assert_int_equal(strait_dtls_state(server), STRAIT_DTLS_FAILED);
    print_message("# %s\n", strait_dtls_error_detail(server));
    assert_int_equal(strait_dtls_error(server), error);
    /* The client heard of it. */
    WOLFSSL_ALERT_HISTORY history;
    assert_int_equal(wolfSSL_get_alert_history(client.ssl, &history), WOLFSSL_SUCCESS);
    assert_int_equal(history.last_rx.level, 2);
    client_close(&client);
    strait_dtls_destroy(server);
}

static void test_no_certificate(void **state)
{
    (void)state;
    refused(wolfDTLSv1_2_client_method(), NULL, STRAIT_E_NO_CERTIFICATE);
    refused(wolfDTLSv1_3_client_method(), NULL, STRAIT_E_NO_CERTIFICATE);
}

static void test_no_common_cipher(void **state)
{
    (void)state;
    /* CBC is not AEAD (RFC 7457, 2.4). */
    refused(wolfDTLSv1_2_client_method(), "ECDHE-ECDSA-AES128-SHA256", STRAIT_E_NO_CIPHER);
}

/* The peer changes its keys (RFC 9147, section 8): we follow, and acknowledge. */
static void test_key_update(void **state)
{
    struct client client;
    struct strait_dtls_stats stats = { .size = sizeof stats };
    struct strait_certificate *certificate;
    struct strait_fingerprint fingerprint;
    uint8_t data[100];
    size_t len;
    (void)state;
    assert_int_equal(strait_certificate_create(&certificate, NULL), STRAIT_OK);
    strait_certificate_fingerprint(certificate, STRAIT_HASH_SHA256, &fingerprint);
    struct strait_dtls *server = server_open(&fingerprint);
    client_open(&client, wolfDTLSv1_3_client_method(), NULL);
    const uint8_t *der = strait_certificate_der(certificate, &len);
    assert_int_equal(
        wolfSSL_use_certificate_buffer(client.ssl, der, (long)len, WOLFSSL_FILETYPE_ASN1),
        WOLFSSL_SUCCESS);
    der = strait_certificate_key_der(certificate, &len);
    assert_int_equal(
        wolfSSL_use_PrivateKey_buffer(client.ssl, der, (long)len, WOLFSSL_FILETYPE_ASN1),
        WOLFSSL_SUCCESS);
    exchange(&client, server);
    assert_int_equal(strait_dtls_state(server), STRAIT_DTLS_CONNECTED);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(wolfSSL_update_keys(client.ssl), WOLFSSL_SUCCESS);
        exchange(&client, server);
        assert_int_equal(wolfSSL_write(client.ssl, "abc", 3), 3);
        exchange(&client, server);
        assert_int_equal(n_data, i);
        assert_int_equal(strait_dtls_send(server, 0, (const uint8_t *)"defg", 4), STRAIT_OK);
        assert_int_equal(wolfSSL_read(client.ssl, data, sizeof data), 4);
        /* Nothing is left to repeat. */
        assert_int_equal(strait_dtls_deadline(server), STRAIT_TIME_NEVER);
        assert_int_equal(wolfSSL_dtls13_has_pending_msg(client.ssl), 0);
    }
    assert_int_equal(strait_dtls_stats(server, &stats), STRAIT_OK);
    assert_int_equal(stats.dropped_epoch, 0);
    client_close(&client);
    strait_dtls_destroy(server);
    strait_certificate_unref(certificate);
}

/* --- a listener --- */

static struct strait_dtls *accepted;

static void listener_send(void *user, const void *to, size_t to_len, const uint8_t *data,
                          size_t len)
{
    (void)to;
    (void)to_len;
    server_send(user, data, len);
}

static void exchange_listener(struct client *client, struct strait_dtls_listener *listener)
{
    uint8_t data[LARGEST];
    int len;
    for (int round = 0; round < 10; round++) {
        (void)wolfSSL_connect(client->ssl);
        while ((len = pop(&to_server, data, sizeof data)) > 0) {
            if (accepted != NULL) {
                strait_dtls_receive(accepted, 0, data, (size_t)len);
            } else {
                assert_int_equal(
                    strait_dtls_listener_receive(listener, 0, "x", 1, data, (size_t)len, &accepted),
                    STRAIT_OK);
            }
        }
    }
}

/* A client whose post-quantum share does not fit its MTU sends no share at all, and the second ClientHello in
 * fragments, once it has a cookie to repeat (RFC 9147, 5.1). */
static void test_empty_key_share(void **state)
{
    struct client client;
    struct strait_certificate *certificate;
    struct strait_dtls_listener *listener;
    struct strait_dtls_stats stats = { .size = sizeof stats };
    struct strait_dtls_listener_stats seen = { .size = sizeof seen };
    int group = STRAIT_GROUP_X25519MLKEM768;
    (void)state;
    assert_int_equal(strait_certificate_create(&certificate, NULL), STRAIT_OK);
    const struct strait_dtls_config config = {
        .size = sizeof config,
        .events = { .size = sizeof config.events, .send = server_send },
        .certificate = certificate,
        .role = STRAIT_DTLS_SERVER,
    };
    const struct strait_dtls_listener_config listens = {
        .size = sizeof listens,
        .dtls = &config,
        .send = listener_send,
    };
    assert_int_equal(strait_dtls_listener_create(&listener, &listens, 0), STRAIT_OK);
    client_open(&client, wolfDTLSv1_3_client_method(), NULL);
    assert_int_equal(wolfSSL_set_groups(client.ssl, &group, 1), WOLFSSL_SUCCESS);
    assert_int_equal(wolfSSL_UseKeyShare(client.ssl, (word16)group), WOLFSSL_SUCCESS);
    wolfSSL_dtls_set_mtu(client.ssl, 1200);
    exchange_listener(&client, listener);
    strait_dtls_listener_stats(listener, &seen);
    assert_int_equal(seen.hello_retry_requests, 1);
    assert_int_equal(seen.client_hellos, 2);
    assert_int_equal(seen.client_hellos_in_fragments, 1);
    assert_non_null(accepted);
    /* It gets as far as a client without a certificate can. */
    strait_dtls_stats(accepted, &stats);
    assert_int_equal(stats.version, STRAIT_DTLS_1_3);
    assert_int_equal(stats.client_hello_fragments, 2);
    assert_int_equal(strait_dtls_error(accepted), STRAIT_E_NO_CERTIFICATE);
    client_close(&client);
    strait_dtls_destroy(accepted);
    strait_dtls_listener_destroy(listener);
    strait_certificate_unref(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_no_common_cipher),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_empty_key_share),
    };
    wolfSSL_Init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wolfSSL_Cleanup();
    return failed;
}
