/* Remote rules as a program for the kernel: libnice answers whoever knows the credentials, so that what comes from a
 * denied address must not reach it. */
#ifndef STRAIT_ICE_AGENT_FILTER_H
#define STRAIT_ICE_AGENT_FILTER_H

#include <linux/filter.h>

#include "ice/rules.h"

enum { STRAIT__FILTER_ROOM = BPF_MAXINSNS };

/*
 * Drops the packets of a socket, IPv4 or IPv6, whose source one of the `n_rules` does not allow, but those of `exempt`.
 * Writes up to STRAIT__FILTER_ROOM instructions; returns how many, or STRAIT_E_LIMIT. Pure.
 */
int strait__filter_build(struct sock_filter *out, const struct strait__rules *const *rules,
                         size_t n_rules, const struct sockaddr_storage *exempt, size_t n_exempt);

#endif
