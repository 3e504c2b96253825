/* What the tests of the runtime share: a runtime over the fake endpoint, and notes of what ran. */
#ifndef STRAIT_TESTS_RUNTIME_RIG_H
#define STRAIT_TESTS_RUNTIME_RIG_H

#include <strait/runtime.h>

#include "tests/fake_endpoint.h"
#include "tests/udp_client.h"

/* --- The loop alone --- */

struct strait_runtime *rig_runtime(void);
/* Whether the runtime's descriptor is, or becomes within the time (-1: for ever). */
bool rig_readable(const struct strait_runtime *runtime, int timeout_ms);

/* In which order rig_note(rig_number(i)) ran. rig_forget is a test's setup. */
extern struct rig_notes {
    int order[64];
    size_t n;
} rig_notes;
void rig_note(void *user);
void *rig_number(int i);
int rig_forget(void **state);

/* A watch's callback that does nothing. */
void rig_ignore_ready(void *user, short events);

/* --- With an echoing endpoint --- */

struct rig {
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct udp_message *message; /* what rig_expect got last */
};

int rig_setup(void **state);
int rig_teardown(void **state);

int rig_bind(struct rig *rig, const char *host, uint16_t port, uint32_t *number,
             struct sockaddr_storage *bound);
/* Where the endpoint listens: `host` with the port that it got. */
struct sockaddr_storage rig_listen(struct rig *rig, const char *host, uint32_t *number);
/* Skips the test where this host has no such address. */
void rig_client(struct udp_client *client, const char *host);
struct strait_runtime_stats rig_stats(const struct rig *rig);

/* Works until the endpoint has got `n` datagrams and its answers are gone. */
void rig_work(struct rig *rig, uint64_t n);
/* The next datagram at the client is this one. */
void rig_expect(struct rig *rig, const struct udp_client *client, const void *data, size_t len,
                const struct sockaddr_storage *from);
/* Bytes that tell which datagram they are of, and where in it. */
void rig_fill(uint8_t *bytes, size_t len, unsigned salt);

#endif
