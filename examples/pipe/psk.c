#include "psk.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "hex.h"
#include "say.h"

/* The last colon ends the identity, which may have some of its own. */
static int read_line(struct strait_dtls_psk *psk, const char *line, size_t len)
{
    const char *colon = memrchr(line, ':', len);
    const size_t identity_len = colon ? (size_t)(colon - line) : 0;

    if (identity_len == 0 || identity_len > STRAIT_DTLS_MAX_PSK_IDENTITY) {
        return -1;
    }
    const ssize_t key_len = hex_read(colon + 1, len - identity_len - 1, psk->key, sizeof psk->key);
    if (key_len <= 0) {
        return -1;
    }
    memcpy(psk->identity, line, identity_len);
    psk->identity[identity_len] = '\0';
    psk->identity_len = identity_len;
    psk->key_len = (size_t)key_len;
    return 0;
}

static int add(struct psk_list *list, const char *line, size_t len)
{
    struct strait_dtls_psk *grown = reallocarray(list->keys, list->n + 1, sizeof *grown);

    if (!grown) {
        return -1;
    }
    list->keys = grown;
    memset(&grown[list->n], 0, sizeof *grown);
    return read_line(&grown[list->n++], line, len);
}

static int add_lines(struct psk_list *list, const struct file *file)
{
    const char *end = file->bytes + file->len;

    for (const char *line = file->bytes; line < end;) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const size_t len = (size_t)((feed ? feed : end) - line);

        if (len > 0 && line[0] != '#' && add(list, line, len) != 0) {
            return -1;
        }
        line += len + 1;
    }
    return list->n > 0 ? 0 : -1;
}

int psk_open(struct psk_list *list, const char *text)
{
    struct file file = { .len = 0 };
    int done;

    if (text[0] != '@') {
        done = add(list, text, strlen(text));
    } else if (file_read(&file, "psk", text + 1) == 0) {
        done = add_lines(list, &file);
        file_free(&file);
    } else {
        return -1;
    }
    if (done != 0) {
        /* Not a word of what was given: it may be a key. */
        complain(
            "--psk takes IDENTITY:HEX, or @FILE with one a line: up to %u bytes, a colon and a key of "
            "up to %u bytes in hexadecimal.",
            STRAIT_DTLS_MAX_PSK_IDENTITY, STRAIT_DTLS_MAX_PSK_KEY);
    }
    return done;
}

void psk_close(struct psk_list *list)
{
    if (list->keys) {
        explicit_bzero(list->keys, list->n * sizeof *list->keys);
        free(list->keys);
    }
    *list = (struct psk_list){ .n = 0 };
}

static const struct strait_dtls_psk *find(const struct psk_list *list,
                                          const struct strait_dtls_psk *asked)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->keys[i].identity_len == asked->identity_len &&
            memcmp(list->keys[i].identity, asked->identity, asked->identity_len) == 0) {
            return &list->keys[i];
        }
    }
    return NULL;
}

int psk_answer(const struct psk_list *list, bool server, struct strait_dtls_psk *psk)
{
    const struct strait_dtls_psk *found = server ? find(list, psk) : list->keys;

    if (!found) {
        return STRAIT_E_PSK;
    }
    memcpy(psk->identity, found->identity, sizeof psk->identity);
    memcpy(psk->key, found->key, sizeof psk->key);
    psk->identity_len = found->identity_len;
    psk->key_len = found->key_len;
    return STRAIT_OK;
}
