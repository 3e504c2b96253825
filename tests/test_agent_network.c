/* Changes of the host's network, in a network namespace of the test's own: addresses on the loopback interface come and
 * go. */
#include "tests/agent_pair.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

/* --- A host ------------------------------------------------------------------------------------------ */

static bool have_namespace;

static void write_map(const char *path, unsigned id)
{
    char line[32];
    int len = snprintf(line, sizeof line, "0 %u 1", id), fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, line, (size_t)len), len);
    close(fd);
}

static bool enter_namespace(void)
{
    unsigned uid = geteuid(), gid = getegid();
    if (unshare(CLONE_NEWNET) == 0) {
        return true;
    }
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    int fd = open("/proc/self/setgroups", O_WRONLY);
    assert_int_equal(write(fd, "deny", 4), 4);
    close(fd);
    write_map("/proc/self/uid_map", uid);
    write_map("/proc/self/gid_map", gid);
    return true;
}

static int shell(const char *command)
{
    return system(command); /* NOLINT(cert-env33-c): the words are the test's own */
}

static void ip(const char *words)
{
    char command[128];
    snprintf(command, sizeof command, "ip %s", words);
    assert_int_equal(shell(command), 0);
}

static int setup(void **state)
{
    (void)state;
    have_namespace = shell("ip -V >/dev/null 2>&1") == 0 && enter_namespace();
    if (have_namespace) {
        ip("link set lo up");
    }
    return 0;
}

/* --- Two peers on it ------------------------------------------------------------------------------------ */

struct told {
    unsigned changes;
    bool regather, destroy;
};

static struct told told[2]; /* of each peer */

static void on_change(void *user, struct strait_transport *transport)
{
    struct peer *peer = user;
    struct told *t = &told[peer->other < peer];
    assert_ptr_equal(transport, peer->transport);
    t->changes++;
    if (t->regather) {
        assert_int_equal(strait_agent_regather(transport), STRAIT_OK);
        signal_ice(peer, peer->other);
        assert_int_equal(strait_transport_restart_ice(peer->other->transport, NULL, NULL),
                         STRAIT_OK);
        signal_ice(peer->other, peer);
        signal_candidates(peer->other);
    }
    if (t->destroy) {
        strait_transport_destroy(transport);
        peer->transport = NULL;
    }
}

static void start_with(struct pair *pair, strait_time consent_timeout)
{
    static const char *const mine[] = { "10.1.0.0/16", "fd01::/16" };
    static const char *const others[] = { "10.2.0.0/16" };
    memset(pair, 0, sizeof *pair);
    memset(told, 0, sizeof told);
    pair->peer[0].config.local.allow = mine;
    pair->peer[0].config.local.n_allow = 2;
    pair->peer[1].config.local.allow = others;
    pair->peer[1].config.local.n_allow = 1;
    for (int i = 0; i < 2; i++) {
        pair->peer[i].config.events.network_changed = on_change;
        pair->peer[i].consent_timeout = consent_timeout;
    }
    start_as_set(pair);
    run_until(pair, writable);
}

static void start_in(struct pair *pair)
{
    start_with(pair, 0);
}

static void run_for(struct pair *pair, unsigned ms)
{
    strait_time end = strait_runtime_now(pair->runtime) + ms * STRAIT_MS;
    while (strait_runtime_now(pair->runtime) < end) {
        assert_int_equal(strait_runtime_wait(pair->runtime, 10 * STRAIT_MS), STRAIT_OK);
    }
}

static bool told_once(const struct pair *pair)
{
    (void)pair;
    return told[0].changes == 1;
}

static bool told_both(const struct pair *pair)
{
    (void)pair;
    return told[0].changes == 1 && told[1].changes == 1;
}

/* --- Cases ------------------------------------------------------------------------------------------------ */

static void other_addresses_are_told_once(void **state)
{
    struct pair pair;
    (void)state;
    if (!have_namespace) {
        skip();
    }
    ip("addr add 10.1.0.1/32 dev lo");
    ip("addr add 10.2.0.1/32 dev lo");
    start_in(&pair);
    /* What is of no interest to them, and what comes back at once. */
    ip("addr add 10.3.0.1/32 dev lo");
    ip("addr del 10.2.0.1/32 dev lo");
    ip("addr add 10.2.0.1/32 dev lo");
    run_for(&pair, 600);
    assert_int_equal(told[0].changes, 0);
    assert_int_equal(told[1].changes, 0);
    /* In pieces. */
    ip("addr add 10.1.0.2/32 dev lo");
    ip("addr add fd01::2/128 dev lo");
    run_until(&pair, told_once);
    ip("addr add 10.3.0.2/32 dev lo");
    run_for(&pair, 600);
    assert_int_equal(told[0].changes, 1);
    assert_int_equal(told[1].changes, 0);
    /* All gone. */
    told[0].changes = 0;
    ip("addr flush dev lo");
    run_until(&pair, told_both);
    finish(&pair);
}

