/* A peer that knows the credentials and means ill, at an agent's socket: whatever it sends and however it answers,
 * the agent lives on and connects to the good one. Worth most under AddressSanitizer. */
#include "tests/agent_pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stun/stunagent.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nice/strait.h>
#include <stdio.h>

#include "ice/agent/agent.h"
#include "ice/crc32.h"
#include "ice/stun_internal.h"
#include "transport/address.h"
#include "transport/util.h"

enum { SOCKETS = 260, DATAGRAM = 2048, LIMIT = 200, FLOOD = 400 };

struct villain;

struct villain {
    struct pair pair;
    struct peer *victim, *good;
    const struct strait_ice_parameters *theirs, *ours; /* ours: stolen from the good one */
    struct sockaddr_storage to;                        /* the victim's socket */
    int fds[SOCKETS];
    int n_fds;
    unsigned requests, answers, errors; /* that came */
    /* To a request of the victim's on socket i; NULL: silence. */
    void (*answer)(struct villain *v, int i, const struct strait__stun_message *request);
    unsigned mapped; /* the last mapped address that was invented */
    uint32_t random;
};

/* --- What it sends ---------------------------------------------------------------------------------- */

static uint32_t next_random(struct villain *v)
{
    v->random ^= v->random << 13;
    v->random ^= v->random >> 17;
    v->random ^= v->random << 5;
    return v->random;
}

static void send_bytes(struct villain *v, int i, const uint8_t *data, size_t len)
{
    (void)sendto(v->fds[i], data, len, 0, (const struct sockaddr *)&v->to,
                 sizeof(struct sockaddr_in));
}

enum { CONTROLS = 1, CONTROLLED = 2, USE_CANDIDATE = 4, NO_PRIORITY = 8, LONG_NAME = 16 };

static size_t make_check(struct villain *v, uint8_t *out, enum strait__stun_class class_, int flags,
                         uint64_t tie)
{
    struct strait__stun_writer w;
    uint8_t id[STRAIT__STUN_TRANSACTION];
    for (size_t k = 0; k < sizeof id; k++) {
        id[k] = (uint8_t)next_random(v);
    }
    strait__stun_begin(&w, out, STRAIT__STUN_MAX, class_, STRAIT__STUN_BINDING, id);
    if ((flags & LONG_NAME) != 0) {
        char name[1200];
        memset(name, 'x', sizeof name);
        memcpy(name, v->theirs->ufrag, strlen(v->theirs->ufrag));
        strait__stun_add(&w, STRAIT__STUN_USERNAME, name, 1192);
    } else {
        strait__stun_add_username(&w, v->theirs->ufrag, v->ours->ufrag);
    }
    if ((flags & NO_PRIORITY) == 0) {
        strait__stun_add32(&w, STRAIT__STUN_PRIORITY, 1);
    }
    if ((flags & CONTROLS) != 0) {
        strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLING, tie);
    }
    if ((flags & CONTROLLED) != 0) {
        strait__stun_add64(&w, STRAIT__STUN_ICE_CONTROLLED, tie);
    }
    if ((flags & USE_CANDIDATE) != 0) {
        strait__stun_add(&w, STRAIT__STUN_USE_CANDIDATE, NULL, 0);
    }
    int len = strait__stun_finish(&w, v->theirs->pwd, strlen(v->theirs->pwd));
    assert_true(len > 0);
    return (size_t)len;
}

static void check(struct villain *v, int i, int flags, uint64_t tie)
{
    uint8_t out[STRAIT__STUN_MAX];
    send_bytes(v, i, out, make_check(v, out, STRAIT__STUN_REQUEST, flags, tie));
}

