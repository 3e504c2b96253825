#include "ice/agent/ask.h"

#include <sys/socket.h>
#include <unistd.h>

#include "ice/stun.h"
#include "transport/address.h"
#include "transport/util.h"

enum {
    /* RFC 8489, 6.2.1 has 500 ms; fixed access networks may have less. Doubled each time. */
    FIRST_RTO_US = 200000,
    MOST_TRIES = 5,
    DATAGRAM = 1500,
};

struct asked {
    struct sockaddr_storage address;
    uint8_t transaction[STRAIT__STUN_TRANSACTION];
    unsigned tries;
    gint64 next;
    bool answered;
};

struct strait__ask {
    struct strait_hooks hooks;
    GMainContext *context;
    GSource *source;
    int fds[2]; /* IPv4, IPv6; -1: not asked over it yet */
    struct asked asked[STRAIT__ASK_MAX];
    size_t n;
    void (*answered)(void *user, const struct sockaddr_storage *server);
    void *user;
};

struct ask_source {
    GSource source; /* first */
    struct strait__ask *ask;
};

static int *fd_for(struct strait__ask *ask, const struct sockaddr_storage *address)
{
    int *fd = &ask->fds[address->ss_family == AF_INET6];
    if (*fd < 0) {
        *fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (*fd >= 0) {
            g_source_add_unix_fd(ask->source, *fd, G_IO_IN);
        }
    }
    return fd;
}

static void ask_one(struct strait__ask *ask, struct asked *one, gint64 now)
{
    uint8_t bytes[STRAIT__STUN_HEADER + 16];
    struct strait__stun_writer w;
    strait__stun_begin(&w, bytes, sizeof bytes, STRAIT__STUN_REQUEST, STRAIT__STUN_BINDING,
                       one->transaction);
    int len = strait__stun_finish(&w, NULL, 0);
    const int *fd = fd_for(ask, &one->address);
    if (len > 0 && *fd >= 0) {
        /* One that cannot be sent is like one that is lost. */
        (void)!sendto(*fd, bytes, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&one->address,
                      strait__address_len(&one->address));
    }
    one->next = now + ((gint64)FIRST_RTO_US << one->tries++);
}

static void ask_those_due(struct strait__ask *ask)
{
    gint64 now = g_get_monotonic_time(), next = -1;
    for (size_t i = 0; i < ask->n; i++) {
        struct asked *one = &ask->asked[i];
        if (one->answered || one->tries == MOST_TRIES) {
            continue;
        }
        if (one->next <= now) {
            ask_one(ask, one, now);
        }
        next = next < 0 || one->next < next ? one->next : next;
    }
    g_source_set_ready_time(ask->source, next);
}

/* The one whose answer this is, or NULL. */
static struct asked *find(struct strait__ask *ask, const struct sockaddr_storage *from,
                          const struct strait__stun_message *message)
{
    for (size_t i = 0; i < ask->n; i++) {
        struct asked *one = &ask->asked[i];
        if (!one->answered && strait__address_equal(&one->address, from) &&
            memcmp(one->transaction, message->transaction, sizeof one->transaction) == 0) {
            return one;
        }
    }
    return NULL;
}

/* False: nothing more to read, or `ask` is gone. */
static bool take_one(struct strait__ask *ask, int fd)
{
    uint8_t bytes[DATAGRAM];
    struct strait__stun_message message;
    struct sockaddr_storage from = { 0 };
    socklen_t from_len = sizeof from;
    ssize_t len = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_len);
    if (len < 0) {
        return false;
    }
    if (strait__stun_parse(&message, bytes, (size_t)len) != STRAIT_OK ||
        message.class_ != STRAIT__STUN_SUCCESS || message.method != STRAIT__STUN_BINDING ||
        !message.has_mapped) {
        return true;
    }
    struct asked *one = find(ask, &from, &message);
    if (one == NULL) {
        return true;
    }
    one->answered = true;
    ask->answered(ask->user, &from);
    return false; /* closed perhaps; else the rest has another dispatch */
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    struct strait__ask *ask = ((struct ask_source *)(void *)source)->ask;
    (void)callback;
    (void)user;
    ask_those_due(ask);
    for (size_t i = 0; i < sizeof ask->fds / sizeof *ask->fds; i++) {
        while (!g_source_is_destroyed(source) && ask->fds[i] >= 0 && take_one(ask, ask->fds[i])) {
        }
        if (g_source_is_destroyed(source)) {
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs ask_funcs = { .dispatch = dispatch };

struct strait__ask *strait__ask_open(const struct strait_hooks *hooks, GMainContext *context,
                                     void (*answered)(void *user,
                                                      const struct sockaddr_storage *server),
                                     void *user)
{
    struct strait__ask *ask = strait__alloc(hooks, sizeof *ask);
    if (ask == NULL) {
        return NULL;
    }
    ask->hooks = *hooks;
    ask->context = context;
    ask->fds[0] = ask->fds[1] = -1;
    ask->answered = answered;
    ask->user = user;
    ask->source = g_source_new(&ask_funcs, sizeof(struct ask_source));
    ((struct ask_source *)(void *)ask->source)->ask = ask;
    g_source_set_name(ask->source, "strait STUN servers");
    g_source_attach(ask->source, context);
    return ask;
}

void strait__ask_add(struct strait__ask *ask, const struct sockaddr_storage *server)
{
    if (ask->n == STRAIT__ASK_MAX) {
        return;
    }
    struct asked *one = &ask->asked[ask->n];
    *one = (struct asked){ .address = *server };
    if (strait__random(&ask->hooks, one->transaction, sizeof one->transaction) == STRAIT_OK) {
        ask->n++;
        g_source_set_ready_time(ask->source, 0);
    }
}

void strait__ask_close(struct strait__ask *ask)
{
    if (ask == NULL) {
        return;
    }
    struct strait_hooks hooks = ask->hooks;
    g_source_destroy(ask->source);
    for (size_t i = 0; i < sizeof ask->fds / sizeof *ask->fds; i++) {
        if (ask->fds[i] >= 0) {
            close(ask->fds[i]);
        }
    }
    g_source_unref(ask->source);
    strait__free(&hooks, ask);
}
