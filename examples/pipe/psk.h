/* Pre-shared keys: of the command line, or of a file with one a line. */
#ifndef PIPE_PSK_H
#define PIPE_PSK_H

#include <strait/dtls.h>

struct psk_list {
    struct strait_dtls_psk *keys;
    size_t n;
};

/* Reads "IDENTITY:HEX" or "@FILE". 0, or -1 after a word on standard error. */
int psk_open(struct psk_list *list, const char *text);

/* Zeroes and frees. */
void psk_close(struct psk_list *list);

/* The event of an association: a client takes the first, a server the one of that identity. */
int psk_answer(const struct psk_list *list, bool server, struct strait_dtls_psk *psk);

#endif
