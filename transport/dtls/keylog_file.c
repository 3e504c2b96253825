#include "transport/dtls/keylog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

const char *strait__keylog_path(void)
{
    const char *path = secure_getenv("SSLKEYLOGFILE");
    return path != NULL && path[0] != '\0' ? path : NULL;
}

int strait__keylog_append(const char *path, const char *line, size_t len)
{
    int error = 0;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0) {
        return errno;
    }
    ssize_t wrote = write(fd, line, len);
    if (wrote < 0 || (size_t)wrote != len) {
        error = wrote < 0 ? errno : ENOSPC;
    }
    close(fd);
    return error;
}
