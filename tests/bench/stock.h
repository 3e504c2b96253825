/* Stock libsrtp with its own ciphers: only for the process of the peers, where strait never starts. */
#ifndef TESTS_BENCH_STOCK_H
#define TESTS_BENCH_STOCK_H

#include <srtp2/srtp.h>

#include <strait/srtp.h>

const char *stock_name(void);

/* ssrc_any_outbound or ssrc_any_inbound, with the key of ring_key. NULL, and a line, if not. */
srtp_t stock_session(enum strait_srtp_profile profile, srtp_ssrc_type_t direction);

#endif
