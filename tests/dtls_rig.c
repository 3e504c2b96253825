#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dtls_rig.h"

struct pair *pair;
struct oracle oracle;
uint8_t bytes[20000];
const enum strait_dtls_version versions[2] = { STRAIT_DTLS_1_2, STRAIT_DTLS_1_3 };

static uint16_t suite_alone;

static void on_keylog(void *user, const char *line)
{
    (void)user;
    oracle_line(&oracle, line);
}

static void configure(struct pair_side *side, struct strait_dtls_config *config)
{
    (void)side;
    config->events.keylog = on_keylog;
    if (suite_alone != 0) {
        config->cipher_suites[0] = suite_alone;
        config->n_cipher_suites = 1;
    }
}

void rig_suite(uint16_t suite)
{
    suite_alone = suite;
}

struct pair_options rig_only(enum strait_dtls_version v)
{
    struct pair_options o = {
        .profiles = { { STRAIT_SRTP_AEAD_AES_128_GCM }, { STRAIT_SRTP_AEAD_AES_128_GCM } },
        .groups = { { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 },
                    { STRAIT_GROUP_X25519, STRAIT_GROUP_P256 } },
        .min = { v, v },
        .max = { v, v },
        .configure = configure,
    };
    rig_suite(0);
    memset(&oracle, 0, sizeof oracle);
    return o;
}

struct pair_options rig_cids(enum strait_dtls_version v, int client, int server)
{
    struct pair_options o = rig_only(v);
    o.min[1] = o.max[1] = STRAIT_DTLS_ANY_VERSION;
    o.cid[0] = client >= 0;
    o.cid[1] = server >= 0;
    o.cid_len[0] = client > 0 ? (uint8_t)client : 0;
    o.cid_len[1] = server > 0 ? (uint8_t)server : 0;
    return o;
}

const uint8_t *rig_id(int side)
{
    static uint8_t ids[2][STRAIT_DTLS_MAX_CID];
    for (size_t i = 0; i < STRAIT_DTLS_MAX_CID; i++) {
        ids[side][i] = pair_cid(side, i);
    }
    return ids[side];
}

bool rig_learn(struct pair *p, int from, uint8_t *data, size_t len, void *user)
{
    (void)p;
    (void)user;
    if (from == PAIR_SERVER) {
        oracle_hello(&oracle, data, len);
    }
    return false;
}

void rig_join(uint64_t seed, const struct pair_options *o)
{
    pair_init(pair, seed);
    pair->tap = rig_learn;
    assert_true(pair_connect(pair, o));
    pair_run_for(pair, STRAIT_S);
}

void rig_alive(void)
{
    for (int i = 0; i < 2; i++) {
        int before = pair->side[!i].n_data;
        assert_int_equal(strait_dtls_state(pair->side[i].dtls), STRAIT_DTLS_CONNECTED);
        assert_int_equal(strait_dtls_send(pair->side[i].dtls, pair->now, (const uint8_t *)"abc", 3),
                         STRAIT_OK);
        pair_run_for(pair, 200 * STRAIT_MS);
        assert_int_equal(pair->side[!i].n_data, before + 1);
    }
}

struct rig_keys rig_keys(void)
{
    struct rig_keys k;
    enum strait_srtp_profile profile;
    memset(&k, 0, sizeof k);
    assert_int_equal(strait_dtls_srtp_keys(pair->side[0].dtls, &profile, &k.send, &k.receive),
                     STRAIT_OK);
    return k;
}

int rig_run(int (*tests)(void))
{
    pair = malloc(sizeof *pair);
    int failed = tests();
    pair_forget_certificates();
    free(pair);
    return failed;
}
