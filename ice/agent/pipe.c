/* One connection of libnice's and the one over TLS that stands for it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ice/agent/tunnel.h"
#include "ice/stun.h"
#include "transport/address.h"
#include "transport/dtls/tls_client.h"
#include "transport/util.h"

enum {
    ALLOCATE = 0x003, /* RFC 8656, 17: a method; as a type, its request */
    ALLOCATE_SUCCESS = 0x103,
    /* In one dispatch; what is left has another. */
    ROUNDS = 16,
    DETAIL = STRAIT__TLS_DETAIL,
    US = 1000000,
    /* libnice gives a request over TCP up after 7.9 s (RFC 8489, 6.2.2: Ti is 39.5 s). */
    HANDSHAKE_US = 7 * US,
    CONNECT_US = 2 * US, /* one address, where there are more */
    LINGER_US = 2 * US,  /* one side has ended, and the other not */
};

/* A piece of plaintext on its way. */
struct piece {
    size_t at, len;
    uint8_t bytes[STRAIT__TLS_PIECE];
};

struct side {
    int fd;
    gpointer tag; /* NULL: nothing to wait for, and then not even an end is reported */
    gushort waits;
    bool eof;  /* nothing more comes */
    bool shut; /* nothing more goes */
};

struct strait__pipe {
    struct strait__tunnel *tunnel;
    struct strait__pipe *next;
    GSource *source;
    struct side near, far;
    struct strait__tls *tls;
    size_t n_tried;
    bool connected;
    bool ending;
    bool over; /* to be closed after this dispatch */
    /* libnice forgets that it gathers where a connection ends before the server has answered: it gets an answer. */
    bool refused, allocated, has_request;
    uint8_t transaction[STRAIT__STUN_TRANSACTION]; /* of the last Allocate request */
    gint64 deadline, address_deadline;
    struct piece up, down; /* to the server, from it */
};

struct pipe_source {
    GSource source; /* first */
    struct strait__pipe *pipe;
};

/* --- The end -------------------------------------------------------------------------------------- */

static void close_side(struct strait__pipe *p, struct side *side)
{
    if (side->tag != NULL) {
        g_source_remove_unix_fd(p->source, side->tag);
        side->tag = NULL;
    }
    if (side->fd >= 0) {
        close(side->fd);
        side->fd = -1;
    }
}

