#include "transport/trust.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "transport/crypto_run.h"
#include "transport/pem.h"
#include "transport/util.h"

struct strait_trust {
    struct strait_hooks hooks;
    atomic_uint refs;
    struct strait__anchor *anchors;
    size_t count;
    char detail[STRAIT__TRUST_DETAIL];
};

int strait_trust_create(struct strait_trust **out, const struct strait_hooks *hooks)
{
    struct strait_hooks h;
    if (out == NULL) {
        return STRAIT_E_INVALID;
    }
    *out = NULL;
    if (strait__hooks_init(&h, hooks) != STRAIT_OK) {
        return STRAIT_E_INVALID;
    }
    struct strait_trust *trust = strait__alloc(&h, sizeof *trust);
    if (trust == NULL) {
        return STRAIT_E_NOMEM;
    }
    trust->hooks = h;
    atomic_init(&trust->refs, 1);
    *out = trust;
    return STRAIT_OK;
}

struct strait_trust *strait_trust_ref(struct strait_trust *trust)
{
    if (trust != NULL) {
        atomic_fetch_add_explicit(&trust->refs, 1, memory_order_relaxed);
    }
    return trust;
}

/* Back to what it had when `end` was the newest. */
static void drop_until(struct strait_trust *trust, const struct strait__anchor *end)
{
    while (trust->anchors != end) {
        struct strait__anchor *anchor = trust->anchors;
        trust->anchors = anchor->next;
        trust->count--;
        strait__free(&trust->hooks, anchor);
    }
}