/* A message of its own framing: header, USERNAME, MESSAGE-INTEGRITY of `integrity` bytes, FINGERPRINT. */
static size_t make_short_integrity(struct villain *v, uint8_t *out, enum strait__stun_class class_,
                                   const uint8_t *id, size_t integrity)
{
    static const uint8_t zeros[64];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, STRAIT__STUN_MAX, class_, STRAIT__STUN_BINDING, id);
    strait__stun_add_username(&w, v->theirs->ufrag, v->ours->ufrag);
    strait__stun_add(&w, STRAIT__STUN_MESSAGE_INTEGRITY, zeros, integrity);
    int len = strait__stun_finish(&w, NULL, 0);
    assert_true(len > 0);
    return (size_t)len;
}

/* --- How it answers --------------------------------------------------------------------------------- */

static void reply(struct villain *v, int i, const struct strait__stun_message *request, int error,
                  const struct sockaddr_storage *mapped)
{
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, error != 0 ? STRAIT__STUN_ERROR : STRAIT__STUN_SUCCESS,
                       STRAIT__STUN_BINDING, request->transaction);
    if (error != 0) {
        strait__stun_add_error(&w, (uint16_t)error, NULL);
    }
    if (error == 0) {
        strait__stun_add_xor_mapped(&w, mapped);
    }
    int len = strait__stun_finish(&w, v->ours->pwd, strlen(v->ours->pwd));
    assert_true(len > 0);
    send_bytes(v, i, out, (size_t)len);
}

static void answer_well(struct villain *v, int i, const struct strait__stun_message *request)
{
    reply(v, i, request, 0, &v->to);
}

static void answer_forbidden(struct villain *v, int i, const struct strait__stun_message *request)
{
    reply(v, i, request, 403, NULL);
}

static void answer_conflict(struct villain *v, int i, const struct strait__stun_message *request)
{
    reply(v, i, request, 487, NULL);
}

static void answer_bad_request(struct villain *v, int i, const struct strait__stun_message *request)
{
    reply(v, i, request, 400, NULL);
}

/* Each time it saw the victim elsewhere. */
static void answer_elsewhere(struct villain *v, int i, const struct strait__stun_message *request)
{
    struct sockaddr_storage mapped;
    char host[32];
    v->mapped++;
    snprintf(host, sizeof host, "192.0.%u.%u", v->mapped / 250 % 250, v->mapped % 250 + 1);
    assert_true(strait__address_parse(&mapped, host, 4000));
    reply(v, i, request, 0, &mapped);
}

static void answer_without_integrity(struct villain *v, int i,
                                     const struct strait__stun_message *request)
{
    uint8_t out[STRAIT__STUN_MAX];
    for (size_t n = 0; n <= 40; n += 4) {
        send_bytes(v, i, out,
                   make_short_integrity(v, out, STRAIT__STUN_SUCCESS, request->transaction, n));
        send_bytes(v, i, out,
                   make_short_integrity(v, out, STRAIT__STUN_ERROR, request->transaction, n));
    }
}

static void listen_once(struct villain *v)
{
    uint8_t in[DATAGRAM];
    for (int i = 0; i < v->n_fds; i++) {
        ssize_t len;
        while ((len = recv(v->fds[i], in, sizeof in, MSG_DONTWAIT)) > 0) {
            struct strait__stun_message message;
            if (strait__stun_parse(&message, in, (size_t)len) != STRAIT_OK) {
                continue;
            }
            v->requests += message.class_ == STRAIT__STUN_REQUEST;
            v->answers += message.class_ == STRAIT__STUN_SUCCESS;
            v->errors += message.class_ == STRAIT__STUN_ERROR;
            if (message.class_ == STRAIT__STUN_REQUEST && v->answer != NULL) {
                v->answer(v, i, &message);
            }
        }
    }
}

static void turn(struct villain *v, int ms)
{
    strait_time end = strait_runtime_now(v->pair.runtime) + (strait_time)ms * STRAIT_MS;
    while (strait_runtime_now(v->pair.runtime) < end) {
        assert_int_equal(strait_runtime_wait(v->pair.runtime, STRAIT_MS), STRAIT_OK);
        listen_once(v);
    }
}

static bool tcp_as_well; /* for the next scene */

/* --- The scene -------------------------------------------------------------------------------------- */

