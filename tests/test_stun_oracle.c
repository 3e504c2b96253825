/* libnice's STUN codec reads what ours wrote, and ours reads what libnice's wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <stun/stunagent.h>

#include "ice/stun.h"
#include "transport/address.h"
#include "transport/util.h"

enum { ROUNDS = 3000 };

static const uint16_t known[] = { STUN_ATTRIBUTE_MAPPED_ADDRESS,
                                  STUN_ATTRIBUTE_USERNAME,
                                  STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
                                  STUN_ATTRIBUTE_ERROR_CODE,
                                  STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES,
                                  STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS,
                                  STUN_ATTRIBUTE_PRIORITY,
                                  STUN_ATTRIBUTE_USE_CANDIDATE,
                                  STUN_ATTRIBUTE_ICE_CONTROLLED,
                                  STUN_ATTRIBUTE_ICE_CONTROLLING,
                                  STUN_ATTRIBUTE_SOFTWARE,
                                  STUN_ATTRIBUTE_FINGERPRINT,
                                  0 };

static uint64_t rng;

static uint32_t draw(uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 32) % n;
}

static void draw_text(char *out, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i++) {
        out[i] = letters[draw(64)];
    }
    out[len] = '\0';
}

/* What a random message says. */
struct message {
    uint8_t transaction[STRAIT__STUN_TRANSACTION];
    char first[257], second[257], pwd[257];
    uint32_t priority;
    uint64_t tie_breaker;
    bool priority_there, use_candidate, controlling;
    struct sockaddr_storage mapped;
    uint16_t code;
};

static void draw_message(struct message *m)
{
    for (size_t i = 0; i < sizeof m->transaction; i++) {
        m->transaction[i] = (uint8_t)draw(256);
    }
    draw_text(m->first, 4 + draw(draw(4) == 0 ? 250 : 12));
    draw_text(m->second, 4 + draw(draw(4) == 0 ? 245 : 12));
    draw_text(m->pwd, 22 + draw(draw(4) == 0 ? 235 : 12));
    m->priority = draw(UINT32_MAX);
    m->tie_breaker = (uint64_t)draw(UINT32_MAX) << 32 | draw(UINT32_MAX);
    m->priority_there = draw(2) == 0;
    m->use_candidate = draw(2) == 0;
    m->controlling = draw(2) == 0;
    assert_true(strait__address_parse(&m->mapped, draw(2) ? "203.0.113.7" : "2001:db8::8:9",
                                      (uint16_t)draw(65536)));
    m->code = (uint16_t)(300 + draw(400));
}

/* Only the given password, whatever the name. */
static bool give_password(StunAgent *agent, StunMessage *msg, uint8_t *username,
                          uint16_t username_len, uint8_t **password, size_t *password_len,
                          void *user)
{
    (void)agent;
    (void)msg;
    (void)username;
    (void)username_len;
    *password = user;
    *password_len = strlen(user);
    return true;
}

static void init_agent(StunAgent *agent)
{
    stun_agent_init(agent, known, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
}

static size_t write_request(const struct message *m, uint8_t *out, size_t room)
{
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, room, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING, m->transaction);
    strait__stun_add_username(&w, m->first, m->second);
    if (m->priority_there) {
        strait__stun_add32(&w, STRAIT__STUN_PRIORITY, m->priority);
    }
    if (m->use_candidate) {
        strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
    }
    strait__stun_add64(&w,
                       m->controlling ? STRAIT__STUN_ICE_CONTROLLING : STRAIT__STUN_ICE_CONTROLLED,
                       m->tie_breaker);
    int n = strait__stun_finish(&w, m->pwd, strlen(m->pwd));
    assert_true(n > 0);
    return (size_t)n;
}

