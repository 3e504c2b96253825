#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

static const char help[] =
    "Usage: radio [OPTIONS] [FILE|FOLDER|-]...\n"
    "Plays music to every browser that opens its page, through one UDP port: Ogg Opus as it is,\n"
    "WAV, FLAC, MP3, Vorbis and more encoded anew, folders in the order of their names, '-' for\n"
    "Ogg Opus or WAV on standard input. Without a name: a melody.\n"
    "\n"
    "  --mic[=NAME]          play the microphone (ALSA's name of it: default)\n"
    "  --loop                begin again after the last file\n"
    "  --title TEXT          say this on the page instead of the files' own titles\n"
    "  --stereo[=yes|no]     encode stereo or mono (as the file is)\n"
    "  --fec[=PERCENT]       packets carry the one before once more, for networks that lose so\n"
    "                        many (10); at less than 9 only speech gets that\n"
    "  --udp-port N          media of all listeners (8080; 0: any that is free)\n"
    "  --http-port N         page and WHEP, on TCP (8080; 0: any that is free)\n"
    "  --http-address ADDR   serve the page on this address only (all)\n"
    "  --tls-cert FILE       HTTPS with this certificate (PEM, with those that vouch for it)\n"
    "  --tls-key FILE        ... and its private key (PEM)\n"
    "  --advertise ADDR      offer this address as well, such as the public one of a 1:1 NAT;\n"
    "                        may be given several times\n"
    "  --max-listeners N     more get 503 (500)\n"
    "  --bitrate N           of what is encoded, in kbit/s, 6 to 510 (96)\n"
    "  --ingest              take a publisher in by WHIP: on the air instead of all else while\n"
    "                        he sends\n"
    "  --ingest-token TOKEN  ... only one who knows this word\n"
    "  --record FILE         write what is heard as Ogg Opus\n"
    "  --seconds N           end by itself after N seconds\n"
    "  --verbose             tell each change of a connection's state, and what strait logs\n"
    "  --help, --version\n"
    "\n"
    "To look into things:\n"
    "  --dtls-role server|client      our role where the browser leaves it to us (server)\n"
    "  --expect-fingerprint 'sha-256 AB:CD:...'\n"
    "                                 every browser must have this certificate, whatever its\n"
    "                                 offer says\n"
    "  --capture FILE                 write all that the endpoint takes in, for strait-replay;\n"
    "                                 the file has keys and plain media in it\n";

enum option_number {
    FIRST = 256, /* no character */
    UDP_PORT = FIRST,
    HTTP_PORT,
    HTTP_ADDRESS,
    ADVERTISE,
    MAX_LISTENERS,
    BITRATE,
    SECONDS,
    FEC,
    STEREO,
    LOOP,
    TITLE,
    MIC,
    DTLS_ROLE,
    EXPECT,
    INGEST,
    INGEST_TOKEN,
    RECORD,
    CAPTURE,
    TLS_CERT,
    TLS_KEY,
    VERBOSE,
    HELP,
    VERSION
};

static const struct range {
    const char *name;
    unsigned long min, max;
} ranges[] = {
    [UDP_PORT - FIRST] = { "--udp-port", 0, 65535 },
    [HTTP_PORT - FIRST] = { "--http-port", 0, 65535 },
    [MAX_LISTENERS - FIRST] = { "--max-listeners", 1, 16384 },
    [BITRATE - FIRST] = { "--bitrate", 6, 510 },
    [FEC - FIRST] = { "--fec", 1, 100 },
    [SECONDS - FIRST] = { "--seconds", 1, 1000000000 },
};

static bool read_number(int option, const char *text, uint32_t *out)
{
    const struct range *range = &ranges[option - FIRST];
    unsigned long value;
    char *end;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < range->min ||
        value > range->max) {
        terminal_complain("%s must be a number from %lu to %lu, not '%s'.", range->name, range->min,
                          range->max, text);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool read_port(int option, const char *text, uint16_t *out)
{
    uint32_t value;

    if (!read_number(option, text, &value)) {
        return false;
    }
    *out = (uint16_t)value;
    return true;
}

static bool read_address(struct options *options, const char *text)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;

    if (options->n_advertise == OPTIONS_MAX_ADVERTISE) {
        terminal_complain("--advertise can be given %u times.", OPTIONS_MAX_ADVERTISE);
        return false;
    }
    if (getaddrinfo(text, NULL, &hints, &found) != 0) {
        terminal_complain("--advertise must be an IPv4 or IPv6 address, not '%s'.", text);
        return false;
    }
    memcpy(&options->advertise[options->n_advertise++], found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

static bool read_role(struct options *options, const char *text)
{
    if (strcmp(text, "server") == 0) {
        options->dtls_role = STRAIT_DTLS_SERVER;
    } else if (strcmp(text, "client") == 0) {
        options->dtls_role = STRAIT_DTLS_CLIENT;
    } else {
        terminal_complain("--dtls-role must be server or client, not '%s'.", text);
        return false;
    }
    return true;
}

static bool read_stereo(struct options *options, const char *text)
{
    if (!text || strcmp(text, "yes") == 0) {
        options->stereo = PROGRAM_STEREO;
    } else if (strcmp(text, "no") == 0) {
        options->stereo = PROGRAM_MONO;
    } else {
        terminal_complain("--stereo must be yes or no, not '%s'.", text);
        return false;
    }
    return true;
}

static bool read_expect(struct options *options, const char *text)
{
    options->has_expect = true;
    if (strait_fingerprint_parse(&options->expect, text, strlen(text)) != STRAIT_OK) {
        terminal_complain("--expect-fingerprint must look like 'sha-256 AB:CD:...', not '%s'.",
                          text);
        return false;
    }
    return true;
}

/* It stands in a header: visible characters only (RFC 6750, section 2.1, allows even fewer). */
static bool read_token(struct options *options, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            terminal_complain("--ingest-token must be one word of plain letters and digits.");
            return false;
        }
    }
    if (*text == '\0') {
        terminal_complain("--ingest-token must not be empty.");
        return false;
    }
    options->ingest = true;
    options->ingest_token = text;
    return true;
}

