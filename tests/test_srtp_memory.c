/* What is allocated when, what happens when there is none left, and what is left in it. */
#include "tests/srtp_pair.h"

#define SSRC 0x0badcafeu

/* --- Every allocation of the process, libsrtp's too --------------------------------------------- */

static size_t process_allocs;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifdef SANITIZED
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    process_allocs++;
}

static void on_free(const volatile void *memory)
{
    (void)memory;
}

static void count_process_allocs(void)
{
    assert_true(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
}
#else
/* Before glibc's in the order of symbols, for shared libraries too. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);

/* The C library's own names for the parameters are reserved ones.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
void *malloc(size_t bytes)
{
    process_allocs++;
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    process_allocs++;
    return __libc_calloc(n, bytes);
}

void *realloc(void *memory, size_t bytes)
{
    process_allocs++;
    return __libc_realloc(memory, bytes);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static void count_process_allocs(void)
{
}
#endif

static int counting_works(void **state)
{
    struct strait_srtp *srtp;
    count_process_allocs();
    size_t before = process_allocs;
    /* libsrtp's allocations are seen, not only ours. */
    srtp = session_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    strait_srtp_destroy(srtp);
    return process_allocs > before + 20 ? hold_library(state) : -1;
}

/* --- A host that counts, fails on demand and looks into what is freed ---------------------------- */

struct block {
    size_t bytes;
    uint8_t pad[8];
    uint8_t data[];
};

struct host {
    struct strait_hooks hooks;
    size_t live, allocs;
    size_t fail_from; /* allocations fail from the n-th on, counted from 1; 0: none */
    uint8_t secrets[4][16];
    size_t secrets_seen;
};

static void *host_alloc(void *user, size_t bytes)
{
    struct host *host = user;
    host->allocs++;
    if (host->fail_from != 0 && host->allocs >= host->fail_from) {
        return NULL;
    }
    struct block *block = malloc(sizeof *block + bytes);
    assert_non_null(block);
    block->bytes = bytes;
    memset(block->data, 0xa5, bytes);
    host->live++;
    return block->data;
}

static void host_free(void *user, void *memory)
{
    struct host *host = user;
    struct block *block = (struct block *)(void *)((uint8_t *)memory - sizeof(struct block));
    for (int i = 0; i < 4; i++) {
        if (memmem(block->data, block->bytes, host->secrets[i], 16) != NULL) {
            host->secrets_seen++;
        }
    }
    assert_true(host->live > 0);
    host->live--;
    free(block);
}

static void host_init(struct host *host)
{
    memset(host, 0, sizeof *host);
    memset(host->secrets, 0x77, sizeof host->secrets);
    host->hooks = (struct strait_hooks){
        .size = sizeof host->hooks, .user = host, .alloc = host_alloc, .free = host_free
    };
}

static int create_on(struct host *host, enum strait_srtp_profile profile, int party,
                     struct strait_srtp **out)
{
    struct strait_srtp_config config = config_of(profile, party);
    config.hooks = &host->hooks;
    return strait_srtp_create(out, &config);
}

/* --- How much ------------------------------------------------------------------------------------ */

static void nothing_is_allocated_for_a_packet(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct pair pair = pair_of(all_profiles[i]);
        uint8_t data[1500];
        struct bytes rtp, rtcp;
        rtcp_make(&rtcp, SSRC, 100);
        for (uint32_t n = 0; n < 2000; n++) {
            uint32_t ssrc = SSRC + n % 3;
            static size_t warm;
            if (n == 60) {
                warm = process_allocs;
            }
            rtp_make(&rtp, ssrc, (uint16_t)(65400 + n), n % 1200);
            memcpy(data, rtp.data, rtp.len);
            struct strait_packet packet = { .data = data, .len = rtp.len, .room = sizeof data };
            assert_int_equal(strait_srtp_protect(pair.alice, &packet, 1), 1);
            assert_int_equal(strait_srtp_unprotect(pair.bob, &packet, 1), 1);
            /* A replay and a forgery. */
            assert_int_equal(strait_srtp_unprotect(pair.bob, &packet, 1), 0);
            data[2] ^= 1;
            assert_int_equal(strait_srtp_unprotect(pair.bob, &packet, 1), 0);
            memcpy(data, rtcp.data, rtcp.len);
            packet = (struct strait_packet){ .data = data, .len = rtcp.len, .room = sizeof data };
            assert_int_equal(strait_srtp_protect(pair.alice, &packet, 1), 1);
            assert_int_equal(strait_srtp_unprotect(pair.bob, &packet, 1), 1);
            if (n >= 60) {
                assert_int_equal(process_allocs, warm);
            }
        }
        pair_destroy(&pair);
    }
}