static void libnice_reads_our_requests(void **state)
{
    (void)state;
    rng = 1;
    for (int i = 0; i < ROUNDS; i++) {
        struct message m;
        uint8_t out[STRAIT__STUN_MAX];
        char name[520];
        draw_message(&m);
        size_t n = write_request(&m, out, sizeof out);
        StunAgent agent;
        StunMessage msg;
        init_agent(&agent);
        assert_int_equal(stun_agent_validate(&agent, &msg, out, n, give_password, m.pwd),
                         STUN_VALIDATION_SUCCESS);
        assert_int_equal(stun_message_get_class(&msg), STUN_REQUEST);
        assert_int_equal(stun_message_get_method(&msg), STUN_BINDING);
        uint16_t len;
        const void *username = stun_message_find(&msg, STUN_ATTRIBUTE_USERNAME, &len);
        int name_len = snprintf(name, sizeof name, "%s:%s", m.first, m.second);
        assert_int_equal(len, name_len);
        assert_memory_equal(username, name, (size_t)name_len);
        uint32_t priority;
        uint64_t tie;
        assert_int_equal(stun_message_find32(&msg, STUN_ATTRIBUTE_PRIORITY, &priority),
                         m.priority_there ? STUN_MESSAGE_RETURN_SUCCESS
                                          : STUN_MESSAGE_RETURN_NOT_FOUND);
        assert_true(!m.priority_there || priority == m.priority);
        assert_int_equal(stun_message_find_flag(&msg, STUN_ATTRIBUTE_USE_CANDIDATE),
                         m.use_candidate ? STUN_MESSAGE_RETURN_SUCCESS
                                         : STUN_MESSAGE_RETURN_NOT_FOUND);
        assert_int_equal(stun_message_find64(&msg,
                                             m.controlling ? STUN_ATTRIBUTE_ICE_CONTROLLING
                                                           : STUN_ATTRIBUTE_ICE_CONTROLLED,
                                             &tie),
                         STUN_MESSAGE_RETURN_SUCCESS);
        assert_true(tie == m.tie_breaker);
        /* A wrong key is refused by it as well. */
        m.pwd[0] ^= 1;
        assert_int_not_equal(stun_agent_validate(&agent, &msg, out, n, give_password, m.pwd),
                             STUN_VALIDATION_SUCCESS);
    }
}

static void we_read_libnices_requests(void **state)
{
    (void)state;
    rng = 2;
    for (int i = 0; i < ROUNDS; i++) {
        struct message m;
        uint8_t out[STRAIT__STUN_MAX];
        char name[520];
        draw_message(&m);
        StunAgent agent;
        StunMessage msg;
        init_agent(&agent);
        assert_true(stun_agent_init_request(&agent, &msg, out, sizeof out, STUN_BINDING));
        if (m.priority_there) {
            stun_message_append32(&msg, STUN_ATTRIBUTE_PRIORITY, m.priority);
        }
        if (m.use_candidate) {
            stun_message_append_flag(&msg, STUN_ATTRIBUTE_USE_CANDIDATE);
        }
        stun_message_append64(
            &msg, m.controlling ? STUN_ATTRIBUTE_ICE_CONTROLLING : STUN_ATTRIBUTE_ICE_CONTROLLED,
            m.tie_breaker);
        int name_len = snprintf(name, sizeof name, "%s:%s", m.first, m.second);
        stun_message_append_bytes(&msg, STUN_ATTRIBUTE_USERNAME, name, (size_t)name_len);
        size_t n = stun_agent_finish_message(&agent, &msg, (uint8_t *)m.pwd, strlen(m.pwd));
        assert_true(n > 0);

        struct strait__stun_message ours;
        assert_int_equal(strait__stun_parse(&ours, out, n), STRAIT_OK);
        assert_true(ours.has_fingerprint);
        assert_true(strait__stun_verify(&ours, m.pwd, strlen(m.pwd)));
        assert_true(strait__stun_username_is(&ours, m.first, m.second));
        assert_int_equal(ours.has_priority, m.priority_there);
        assert_true(!m.priority_there || ours.priority == m.priority);
        assert_int_equal(ours.use_candidate, m.use_candidate);
        assert_int_equal(ours.controlling, m.controlling);
        assert_int_equal(ours.controlled, !m.controlling);
        assert_true(ours.tie_breaker == m.tie_breaker);
        m.pwd[0] ^= 1;
        assert_false(strait__stun_verify(&ours, m.pwd, strlen(m.pwd)));
    }
}