static bool victim_gathered(const struct pair *pair)
{
    return both_gathered(pair);
}

/* The victim is the controlled one, whose pairs others nominate, or the other. The good peer is silent so far. */
static void open_scene(struct villain *v, bool victim_controls, int n_sockets)
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    struct strait_candidate local;
    memset(v, 0, sizeof *v);
    v->random = 2463534242U;
    v->victim = &v->pair.peer[victim_controls ? 0 : 1];
    v->good = &v->pair.peer[victim_controls ? 1 : 0];
    v->pair.family = AF_INET;
    v->pair.peer[0].deaf = v->pair.peer[1].deaf = true;
    v->pair.peer[0].config.ice_tcp = v->pair.peer[1].config.ice_tcp = tcp_as_well;
    start_as_set(&v->pair);
    run_until(&v->pair, victim_gathered);
    v->theirs = strait_transport_local_ice(v->victim->transport);
    v->ours = strait_transport_local_ice(v->good->transport);
    assert_in_range(strait_agent_local_candidates(v->victim->transport, &local, 1), 1, 64);
    v->to = local.address;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (; v->n_fds < n_sockets; v->n_fds++) {
        v->fds[v->n_fds] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(v->fds[v->n_fds] >= 0);
        assert_int_equal(bind(v->fds[v->n_fds], (struct sockaddr *)&any, sizeof any), 0);
    }
}

static NiceAgent *nice_of(const struct villain *v)
{
    return strait__agents_of(v->victim->transport)->current->nice;
}

static unsigned pairs_of(const struct villain *v)
{
    return nice_strait_pairs(nice_of(v), 1, 1, NULL, 0);
}

static unsigned remotes_of(const struct villain *v)
{
    GSList *remotes = nice_agent_get_remote_candidates(nice_of(v), 1, 1);
    unsigned n = g_slist_length(remotes);
    g_slist_free_full(remotes, (GDestroyNotify)nice_candidate_free);
    return n;
}

static void leave(struct villain *v)
{
    finish(&v->pair);
    for (int i = 0; i < v->n_fds; i++) {
        close(v->fds[i]);
    }
}

/* The good one speaks, and all is well. */
static void close_scene(struct villain *v)
{
    v->answer = NULL;
    for (int i = 0; i < 2; i++) {
        signal_candidates(&v->pair.peer[i]);
    }
    run_until(&v->pair, writable);
    media_flow(&v->pair);
    leave(v);
}

/* The same where the villain may have won: new credentials, which it has not stolen. */
static void close_with_restart(struct villain *v)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strait_transport_restart_ice(v->pair.peer[i].transport, NULL, NULL),
                         STRAIT_OK);
    }
    for (int i = 0; i < 2; i++) {
        signal_ice(&v->pair.peer[i], &v->pair.peer[!i]);
    }
    close_scene(v);
}

/* --- Cases ------------------------------------------------------------------------------------------ */

static bool give_password(StunAgent *agent, StunMessage *message, uint8_t *username, uint16_t len,
                          uint8_t **password, size_t *password_len, void *user)
{
    struct villain *v = user;
    (void)agent;
    (void)message;
    (void)username;
    (void)len;
    *password = (uint8_t *)(uintptr_t)v->theirs->pwd;
    *password_len = strlen(v->theirs->pwd);
    return true;
}

