/* The command line. */
#ifndef RADIO_OPTIONS_H
#define RADIO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <strait/strait.h>

#include "program.h"

#define OPTIONS_MAX_ADVERTISE 8u

struct options {
    uint16_t udp_port, http_port; /* 0: any that is free */
    const char *http_address;     /* NULL: all */
    struct sockaddr_storage advertise[OPTIONS_MAX_ADVERTISE];
    size_t n_advertise;
    enum strait_dtls_role dtls_role;
    uint32_t max_listeners;
    const char *const *names; /* of files, folders, "-"; as given */
    size_t n_names;
    const char *mic;   /* ALSA's name; NULL: none */
    const char *title; /* NULL: the sources' own */
    bool loop;
    enum program_stereo stereo;
    uint32_t bitrate;
    uint32_t fec;                   /* expected loss in per cent; 0: no FEC */
    const char *tls_cert, *tls_key; /* NULL: HTTP */
    bool ingest;
    const char *ingest_token; /* NULL: whoever comes may publish */
    const char *record;       /* NULL: none */
    const char *capture;      /* NULL: none */
    uint32_t seconds;         /* 0: until a signal comes */
    bool verbose;
    bool has_expect;
    struct strait_fingerprint expect;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE, /* --help, --version: printed */
    OPTIONS_WRONG /* said on standard error */
};

enum options_result options_read(struct options *out, int argc, char **argv);

#endif