/* A response of ours to a request of libnice's, which checks it against the transaction it saved. */
static void libnice_reads_our_responses(void **state)
{
    (void)state;
    rng = 3;
    for (int i = 0; i < ROUNDS; i++) {
        struct message m;
        uint8_t request[STRAIT__STUN_MAX], out[STRAIT__STUN_MAX];
        draw_message(&m);
        StunAgent agent;
        StunMessage msg;
        init_agent(&agent);
        assert_true(stun_agent_init_request(&agent, &msg, request, sizeof request, STUN_BINDING));
        assert_true(stun_agent_finish_message(&agent, &msg, (uint8_t *)m.pwd, strlen(m.pwd)) > 0);
        bool error = draw(3) == 0;
        struct strait__stun_writer w;
        strait__stun_begin(&w, out, sizeof out, error ? STRAIT__STUN_ERROR : STRAIT__STUN_SUCCESS,
                           STRAIT__STUN_BINDING, request + 8);
        if (error) {
            strait__stun_add_error(&w, m.code, NULL);
        } else {
            strait__stun_add_xor_mapped(&w, &m.mapped);
        }
        int n = strait__stun_finish(&w, m.pwd, strlen(m.pwd));
        assert_true(n > 0);
        assert_int_equal(stun_agent_validate(&agent, &msg, out, (size_t)n, NULL, NULL),
                         STUN_VALIDATION_SUCCESS);
        if (error) {
            int code;
            assert_int_equal(stun_message_get_class(&msg), STUN_ERROR);
            assert_int_equal(stun_message_find_error(&msg, &code), STUN_MESSAGE_RETURN_SUCCESS);
            assert_int_equal(code, m.code);
        } else {
            struct sockaddr_storage got = { 0 };
            socklen_t len = sizeof got;
            assert_int_equal(
                stun_message_find_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &got, &len),
                STUN_MESSAGE_RETURN_SUCCESS);
            assert_true(strait__address_equal(&got, &m.mapped));
        }
    }
}

static void we_read_libnices_responses(void **state)
{
    (void)state;
    rng = 4;
    for (int i = 0; i < ROUNDS; i++) {
        struct message m;
        uint8_t request[STRAIT__STUN_MAX], out[STRAIT__STUN_MAX];
        draw_message(&m);
        size_t n = write_request(&m, request, sizeof request);
        StunAgent agent;
        StunMessage asked, msg;
        init_agent(&agent);
        assert_int_equal(stun_agent_validate(&agent, &asked, request, n, give_password, m.pwd),
                         STUN_VALIDATION_SUCCESS);
        bool error = draw(3) == 0;
        if (error) {
            assert_true(stun_agent_init_error(&agent, &msg, out, sizeof out, &asked,
                                              STUN_ERROR_ROLE_CONFLICT));
        } else {
            assert_true(stun_agent_init_response(&agent, &msg, out, sizeof out, &asked));
            stun_message_append_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &m.mapped,
                                         strait__address_len(&m.mapped));
        }
        n = stun_agent_finish_message(&agent, &msg, (uint8_t *)m.pwd, strlen(m.pwd));
        assert_true(n > 0);
        struct strait__stun_message ours;
        assert_int_equal(strait__stun_parse(&ours, out, n), STRAIT_OK);
        assert_int_equal(ours.class_, error ? STRAIT__STUN_ERROR : STRAIT__STUN_SUCCESS);
        assert_memory_equal(ours.transaction, m.transaction, sizeof m.transaction);
        assert_true(strait__stun_verify(&ours, m.pwd, strlen(m.pwd)));
        assert_int_equal(ours.error_code, error ? 487 : 0);
        assert_int_equal(ours.has_mapped, !error);
        assert_true(error || strait__address_equal(&ours.mapped, &m.mapped));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libnice_reads_our_requests),
        cmocka_unit_test(we_read_libnices_requests),
        cmocka_unit_test(libnice_reads_our_responses),
        cmocka_unit_test(we_read_libnices_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