/* What stands behind the message makes it right for whoever reads 20 bytes whatever the length says. */
static void an_integrity_of_another_length_is_not_read_past_its_end(void **state)
{
    static const uint16_t known[] = { STUN_ATTRIBUTE_USERNAME, STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
                                      0 };
    static const uint8_t id[STRAIT__STUN_TRANSACTION] = { 1 };
    struct strait_ice_parameters credentials = { .ufrag = "abcd", .pwd = "0123456789abcdefghijkl" };
    struct villain v = { .theirs = &credentials };
    StunAgent agent;
    (void)state;
    stun_agent_init(&agent, known, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS);
    for (int class_ = STRAIT__STUN_REQUEST; class_ <= STRAIT__STUN_INDICATION; class_++) {
        for (uint16_t n = 0; n <= 40; n++) {
            uint8_t out[256] = { 0 };
            struct strait__stun_writer w;
            StunMessage message;
            strait__stun_begin(&w, out, sizeof out, (enum strait__stun_class)class_,
                               STRAIT__STUN_BINDING, id);
            strait__stun_add_username(&w, "abcd", "efgh");
            size_t at = w.len, len = at + 4 + strait__stun_padded(n);
            strait__put16(out + 2, (uint16_t)(len - STRAIT__STUN_HEADER));
            strait__put16(out + at, STRAIT__STUN_MESSAGE_INTEGRITY);
            strait__put16(out + at + 2, n);
            assert_true(strait__stun_hmac(out + at + 4, out, at, credentials.pwd, 22));
            assert_int_equal(stun_agent_validate(&agent, &message, out, len, give_password, &v),
                             n == 20 ? STUN_VALIDATION_SUCCESS : STUN_VALIDATION_UNAUTHORIZED);
        }
    }
}

static void short_integrity_gets_no_further(void **state)
{
    static const uint8_t id[STRAIT__STUN_TRANSACTION] = { 7 };
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct villain v;
        uint8_t out[STRAIT__STUN_MAX];
        open_scene(&v, controls == 1, 1);
        v.answer = answer_without_integrity;
        check(&v, 0, controls == 1 ? CONTROLLED : CONTROLS, 1);
        turn(&v, 60);
        assert_true(v.requests > 0);
        assert_int_equal(v.answers, 1);
        for (int class_ = 0; class_ < 4; class_++) {
            for (size_t n = 0; n <= 40; n += 4) {
                send_bytes(&v, 0, out,
                           make_short_integrity(&v, out, (enum strait__stun_class)class_, id, n));
            }
        }
        turn(&v, 20);
        assert_int_equal(v.answers, 1);
        assert_int_equal(v.errors, 11); /* each request's */
        close_scene(&v);
    }
}

static void forbidden_before_there_is_a_pair(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct villain v;
        open_scene(&v, controls == 1, 2);
        v.answer = answer_forbidden;
        for (int i = 0; i < 2; i++) {
            check(&v, i, controls == 1 ? CONTROLLED : CONTROLS | USE_CANDIDATE, 1);
        }
        turn(&v, 100);
        assert_true(v.requests > 0);
        assert_true(v.answers > 0);
        close_scene(&v);
    }
}

typedef void (*answerer)(struct villain *v, int i, const struct strait__stun_message *request);

/* Nominations for pairs in every state, in an order that a number chooses. */
static void nominations_come_in_any_order(void **state)
{
    static const answerer answerers[] = { answer_well, answer_bad_request, answer_elsewhere,
                                          answer_conflict, NULL };
    (void)state;
    for (unsigned seed = 1; seed <= 6; seed++) {
        struct villain v;
        open_scene(&v, false, 12);
        v.random = seed * 2654435761U;
        for (int k = 0; k < 150; k++) {
            uint32_t dice = next_random(&v);
            v.answer = answerers[dice % 5];
            check(&v, (int)(dice >> 8) % 12,
                  CONTROLS | ((dice & 0x10000) != 0 ? USE_CANDIDATE : 0) |
                      ((dice & 0x20000) != 0 ? NO_PRIORITY : 0),
                  (dice & 0x40000) != 0 ? 0 : UINT64_MAX);
            turn(&v, (dice & 0x80000) != 0 ? 6 : 2);
        }
        assert_true(v.answers > 0);
        assert_true(v.requests > 0);
        close_scene(&v);
    }
}