void strait_trust_unref(struct strait_trust *trust)
{
    if (trust == NULL || atomic_fetch_sub_explicit(&trust->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct strait_hooks hooks = trust->hooks;
    drop_until(trust, NULL);
    strait__free(&hooks, trust);
}

size_t strait_trust_count(const struct strait_trust *trust)
{
    return trust != NULL ? trust->count : 0;
}

const char *strait_trust_error_detail(const struct strait_trust *trust)
{
    return trust != NULL ? trust->detail : "";
}

const struct strait__anchor *strait__trust_anchors(const struct strait_trust *trust)
{
    return trust->anchors;
}

const struct strait_hooks *strait__trust_hooks(const struct strait_trust *trust)
{
    return &trust->hooks;
}

int strait__trust_fail(struct strait_trust *trust, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(trust->detail, sizeof trust->detail, format, args);
    va_end(args);
    return error;
}

void strait__trust_forget(struct strait_trust *trust)
{
    trust->detail[0] = '\0';
}

int strait__trust_may_change(struct strait_trust *trust)
{
    strait__trust_forget(trust);
    return atomic_load_explicit(&trust->refs, memory_order_acquire) == 1
               ? STRAIT_OK
               : strait__trust_fail(trust, STRAIT_E_STATE,
                                    "the trust is shared already: add all before it is given away");
}

/* --- Adding ------------------------------------------------------------------------------------ */

/* One call of strait__trust_add. */
struct adding {
    struct strait_trust *trust;
    bool strict;
    size_t seen, malformed, unusable;
};

static bool has(const struct strait_trust *trust, const uint8_t *der, size_t len)
{
    for (const struct strait__anchor *a = trust->anchors; a != NULL; a = a->next) {
        if (a->x.len == len && memcmp(a->der, der, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool usable(const struct strait__x509 *x)
{
    return x->key != STRAIT__KEY_OTHER &&
           (x->key != STRAIT__KEY_RSA || x->rsa_bits >= STRAIT__RSA_MIN);
}

/* STRAIT_OK also for what is skipped. */
static int add_one(struct adding *adding, const uint8_t *der, size_t len)
{
    struct strait_trust *trust = adding->trust;
    adding->seen++;
    struct strait__anchor *anchor = strait__alloc(&trust->hooks, sizeof *anchor + len);
    if (anchor == NULL) {
        return STRAIT_E_NOMEM;
    }
    memcpy(anchor->der, der, len);
    int error = strait__x509_read(&anchor->x, anchor->der, len);
    if (error == STRAIT_OK && usable(&anchor->x) && !has(trust, der, len)) {
        anchor->next = trust->anchors;
        trust->anchors = anchor;
        trust->count++;
        return STRAIT_OK;
    }
    adding->malformed += error == STRAIT_E_PARSE;
    adding->unusable += error == STRAIT_E_UNSUPPORTED ||
                        (error == STRAIT_OK && !usable(&anchor->x));
    strait__free(&trust->hooks, anchor);
    bool skip = error != STRAIT_E_NOMEM && (error != STRAIT_E_PARSE || !adding->strict);
    return skip ? STRAIT_OK : error;
}

static int add_der(struct adding *adding, const uint8_t *data, size_t len)
{
    int error = STRAIT_OK;
    while (len > 0 && error == STRAIT_OK) {
        size_t item = strait__der_item(data, len);
        if (item == 0) {
            adding->seen++;
            adding->malformed++;
            return adding->strict ? STRAIT_E_PARSE : STRAIT_OK;
        }
        error = add_one(adding, data, item);
        data += item;
        len -= item;
    }
    return error;
}

static int add_block(struct adding *adding, const struct strait__pem_block *block, uint8_t *room,
                     size_t size)
{
    size_t len = size;
    int error = strait__pem_decode(block, room, &len);
    if (error == STRAIT_OK) {
        return add_one(adding, room, len);
    }
    adding->seen++;
    adding->malformed++;
    return adding->strict ? STRAIT_E_PARSE : STRAIT_OK;
}

static int add_pem(struct adding *adding, const uint8_t *data, size_t len)
{
    const struct strait_hooks *hooks = &adding->trust->hooks;
    struct strait__pem pem = { .text = (const char *)data, .len = len };
    struct strait__pem_block block;
    uint8_t *room = strait__alloc(hooks, len + 1);
    int error = room != NULL ? STRAIT_OK : STRAIT_E_NOMEM, found = 1;
    while (error == STRAIT_OK && (found = strait__pem_next(&pem, &block)) > 0) {
        if (strait__pem_is(&block, "CERTIFICATE") || strait__pem_is(&block, "X509 CERTIFICATE")) {
            error = add_block(adding, &block, room, len);
        }
    }
    if (found < 0) {
        adding->seen++;
        adding->malformed++;
        error = adding->strict ? STRAIT_E_PARSE : error;
    }
    strait__free(hooks, room);
    return error;
}

static int judge(struct adding *adding, int error, size_t added)
{
    struct strait_trust *trust = adding->trust;
    if (error == STRAIT_E_PARSE) {
        return strait__trust_fail(trust, error,
                                  "certificate %zu is malformed or cut off: nothing was taken",
                                  adding->seen);
    }
    if (error == STRAIT_OK && adding->seen == 0) {
        return strait__trust_fail(trust, STRAIT_E_PARSE,
                                  "there is no certificate in it: give PEM or DER of X.509");
    }
    if (error == STRAIT_OK && added == 0 && adding->unusable + adding->malformed == adding->seen) {
        return strait__trust_fail(
            trust, adding->unusable > 0 ? STRAIT_E_UNSUPPORTED : STRAIT_E_PARSE,
            "none of %zu certificates can be used: keys are ECDSA on P-256, P-384, P-521 or RSA of "
            "2048 bits and more",
            adding->seen);
    }
    return error;
}

int strait__trust_add(struct strait_trust *trust, const uint8_t *data, size_t len, bool strict)
{
    struct adding adding = { .trust = trust, .strict = strict };
    const struct strait__anchor *before = trust->anchors;
    size_t count = trust->count;
    struct strait__crypto_run run;
    int error = strait__crypto_begin(&run, &trust->hooks);
    if (error != STRAIT_OK) {
        return error;
    }
    error = len > 0 && data[0] == 0x30 ? add_der(&adding, data, len) : add_pem(&adding, data, len);
    error = error != STRAIT_OK ? strait__crypto_error(&run, error) : error;
    strait__crypto_end(&run);
    error = judge(&adding, error, trust->count - count);
    if (error != STRAIT_OK) {
        drop_until(trust, before);
        return error;
    }
    return (int)(trust->count - count);
}

int strait_trust_add(struct strait_trust *trust, const void *data, size_t len)
{
    if (trust == NULL || data == NULL || len == 0) {
        return STRAIT_E_INVALID;
    }
    int error = strait__trust_may_change(trust);
    return error == STRAIT_OK ? strait__trust_add(trust, data, len, true) : error;
}
