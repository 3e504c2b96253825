#include "tls.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE 1048576u

/* The whole file and a zero; NULL and a sentence where that is not possible. */
static char *read_file(const char *name, size_t *len, char *reason, size_t room)
{
    FILE *file = fopen(name, "rbe");
    char *text = malloc(MAX_FILE + 1);

    if (!file || !text) {
        snprintf(reason, room, "cannot read %s: %s.", name, strerror(errno));
        goto fail;
    }
    *len = fread(text, 1, MAX_FILE + 1, file);
    if (ferror(file)) {
        snprintf(reason, room, "cannot read %s: %s.", name, strerror(errno));
        goto fail;
    }
    if (*len == 0 || *len > MAX_FILE) {
        snprintf(reason, room, "%s is %s.", name,
                 *len == 0 ? "empty" : "too long for a certificate or key");
        goto fail;
    }
    text[*len] = '\0';
    fclose(file);
    return text;
fail:
    free(text);
    if (file) {
        fclose(file);
    }
    return NULL;
}

int tls_load(struct tls *tls, const char *cert_file, const char *key_file, char *reason,
             size_t room)
{
    size_t len;

    *tls = (struct tls){ 0 };
    if (!cert_file || !key_file) {
        return 0;
    }
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        snprintf(reason, room,
                 "this libmicrohttpd was built without TLS: --tls-cert cannot be had.");
        return -1;
    }
    tls->cert = read_file(cert_file, &len, reason, room);
    tls->key = tls->cert ? read_file(key_file, &tls->key_len, reason, room) : NULL;
    if (tls->key && !strstr(tls->cert, "-----BEGIN CERTIFICATE-----")) {
        snprintf(reason, room, "%s is no certificate in PEM form.", cert_file);
    } else if (tls->key && !strstr(tls->key, "PRIVATE KEY-----")) {
        snprintf(reason, room, "%s is no private key in PEM form.", key_file);
    } else if (tls->key) {
        return 0;
    }
    tls_unload(tls);
    return -1;
}

void tls_unload(struct tls *tls)
{
    free(tls->cert);
    if (tls->key) {
        explicit_bzero(tls->key, tls->key_len);
        free(tls->key);
    }
    *tls = (struct tls){ 0 };
}
