#include "tests/listener_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static bool watch(struct pair *pair, int from, uint8_t *data, size_t len, void *user)
{
    struct rig *rig = user;
    if (from == PAIR_SERVER) {
        assert_true(len <= sizeof rig->reply);
        memcpy(rig->reply, data, len);
        rig->reply_len = len;
        rig->replies++;
        return rig->second.len > 0;
    }
    capture_tap(pair, from, data, len, &rig->first);
    capture_tap(pair, from, data, len, &rig->second);
    return rig->second.len > 0;
}

struct pair_options options_of(enum strait_dtls_version version)
{
    return (struct pair_options){
        .cookies = true,
        .secret_lifetime = STRAIT_S,
        .min = { version, 0 },
        .max = { version, 0 },
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519 } },
    };
}

struct rig *rig_with(const struct pair_options *o)
{
    struct rig *rig = calloc(1, sizeof *rig);
    pair_init(&rig->pair, 5);
    rig->pair.tap = watch;
    rig->pair.tap_user = rig;
    rig->second.message_seq = 1;
    assert_int_equal(pair_create(&rig->pair, o), STRAIT_OK);
    assert_int_equal(pair_start(&rig->pair), STRAIT_OK);
    pair_run_for(&rig->pair, 60 * STRAIT_MS);
    assert_true(rig->first.len > 0 && rig->second.len > 0);
    assert_int_equal(rig->replies, 1);
    return rig;
}

struct rig *rig_create(enum strait_dtls_version version)
{
    struct pair_options o = options_of(version);
    return rig_with(&o);
}

void rig_destroy(struct rig *rig)
{
    pair_finish(&rig->pair);
    assert_int_equal(rig->pair.blocks, 0);
    free(rig);
}

struct strait_dtls_listener_stats stats_of(const struct rig *rig)
{
    struct strait_dtls_listener_stats stats = { .size = sizeof stats };
    strait_dtls_listener_stats(rig->pair.listener, &stats);
    return stats;
}

struct strait_dtls *give(struct rig *rig, const void *address, size_t address_len,
                         const uint8_t *data, size_t len)
{
    struct strait_dtls *out;
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, data, len);
    assert_int_equal(strait_dtls_listener_receive(rig->pair.listener, rig->pair.now, address,
                                                  address_len, copy, len, &out),
                     STRAIT_OK);
    free(copy);
    return out;
}

bool accepts(struct rig *rig, uint8_t address, const struct capture *c)
{
    struct strait_dtls *out = give(rig, &address, 1, c->data, c->len);
    strait_dtls_destroy(out);
    return out != NULL;
}

bool alerted(const struct rig *rig, uint8_t description)
{
    return rig->reply_len == 15 && rig->reply[0] == STRAIT__ALERT &&
           rig->reply[13] == STRAIT__ALERT_FATAL && rig->reply[14] == description;
}