/* The pair that was checked fails and is dropped; what was discovered by it is not to point there. */
static void a_mapped_address_that_moves(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct villain v;
        open_scene(&v, controls == 1, 40);
        int role = controls == 1 ? CONTROLLED : CONTROLS;
        for (int k = 0; k < 38; k += 2) {
            for (int m = 0; m < 3; m++) {
                v.answer = answer_elsewhere;
                check(&v, 0, role | USE_CANDIDATE, 1);
                turn(&v, 8);
                v.answer = m == 1 ? answer_forbidden : answer_bad_request;
                check(&v, 0, role, 1);
                turn(&v, 8);
            }
            check(&v, k + 1, role, 1); /* a new pair drops those that failed */
            turn(&v, 8);
            check(&v, 0, role | USE_CANDIDATE, 1);
            turn(&v, 8);
        }
        assert_true(v.mapped > 0);
        close_with_restart(&v); /* 403 has revoked the consent */
    }
}

static void roles_conflict_back_and_forth(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct villain v;
        open_scene(&v, controls == 1, 4);
        v.answer = answer_conflict;
        for (int k = 0; k < 100; k++) {
            check(&v, k % 4, (k % 2 == 0 ? CONTROLS : CONTROLLED) | USE_CANDIDATE,
                  k % 3 == 0 ? 0 : UINT64_MAX);
            check(&v, k % 4, CONTROLS | CONTROLLED, k % 5 == 0 ? 0 : UINT64_MAX);
            turn(&v, 4);
        }
        assert_true(v.errors > 0 || v.answers > 0);
        assert_true(v.requests > 0);
        close_scene(&v);
    }
}

/* With the longest name the answer has no room for its integrity. */
static void an_answer_without_room(void **state)
{
    struct villain v;
    (void)state;
    open_scene(&v, false, 1);
    for (int k = 0; k < 10; k++) {
        check(&v, 0, CONTROLS | LONG_NAME, 1);
    }
    turn(&v, 20);
    close_scene(&v);
}

static void a_crowd_of_ports_is_bounded(void **state)
{
    struct villain v;
    (void)state;
    open_scene(&v, false, SOCKETS);
    v.answer = answer_elsewhere;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SOCKETS; i++) {
            check(&v, i, CONTROLS | NO_PRIORITY, 1);
            if (i % 20 == 0) {
                turn(&v, 4);
            }
        }
        turn(&v, 100);
    }
    assert_in_range(remotes_of(&v), LIMIT / 2, LIMIT);
    assert_in_range(pairs_of(&v), LIMIT / 2, 2 * LIMIT);
    close_with_restart(&v);
}

/* --- Over TCP --------------------------------------------------------------------------------------- */

enum { CONNECTIONS = 150, MOST_ACCEPTED = 64 };

static struct sockaddr_storage passive_candidate(const struct villain *v)
{
    struct strait_candidate locals[16];
    size_t n = strait_agent_local_candidates(v->victim->transport, locals, 16);
    for (size_t i = 0; i < n && i < 16; i++) {
        if (locals[i].tcp_type == STRAIT_TCP_PASSIVE) {
            return locals[i].address;
        }
    }
    fail_msg("no passive candidate");
    return locals[0].address;
}

/* A frame (RFC 4571) with a check in it, or one that says more than comes, or nothing, or no STUN. */
static void send_frame(struct villain *v, int fd, unsigned kind)
{
    uint8_t out[2 + STRAIT__STUN_MAX];
    size_t len = make_check(v, out + 2, STRAIT__STUN_REQUEST, CONTROLS | USE_CANDIDATE, 1);
    strait__put16(out, (uint16_t)len);
    switch (kind) {
    case 0:
        strait__put16(out, 0xffff);
        break;
    case 1:
        strait__put16(out, 0);
        break;
    case 2:
        len = next_random(v) % len;
        break;
    case 3:
        for (size_t i = 2; i < len; i++) {
            out[i] = (uint8_t)next_random(v);
        }
        break;
    default:
        break;
    }
    (void)send(fd, out, 2 + len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool is_open(int fd)
{
    uint8_t bytes[256];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
    }
    return n < 0 && errno == EAGAIN;
}

static void a_crowd_of_connections_is_bounded(void **state)
{
    struct villain v;
    int fds[CONNECTIONS], n_open = 0;
    (void)state;
    tcp_as_well = true;
    open_scene(&v, false, 0);
    tcp_as_well = false;
    struct sockaddr_storage to = passive_candidate(&v);
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&to, sizeof(struct sockaddr_in)), 0);
        turn(&v, 2);
    }
    for (int i = 0; i < 10 * CONNECTIONS; i++) {
        send_frame(&v, fds[next_random(&v) % CONNECTIONS], next_random(&v) % 6);
        if (i % 10 == 0) {
            turn(&v, 1);
        }
    }
    turn(&v, 20);
    for (int i = 0; i < CONNECTIONS; i++) {
        n_open += is_open(fds[i]);
        close(fds[i]);
    }
    assert_in_range(n_open, 1, MOST_ACCEPTED);
    close_with_restart(&v);
}

