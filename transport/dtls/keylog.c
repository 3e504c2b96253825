#include "transport/dtls/keylog.h"

#include <stdio.h>
#include <string.h>

#include "transport/dtls/association.h"
#include "transport/dtls/keylog_file.h"
#include "transport/util.h"

enum { LINE_MAX_LEN = 32 + 1 + 2 * 32 + 1 + 2 * 48 + 2 };

static const char *file_of(const struct strait_dtls *d)
{
    return d->config.keylog_env ? strait__keylog_path() : NULL;
}

void strait__keylog_begin(struct strait_dtls *d)
{
    const char *path = file_of(d);
    if (path != NULL) {
        strait__log(&d->hooks, STRAIT_LOG_WARNING, "dtls",
                    "the keys of this association are written to %s (SSLKEYLOGFILE): whoever reads "
                    "it reads all",
                    path);
    } else if (d->config.events.keylog != NULL) {
        strait__log(
            &d->hooks, STRAIT_LOG_WARNING, "dtls",
            "the keys of this association are given to the host's key log: whoever reads it "
            "reads all");
    }
}

static char *hex(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    return out;
}

static void append(struct strait_dtls *d, const char *path, char *line, size_t len)
{
    line[len] = '\n';
    int error = strait__keylog_append(path, line, len + 1);
    line[len] = '\0';
    if (error != 0 && !d->keylog_failed) {
        d->keylog_failed = true;
        strait__log(&d->hooks, STRAIT_LOG_WARNING, "dtls", "cannot write the key log %s: %s", path,
                    strerror(error));
    }
}

void strait__keylog(struct strait_dtls *d, const char *label, const uint8_t client_random[32],
                    const uint8_t *secret, size_t len)
{
    char line[LINE_MAX_LEN];
    const char *path = file_of(d);
    if (path == NULL && d->config.events.keylog == NULL) {
        return;
    }
    size_t label_len = strlen(label);
    char *at = line;
    memcpy(at, label, label_len);
    at += label_len;
    *at++ = ' ';
    at = hex(at, client_random, 32);
    *at++ = ' ';
    at = hex(at, secret, len);
    *at = '\0';
    if (path != NULL) {
        append(d, path, line, (size_t)(at - line));
    }
    if (d->config.events.keylog != NULL) {
        /* What the host does in its callback is not wolfSSL's. */
        strait__dtls_leave(d);
        d->config.events.keylog(d->config.user, line);
        strait__dtls_enter(d);
    }
    strait__zero(line, sizeof line);
}
