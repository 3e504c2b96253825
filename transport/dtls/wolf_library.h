/*
 * wolfSSL's process-wide part: counted, so that its first user starts it and its last one stops it, in
 * whatever threads they run.
 */
#ifndef STRAIT_DTLS_WOLF_LIBRARY_H
#define STRAIT_DTLS_WOLF_LIBRARY_H

/* STRAIT_OK or STRAIT_E_CRYPTO. Outside of any scope: what the library keeps is nobody's in particular. */
int strait__wolf_ref(void);
void strait__wolf_unref(void);

#endif
