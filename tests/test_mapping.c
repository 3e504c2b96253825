/* NAT 1:1: what an endpoint tells the peer in its local addresses' places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <strait/strait.h>

#include "transport/address.h"

enum { MOST = 16 };

struct offer {
    struct strait_endpoint *endpoint;
    struct strait_candidate candidates[MOST];
    char lines[MOST][STRAIT_CANDIDATE_TEXT_MAX];
    size_t n;
};

static struct offer offer_of(const struct strait_address_mapping *mappings, size_t n, bool added)
{
    static const char *const hosts[] = { "10.0.0.1", "10.0.0.2", "fd00::1", "127.0.0.1" };
    struct strait_endpoint_config config = {
        .size = sizeof config, .mappings = mappings, .n_mappings = n, .mappings_added = added
    };
    struct offer offer = { .n = 0 };
    assert_int_equal(strait_endpoint_create(&offer.endpoint, &config, 0), STRAIT_OK);
    for (uint32_t i = 0; i < 4; i++) {
        struct sockaddr_storage local;
        assert_true(strait__address_parse(&local, hosts[i], 4000));
        assert_int_equal(
            strait_endpoint_add_local(offer.endpoint, 1, (struct sockaddr *)&local, sizeof local),
            STRAIT_OK);
    }
    offer.n = strait_endpoint_local_candidates(offer.endpoint, offer.candidates, MOST);
    assert_in_range(offer.n, 1, MOST);
    assert_int_equal(strait_endpoint_local_candidates(offer.endpoint, NULL, 0), offer.n);
    for (size_t i = 0; i < offer.n; i++) {
        struct strait_candidate again;
        int len = strait_candidate_print(&offer.candidates[i], offer.lines[i],
                                         sizeof offer.lines[i]);
        assert_true(len > 0);
        assert_int_equal(strait_candidate_parse(&again, offer.lines[i], (size_t)len), STRAIT_OK);
    }
    strait_endpoint_destroy(offer.endpoint);
    return offer;
}

static const struct strait_candidate *find(const struct offer *offer, const char *host)
{
    char text[STRAIT__ADDRESS_TEXT];
    for (size_t i = 0; i < offer->n; i++) {
        strait__address_print_host(&offer->candidates[i].address, text, sizeof text);
        if (strcmp(text, host) == 0) {
            return &offer->candidates[i];
        }
    }
    return NULL;
}

static void advertised_ones_take_the_place_of_local_ones(void **state)
{
    const struct strait_address_mapping mappings[] = { { "10.0.0.1", "203.0.113.1" },
                                                       { "10.0.0.1", "203.0.113.2" },
                                                       { "fd00::1", "2001:db8::1" } };
    struct offer offer = offer_of(mappings, 3, false);
    (void)state;
    assert_int_equal(offer.n, 5);
    assert_null(find(&offer, "10.0.0.1"));
    assert_null(find(&offer, "fd00::1"));
    assert_non_null(find(&offer, "10.0.0.2"));
    assert_non_null(find(&offer, "127.0.0.1"));
    static const char *const advertised[] = { "203.0.113.1", "203.0.113.2", "2001:db8::1" };
    for (size_t i = 0; i < 3; i++) {
        const struct strait_candidate *c = find(&offer, advertised[i]);
        assert_non_null(c);
        assert_int_equal(c->type, STRAIT_CANDIDATE_HOST);
        assert_int_equal(strait__address_port(&c->address), 4000);
        assert_int_equal(c->related.ss_family, AF_UNSPEC);
    }
}

static void added_ones_are_server_reflexive(void **state)
{
    const struct strait_address_mapping mapping = { "10.0.0.1", "203.0.113.1" };
    struct offer offer = offer_of(&mapping, 1, true);
    char text[STRAIT__ADDRESS_TEXT];
    (void)state;
    assert_int_equal(offer.n, 5);
    const struct strait_candidate *base = find(&offer, "10.0.0.1");
    const struct strait_candidate *c = find(&offer, "203.0.113.1");
    assert_non_null(base);
    assert_non_null(c);
    assert_int_equal(base->type, STRAIT_CANDIDATE_HOST);
    assert_int_equal(c->type, STRAIT_CANDIDATE_SRFLX);
    assert_int_equal(c->priority >> 24, 100);
    assert_int_equal(c->priority & 0xffffff, base->priority & 0xffffff);
    assert_string_not_equal(c->foundation, base->foundation);
    assert_string_equal(strait__address_print(&c->related, text, sizeof text), "10.0.0.1:4000");
}

static void one_may_stand_for_all_of_its_family(void **state)
{
    const struct strait_address_mapping mappings[] = { { "0.0.0.0", "203.0.113.1" },
                                                       { "127.0.0.1", "127.0.0.1" } };
    struct offer offer = offer_of(mappings, 2, false);
    (void)state;
    assert_int_equal(offer.n, 3); /* both of 10.0.0.0/8 are one */
    assert_non_null(find(&offer, "203.0.113.1"));
    assert_non_null(find(&offer, "127.0.0.1"));
    assert_non_null(find(&offer, "fd00::1"));
}

static void malformed_ones_are_errors(void **state)
{
    static const struct strait_address_mapping bad[] = {
        { "10.0.0.1", "2001:db8::1" },
        { "10.0.0.1", "0.0.0.0" },
        { "10.0.0.1", "224.0.0.1" },
        { "fd00::1", "::ffff:1.2.3.4" },
        { "10.0.0", "203.0.113.1" },
        { "10.0.0.1", "example.org" },
        { "10.0.0.1:80", "203.0.113.1" },
        { NULL, "203.0.113.1" },
        { "10.0.0.1", NULL },
        { "", "" },
    };
    struct strait_address_mapping many[33];
    struct strait_endpoint *endpoint;
    struct strait_endpoint_config config = { .size = sizeof config, .n_mappings = 1 };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        config.mappings = &bad[i];
        assert_int_equal(strait_endpoint_create(&endpoint, &config, 0), STRAIT_E_PARSE);
    }
    config.mappings = NULL;
    assert_int_equal(strait_endpoint_create(&endpoint, &config, 0), STRAIT_E_INVALID);
    for (size_t i = 0; i < 33; i++) {
        many[i] = (struct strait_address_mapping){ "10.0.0.1", "203.0.113.1" };
    }
    config.mappings = many;
    config.n_mappings = 33;
    assert_int_equal(strait_endpoint_create(&endpoint, &config, 0), STRAIT_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advertised_ones_take_the_place_of_local_ones),
        cmocka_unit_test(added_ones_are_server_reflexive),
        cmocka_unit_test(one_may_stand_for_all_of_its_family),
        cmocka_unit_test(malformed_ones_are_errors),
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
