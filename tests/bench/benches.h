/* The benchmarks there are. */
#ifndef TESTS_BENCH_BENCHES_H
#define TESTS_BENCH_BENCHES_H

#include "tests/bench/frame.h"

extern const struct bench bench_srtp;
extern const struct bench bench_handshake;
extern const struct bench bench_connect;
extern const struct bench bench_fanout;
extern const struct bench bench_ice;

#endif
