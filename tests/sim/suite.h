/* What all cases of a simulation share: certificates, and how many seeds to run. */
#ifndef SIM_SUITE_H
#define SIM_SUITE_H

#include <strait/certificate.h>

#include "tests/sim/check.h"

enum { SIM_CERTIFICATES = 32 };

/* A reference on the certificate number `number`; the same one every time. */
struct strait_certificate *sim_certificate(uint32_t number);

void sim_forget_certificates(void);

/* STRAIT_SIM_SEEDS, or `usual`. */
size_t sim_seeds(size_t usual);

/* Runs the cases; what main returns. */
int sim_run(const struct CMUnitTest *tests, size_t n);

#endif
