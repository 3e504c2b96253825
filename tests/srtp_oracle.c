/*
 * Stock libsrtp with its own ciphers, in a process of its own, since strait replaces them in the whole
 * process: prints what it makes of the packets of srtp_oracle.h, a line each.
 */
#include "tests/srtp_oracle.h"

#include <stdio.h>

#include <srtp2/srtp.h>

static void check(srtp_err_status_t status, const char *what)
{
    if (status != srtp_err_status_ok) {
        fprintf(stderr, "%s: libsrtp says %d\n", what, (int)status);
        exit(1);
    }
}

static srtp_t stock_session(enum strait_srtp_profile profile)
{
    struct strait_srtp_key key;
    size_t key_len, salt_len;
    unsigned char master[STRAIT_SRTP_MAX_KEY + STRAIT_SRTP_MAX_SALT];
    srtp_policy_t policy;
    srtp_t session;
    known_keys(profile, 0, &key);
    strait_srtp_profile_lengths(profile, &key_len, &salt_len);
    memcpy(master, key.key, key_len);
    memcpy(master + key_len, key.salt, salt_len);
    memset(&policy, 0, sizeof policy);
    check(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, (srtp_profile_t)profile), "RTP");
    check(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, (srtp_profile_t)profile),
          "RTCP");
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = master;
    check(srtp_create(&session, &policy), "create");
    return session;
}

int main(void)
{
    check(srtp_init(), "init");
    for (int i = 0; i < N_PROFILES; i++) {
        srtp_t session = stock_session(all_profiles[i]);
        for (unsigned n = 0; n < ORACLE_PACKETS; n++) {
            struct bytes packet;
            oracle_packet(n, &packet);
            int len = (int)packet.len;
            check(oracle_packet_is_rtcp(n) ? srtp_protect_rtcp(session, packet.data, &len)
                                           : srtp_protect(session, packet.data, &len),
                  "protect");
            for (int k = 0; k < len; k++) {
                printf("%02x", packet.data[k]);
            }
            printf("\n");
        }
        srtp_dealloc(session);
    }
    srtp_shutdown();
    return 0;
}