static bool path_is(const struct pair *pair, const char *local)
{
    struct strait_agent_stats stats = { .size = sizeof stats };
    char text[64] = "";
    assert_int_equal(strait_agent_stats(pair->peer[0].transport, &stats), STRAIT_OK);
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&stats.local.address;
    if (stats.has_pair && stats.local.address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
    }
    return strcmp(text, local) == 0;
}

static bool moved(const struct pair *pair)
{
    return told[0].changes == 1 && path_is(pair, "10.1.0.2");
}

static void media_go_on_from_another_address(void **state)
{
    struct pair pair;
    struct strait_runtime_stats stats = { .size = sizeof stats };
    (void)state;
    if (!have_namespace) {
        skip();
    }
    ip("addr add 10.1.0.1/32 dev lo");
    ip("addr add 10.2.0.1/32 dev lo");
    start_in(&pair);
    media_flow(&pair);
    told[0].regather = true;
    /* The old one goes: what is sent from it is counted, and all the rest arrives. */
    ip("addr del 10.1.0.1/32 dev lo");
    ip("addr add 10.1.0.2/32 dev lo");
    for (int i = 0; i < 10; i++) {
        send_one(&pair.peer[0]);
        strait_runtime_dispatch(pair.runtime);
    }
    assert_int_equal(strait_runtime_stats(pair.runtime, &stats), STRAIT_OK);
    assert_int_equal(stats.send_errors, 10);
    pair.peer[1].packets += 10;
    uint64_t before = stats.wakeups;
    run_until(&pair, moved);
    assert_int_equal(strait_runtime_stats(pair.runtime, &stats), STRAIT_OK);
    assert_in_range(stats.wakeups - before, 1, 1000); /* it does not spin */
    media_flow(&pair);
    assert_int_equal(pair.peer[0].states[STRAIT_ICE_FAILED], 0);
    finish(&pair);
    ip("addr flush dev lo");
}

static bool failed(const struct pair *pair)
{
    return pair->peer[0].states[STRAIT_ICE_FAILED] == 1 &&
           pair->peer[1].states[STRAIT_ICE_FAILED] == 1;
}

static void a_path_ends_with_its_address(void **state)
{
    struct pair pair;
    struct strait_runtime_stats stats = { .size = sizeof stats };
    (void)state;
    if (!have_namespace) {
        skip();
    }
    ip("addr add 10.1.0.1/32 dev lo");
    ip("addr add 10.2.0.1/32 dev lo");
    /* 30 s, where libnice is the system's. */
    start_with(&pair, 2 * STRAIT_S);
    ip("addr del 10.1.0.1/32 dev lo");
    assert_int_equal(strait_runtime_stats(pair.runtime, &stats), STRAIT_OK);
    uint64_t before = stats.wakeups;
    run_until(&pair, failed);
    assert_int_equal(strait_runtime_stats(pair.runtime, &stats), STRAIT_OK);
    assert_in_range(stats.wakeups - before, 1, 10000); /* it does not spin */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.peer[i].states[STRAIT_ICE_DISCONNECTED], 1);
        assert_false(strait_transport_writable(pair.peer[i].transport));
        assert_int_equal(strait_transport_error(pair.peer[i].transport), STRAIT_E_CONSENT);
    }
    ip("addr add 10.1.0.2/32 dev lo");
    told[0].regather = true;
    told[0].changes = 0;
    run_until(&pair, moved);
    run_until(&pair, writable);
    media_flow(&pair);
    finish(&pair);
    ip("addr flush dev lo");
}

static bool destroyed(const struct pair *pair)
{
    return pair->peer[0].transport == NULL && told[1].changes > 0;
}

static void may_be_destroyed_when_it_is_told(void **state)
{
    struct pair pair;
    (void)state;
    if (!have_namespace) {
        skip();
    }
    for (int i = 0; i < 3; i++) {
        ip("addr add 10.1.0.1/32 dev lo");
        ip("addr add 10.2.0.1/32 dev lo");
        start_in(&pair);
        told[0].destroy = true;
        ip("addr flush dev lo");
        if (i < 2) {
            run_until(&pair, destroyed);
        }
        if (i == 1) {
            strait_transport_destroy(pair.peer[1].transport);
            pair.peer[1].transport = NULL;
            ip("addr add 10.2.0.7/32 dev lo");
            run_for(&pair, 400);
        }
        finish(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_addresses_are_told_once),
        cmocka_unit_test(media_go_on_from_another_address),
        cmocka_unit_test(a_path_ends_with_its_address),
        cmocka_unit_test(may_be_destroyed_when_it_is_told),
    };
    return cmocka_run_group_tests_name("agent_network", tests, setup, NULL);
}
