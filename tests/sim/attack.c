#include "tests/sim/attack.h"

#include <string.h>

#include "ice/stun.h"
#include "tests/sim/check.h"
#include "tests/sim/media.h"
#include "transport/util.h"

static strait_time copy_client_hello(void *user, const struct sim_flight *flight)
{
    struct sim_attack *attack = user;
    /* Handshake type 1 in a handshake record. */
    if (attack->client_hello_len == 0 && flight->kind == SIM_DTLS && flight->data[0] == 22 &&
        flight->data[13] == 1) {
        memcpy(attack->client_hello, flight->data, flight->len);
        attack->client_hello_len = flight->len;
    }
    return 0;
}

void sim_attack_init(struct sim_attack *attack, const struct sim_plan *plan)
{
    struct sim_pair pair;
    struct sim_plan other = *plan;
    memset(attack, 0, sizeof *attack);
    sim_random_init(&attack->random, plan->seed, 66);
    other.seed += 1000;
    sim_pair_init(&pair, &other);
    pair.net.shape = copy_client_hello;
    pair.net.shape_user = attack;
    assert_true(sim_pair_connect(&pair, 5 * STRAIT_S));
    sim_pair_finish(&pair);
    assert_true(attack->client_hello_len > 100);
}

static void inject(struct sim_pair *pair, const struct sockaddr_storage *from,
                   const struct sim_peer *to, const void *data, size_t len)
{
    sim_net_inject(&pair->net, from, &to->node->host.outer[0], data, len, 0);
}

static void sim_attack_dtls(struct sim_attack *attack, struct sim_pair *pair,
                            const struct sockaddr_storage *from, const struct sim_peer *to)
{
    static const uint8_t fatal[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40 };
    static const uint8_t close[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0 };
    static const uint8_t data[] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9,
                                    0,  8,    1,    2, 3, 4, 5, 6, 7, 8 };
    static const uint8_t unified[] = { 0x2f, 0, 1, 0,  16, 1,  2,  3,  4,  5, 6,
                                       7,    8, 9, 10, 11, 12, 13, 14, 15, 16 };
    static const uint8_t beyond[] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0xff, 0xff, 1 };
    inject(pair, from, to, fatal, sizeof fatal);
    inject(pair, from, to, close, sizeof close);
    inject(pair, from, to, data, sizeof data);
    inject(pair, from, to, unified, sizeof unified);
    inject(pair, from, to, beyond, sizeof beyond);
    attack->dtls += 5;
}

void sim_attack_hello(struct sim_attack *attack, struct sim_pair *pair,
                      const struct sockaddr_storage *from, const struct sim_peer *to)
{
    inject(pair, from, to, attack->client_hello, attack->client_hello_len);
    attack->dtls++;
}

void sim_attack_media(struct sim_attack *attack, struct sim_pair *pair,
                      const struct sockaddr_storage *from, const struct sim_peer *to)
{
    uint8_t rtp[SIM_RTP_BYTES + 16] = { 0 }, rtcp[SIM_RTCP_BYTES + 20] = { 0 };
    uint16_t sequence = (uint16_t)(to->other->sequence + 3);
    sim_media_rtp(rtp, to->other->ssrc, sequence, to->other->ticks);
    sim_media_rtcp(rtcp, to->other->ssrc, to->other->ticks);
    /* Encrypted, with an index that is still to come (RFC 3711, 3.4). */
    strait__put32(rtcp + sizeof rtcp - 4, 0x80010000u + to->other->ticks);
    inject(pair, from, to, rtp, sizeof rtp);
    inject(pair, from, to, rtcp, sizeof rtcp);
    attack->rtp += 2;
}

/* Binding requests and answers that look right but for their integrity. */
void sim_attack_stun(struct sim_attack *attack, struct sim_pair *pair,
                     const struct sockaddr_storage *from, const struct sim_peer *to)
{
    static const char *const pwds[] = { NULL, "a-wrong-password-of-22-" };
    const char *ufrag = strait_transport_local_ice(to->transport)->ufrag;
    const char *other = strait_transport_local_ice(to->other->transport)->ufrag;
    for (size_t i = 0; i < 4; i++) {
        uint8_t message[STRAIT__STUN_MAX], transaction[STRAIT__STUN_TRANSACTION];
        struct strait__stun_writer w;
        bool request = i < 2;
        const char *pwd = pwds[i % 2];
        sim_random_fill(&attack->random, transaction, sizeof transaction);
        strait__stun_begin(&w, message, sizeof message,
                           request ? STRAIT__STUN_REQUEST : STRAIT__STUN_SUCCESS,
                           STRAIT__STUN_BINDING, transaction);
        if (request) {
            strait__stun_add_username(&w, ufrag, other);
            strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 0x7effffff);
            strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLING, UINT64_MAX);
            strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
        } else {
            strait__stun_add_xor_mapped(&w, from);
        }
        int len = strait__stun_finish(&w, pwd, pwd != NULL ? strlen(pwd) : 0);
        assert_true(len > 0);
        inject(pair, from, to, message, (size_t)len);
        attack->stun++;
    }
}

static void sim_attack_garbage(struct sim_attack *attack, struct sim_pair *pair,
                               const struct sockaddr_storage *from, const struct sim_peer *to)
{
    /* Of each class of RFC 7983, and empty. */
    static const uint8_t first[] = { 0, 3, 19, 20, 22, 63, 64, 79, 127, 128, 191, 192, 255 };
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof first; i++) {
        size_t len = sim_random_below(&attack->random, sizeof bytes) + 1;
        sim_random_fill(&attack->random, bytes, len);
        bytes[0] = first[i];
        inject(pair, from, to, bytes, len);
    }
    inject(pair, from, to, bytes, 0);
    attack->garbage += sizeof first + 1;
}

void sim_attack_all(struct sim_attack *attack, struct sim_pair *pair,
                    const struct sockaddr_storage *from, const struct sim_peer *to)
{
    sim_attack_hello(attack, pair, from, to);
    sim_attack_dtls(attack, pair, from, to);
    sim_attack_media(attack, pair, from, to);
    sim_attack_stun(attack, pair, from, to);
    sim_attack_garbage(attack, pair, from, to);
}

struct sockaddr_storage sim_stranger(size_t i)
{
    return sim_address("203.0.113.9", (uint16_t)(4000 + i));
}

void sim_attack_from_the_peer(struct sim_attack *attack, struct sim_pair *pair,
                              const struct sim_peer *to)
{
    const struct sockaddr_storage *from = &to->other->node->host.outer[0];
    sim_attack_dtls(attack, pair, from, to);
    sim_attack_media(attack, pair, from, to);
    sim_attack_stun(attack, pair, from, to);
    sim_attack_garbage(attack, pair, from, to);
}

void sim_check_from(struct sim_pair *pair, const struct sockaddr_storage *from,
                    const struct sim_peer *to, struct sim_random *random)
{
    const struct strait_ice_parameters *local = strait_transport_local_ice(to->transport);
    uint8_t message[STRAIT__STUN_MAX], transaction[STRAIT__STUN_TRANSACTION];
    struct strait__stun_writer w;
    sim_random_fill(random, transaction, sizeof transaction);
    strait__stun_begin(&w, message, sizeof message, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       transaction);
    strait__stun_add_username(&w, local->ufrag, strait_transport_remote_ice(to->transport)->ufrag);
    strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 0x7effffff);
    strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLING, UINT64_MAX);
    strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
    int len = strait__stun_finish(&w, local->pwd, strlen(local->pwd));
    assert_true(len > 0);
    inject(pair, from, to, message, (size_t)len);
}
