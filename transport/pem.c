#include "transport/pem.h"

#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

#include <wolfssl/wolfcrypt/coding.h>

#include "transport/util.h"

static const char BEGIN[] = "-----BEGIN ";
static const char END[] = "-----END ";
static const char DASHES[] = "-----";

/* The first place of `what`, or NULL. */
static const char *find(const char *text, size_t len, const char *what, size_t what_len)
{
    return memmem(text, len, what, what_len);
}

static void skip_to(struct strait__pem *pem, const char *place)
{
    pem->len -= (size_t)(place - pem->text);
    pem->text = place;
}

/* "NAME-----": the name goes into `label`, and the text begins behind it. */
static bool read_label(struct strait__pem *pem, const char **label, size_t *label_len)
{
    const char *dashes = find(pem->text, pem->len, DASHES, sizeof DASHES - 1);
    if (dashes == NULL || memchr(pem->text, '\n', (size_t)(dashes - pem->text)) != NULL) {
        return false;
    }
    *label = pem->text;
    *label_len = (size_t)(dashes - pem->text);
    skip_to(pem, dashes + sizeof DASHES - 1);
    return true;
}

int strait__pem_next(struct strait__pem *pem, struct strait__pem_block *block)
{
    const char *begin = find(pem->text, pem->len, BEGIN, sizeof BEGIN - 1);
    if (begin == NULL) {
        return 0;
    }
    skip_to(pem, begin + sizeof BEGIN - 1);
    if (!read_label(pem, &block->label, &block->label_len)) {
        return STRAIT_E_PARSE;
    }
    const char *end = find(pem->text, pem->len, END, sizeof END - 1);
    if (end == NULL) {
        return STRAIT_E_PARSE;
    }
    block->body = pem->text;
    block->body_len = (size_t)(end - pem->text);
    skip_to(pem, end + sizeof END - 1);
    const char *label;
    size_t label_len;
    if (!read_label(pem, &label, &label_len) || label_len != block->label_len ||
        memcmp(label, block->label, label_len) != 0) {
        return STRAIT_E_PARSE;
    }
    return 1;
}

bool strait__pem_is(const struct strait__pem_block *block, const char *label)
{
    return block->label_len == strlen(label) && memcmp(block->label, label, block->label_len) == 0;
}

int strait__pem_decode(const struct strait__pem_block *block, uint8_t *out, size_t *len)
{
    if (memchr(block->body, ':', block->body_len) != NULL) {
        return STRAIT_E_UNSUPPORTED;
    }
    if (block->body_len > INT32_MAX || *len > INT32_MAX) {
        return STRAIT_E_PARSE;
    }
    word32 room = (word32)*len;
    int wc = Base64_Decode((const byte *)block->body, (word32)block->body_len, out, &room);
    if (wc != 0 || room == 0) {
        return STRAIT_E_PARSE;
    }
    *len = room;
    return STRAIT_OK;
}
