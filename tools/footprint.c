/*
 * What an association and a transport take of memory, in bytes: `name value` a line. In memory, without
 * a socket; tools/sizes.py makes the README's table of it.
 */
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/strait.h>

enum { TRANSPORTS = 50, QUEUE = 64, MTU = 1200 };

/* --- Memory ------------------------------------------------------------------------------------ */

/* Blocks know their size; aligned to 16 as the hook promises. */
struct account {
    size_t now, peak;
};

static void *account_alloc(void *user, size_t bytes)
{
    struct account *account = user;
    size_t *block = malloc(16 + bytes);
    if (block == NULL) {
        return NULL;
    }
    *block = bytes;
    account->now += bytes;
    account->peak = account->now > account->peak ? account->now : account->peak;
    return (char *)block + 16;
}

static void account_free(void *user, void *memory)
{
    struct account *account = user;
    size_t *block = (void *)((char *)memory - 16);
    account->now -= *block;
    free(block);
}

/* --- Associations ------------------------------------------------------------------------------ */

struct side {
    struct strait_dtls *dtls;
    struct account account;
    size_t created;
    uint8_t queue[QUEUE][MTU]; /* what it has sent */
    size_t len[QUEUE];
    unsigned head, tail;
};

static void on_send(void *user, const uint8_t *data, size_t len)
{
    struct side *side = user;
    memcpy(side->queue[side->tail % QUEUE], data, len);
    side->len[side->tail++ % QUEUE] = len;
}

static int create_side(struct side *side, struct strait_certificate *certificate,
                       enum strait_dtls_role role, enum strait_dtls_version version,
                       enum strait_dtls_group group)
{
    struct strait_hooks hooks = {
        .size = sizeof hooks, .user = &side->account, .alloc = account_alloc, .free = account_free
    };
    struct strait_dtls_config config = { .size = sizeof config,
                                         .hooks = &hooks,
                                         .user = side,
                                         .events = { .size = sizeof config.events,
                                                     .send = on_send },
                                         .certificate = certificate,
                                         .role = role,
                                         .min_version = version,
                                         .max_version = version,
                                         .profiles = { STRAIT_SRTP_AEAD_AES_128_GCM },
                                         .n_profiles = 1,
                                         .groups = { group },
                                         .n_groups = 1 };
    struct strait_fingerprint print;
    memset(side, 0, sizeof *side);
    int error = strait_dtls_create(&side->dtls, &config, STRAIT_S);
    if (error != STRAIT_OK) {
        return error;
    }
    strait_certificate_fingerprint(certificate, STRAIT_HASH_SHA256, &print);
    strait_dtls_set_fingerprints(side->dtls, &print, 1);
    error = strait_dtls_start(side->dtls, STRAIT_S);
    side->created = side->account.now;
    return error;
}

static bool carry(struct side *from, struct side *to)
{
    if (from->head == from->tail) {
        return false;
    }
    unsigned i = from->head++ % QUEUE;
    strait_dtls_receive(to->dtls, STRAIT_S, from->queue[i], from->len[i]);
    return true;
}

static void say(const char *name, const char *what, const struct side *side)
{
    printf("%s_%s_before %zu\n", name, what, side->created);
    printf("%s_%s_peak %zu\n", name, what, side->account.peak);
    printf("%s_%s_after %zu\n", name, what, side->account.now);
}

/* One handshake; false where it did not end as it should. What the build leaves out is no failure. */
static bool association(const char *name, struct strait_certificate *certificate,
                        enum strait_dtls_version version, enum strait_dtls_group group)
{
    static struct side client, server;
    int error = create_side(&server, certificate, STRAIT_DTLS_SERVER, version, group);
    if (error == STRAIT_OK) {
        error = create_side(&client, certificate, STRAIT_DTLS_CLIENT, version, group);
    }
    while (error == STRAIT_OK && (carry(&client, &server) || carry(&server, &client))) {
    }
    bool good = error == STRAIT_OK && strait_dtls_state(client.dtls) == STRAIT_DTLS_CONNECTED &&
                strait_dtls_state(server.dtls) == STRAIT_DTLS_CONNECTED;
    if (good) {
        say(name, "client", &client);
        say(name, "server", &server);
    }
    strait_dtls_destroy(client.dtls);
    strait_dtls_destroy(server.dtls);
    client.dtls = server.dtls = NULL;
    return good || error == STRAIT_E_UNSUPPORTED;
}

/* --- Transports ---------------------------------------------------------------------------------- */