static void forged_packets_allocate_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *srtp = session_of(all_profiles[i], 0);
        static uint8_t data[STRAIT_MAX_DATAGRAM];
        size_t before = process_allocs;
        for (uint32_t n = 0; n < 3000; n++) {
            size_t len = 20 + n * 13 % 1400 + (n % 500 == 0 ? 60000 : 0);
            struct bytes packet;
            /* Low and high sequence numbers; RTCP with the E flag. */
            rtp_make(&packet, n * 2654435761u, (uint16_t)(n * 77), 0);
            memset(data, 0xff, len);
            memcpy(data, packet.data, packet.len);
            data[1] = n % 2 == 0 ? 96 : 201;
            struct strait_packet p = { .data = data, .len = len, .room = sizeof data };
            assert_int_equal(strait_srtp_unprotect(srtp, &p, 1), 0);
            assert_true(p.status == STRAIT_E_AUTH || p.status == STRAIT_E_INVALID);
        }
        assert_int_equal(process_allocs, before);
        assert_int_equal(stats_of(srtp).ssrcs_receive, 0);
        assert_true(stats_of(srtp).forged > 2900);
        strait_srtp_destroy(srtp);
    }
}

static void refused_ssrcs_allocate_nothing(void **state)
{
    struct strait_srtp_config config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 1);
    struct strait_srtp *alice, *bob;
    struct bytes packet;
    uint8_t data[200];
    (void)state;
    config.max_ssrcs = 10;
    assert_int_equal(strait_srtp_create(&bob, &config), STRAIT_OK);
    config = config_of(STRAIT_SRTP_AEAD_AES_128_GCM, 0);
    config.max_ssrcs = 200;
    assert_int_equal(strait_srtp_create(&alice, &config), STRAIT_OK);
    for (uint32_t n = 0; n < 200; n++) {
        rtp_sealed(alice, &packet, SSRC + n, 1);
        memcpy(data, packet.data, packet.len);
        struct strait_packet p = { .data = data, .len = packet.len, .room = sizeof data };
        size_t before = process_allocs;
        assert_int_equal(strait_srtp_unprotect(bob, &p, 1), n < 10);
        if (n >= 10) {
            assert_int_equal(p.status, STRAIT_E_LIMIT);
            assert_int_equal(process_allocs, before);
        }
    }
    strait_srtp_destroy(alice);
    strait_srtp_destroy(bob);
}

/* --- When there is none left --------------------------------------------------------------------- */

static void a_session_that_finds_no_memory_is_not_made(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *srtp;
        struct host host;
        size_t fail = 1;
        int status;
        do {
            host_init(&host);
            host.fail_from = fail++;
            status = create_on(&host, all_profiles[i], 0, &srtp);
            assert_true(status == STRAIT_OK || status == STRAIT_E_NOMEM);
            assert_true(status == STRAIT_OK || (srtp == NULL && host.live == 0));
        } while (status != STRAIT_OK);
        assert_true(fail > 5);
        strait_srtp_destroy(srtp);
        assert_int_equal(host.live, 0);
    }
}

/* libsrtp says that it could not initialise where its key derivation finds no memory. */
static bool is_out_of_memory(int status)
{
    return status == STRAIT_E_NOMEM || status == STRAIT_E_CRYPTO;
}

