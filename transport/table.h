/*
 * A hash table from byte strings to objects, with its nodes inside the objects: inserting and
 * removing allocate nothing but the buckets, which grow.
 */
#ifndef STRAIT_TRANSPORT_TABLE_H
#define STRAIT_TRANSPORT_TABLE_H

#include <strait/types.h>

struct strait__node {
    struct strait__node *next;
    const uint8_t *key; /* borrowed from the object; must not change while linked */
    size_t len;
    void *value; /* NULL: not linked */
    uint64_t hash;
};

struct strait__table {
    const struct strait_hooks *hooks;
    struct strait__node **buckets;
    size_t n_buckets; /* a power of two */
    size_t count;
    uint64_t seed[2]; /* random: a peer chooses addresses, it must not choose the bucket */
};

/* STRAIT_E_NOMEM, _RANDOM. `hooks` must outlive the table. */
int strait__table_init(struct strait__table *table, const struct strait_hooks *hooks);
void strait__table_finish(struct strait__table *table);

/* Links `node` under the key. STRAIT_E_EXISTS (the key, or the node is linked), _INVALID. */
int strait__table_add(struct strait__table *table, struct strait__node *node, const void *key,
                      size_t len, void *value);
/* A node that is not linked is fine. */
void strait__table_remove(struct strait__table *table, struct strait__node *node);
/* The value, or NULL. */
void *strait__table_find(const struct strait__table *table, const void *key, size_t len);

#endif
