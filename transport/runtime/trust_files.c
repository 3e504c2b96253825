/* Authorities from files: the only part of a trust that knows where it is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/trust.h"
#include "transport/util.h"

enum { FILE_MAX = 16 << 20, PATH_ROOM = 4096 };

struct bytes {
    uint8_t *data;
    size_t len;
};

/* The whole of a regular file. STRAIT_E_SYSTEM (errno says why), _NOMEM. */
static int read_file(const struct strait_hooks *hooks, const char *path, struct bytes *out)
{
    struct stat status;
    *out = (struct bytes){ .data = NULL };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        goto failed;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX) {
        errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
        goto failed;
    }
    out->data = strait__alloc(hooks, (size_t)status.st_size + 1);
    if (out->data == NULL) {
        close(fd);
        return STRAIT_E_NOMEM;
    }
    ssize_t n;
    while (out->len < (size_t)status.st_size &&
           (n = read(fd, out->data + out->len, (size_t)status.st_size - out->len)) != 0) {
        if (n > 0) {
            out->len += (size_t)n;
        } else if (errno != EINTR) {
            goto failed;
        }
    }
    close(fd);
    return STRAIT_OK;

failed:
    strait__free(hooks, out->data);
    out->data = NULL;
    if (fd >= 0) {
        int why = errno;
        close(fd);
        errno = why;
    }
    return STRAIT_E_SYSTEM;
}

static int add_file(struct strait_trust *trust, const char *path, bool strict)
{
    const struct strait_hooks *hooks = strait__trust_hooks(trust);
    struct bytes bytes;
    int result = read_file(hooks, path, &bytes);
    if (result == STRAIT_E_SYSTEM) {
        return strait__trust_fail(trust, result, "%s: %s", path, strerror(errno));
    }
    if (result == STRAIT_OK) {
        result = strait__trust_add(trust, bytes.data, bytes.len, strict);
    }
    strait__free(hooks, bytes.data);
    return result;
}

int strait_trust_add_file(struct strait_trust *trust, const char *path)
{
    if (trust == NULL || path == NULL) {
        return STRAIT_E_INVALID;
    }
    int error = strait__trust_may_change(trust);
    return error == STRAIT_OK ? add_file(trust, path, true) : error;
}

/* The certificates of each file in it. STRAIT_E_NOMEM, _SYSTEM, _NOT_FOUND. */
static int add_directory(struct strait_trust *trust, const char *path)
{
    char file[PATH_ROOM];
    int added = 0;
    bool found = false;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return strait__trust_fail(trust, STRAIT_E_SYSTEM, "%s: %s", path, strerror(errno));
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        int wrote = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || wrote < 0 || (size_t)wrote >= sizeof file) {
            continue;
        }
        int result = add_file(trust, file, false);
        if (result == STRAIT_E_NOMEM) {
            closedir(directory);
            return result;
        }
        added += result > 0 ? result : 0;
        found |= result >= 0;
    }
    closedir(directory);
    if (!found) {
        return strait__trust_fail(trust, STRAIT_E_NOT_FOUND,
                                  "%s: no certificate in it that can be used", path);
    }
    strait__trust_forget(trust);
    return added;
}

int strait_trust_add_directory(struct strait_trust *trust, const char *path)
{
    if (trust == NULL || path == NULL) {
        return STRAIT_E_INVALID;
    }
    int error = strait__trust_may_change(trust);
    return error == STRAIT_OK ? add_directory(trust, path) : error;
}

int strait_trust_add_system(struct strait_trust *trust)
{
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, newer */
        "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
        "/var/lib/ca-certificates/ca-bundle.pem",            /* openSUSE, newer */
        "/etc/ssl/cert.pem",                                 /* Alpine, the BSDs */
        "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD's port */
    };
    if (trust == NULL) {
        return STRAIT_E_INVALID;
    }
    int result = strait__trust_may_change(trust);
    if (result != STRAIT_OK) {
        return result;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        result = add_file(trust, files[i], false);
        if (result >= 0 || result == STRAIT_E_NOMEM) {
            strait__trust_forget(trust);
            return result;
        }
    }
    result = add_directory(trust, "/etc/ssl/certs");
    if (result >= 0 || result == STRAIT_E_NOMEM) {
        return result;
    }
    return strait__trust_fail(trust, STRAIT_E_NOT_FOUND,
                              "the system has no store of authorities where it is looked for: "
                              "install its ca-certificates, or add a file");
}
