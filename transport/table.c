#include "transport/table.h"

#include "transport/util.h"

enum { FIRST_BUCKETS = 64 };

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3: keyed, so that a peer cannot aim its addresses at one bucket. */
static uint64_t hash_of(const struct strait__table *table, const uint8_t *key, size_t len)
{
    uint64_t v[4] = { table->seed[0] ^ 0x736f6d6570736575u, table->seed[1] ^ 0x646f72616e646f6du,
                      table->seed[0] ^ 0x6c7967656e657261u, table->seed[1] ^ 0x7465646279746573u };
    size_t left = len;
    for (; left >= 8; left -= 8, key += 8) {
        uint64_t word;
        memcpy(&word, key, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)len << 56;
    for (size_t i = 0; i < left; i++) {
        last |= (uint64_t)key[i] << (8 * i);
    }
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int strait__table_init(struct strait__table *table, const struct strait_hooks *hooks)
{
    memset(table, 0, sizeof *table);
    table->hooks = hooks;
    if (strait__random(hooks, table->seed, sizeof table->seed) != STRAIT_OK) {
        return STRAIT_E_RANDOM;
    }
    table->buckets = strait__alloc(hooks, FIRST_BUCKETS * sizeof *table->buckets);
    if (table->buckets == NULL) {
        return STRAIT_E_NOMEM;
    }
    table->n_buckets = FIRST_BUCKETS;
    return STRAIT_OK;
}

void strait__table_finish(struct strait__table *table)
{
    if (table->hooks != NULL) {
        strait__free(table->hooks, table->buckets);
    }
    memset(table, 0, sizeof *table);
}

static struct strait__node **bucket_of(const struct strait__table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->n_buckets - 1)];
}

static struct strait__node *find_node(const struct strait__table *table, const void *key,
                                      size_t len, uint64_t hash)
{
    for (struct strait__node *node = *bucket_of(table, hash); node != NULL; node = node->next) {
        if (node->hash == hash && node->len == len && memcmp(node->key, key, len) == 0) {
            return node;
        }
    }
    return NULL;
}

/* Where there is no memory to grow, chains get longer and nothing fails. */
static void grow(struct strait__table *table)
{
    size_t n = table->n_buckets * 2;
    struct strait__node **old = table->buckets;
    size_t n_old = table->n_buckets;
    struct strait__node **buckets = strait__alloc(table->hooks, n * sizeof *buckets);
    if (buckets == NULL) {
        return;
    }
    table->buckets = buckets;
    table->n_buckets = n;
    for (size_t i = 0; i < n_old; i++) {
        for (struct strait__node *node = old[i], *next; node != NULL; node = next) {
            next = node->next;
            struct strait__node **bucket = bucket_of(table, node->hash);
            node->next = *bucket;
            *bucket = node;
        }
    }
    strait__free(table->hooks, old);
}

int strait__table_add(struct strait__table *table, struct strait__node *node, const void *key,
                      size_t len, void *value)
{
    if (value == NULL || key == NULL) {
        return STRAIT_E_INVALID;
    }
    uint64_t hash = hash_of(table, key, len);
    if (node->value != NULL || find_node(table, key, len, hash) != NULL) {
        return STRAIT_E_EXISTS;
    }
    if (table->count >= table->n_buckets) {
        grow(table);
    }
    struct strait__node **bucket = bucket_of(table, hash);
    *node = (struct strait__node){
        .next = *bucket, .key = key, .len = len, .value = value, .hash = hash
    };
    *bucket = node;
    table->count++;
    return STRAIT_OK;
}

void strait__table_remove(struct strait__table *table, struct strait__node *node)
{
    if (node->value == NULL) {
        return;
    }
    struct strait__node **at = bucket_of(table, node->hash);
    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    table->count--;
    memset(node, 0, sizeof *node);
}

void *strait__table_find(const struct strait__table *table, const void *key, size_t len)
{
    struct strait__node *node = find_node(table, key, len, hash_of(table, key, len));
    return node != NULL ? node->value : NULL;
}