static int connect_to(const struct sockaddr_storage *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof(struct sockaddr_in)), 0);
    return fd;
}

static bool media_over_tcp(const struct villain *v)
{
    struct strait_agent_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_agent_stats(v->victim->transport, &stats), STRAIT_OK);
    return stats.has_pair && stats.local.protocol == STRAIT_CANDIDATE_TCP;
}

/* Each connection's frames are its own, and the peer's go on whatever a stranger's leave unfinished. */
static void frames_of_strangers_stay_theirs(void **state)
{
    struct villain v = { 0 };
    int fds[2][4];
    (void)state;
    for (int i = 0; i < 2; i++) {
        v.pair.peer[i].config.ice_tcp = v.pair.peer[i].tcp_only = true;
    }
    v.pair.family = AF_INET;
    start_as_set(&v.pair);
    run_until(&v.pair, writable);
    media_alternates(&v.pair);
    for (int i = 0; i < 2; i++) {
        v.victim = &v.pair.peer[i];
        assert_true(media_over_tcp(&v));
        struct sockaddr_storage to = passive_candidate(&v);
        for (int k = 0; k < 4; k++) {
            static const uint8_t part[][3] = {
                { 0xff, 0xff, 0x80 }, { 0x00 }, { 0x01, 0x00 }, { 0 }
            };
            static const size_t lens[] = { 3, 1, 2, 0 };
            fds[i][k] = connect_to(&to);
            assert_int_equal(send(fds[i][k], part[k], lens[k], MSG_NOSIGNAL), lens[k]);
            strait_runtime_wait(v.pair.runtime, 5 * STRAIT_MS);
            media_alternates(&v.pair);
        }
    }
    for (int k = 0; k < 8; k++) {
        close(fds[k / 4][k % 4]);
        media_alternates(&v.pair);
    }
    finish(&v.pair);
}

/* --- Garbage ---------------------------------------------------------------------------------------- */

static void damage(struct villain *v, uint8_t *data, size_t *len)
{
    switch (next_random(v) % 6) {
    case 0:
        *len = next_random(v) % (*len + 1);
        break;
    case 1:
        data[next_random(v) % *len] = (uint8_t)next_random(v);
        break;
    case 2: /* an attribute of another length */
        strait__put16(data + 22, (uint16_t)next_random(v));
        break;
    case 3: /* the message's */
        strait__put16(data + 2, (uint16_t)next_random(v));
        break;
    case 4:
        strait__put16(data + 22, next_random(v) % 2 != 0 ? 0xffff : 0xfffc);
        break;
    default:
        for (size_t k = 0; k < *len; k++) {
            data[k] = (uint8_t)next_random(v);
        }
        data[0] &= 0x3f;
        break;
    }
}