static struct sockaddr_storage address(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_storage storage = { 0 };
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(&storage, &in, sizeof in);
    return storage;
}

static int create_transport(struct strait_transport **out, struct strait_endpoint *endpoint,
                            struct strait_certificate *certificate, enum strait_dtls_role role,
                            uint16_t from, uint16_t to)
{
    struct strait_transport_config config = { .size = sizeof config,
                                              .ice = STRAIT_ICE_EXTERNAL,
                                              .certificate = certificate,
                                              .dtls_role = role };
    struct strait_dtls_parameters remote = {
        .role = role == STRAIT_DTLS_CLIENT ? STRAIT_DTLS_SERVER : STRAIT_DTLS_CLIENT,
        .n_fingerprints = 1,
    };
    struct strait_path path = { .local = address(from), .remote = address(to) };
    int error = strait_transport_create(out, endpoint, &config, STRAIT_S);
    if (error == STRAIT_OK) {
        strait_certificate_fingerprint(certificate, STRAIT_HASH_SHA256, &remote.fingerprints[0]);
        error = strait_transport_set_remote_dtls(*out, &remote);
    }
    return error == STRAIT_OK ? strait_transport_set_path(*out, &path, STRAIT_MS) : error;
}

static bool pump(struct strait_endpoint *from, struct strait_endpoint *to)
{
    static uint8_t bytes[STRAIT_MAX_DATAGRAM];
    struct strait_send send;
    strait_endpoint_advance(from, STRAIT_S);
    if (strait_endpoint_pending(from, &send, 1) == 0) {
        return false;
    }
    for (size_t at = 0, step; at < send.len; at += step) {
        step = send.segment_size > 0 && send.len - at > send.segment_size ? send.segment_size
                                                                          : send.len - at;
        memcpy(bytes, send.data + at, step);
        struct strait_datagram datagram = { .data = bytes,
                                            .len = step,
                                            .room = sizeof bytes,
                                            .local = send.path->remote,
                                            .remote = send.path->local };
        strait_endpoint_receive(to, STRAIT_S, &datagram, 1);
    }
    strait_endpoint_sent(from, 1);
    return true;
}

static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

/* All that malloc gave, libsrtp's part included: many connected pairs, by their number. */
static bool transports(struct strait_certificate *certificate)
{
    static struct strait_transport *peers[TRANSPORTS][2];
    struct strait_endpoint *ends[2] = { NULL };
    bool good = strait_endpoint_create(&ends[0], NULL, STRAIT_S) == STRAIT_OK &&
                strait_endpoint_create(&ends[1], NULL, STRAIT_S) == STRAIT_OK;
    size_t before = in_use();
    for (uint16_t i = 0; good && i < TRANSPORTS; i++) {
        uint16_t a = (uint16_t)(1000 + 2 * i), b = (uint16_t)(a + 1);
        good = create_transport(&peers[i][0], ends[0], certificate, STRAIT_DTLS_SERVER, a, b) ==
                   STRAIT_OK &&
               create_transport(&peers[i][1], ends[1], certificate, STRAIT_DTLS_CLIENT, b, a) ==
                   STRAIT_OK;
        /* A server's path counts once it has advanced: a datagram that came before would be a stranger's. */
        strait_endpoint_advance(ends[0], STRAIT_S);
        while (good && (pump(ends[1], ends[0]) || pump(ends[0], ends[1]))) {
        }
        good = good && strait_transport_dtls_state(peers[i][0]) == STRAIT_DTLS_CONNECTED &&
               strait_transport_dtls_state(peers[i][1]) == STRAIT_DTLS_CONNECTED;
    }
    if (good) {
        printf("transport_after %zu\n", (in_use() - before) / (2 * TRANSPORTS));
    }
    strait_endpoint_destroy(ends[0]);
    strait_endpoint_destroy(ends[1]);
    return good;
}

int main(void)
{
    struct strait_certificate *certificate = NULL;
    bool good = strait_certificate_create(&certificate, NULL) == STRAIT_OK &&
                association("dtls12", certificate, STRAIT_DTLS_1_2, STRAIT_GROUP_X25519) &&
                association("dtls13", certificate, STRAIT_DTLS_1_3, STRAIT_GROUP_X25519) &&
                association("dtls13pq", certificate, STRAIT_DTLS_1_3,
                            STRAIT_GROUP_X25519MLKEM768) &&
                transports(certificate);
    strait_certificate_unref(certificate);
    if (!good) {
        fprintf(stderr, "footprint: an association did not connect\n");
    }
    return good ? 0 : 1;
}
