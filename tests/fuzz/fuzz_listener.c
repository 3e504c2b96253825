/*
 * Datagrams from eight addresses to a listener, and to the associations that come of it. An input is a
 * sequence of: one byte (address in its low bits, what else see below), two bytes of length, a datagram.
 * Random bytes are always the same, so that the cookies in the corpus are good ones.
 */
#include <stdlib.h>
#include <string.h>

#include <strait/dtls_listener.h>

#include "transport/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ADDRESSES = 8,
    SECOND = 0x10,     /* a second later than the one before */
    TO_LISTENER = 0x20 /* although the address has an association */
};

static size_t answered; /* bytes that the listener sent for the datagram at hand */
static uint64_t counter;

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static int same_random(void *user, uint8_t *out, size_t bytes)
{
    (void)user;
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(counter++ * 37);
    }
    return 0;
}

static void on_answer(void *user, const void *to, size_t to_len, const uint8_t *data, size_t len)
{
    (void)user;
    require(to != NULL && to_len == 1 && data != NULL);
    answered += len;
}

static void on_send(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    require(data != NULL && len > 0);
}

static struct strait_dtls_listener *listener_create(struct strait_certificate *certificate)
{
    struct strait_dtls_listener *listener;
    struct strait_hooks hooks = { .size = sizeof hooks, .random = same_random };
    struct strait_dtls_config dtls = {
        .size = sizeof dtls,
        .hooks = &hooks,
        .events = { .size = sizeof dtls.events, .send = on_send },
        .certificate = certificate,
        .role = STRAIT_DTLS_SERVER,
        .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
        .n_profiles = 1,
    };
    struct strait_dtls_listener_config config = {
        .size = sizeof config,
        .dtls = &dtls,
        .send = on_answer,
        .fragmented_hellos = 2,
    };
    counter = 0;
    require(strait_dtls_listener_create(&listener, &config, 0) == STRAIT_OK);
    return listener;
}

static void give(struct strait_dtls_listener *listener, struct strait_dtls **associations,
                 strait_time now, uint8_t how, uint8_t *data, size_t len)
{
    uint8_t address = how % ADDRESSES;
    struct strait_dtls **association = &associations[address], *out;
    if (*association != NULL && !(how & TO_LISTENER)) {
        strait_dtls_receive(*association, now, data, len);
        strait_dtls_advance(*association, now);
        return;
    }
    struct strait_dtls_listener_stats stats = { .size = sizeof stats };
    answered = 0;
    require(strait_dtls_listener_receive(listener, now, &address, 1, data, len, &out) == STRAIT_OK);
    strait_dtls_listener_stats(listener, &stats);
    require(stats.bytes_sent <= 3 * stats.bytes_received);
    require(stats.amplification_limited == 0 && answered <= stats.bytes_sent);
    if (out != NULL) {
        strait_dtls_destroy(*association);
        *association = out;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct strait_certificate *certificate;
    struct strait_dtls *associations[ADDRESSES] = { NULL };
    strait_time now = 0;
    if (certificate == NULL) {
        require(strait_certificate_create(&certificate, NULL) == STRAIT_OK);
    }
    struct strait_dtls_listener *listener = listener_create(certificate);
    while (size >= 3) {
        uint8_t how = data[0];
        size_t len = strait__get16(data + 1);
        len = len < size - 3 ? len : size - 3;
        now += how & SECOND ? STRAIT_S : STRAIT_MS;
        /* A copy of exactly that size: one byte too far is a fault. */
        uint8_t *datagram = malloc(len > 0 ? len : 1);
        memcpy(datagram, data + 3, len);
        give(listener, associations, now, how, datagram, len);
        free(datagram);
        data += 3 + len;
        size -= 3 + len;
    }
    for (size_t i = 0; i < ADDRESSES; i++) {
        strait_dtls_destroy(associations[i]);
    }
    strait_dtls_listener_destroy(listener);
    return 0;
}
