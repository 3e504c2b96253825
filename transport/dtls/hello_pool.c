#include "transport/dtls/hello_pool.h"

#include "transport/util.h"

/* The reassembly allocates one buffer at a time: it gets the slot's. */
static void *lend_room(void *user, size_t bytes)
{
    struct strait__hello_slot *slot = user;
    return bytes <= sizeof slot->room ? slot->room : NULL;
}

static void take_back(void *user, void *memory)
{
    (void)user;
    (void)memory;
}

int strait__hello_pool_init(struct strait__hello_pool *pool, const struct strait_hooks *hooks,
                            size_t n)
{
    *pool = (struct strait__hello_pool){ .n = n };
    pool->slots = strait__alloc(hooks, n * sizeof *pool->slots);
    if (pool->slots == NULL) {
        return STRAIT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        pool->slots[i].room_hooks = (struct strait_hooks){
            .size = sizeof pool->slots[i].room_hooks,
            .user = &pool->slots[i],
            .alloc = lend_room,
            .free = take_back,
        };
    }
    return STRAIT_OK;
}

void strait__hello_pool_finish(struct strait__hello_pool *pool, const struct strait_hooks *hooks)
{
    strait__free(hooks, pool->slots);
    *pool = (struct strait__hello_pool){ .slots = NULL };
}

void strait__hello_slot_release(struct strait__hello_slot *slot)
{
    strait__reassembly_reset(&slot->hello, &slot->room_hooks);
    slot->born = 0;
    slot->received = 0;
}

/* The second ClientHello is put together apart from late copies of the first. */
static struct strait__hello_slot *find(struct strait__hello_pool *pool, const void *address,
                                       size_t address_len, uint16_t message_seq)
{
    for (size_t i = 0; i < pool->n; i++) {
        struct strait__hello_slot *slot = &pool->slots[i];
        if (slot->born != 0 && slot->hello.message_seq == message_seq &&
            slot->address_len == address_len && memcmp(slot->address, address, address_len) == 0) {
            return slot;
        }
    }
    return NULL;
}

/* The one that has waited longest, counted from its first fragment: more fragments do not make it
 * younger, or an attacker could hold all slots. */
static struct strait__hello_slot *oldest(struct strait__hello_pool *pool)
{
    struct strait__hello_slot *slot = &pool->slots[0];
    for (size_t i = 1; i < pool->n && slot->born != 0; i++) {
        if (pool->slots[i].born < slot->born) {
            slot = &pool->slots[i];
        }
    }
    return slot;
}

static struct strait__hello_slot *take(struct strait__hello_pool *pool, const void *address,
                                       size_t address_len, struct strait_dtls_listener_stats *stats)
{
    struct strait__hello_slot *slot = oldest(pool);
    stats->fragments_dropped += slot->hello.fragments;
    strait__hello_slot_release(slot);
    slot->born = ++pool->births;
    slot->address_len = address_len;
    memcpy(slot->address, address, address_len);
    return slot;
}

struct strait__hello_slot *strait__hello_pool_add(struct strait__hello_pool *pool,
                                                  const void *address, size_t address_len,
                                                  const struct strait__handshake *fragment,
                                                  size_t record_len,
                                                  struct strait_dtls_listener_stats *stats)
{
    if (fragment->length > STRAIT__HELLO_MAX || fragment->fragment_len == 0) {
        stats->fragments_dropped++;
        return NULL;
    }
    struct strait__hello_slot *slot = find(pool, address, address_len, fragment->message_seq);
    if (slot == NULL) {
        slot = take(pool, address, address_len, stats);
    }
    uint32_t before = slot->hello.fragments;
    switch (strait__reassembly_add(&slot->hello, &slot->room_hooks, fragment)) {
    case STRAIT__REASSEMBLED_TAKEN:
        slot->received += record_len;
        stats->fragments++;
        break;
    case STRAIT__REASSEMBLED_REPLACED:
        slot->received = record_len;
        stats->fragments++;
        stats->fragments_dropped += before;
        break;
    case STRAIT__REASSEMBLED_DROPPED:
    case STRAIT__REASSEMBLED_NOMEM:
        stats->fragments_dropped++;
        break;
    }
    return strait__reassembly_whole(&slot->hello) ? slot : NULL;
}
