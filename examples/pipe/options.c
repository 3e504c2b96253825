#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "option_rows.h"
#include "say.h"

#define MAX_ROWS 40u

static const char usage[] =
    "Usage: pipe listen [HOST:]PORT [OPTIONS]\n"
    "       pipe connect HOST:PORT [OPTIONS]\n"
    "A pipe of datagrams through DTLS: a line of standard input is a datagram, a datagram that comes\n"
    "is a line of standard output. It ends with standard input, with the peer, or with Ctrl-C.\n"
    "IPv6 addresses stand in brackets; port 0 is any that is free.\n"
    "\n";

static const char after[] =
    "\n"
    "Status 0: an orderly end. Status 1: not so, and a sentence on standard error says why.\n";

enum { HELP = MAX_ROWS, VERSION };

static bool needs_value(const struct option_row *row)
{
    return row->value && row->value[0] != '[';
}

static void print_help(void)
{
    fputs(usage, stdout);
    for (size_t i = 0; i < n_option_rows; i++) {
        char left[40];

        if (!option_rows[i].read) {
            printf("%s%s:\n", i > 0 ? "\n" : "", option_rows[i].name);
            continue;
        }
        snprintf(left, sizeof left, "--%s%s%s", option_rows[i].name,
                 needs_value(&option_rows[i]) ? " " : "",
                 option_rows[i].value ? option_rows[i].value : "");
        printf("  %-22s  %s\n", left, option_rows[i].help);
    }
    puts("  --help, --version");
    fputs(after, stdout);
}

static void make_table(struct option table[static MAX_ROWS])
{
    size_t n = 0;

    for (size_t i = 0; i < n_option_rows && n + 3 < MAX_ROWS; i++) {
        if (option_rows[i].read) {
            const int value = needs_value(&option_rows[i]) ? required_argument : optional_argument;

            table[n++] = (struct option){ option_rows[i].name,
                                          option_rows[i].value ? value : no_argument, NULL,
                                          (int)i };
        }
    }
    table[n++] = (struct option){ "help", no_argument, NULL, HELP };
    table[n++] = (struct option){ "version", no_argument, NULL, VERSION };
    table[n] = (struct option){ NULL, 0, NULL, 0 };
}

static bool read_operands(struct options *out, char **operands, int n)
{
    if (n > 0) {
        out->listen = strcmp(operands[0], "listen") == 0;
    }
    if (n == 0 || (!out->listen && strcmp(operands[0], "connect") != 0)) {
        complain("say 'pipe listen PORT' or 'pipe connect HOST:PORT': --help tells more.");
        return false;
    }
    if (n != 2) {
        complain("%s takes one place, %s, not %d.", operands[0],
                 out->listen ? "[HOST:]PORT" : "HOST:PORT", n - 1);
        return false;
    }
    if (!place_read(&out->place, operands[1], out->listen)) {
        complain("'%s' is not %s (IPv6 in brackets, the port from 0 to 65535).", operands[1],
                 out->listen ? "[HOST:]PORT" : "HOST:PORT");
        return false;
    }
    return true;
}

/* Who the peer is must be known, but for the clients of a server that does not ask. */
static bool peer_is_known(struct options *options)
{
    const int ways = (options->psk != NULL) + (options->ca != NULL) + (options->n_fingerprints > 0);
    const bool asks = !options->listen ||
                      (options->has_client_cert &&
                       options->client_cert != STRAIT_DTLS_CLIENT_CERTIFICATE_NONE);

    if (ways > 1 || (ways == 0 && asks)) {
        complain("say how the peer is known: --ca, --fingerprint or --psk, one of them.");
        return false;
    }
    if (ways == 0) {
        options->client_cert = STRAIT_DTLS_CLIENT_CERTIFICATE_NONE;
    }
    if (options->psk && (options->cert || options->has_client_cert)) {
        complain(
            "with --psk there are no certificates: leave out --cert, --key and --client-cert.");
        return false;
    }
    if (options->name && !options->ca) {
        complain("--name goes with --ca: nothing else looks at names.");
        return false;
    }
    return true;
}

static bool is_for_this_way(const struct options *options)
{
    const char *wrong = NULL;

    if (options->listen) {
        wrong = options->name ? "name" : NULL;
    } else if (options->keep || options->no_cookie || options->has_client_cert) {
        wrong = options->keep ? "keep" : options->no_cookie ? "no-cookie" : "client-cert";
    }
    if (wrong) {
        complain("--%s is for 'pipe %s'.", wrong, options->listen ? "connect" : "listen");
    }
    return !wrong;
}

static bool fits_together(struct options *options)
{
    if (!options->cert != !options->key) {
        complain("--cert and --key belong together: give both.");
        return false;
    }
    /* The numbers of the versions run backwards. */
    if (options->min != 0 && options->max != 0 && options->min < options->max) {
        complain("--min is above --max: no version is left.");
        return false;
    }
    return is_for_this_way(options) && peer_is_known(options);
}

enum options_result options_read(struct options *out, int argc, char **argv)
{
    struct option table[MAX_ROWS];
    int option;

    *out = (struct options){ .listen = false };
    make_table(table);
    opterr = 0;
    while ((option = getopt_long(argc, argv, "h", table, NULL)) != -1) {
        if (option == HELP || option == 'h') {
            print_help();
            return OPTIONS_DONE;
        }
        if (option == VERSION) {
            printf("pipe %s\n", strait_version());
            return OPTIONS_DONE;
        }
        if (option == '?') {
            complain("'%s' is not an option, or its value is missing: try --help.",
                     argv[optind - 1]);
        }
        if (option == '?' || !option_rows[option].read(out, optarg)) {
            return OPTIONS_WRONG;
        }
    }
    return read_operands(out, argv + optind, argc - optind) && fits_together(out) ? OPTIONS_RUN
                                                                                  : OPTIONS_WRONG;
}
