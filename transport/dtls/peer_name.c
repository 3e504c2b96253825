#include "transport/dtls/peer_name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/types.h>

static bool is_host(const char *text, size_t len)
{
    size_t label = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
        label = c == '.' ? 0 : label + 1;
        if ((c == '.' && (i == 0 || text[i - 1] == '.')) || (c != '.' && !letter) || label > 63) {
            return false;
        }
    }
    return len > 0 && len <= STRAIT__HOST_MAX;
}

bool strait__peer_name_read(struct strait__peer_name *out, const char *text)
{
    *out = (struct strait__peer_name){ .host = NULL };
    if (inet_pton(AF_INET, text, out->ip) == 1) {
        out->ip_len = 4;
        return true;
    }
    if (inet_pton(AF_INET6, text, out->ip) == 1) {
        out->ip_len = 16;
        return true;
    }
    size_t len = strnlen(text, STRAIT__HOST_MAX + 2u);
    if (len > 1 && text[len - 1] == '.') {
        len--;
    }
    out->host = text;
    out->host_len = len;
    return is_host(text, len);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Names in a certificate are ASCII, internationalised ones as A-labels. */
static bool same_host(const char *a, size_t a_len, const char *b, size_t b_len)
{
    for (size_t i = 0; a_len == b_len && i < a_len; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return a_len == b_len && a_len > 0;
}

bool strait__host_matches(const char *pattern, size_t len, const struct strait__peer_name *name)
{
    if (len < 2 || pattern[0] != '*' || pattern[1] != '.') {
        return same_host(pattern, len, name->host, name->host_len);
    }
    /* The label that the star stands for ends at the name's first dot; a whole top-level domain is never
     * one owner's. */
    const char *rest = memchr(name->host, '.', name->host_len);
    if (rest == NULL || rest == name->host || memchr(pattern + 2, '.', len - 2) == NULL) {
        return false;
    }
    return same_host(pattern + 1, len - 1, rest, name->host_len - (size_t)(rest - name->host));
}

static bool matches(const struct strait__peer_name *name, const DNS_entry *entry)
{
    if (entry->len <= 0) {
        return false;
    }
    size_t len = (size_t)entry->len;
    if (entry->type == ASN_IP_TYPE) {
        return name->ip_len == len && memcmp(name->ip, entry->name, len) == 0;
    }
    return entry->type == ASN_DNS_TYPE && name->host != NULL &&
           strait__host_matches(entry->name, len, name);
}

/* Adds ", name" as far as there is room; what cannot be printed becomes a question mark. */
static void note(const DNS_entry *entry, char *text, size_t room)
{
    char one[INET6_ADDRSTRLEN > 64 ? INET6_ADDRSTRLEN : 64];
    size_t at = strlen(text), len = entry->len > 0 ? (size_t)entry->len : 0;
    if (entry->type == ASN_IP_TYPE && (len == 4 || len == 16)) {
        inet_ntop(len == 4 ? AF_INET : AF_INET6, entry->name, one, sizeof one);
    } else if (entry->type == ASN_DNS_TYPE) {
        len = len < sizeof one - 1 ? len : sizeof one - 1;
        for (size_t i = 0; i < len; i++) {
            one[i] = entry->name[i] > 0x20 && entry->name[i] < 0x7f ? entry->name[i] : '?';
        }
        one[len] = '\0';
    } else {
        return;
    }
    if (room - at > strlen(one) + 3) {
        snprintf(text + at, room - at, "%s%s", at > 0 ? ", " : "", one);
    }
}

int strait__peer_name_find(const struct strait__peer_name *name, const uint8_t *der, size_t len,
                           char *others, size_t others_room)
{
    DecodedCert cert;
    bool found = false;
    others[0] = '\0';
    wc_InitDecodedCert(&cert, der, (word32)len, NULL);
    int wc = wc_ParseCert(&cert, CERT_TYPE, NO_VERIFY, NULL);
    for (const DNS_entry *entry = wc == 0 ? cert.altNames : NULL; entry != NULL;
         entry = entry->next) {
        found |= matches(name, entry);
        note(entry, others, others_room);
    }
    wc_FreeDecodedCert(&cert);
    if (wc != 0) {
        return wc == MEMORY_E ? STRAIT_E_NOMEM : STRAIT_E_PARSE;
    }
    return found ? STRAIT_OK : STRAIT_E_NAME;
}
