/* What --verbose, --stats and --export tell. */
#ifndef PIPE_REPORT_H
#define PIPE_REPORT_H

#include <strait/dtls.h>

#include "options.h"

/* The versions, names and fingerprint that were agreed on. */
void report_connected(const struct strait_dtls *dtls, const char *peer);

/* The keying material that --export asks for. */
void report_export(const struct strait_dtls *dtls, const char *label, size_t len);

/* The alerts that came or were sent. */
void report_alerts(const struct strait_dtls *dtls);

/* Every counter that is not 0. */
void report_stats(const struct strait_dtls *dtls);

#endif