/* Opens an SSRC in each way with less and less memory failing; true when nothing failed. */
static bool open_with(struct host *host, struct strait_srtp *alice, struct strait_srtp *bob,
                      uint32_t ssrc, size_t fail_after)
{
    struct strait_srtp_stream stream = { .ssrc = ssrc + 1, .send = true, .rtcp_index = 77 };
    struct bytes lost, sealed, packet;
    uint64_t failed = stats_of(bob).failed;
    rtp_sealed(alice, &lost, ssrc, 65535);
    rtp_sealed(alice, &sealed, ssrc, 0);
    host->fail_from = host->allocs + fail_after;
    packet = sealed;
    int received = unprotect(bob, &packet);
    rtp_make(&packet, ssrc, 5, 40);
    int sent = protect(bob, &packet);
    int restored = strait_srtp_restore(bob, &stream);
    host->fail_from = 0;
    assert_true(is_out_of_memory(received) || received == STRAIT_OK);
    assert_true(is_out_of_memory(sent) || sent == STRAIT_OK);
    assert_true(is_out_of_memory(restored) || restored == STRAIT_OK);
    failed += (received != STRAIT_OK ? 1u : 0u) + (sent != STRAIT_OK ? 1u : 0u);
    assert_int_equal(stats_of(bob).failed, failed);
    /* What failed for want of memory goes well with it. */
    if (received != STRAIT_OK) {
        assert_int_equal(unprotect(bob, &sealed), STRAIT_OK);
    }
    if (sent != STRAIT_OK) {
        rtp_make(&packet, ssrc, 5, 40);
        assert_int_equal(protect(bob, &packet), STRAIT_OK);
        assert_int_equal(unprotect(alice, &packet), STRAIT_OK);
    }
    if (restored != STRAIT_OK) {
        assert_int_equal(strait_srtp_restore(bob, &stream), STRAIT_OK);
    }
    assert_int_equal(rtcp_pass(bob, alice, ssrc + 1), STRAIT_OK);
    assert_int_equal(stream_of(bob, true, ssrc + 1).rtcp_index, 78);
    assert_int_equal(stream_of(bob, false, ssrc).roc, 1);
    return received == STRAIT_OK && sent == STRAIT_OK && restored == STRAIT_OK;
}

static void an_ssrc_that_finds_no_memory_is_opened_later(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        size_t fail_after = 1;
        bool all_well;
        do {
            struct strait_srtp *alice = session_of(all_profiles[i], 0), *bob;
            struct host host;
            host_init(&host);
            assert_int_equal(create_on(&host, all_profiles[i], 1, &bob), STRAIT_OK);
            all_well = open_with(&host, alice, bob, SSRC, fail_after);
            /* Again, with a group that has room. */
            open_with(&host, alice, bob, SSRC + 100, fail_after);
            fail_after++;
            strait_srtp_destroy(alice);
            strait_srtp_destroy(bob);
            assert_int_equal(host.live, 0);
        } while (!all_well);
        assert_true(fail_after > 10);
    }
}

/* --- What is left -------------------------------------------------------------------------------- */

static void freed_memory_has_no_key(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROFILES; i++) {
        struct strait_srtp *alice = session_of(all_profiles[i], 0), *bob;
        struct strait_srtp_key key;
        struct bytes packet;
        struct host host;
        host_init(&host);
        for (int party = 0; party < 2; party++) {
            known_keys(all_profiles[i], party, &key);
            memcpy(host.secrets[party], key.key, 16);
        }
        assert_int_equal(create_on(&host, all_profiles[i], 1, &bob), STRAIT_OK);
        for (uint32_t n = 0; n < 40; n++) {
            assert_int_equal(rtp_pass(alice, bob, SSRC + n, 9), STRAIT_OK);
            rtp_sealed(bob, &packet, SSRC + n, 9);
        }
        /* The plain text of an SSRC's first packet went through the session's memory. */
        rtp_make(&packet, SSRC + 50, 1, 100);
        memcpy(host.secrets[2], packet.data + 40, 16);
        assert_int_equal(rtp_pass(alice, bob, SSRC + 50, 1), STRAIT_OK);
        strait_srtp_destroy(bob);
        assert_int_equal(host.live, 0);
        assert_int_equal(host.secrets_seen, 0);
        strait_srtp_destroy(alice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_for_a_packet),
        cmocka_unit_test(forged_packets_allocate_nothing),
        cmocka_unit_test(refused_ssrcs_allocate_nothing),
        cmocka_unit_test(a_session_that_finds_no_memory_is_not_made),
        cmocka_unit_test(an_ssrc_that_finds_no_memory_is_opened_later),
        cmocka_unit_test(freed_memory_has_no_key),
    };
    return cmocka_run_group_tests(tests, counting_works, release_library);
}
