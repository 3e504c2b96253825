/* libsrtp's process-wide state, shared by all sessions. */
#ifndef STRAIT_SRTP_LIBRARY_H
#define STRAIT_SRTP_LIBRARY_H

/*
 * Counts one user more; the first one starts libsrtp and gives it wolfCrypt's ciphers, which takes
 * some 25 ms of self tests. Whoever makes sessions one after the other should hold one of its own.
 * Any thread. STRAIT_OK or STRAIT_E_CRYPTO.
 */
int strait__srtp_library_acquire(void);

/* Gives one acquire back; the last one stops libsrtp. Any thread. */
void strait__srtp_library_release(void);

#endif