/* Often with integrity and fingerprint made right again, or it would get no further than those. */
static void mend(struct villain *v, uint8_t *data, size_t len)
{
    if (len >= 52 && next_random(v) % 2 != 0) {
        strait__put16(data + 2, (uint16_t)(len - 20));
        strait__put16(data + len - 32, STRAIT__STUN_MESSAGE_INTEGRITY);
        strait__put16(data + len - 30, 20);
        assert_true(strait__stun_hmac(data + len - 28, data, len - 32, v->theirs->pwd,
                                      strlen(v->theirs->pwd)));
    }
    if (len >= 28 && next_random(v) % 8 != 0) {
        strait__put16(data + 2, (uint16_t)(len - 20));
        strait__put16(data + len - 8, STRAIT__STUN_FINGERPRINT);
        strait__put16(data + len - 6, 4);
        strait__put32(data + len - 4, strait__crc32(data, len - 8) ^ STRAIT__STUN_FINGERPRINT_XOR);
    }
}

static void garbage_is_dropped(void **state)
{
    (void)state;
    for (int controls = 0; controls < 2; controls++) {
        struct villain v;
        open_scene(&v, controls == 1, 2);
        v.answer = answer_well;
        for (int k = 0; k < 20000; k++) {
            uint8_t out[STRAIT__STUN_MAX];
            size_t len = make_check(&v, out, (enum strait__stun_class)(next_random(&v) % 4),
                                    (int)(next_random(&v) % 16), next_random(&v));
            damage(&v, out, &len);
            mend(&v, out, len & ~(size_t)3);
            if (len > 0) {
                send_bytes(&v, k % 2, out, len);
            }
            if (k % 50 == 0) {
                turn(&v, 2);
            }
        }
        assert_true(v.errors > 100);
        assert_true(v.answers > 100);
        close_with_restart(&v);
    }
}

static int socket_of(const struct villain *v)
{
    GPtrArray *sockets = nice_agent_get_sockets(nice_of(v), 1, 1);
    int fd = -1;
    for (guint i = 0; i < sockets->len; i++) {
        struct sockaddr_storage bound;
        socklen_t len = sizeof bound;
        int one = g_socket_get_fd(g_ptr_array_index(sockets, i));
        assert_int_equal(getsockname(one, (struct sockaddr *)&bound, &len), 0);
        fd = memcmp(&bound, &v->to, sizeof(struct sockaddr_in)) == 0 ? one : fd;
    }
    g_ptr_array_unref(sockets);
    assert_true(fd >= 0);
    return fd;
}

static bool readable(int fd)
{
    int len = 0;
    assert_int_equal(ioctl(fd, FIONREAD, &len), 0);
    return len > 0;
}

/* Others have their turn before all is read, and none of it is forgotten. */
static void a_flood_does_not_hold_the_thread(void **state)
{
    struct villain v;
    uint8_t out[STRAIT__STUN_MAX];
    (void)state;
    open_scene(&v, false, 1);
    int fd = socket_of(&v), turns = 0;
    turn(&v, 20);
    size_t len = make_check(&v, out, STRAIT__STUN_INDICATION, CONTROLS, 1);
    for (int k = 0; k < FLOOD; k++) {
        send_bytes(&v, 0, out, len);
    }
    assert_true(readable(fd));
    while (readable(fd) && turns < FLOOD) {
        assert_int_equal(strait_runtime_wait(v.pair.runtime, 0), STRAIT_OK);
        turns++;
    }
    assert_in_range(turns, 2, FLOOD - 1);
    close_scene(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integrity_of_another_length_is_not_read_past_its_end),
        cmocka_unit_test(short_integrity_gets_no_further),
        cmocka_unit_test(forbidden_before_there_is_a_pair),
        cmocka_unit_test(nominations_come_in_any_order),
        cmocka_unit_test(a_mapped_address_that_moves),
        cmocka_unit_test(roles_conflict_back_and_forth),
        cmocka_unit_test(an_answer_without_room),
        cmocka_unit_test(a_crowd_of_ports_is_bounded),
        cmocka_unit_test(a_crowd_of_connections_is_bounded),
        cmocka_unit_test(frames_of_strangers_stay_theirs),
        cmocka_unit_test(garbage_is_dropped),
        cmocka_unit_test(a_flood_does_not_hold_the_thread),
    };
    return cmocka_run_group_tests_name("agent_hostile", tests, NULL, NULL);
}