/* A last alert, where the socket takes it. */
static void say_goodbye(struct strait__pipe *p)
{
    size_t len;
    if (p->tls == NULL || p->far.fd < 0) {
        return;
    }
    strait__tls_close(p->tls);
    const uint8_t *out = strait__tls_out(p->tls, &len);
    if (p->connected && len > 0) {
        (void)!send(p->far.fd, out, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* Of the errors (RFC 8489, 14.8) libnice believes this one alone without MESSAGE-INTEGRITY, and does not try again. */
static void answer_request(struct strait__pipe *p)
{
    enum { BAD_REQUEST = 400 };
    uint8_t bytes[128];
    struct strait__stun_writer w;
    strait__stun_begin(&w, bytes, sizeof bytes, STRAIT__STUN_ERROR, ALLOCATE, p->transaction);
    strait__stun_add_error(&w, BAD_REQUEST, NULL);
    int len = strait__stun_finish(&w, NULL, 0);
    if (p->has_request && len > 0) {
        (void)!send(p->near.fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    p->has_request = false;
}

static void give_up(struct strait__pipe *p, int error, const char *detail)
{
    if (p->over || p->refused) {
        return;
    }
    p->tunnel->failed(p->tunnel->user, error, detail);
    if (p->allocated || p->near.eof || p->near.shut) {
        p->over = true;
        return;
    }
    p->refused = true;
    say_goodbye(p);
    close_side(p, &p->far);
    strait__tls_destroy(p->tls);
    p->tls = NULL;
    answer_request(p);
}

void strait__pipe_close(struct strait__pipe *p)
{
    struct strait__tunnel *t = p->tunnel;
    struct strait__pipe **link = &t->pipes;
    while (*link != NULL && *link != p) {
        link = &(*link)->next;
    }
    if (*link == p) {
        *link = p->next;
        t->n_pipes--;
    }
    say_goodbye(p);
    close_side(p, &p->near);
    close_side(p, &p->far);
    strait__tls_destroy(p->tls);
    if (p->source != NULL) {
        g_source_destroy(p->source);
        g_source_unref(p->source);
    }
    strait__zero(p, sizeof *p);
    strait__free(&t->hooks, p);
}

static void shut(struct side *side)
{
    if (!side->shut) {
        side->shut = true;
        (void)shutdown(side->fd, SHUT_WR);
    }
}

/* --- Connecting ----------------------------------------------------------------------------------- */

static bool begin_connect(struct strait__pipe *p, const struct sockaddr_storage *address)
{
    int on = 1;
    p->far.fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->far.fd < 0) {
        return false;
    }
    (void)setsockopt(p->far.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect(p->far.fd, (const struct sockaddr *)address, strait__address_len(address)) ==
               0 ||
           errno == EINPROGRESS;
}

/* The next address; `why` is errno of the one before. */
static void connect_next(struct strait__pipe *p, int why)
{
    const struct strait__tunnel *t = p->tunnel;
    char detail[DETAIL], text[STRAIT__ADDRESS_TEXT];
    while (p->n_tried < t->n_addresses) {
        close_side(p, &p->far);
        if (begin_connect(p, &t->addresses[p->n_tried++])) {
            p->address_deadline = p->n_tried < t->n_addresses ? g_get_monotonic_time() + CONNECT_US
                                                              : p->deadline;
            return;
        }
        why = errno;
    }
    snprintf(detail, sizeof detail, "connecting to %s: %s",
             strait__address_print(&t->addresses[t->n_addresses - 1], text, sizeof text),
             strerror(why));
    give_up(p, why == ETIMEDOUT ? STRAIT_E_TIMEOUT : STRAIT_E_SYSTEM, detail);
}

/* True: connected. */
static bool finish_connect(struct strait__pipe *p)
{
    int error = 0;
    socklen_t len = sizeof error;
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    if (getsockopt(p->far.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        connect_next(p, error);
        return false;
    }
    p->connected = getpeername(p->far.fd, (struct sockaddr *)&peer, &peer_len) == 0;
    return p->connected;
}

/* --- Bytes ---------------------------------------------------------------------------------------- */

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Each of these: true where something moved. */
static bool read_near(struct strait__pipe *p)
{
    if (p->up.len > 0 || p->near.eof) {
        return false;
    }
    ssize_t n = recv(p->near.fd, p->up.bytes, sizeof p->up.bytes, 0);
    if (n < 0 && would_block()) {
        return false;
    }
    if (n < 0) {
        /* Nobody there any more to write to either. */
        p->near.shut = true;
        p->down.len = 0;
    }
    p->near.eof = n <= 0;
    p->up.at = 0;
    p->up.len = n > 0 ? (size_t)n : 0;
    /* libnice writes one message at a time. */
    if (n >= STRAIT__STUN_HEADER && strait__get16(p->up.bytes) == ALLOCATE) {
        memcpy(p->transaction, p->up.bytes + STRAIT__STUN_HEADER - sizeof p->transaction,
               sizeof p->transaction);
        p->has_request = true;
    }
    return true;
}

static bool encrypt(struct strait__pipe *p)
{
    size_t took = p->up.len > 0 ? strait__tls_write(p->tls, p->up.bytes + p->up.at, p->up.len) : 0;
    p->up.at += took;
    p->up.len -= took;
    return took > 0;
}

static void far_ended(struct strait__pipe *p, int why)
{
    p->far.eof = p->far.shut = true;
    if (strait__tls_state(p->tls) == STRAIT__TLS_HANDSHAKE) {
        char detail[DETAIL];
        snprintf(detail, sizeof detail, "the server ended the TLS handshake without a word: %s",
                 why != 0 ? strerror(why) : "it closed the connection");
        give_up(p, STRAIT_E_CLOSED, detail);
    }
}

static bool write_far(struct strait__pipe *p)
{
    size_t len;
    const uint8_t *out = strait__tls_out(p->tls, &len);
    if (len == 0 || p->far.shut) {
        strait__tls_sent(p->tls, len); /* nobody takes it any more */
        return false;
    }
    ssize_t n = send(p->far.fd, out, len, MSG_NOSIGNAL);
    if (n < 0 && !would_block()) {
        p->far.shut = true;
        return true;
    }
    strait__tls_sent(p->tls, n > 0 ? (size_t)n : 0);
    return n > 0;
}

static bool read_far(struct strait__pipe *p)
{
    size_t room;
    uint8_t *in = strait__tls_in(p->tls, &room);
    if (room == 0 || p->far.eof) {
        return false;
    }
    ssize_t n = recv(p->far.fd, in, room, 0);
    if (n < 0 && would_block()) {
        return false;
    }
    if (n > 0) {
        strait__tls_filled(p->tls, (size_t)n);
    }
    strait__tls_run(p->tls, (strait_time)g_get_monotonic_time() * STRAIT_US,
                    g_get_real_time() / US);
    if (n <= 0) {
        far_ended(p, n < 0 ? errno : 0);
    }
    return true;
}

static bool decrypt(struct strait__pipe *p)
{
    if (p->down.len > 0) {
        return false;
    }
    p->down.at = 0;
    p->down.len = strait__tls_read(p->tls, p->down.bytes, sizeof p->down.bytes);
    p->allocated = p->allocated || (p->down.len >= STRAIT__STUN_HEADER &&
                                    strait__get16(p->down.bytes) == ALLOCATE_SUCCESS);
    return p->down.len > 0;
}

static bool write_near(struct strait__pipe *p)
{
    if (p->down.len == 0 || p->near.shut) {
        p->down.len = 0;
        return false;
    }
    ssize_t n = send(p->near.fd, p->down.bytes + p->down.at, p->down.len, MSG_NOSIGNAL);
    if (n < 0 && would_block()) {
        return false;
    }
    if (n < 0) {
        p->near.shut = true;
        n = (ssize_t)p->down.len;
    }
    p->down.at += (size_t)n;
    p->down.len -= (size_t)n;
    return true;
}

/* --- Its turn ------------------------------------------------------------------------------------- */

/* TURN over TCP has no half of its own: what has ended on one side ends on the other when all has gone there. */
static void pass_ends_on(struct strait__pipe *p)
{
    size_t left;
    bool closed = strait__tls_state(p->tls) == STRAIT__TLS_CLOSED;
    if ((p->far.eof || closed) && p->down.len == 0 && !p->near.shut) {
        if (!p->near.eof) {
            give_up(p, STRAIT_E_CLOSED, "the server closed the connection");
            return;
        }
        shut(&p->near);
    }
    if (p->near.eof && p->up.len == 0) {
        strait__tls_close(p->tls);
        (void)write_far(p);
        (void)strait__tls_out(p->tls, &left);
        if (left == 0) {
            shut(&p->far);
        }
    }
    if (!p->ending && (p->near.eof || p->near.shut || p->far.shut)) {
        p->ending = true;
        p->deadline = g_get_monotonic_time() + LINGER_US;
    }
    p->over = p->over || (p->near.eof && (p->far.eof || closed)) || (p->near.shut && p->far.shut);
}

static bool move(struct strait__pipe *p)
{
    bool moved = read_near(p);
    moved = encrypt(p) || moved;
    moved = read_far(p) || moved;
    if (p->refused) {
        return false;
    }
    moved = decrypt(p) || moved;
    moved = write_near(p) || moved;
    return write_far(p) || moved;
}

/* Until libnice ends it. */
static void refuse(struct strait__pipe *p)
{
    p->up.len = 0;
    while (read_near(p) && !p->near.eof) {
        p->up.len = 0;
        answer_request(p);
    }
    p->over = p->near.eof;
}

/* True: more could be done at once. */
static bool turn(struct strait__pipe *p)
{
    bool moved = true;
    for (int i = 0; i < ROUNDS && moved && !p->over && !p->refused; i++) {
        moved = move(p);
        if (p->tls != NULL && strait__tls_state(p->tls) == STRAIT__TLS_FAILED) {
            (void)write_far(p); /* the alert */
            give_up(p, strait__tls_error(p->tls), strait__tls_detail(p->tls));
        }
    }
    if (!p->over && !p->refused) {
        pass_ends_on(p);
    }
    return moved;
}

static void wait_for(struct strait__pipe *p, struct side *side, bool in, bool out)
{
    GIOCondition events = (in ? G_IO_IN : 0) | (out ? G_IO_OUT : 0);
    if (side->fd < 0 || (side->tag != NULL && events == side->waits)) {
        return;
    }
    side->waits = (gushort)events;
    if (events == 0) {
        if (side->tag != NULL) {
            g_source_remove_unix_fd(p->source, side->tag);
            side->tag = NULL;
        }
    } else if (side->tag == NULL) {
        side->tag = g_source_add_unix_fd(p->source, side->fd, events);
    } else {
        g_source_modify_unix_fd(p->source, side->tag, events);
    }
}

static void arm(struct strait__pipe *p, bool more)
{
    size_t out = 0, room = 0;
    if (p->refused) {
        wait_for(p, &p->near, true, false);
        g_source_set_ready_time(p->source, -1);
        return;
    }
    bool shaking = strait__tls_state(p->tls) == STRAIT__TLS_HANDSHAKE;
    gint64 when = shaking || p->ending ? p->deadline : -1;
    if (!p->connected) {
        wait_for(p, &p->far, false, true);
        when = p->address_deadline;
    } else {
        (void)strait__tls_out(p->tls, &out);
        (void)strait__tls_in(p->tls, &room);
        wait_for(p, &p->far, room > 0 && !p->far.eof, out > 0 && !p->far.shut);
    }
    wait_for(p, &p->near, p->up.len == 0 && !p->near.eof, p->down.len > 0 && !p->near.shut);
    g_source_set_ready_time(p->source, more ? 0 : when);
}

static void check_time(struct strait__pipe *p)
{
    gint64 now = g_get_monotonic_time();
    bool shaking = strait__tls_state(p->tls) == STRAIT__TLS_HANDSHAKE;
    if ((shaking || p->ending) && now >= p->deadline) {
        if (!p->ending) {
            give_up(p, STRAIT_E_TIMEOUT,
                    p->connected ? "the server does not answer the TLS handshake"
                                 : "connecting takes too long");
        } else {
            p->over = true;
        }
    } else if (!p->connected && now >= p->address_deadline) {
        connect_next(p, ETIMEDOUT);
    }
}

/* True: more could be done at once. */
static bool go_on(struct strait__pipe *p)
{
    if (!p->connected && p->far.tag != NULL && g_source_query_unix_fd(p->source, p->far.tag) != 0 &&
        finish_connect(p)) {
        strait__tls_run(p->tls, (strait_time)g_get_monotonic_time() * STRAIT_US,
                        g_get_real_time() / US);
    }
    if (p->connected && !p->over && !p->refused) {
        return turn(p);
    }
    if (!p->refused && read_near(p)) {
        p->over = p->over || p->near.eof; /* libnice has given up already */
    }
    return false;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    struct strait__pipe *p = ((struct pipe_source *)(void *)source)->pipe;
    bool more = false;
    (void)callback;
    (void)user;
    if (!p->refused) {
        check_time(p);
    }
    if (p->refused) {
        refuse(p);
    } else if (!p->over) {
        more = go_on(p);
    }
    if (p->over) {
        strait__pipe_close(p);
        return G_SOURCE_REMOVE;
    }
    arm(p, more);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs pipe_funcs = { .dispatch = dispatch };

void strait__pipe_open(struct strait__tunnel *t, int near)
{
    const struct strait__tls_config config = { .hooks = &t->hooks,
                                               .trust = t->trust,
                                               .name = t->name };
    int on = 1;
    struct strait__pipe *p = strait__alloc(&t->hooks, sizeof *p);
    int error = p != NULL ? strait__tls_create(&p->tls, &config) : STRAIT_E_NOMEM;
    if (error != STRAIT_OK) {
        char detail[128];
        (void)snprintf(detail, sizeof detail, "no TLS for one more connection: %s",
                       strait_strerror(error));
        strait__free(&t->hooks, p);
        close(near);
        t->failed(t->user, error, detail);
        return;
    }
    (void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    p->tunnel = t;
    p->next = t->pipes;
    t->pipes = p;
    t->n_pipes++;
    p->near.fd = near;
    p->far.fd = -1;
    p->deadline = g_get_monotonic_time() + HANDSHAKE_US;
    p->source = g_source_new(&pipe_funcs, sizeof(struct pipe_source));
    ((struct pipe_source *)(void *)p->source)->pipe = p;
    g_source_set_name(p->source, "strait TURN over TLS");
    g_source_attach(p->source, t->context);
    connect_next(p, 0);
    if (p->over) {
        strait__pipe_close(p);
    } else {
        arm(p, false);
    }
}