/* What is played and how; -1: another option. */
static int read_source_option(struct options *options, int option)
{
    switch (option) {
    case BITRATE:
        return read_number(option, optarg, &options->bitrate);
    case FEC:
        return read_number(option, optarg ? optarg : "10", &options->fec);
    case STEREO:
        return read_stereo(options, optarg);
    case LOOP:
        options->loop = true;
        return true;
    case TITLE:
        options->title = optarg;
        return true;
    case MIC:
        options->mic = optarg ? optarg : "default";
        return true;
    default:
        return -1;
    }
}

static bool read_option(struct options *options, int option)
{
    const int source = read_source_option(options, option);

    if (source >= 0) {
        return source;
    }
    switch (option) {
    case UDP_PORT:
        return read_port(option, optarg, &options->udp_port);
    case HTTP_PORT:
        return read_port(option, optarg, &options->http_port);
    case HTTP_ADDRESS:
        options->http_address = optarg;
        return true;
    case ADVERTISE:
        return read_address(options, optarg);
    case MAX_LISTENERS:
        return read_number(option, optarg, &options->max_listeners);
    case SECONDS:
        return read_number(option, optarg, &options->seconds);
    case DTLS_ROLE:
        return read_role(options, optarg);
    case EXPECT:
        return read_expect(options, optarg);
    case INGEST:
        options->ingest = true;
        return true;
    case INGEST_TOKEN:
        return read_token(options, optarg);
    case RECORD:
        options->record = optarg;
        return true;
    case CAPTURE:
        options->capture = optarg;
        return true;
    case TLS_CERT:
        options->tls_cert = optarg;
        return true;
    case TLS_KEY:
        options->tls_key = optarg;
        return true;
    case VERBOSE:
        options->verbose = true;
        return true;
    default:
        return false;
    }
}

enum options_result options_read(struct options *out, int argc, char **argv)
{
    static const struct option names[] = {
        { "udp-port", required_argument, NULL, UDP_PORT },
        { "http-port", required_argument, NULL, HTTP_PORT },
        { "http-address", required_argument, NULL, HTTP_ADDRESS },
        { "advertise", required_argument, NULL, ADVERTISE },
        { "max-listeners", required_argument, NULL, MAX_LISTENERS },
        { "bitrate", required_argument, NULL, BITRATE },
        { "fec", optional_argument, NULL, FEC },
        { "stereo", optional_argument, NULL, STEREO },
        { "loop", no_argument, NULL, LOOP },
        { "title", required_argument, NULL, TITLE },
        { "mic", optional_argument, NULL, MIC },
        { "seconds", required_argument, NULL, SECONDS },
        { "dtls-role", required_argument, NULL, DTLS_ROLE },
        { "expect-fingerprint", required_argument, NULL, EXPECT },
        { "ingest", no_argument, NULL, INGEST },
        { "ingest-token", required_argument, NULL, INGEST_TOKEN },
        { "record", required_argument, NULL, RECORD },
        { "capture", required_argument, NULL, CAPTURE },
        { "tls-cert", required_argument, NULL, TLS_CERT },
        { "tls-key", required_argument, NULL, TLS_KEY },
        { "verbose", no_argument, NULL, VERBOSE },
        { "help", no_argument, NULL, HELP },
        { "version", no_argument, NULL, VERSION },
        { NULL, 0, NULL, 0 },
    };
    int option;

    *out = (struct options){ .udp_port = 8080,
                             .http_port = 8080,
                             .dtls_role = STRAIT_DTLS_SERVER,
                             .max_listeners = 500,
                             .bitrate = 96 };
    opterr = 0;
    while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        if (option == HELP || option == 'h') {
            fputs(help, stdout);
            return OPTIONS_DONE;
        }
        if (option == VERSION) {
            printf("radio %s\n", strait_version());
            return OPTIONS_DONE;
        }
        if (option == '?') {
            terminal_complain("'%s' is not an option, or its value is missing: try --help.",
                              argv[optind - 1]);
        }
        if (option == '?' || !read_option(out, option)) {
            return OPTIONS_WRONG;
        }
    }
    if (!out->tls_cert != !out->tls_key) {
        terminal_complain("HTTPS needs both --tls-cert and --tls-key.");
        return OPTIONS_WRONG;
    }
    out->names = (const char *const *)argv + optind;
    out->n_names = (size_t)(argc - optind);
    if (out->record && out->capture && strcmp(out->record, out->capture) == 0) {
        terminal_complain("%s cannot be what --record and --capture both write.", out->record);
        return OPTIONS_WRONG;
    }
    if (out->mic && out->n_names > 0) {
        terminal_complain("'%s' and --mic: there can be one of them.", argv[optind]);
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}
