/* Remote candidates that are malformed, foreign or names: an error and a counter each, for every kind of ICE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

#include "transport/address.h"

static struct strait_endpoint *endpoint;
static struct strait_certificate *certificate;

static struct strait_transport *create(enum strait_ice_kind kind)
{
    struct strait_transport *transport;
    struct strait_transport_config config = { .size = sizeof config,
                                              .ice = kind,
                                              .certificate = certificate };
    assert_int_equal(strait_transport_create(&transport, endpoint, &config, 0), STRAIT_OK);
    return transport;
}

static int setup(void **state)
{
    struct sockaddr_storage local;
    (void)state;
    assert_true(strait__address_parse(&local, "192.0.2.1", 4000));
    assert_int_equal(strait_certificate_create(&certificate, NULL), STRAIT_OK);
    assert_int_equal(strait_endpoint_create(&endpoint, NULL, 0), STRAIT_OK);
    return strait_endpoint_add_local(endpoint, 0, (struct sockaddr *)&local, sizeof local);
}

static int teardown(void **state)
{
    (void)state;
    strait_endpoint_destroy(endpoint);
    strait_certificate_unref(certificate);
    return 0;
}

static struct strait_candidate good(void)
{
    static const char line[] = "candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host";
    struct strait_candidate candidate;
    assert_int_equal(strait_candidate_parse(&candidate, line, sizeof line - 1), STRAIT_OK);
    return candidate;
}

static struct strait_candidate with_host(const char *host)
{
    struct strait_candidate candidate = good();
    assert_true(strait__address_parse(&candidate.address, host, 5000));
    return candidate;
}

static struct strait_candidate named(const char *name)
{
    struct strait_candidate candidate = good();
    memset(&candidate.address, 0, sizeof candidate.address);
    strncpy(candidate.hostname, name, sizeof candidate.hostname - 1);
    return candidate;
}

static struct strait_transport_stats stats_of(const struct strait_transport *transport)
{
    struct strait_transport_stats stats = { .size = sizeof stats };
    assert_int_equal(strait_transport_stats(transport, &stats), STRAIT_OK);
    return stats;
}

static size_t make_malformed(struct strait_candidate *out)
{
    static const char *const hosts[] = { "0.0.0.0",        "::",
                                         "224.0.0.251",    "255.255.255.255",
                                         "ff02::fb",       "239.255.255.255",
                                         "::ffff:8.8.8.8", "::ffff:127.0.0.1",
                                         "::8.8.8.8" };
    size_t n = 0;
    for (; n < sizeof hosts / sizeof *hosts; n++) {
        out[n] = with_host(hosts[n]);
    }
    for (size_t i = 0; i < 11; i++) {
        out[n + i] = good();
    }
    out[n++].component = 0;
    out[n++].component = 257;
    out[n++].priority = 0;
    out[n++].priority = UINT32_C(0x80000000);
    strait__address_set_port(&out[n++].address, 0);
    out[n++].address.ss_family = AF_UNIX;
    out[n++].foundation[0] = '\0';
    out[n++].foundation[0] = '=';
    out[n++].type = (enum strait_candidate_type)7;
    out[n++].tcp_type = STRAIT_TCP_PASSIVE;   /* UDP */
    out[n++].protocol = STRAIT_CANDIDATE_TCP; /* no type */
    out[n++] = good();
    strncpy(out[n - 1].hostname, "a.local", sizeof out->hostname - 1); /* and an address */
    out[n++] = named("a.local");
    out[n - 1].port = 0;
    memset(&out[n], 0, sizeof out[n]);
    n++;
    return n;
}

static void malformed_ones_are_refused_by_all(void **state)
{
    struct strait_candidate bad[32];
    size_t n = make_malformed(bad);
    (void)state;
    for (int kind = STRAIT_ICE_LITE; kind <= STRAIT_ICE_EXTERNAL; kind++) {
        struct strait_transport *t = create((enum strait_ice_kind)kind);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(strait_transport_add_remote_candidate(t, &bad[i]), STRAIT_E_INVALID);
        }
        assert_int_equal(stats_of(t).remote_malformed, n);
        struct strait_candidate fine = good();
        assert_int_equal(strait_transport_add_remote_candidate(t, &fine), STRAIT_OK);
        assert_int_equal(stats_of(t).remote_malformed, n);
        strait_transport_destroy(t);
    }
}

static void hosts_of_every_good_kind_are_taken(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "::1",     "10.0.0.1", "2001:db8::1",
                                         "fe80::1",   "fd00::1", "8.8.8.8",  "223.255.255.255" };
    struct strait_transport *t = create(STRAIT_ICE_FULL);
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct strait_candidate candidate = with_host(hosts[i]);
        assert_int_equal(strait_transport_add_remote_candidate(t, &candidate), STRAIT_OK);
    }
    strait_transport_destroy(t);
}

static void what_full_ice_does_not_do_is_counted(void **state)
{
    struct strait_transport *t = create(STRAIT_ICE_FULL);
    struct strait_candidate two = good(), tcp = good(), dns = named("example.org");
    (void)state;
    two.component = 2;
    tcp.protocol = STRAIT_CANDIDATE_TCP;
    tcp.tcp_type = STRAIT_TCP_ACTIVE;
    strait__address_set_port(&tcp.address, 0); /* an active one's says nothing */
    const struct strait_candidate *all[] = { &two, &tcp, &dns };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(strait_transport_add_remote_candidate(t, all[i]), STRAIT_E_UNSUPPORTED);
    }
    assert_int_equal(stats_of(t).remote_unsupported, 3);
    strait_transport_destroy(t);
}

static void names_of_multicast_dns_are_taken_and_not_looked_up(void **state)
{
    static const char *const taken[] = { "8b8d62a0-5a9e-4d5c-a36d-6a8c3a1f8c11.local", "a.LOCAL" };
    static const char *const not_taken[] = { "a.b.local",    "local",       "a.local.", "a.localx",
                                             "x.local.evil", "printer.lan", ".local" };
    struct strait_transport *t = create(STRAIT_ICE_FULL);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct strait_candidate candidate = named(taken[i]);
        assert_int_equal(strait_transport_add_remote_candidate(t, &candidate), STRAIT_OK);
    }
    for (size_t i = 0; i < 7; i++) {
        struct strait_candidate candidate = named(not_taken[i]);
        assert_int_equal(strait_transport_add_remote_candidate(t, &candidate),
                         STRAIT_E_UNSUPPORTED);
    }
    assert_int_equal(stats_of(t).remote_unresolved, 2);
    assert_int_equal(stats_of(t).remote_unsupported, 7);
    strait_transport_destroy(t);
}

static void there_is_a_limit(void **state)
{
    struct strait_transport *t = create(STRAIT_ICE_FULL);
    (void)state;
    for (uint16_t i = 0; i < 40; i++) {
        struct strait_candidate candidate = good();
        strait__address_set_port(&candidate.address, (uint16_t)(6000 + i));
        assert_int_equal(strait_transport_add_remote_candidate(t, &candidate),
                         i < 32 ? STRAIT_OK : STRAIT_E_LIMIT);
    }
    assert_int_equal(stats_of(t).remote_over_limit, 8);
    strait_transport_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_ones_are_refused_by_all),
        cmocka_unit_test(hosts_of_every_good_kind_are_taken),
        cmocka_unit_test(what_full_ice_does_not_do_is_counted),
        cmocka_unit_test(names_of_multicast_dns_are_taken_and_not_looked_up),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests_name("remote_candidates", tests, setup, teardown);
}
