#include "tests/openssl_pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 24 };

/* Runs openssl in the folder; the words end with NULL. */
static void openssl(const struct openssl_pki *pki, ...)
{
    char *words[MAX_WORDS] = { "openssl" };
    int status;
    va_list args;
    va_start(args, pki);
    for (size_t n = 1; n < MAX_WORDS && (words[n] = va_arg(args, char *)) != NULL; n++) {
    }
    va_end(args);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        if (chdir(pki->folder) == 0) {
            execvp("openssl", words);
        }
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

void openssl_pki_open(struct openssl_pki *pki)
{
    snprintf(pki->folder, sizeof pki->folder, "/tmp/strait-pki-XXXXXX");
    assert_non_null(mkdtemp(pki->folder));
    snprintf(pki->cert, sizeof pki->cert, "%s/leaf.crt", pki->folder);
    snprintf(pki->key, sizeof pki->key, "%s/leaf.key", pki->folder);
    openssl(pki, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Authority", "-days", "2", NULL);
}

void openssl_pki_close(struct openssl_pki *pki)
{
    DIR *folder = opendir(pki->folder);
    const struct dirent *entry;
    char path[400];
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", pki->folder, entry->d_name);
        (void)unlink(path);
    }
    closedir(folder);
    assert_int_equal(rmdir(pki->folder), 0);
}

void openssl_pki_issue(struct openssl_pki *pki, const char *names, int days)
{
    char extension[200], number[16];
    snprintf(extension, sizeof extension, "subjectAltName=%s", names);
    snprintf(number, sizeof number, "%d", days);
    openssl(pki, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=TURN server", "-addext",
            extension, NULL);
    openssl(pki, "x509", "-req", "-in", "leaf.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", number, "-copy_extensions", "copy", "-out", "leaf.crt",
            NULL);
}

struct strait_trust *openssl_pki_trust(const struct openssl_pki *pki)
{
    struct strait_trust *trust;
    char path[96];
    snprintf(path, sizeof path, "%s/ca.crt", pki->folder);
    assert_int_equal(strait_trust_create(&trust, NULL), STRAIT_OK);
    assert_int_equal(strait_trust_add_file(trust, path), 1);
    return trust;
}
