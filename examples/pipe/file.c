#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

static int read_all(struct file *file, int fd)
{
    ssize_t n;

    while ((n = read(fd, file->bytes + file->len, FILE_MAX - file->len)) > 0) {
        file->len += (size_t)n;
    }
    return n < 0 ? -1 : 0;
}

int file_read(struct file *file, const char *option, const char *name)
{
    const int fd = open(name, O_RDONLY | O_CLOEXEC);
    int done = -1;

    *file = (struct file){ .bytes = fd >= 0 ? malloc(FILE_MAX) : NULL };
    if (file->bytes) {
        done = read_all(file, fd);
    }
    if (done != 0) {
        complain("--%s: cannot read %s: %s.", option, name, strerror(errno));
        file_free(file);
    }
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

void file_free(struct file *file)
{
    if (file->bytes) {
        explicit_bzero(file->bytes, file->len);
        free(file->bytes);
    }
    *file = (struct file){ .len = 0 };
}
