#include "radio.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "format.h"
#include "routes.h"
#include "terminal.h"

/* libopus' delay at 48 kHz, in samples. */
#define RECORD_PRE_SKIP 312

/* --- What comes from outside ------------------------------------------------------------------- */

static void stop(void *user)
{
    struct radio *radio = user;

    radio->stop = true;
}

static void on_capture(void *user, const uint8_t *data, size_t len)
{
    struct radio *radio = user;

    if (radio->capture && fwrite(data, 1, len, radio->capture) != len) {
        terminal_complain("the capture ends here: %s: %s.", radio->options.capture,
                          strerror(errno));
        fclose(radio->capture);
        radio->capture = NULL;
    }
}

static void on_log(void *user, enum strait_log_level level, const char *component, const char *line)
{
    static const char *const names[] = {
        [STRAIT_LOG_ERROR] = "error",
        [STRAIT_LOG_WARNING] = "warning",
        [STRAIT_LOG_INFO] = "info",
        [STRAIT_LOG_DEBUG] = "debug",
    };

    (void)user;
    terminal_say("strait %s: %s: %s", names[level], component, line);
}

static void on_signal(void *user, short events)
{
    struct radio *radio = user;
    struct signalfd_siginfo info;

    (void)events;
    if (read(radio->signals, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGTSTP) {
        /* The shell gets a terminal as it was; the line comes back with the next tick. */
        terminal_hide();
        raise(SIGSTOP);
        return;
    }
    stop(radio);
}

/* --- Setting up: each step says on standard error what is wrong ------------------------------- */

static int open_signals(struct radio *radio)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    radio->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (radio->signals < 0) {
        terminal_complain("signalfd: %s.", strerror(errno));
        return -1;
    }
    return 0;
}

static int open_runtime(struct radio *radio)
{
    const int error = strait_runtime_create(&radio->runtime, NULL);

    if (error != STRAIT_OK) {
        terminal_complain("cannot begin: %s.", strait_strerror(error));
        return -1;
    }
    return 0;
}

static int open_program(struct radio *radio)
{
    const struct options *options = &radio->options;
    const struct program_config config = {
        .playlist = { .names = options->names,
                      .n_names = options->n_names,
                      .mic = options->mic,
                      .loop = options->loop,
                      .runtime = radio->runtime },
        .encoder = { .bitrate = (int)options->bitrate * 1000, .expected_loss = (int)options->fec },
        .stereo = options->stereo,
        .title = options->title,
    };

    if (program_create(&radio->program, &config) != 0) {
        return -1;
    }
    return 0;
}

/* After the program: what is played must not be written over. */
static bool may_write(const struct radio *radio, const char *option, const char *file)
{
    if (program_plays(radio->program, file)) {
        terminal_complain("%s is among what is played: %s must name another file.", file, option);
        return false;
    }
    return true;
}

static int open_capture(struct radio *radio)
{
    if (!radio->options.capture) {
        return 0;
    }
    if (!may_write(radio, "--capture", radio->options.capture)) {
        return -1;
    }
    radio->capture = fopen(radio->options.capture, "wbe");
    if (!radio->capture) {
        terminal_complain("cannot write %s: %s.", radio->options.capture, strerror(errno));
        return -1;
    }
    return 0;
}

static int open_endpoint(struct radio *radio)
{
    static const struct strait_hooks verbose = { .size = sizeof verbose, .log = on_log };
    struct strait_endpoint_config config = {
        .size = sizeof config,
        /* Those who have just ended keep theirs until the next frame. */
        .max_transports = radio->options.max_listeners + 16,
        .user = radio,
        .hooks = radio->options.verbose ? &verbose : NULL,
    };
    int error;

    if (radio->capture) {
        config.record = on_capture;
        config.record_user = radio;
        config.record_secrets_ok = true;
    }
    error = strait_endpoint_create(&radio->endpoint, &config, strait_runtime_now(radio->runtime));
    if (error == STRAIT_OK) {
        error = strait_runtime_add(radio->runtime, radio->endpoint);
    }
    if (error != STRAIT_OK) {
        terminal_complain("cannot begin: %s.", strait_strerror(error));
        return -1;
    }
    return 0;
}

/* One address family's wildcard with radio->udp_port, which gets the real one. */
static int bind_family(struct radio *radio, int family)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(radio->udp_port) };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(radio->udp_port) };
    struct sockaddr_storage bound;
    const bool is_v6 = family == AF_INET6;
    int error = strait_runtime_bind(radio->runtime, radio->endpoint,
                                    is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                                    is_v6 ? sizeof v6 : sizeof v4, NULL, &bound);

    if (error == STRAIT_OK) {
        radio->udp_port = ntohs(is_v6 ? ((struct sockaddr_in6 *)(void *)&bound)->sin6_port
                                      : ((struct sockaddr_in *)(void *)&bound)->sin_port);
    }
    return error;
}

/* IPv4 and IPv6; a machine may have only one of them. */
static int bind_udp(struct radio *radio)
{
    int v4, v6;

    radio->udp_port = radio->options.udp_port;
    v4 = bind_family(radio, AF_INET);
    v6 = v4 == STRAIT_E_EXISTS ? STRAIT_OK : bind_family(radio, AF_INET6);
    if (v4 == STRAIT_E_EXISTS || v6 == STRAIT_E_EXISTS) {
        terminal_complain("UDP port %u is in use: choose another with --udp-port.",
                          radio->udp_port);
        return -1;
    }
    if (v4 != STRAIT_OK && v6 != STRAIT_OK) {
        terminal_complain("cannot open UDP port %u: %s.", radio->udp_port,
                          strait_runtime_error_detail(radio->runtime));
        return -1;
    }
    return 0;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
    }
}

static int open_station(struct radio *radio, strait_time start)
{
    struct station_config config = {
        .runtime = radio->runtime,
        .endpoint = radio->endpoint,
        .max_listeners = radio->options.max_listeners,
        .dtls_role = radio->options.dtls_role,
        .expect = radio->options.has_expect ? &radio->options.expect : NULL,
        .title = program_title(radio->program),
        .verbose = radio->options.verbose,
    };
    int error;

    for (size_t i = 0; i < radio->options.n_advertise; i++) {
        config.advertised[i] = radio->options.advertise[i];
        set_port(&config.advertised[i], radio->udp_port);
        config.n_advertised++;
    }
    error = station_init(&radio->station, &config, start);
    if (error != STRAIT_OK) {
        terminal_complain("cannot begin: %s.", strait_strerror(error));
        return -1;
    }
    radio->station.program = radio->program;
    if (radio->options.ingest) {
        ingest_init(&radio->ingest, &radio->station, radio->options.ingest_token);
    }
    return 0;
}

/* After the station: its stream is what is recorded. */
static int open_record(struct radio *radio)
{
    const struct ogg_writer_config config = {
        .file = radio->options.record,
        .title = radio->station.config.title,
        .channels = RADIO_CHANNELS,
        .pre_skip = RECORD_PRE_SKIP,
    };
    char reason[200];

    if (config.file && !may_write(radio, "--record", config.file)) {
        return -1;
    }
    if (config.file &&
        ogg_writer_create(&radio->station.record, &config, reason, sizeof reason) != 0) {
        terminal_complain("%s", reason);
        return -1;
    }
    return 0;
}

static int open_http(struct radio *radio)
{
    const struct http_config config = {
        .runtime = radio->runtime,
        .address = radio->options.http_address,
        .port = radio->options.http_port,
        .tls_cert = radio->options.tls_cert,
        .tls_key = radio->options.tls_key,
        .routes = routes,
        .n_routes = n_routes,
        .user = &radio->station,
    };
    char reason[200];

    if (http_create(&radio->http, &config, reason, sizeof reason) != 0) {
        terminal_complain("%s", reason);
        return -1;
    }
    return 0;
}

static int start(struct radio *radio)
{
    const strait_time now = strait_runtime_now(radio->runtime);
    /* The built-in melody needs no announcement. */
    const bool announce = radio->options.n_names > 0 || radio->options.mic;
    int error = air_start(&radio->air, &radio->station, radio->program, announce);

    if (error == STRAIT_OK) {
        error = strait_runtime_watch(radio->runtime, radio->signals, POLLIN, on_signal, radio);
    }
    if (error == STRAIT_OK && radio->options.seconds > 0) {
        error = strait_runtime_at(radio->runtime, now + radio->options.seconds * STRAIT_S, stop,
                                  radio);
    }
    if (error == STRAIT_OK) {
        error = status_start(&radio->status, radio->runtime, &radio->station);
    }
    if (error != STRAIT_OK) {
        terminal_complain("cannot begin: %s.", strait_strerror(error));
        return -1;
    }
    return 0;
}

int radio_open(struct radio *radio)
{
    if (open_signals(radio) != 0 || open_runtime(radio) != 0 || open_program(radio) != 0 ||
        open_capture(radio) != 0 || open_endpoint(radio) != 0 || bind_udp(radio) != 0 ||
        open_station(radio, strait_runtime_now(radio->runtime)) != 0 || open_record(radio) != 0 ||
        open_http(radio) != 0) {
        return -1;
    }
    return start(radio);
}

/* --- Life ------------------------------------------------------------------------------------- */

/* "http://192.0.2.7:8080/" for each address that another machine may use. */
static void tell_where(const struct radio *radio)
{
    struct strait_candidate all[STATION_MAX_CANDIDATES];
    size_t n = strait_endpoint_local_candidates(radio->endpoint, all, STATION_MAX_CANDIDATES);
    char line[1024];
    const char *scheme = radio->options.tls_cert ? "https" : "http";
    size_t at = (size_t)snprintf(line, sizeof line, "%s://localhost:%u/", scheme,
                                 http_port(radio->http));

    for (size_t i = 0; i < n && i < STATION_MAX_CANDIDATES; i++) {
        const struct sockaddr_in *v4 = (const void *)&all[i].address;
        char address[NI_MAXHOST];

        if (v4->sin_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != 127 &&
            getnameinfo((const struct sockaddr *)v4, sizeof *v4, address, sizeof address, NULL, 0,
                        NI_NUMERICHOST) == 0 &&
            at < sizeof line) {
            at += (size_t)snprintf(line + at, sizeof line - at, " %s://%s:%u/", scheme, address,
                                   http_port(radio->http));
        }
    }
    if (radio->options.http_address) {
        snprintf(line, sizeof line,
                 strchr(radio->options.http_address, ':') ? "%s://[%s]:%u/" : "%s://%s:%u/", scheme,
                 radio->options.http_address, http_port(radio->http));
    }
    terminal_say("On the air: %s  (media on UDP port %u, Ctrl-C ends it)", line, radio->udp_port);
}

int radio_run(struct radio *radio)
{
    tell_where(radio);
    while (!radio->stop && !radio->air.ended) {
        const int error = strait_runtime_wait(radio->runtime, STRAIT_TIME_NEVER);

        if (error != STRAIT_OK) {
            terminal_complain("%s: %s.", strait_strerror(error),
                              strait_runtime_error_detail(radio->runtime));
            return 1;
        }
    }
    status_stop(&radio->status);
    ingest_close(&radio->ingest, strait_runtime_now(radio->runtime));
    station_close(&radio->station, strait_runtime_now(radio->runtime));
    (void)strait_runtime_dispatch(radio->runtime);
    terminal_say("Off the air");
    return radio->air.failed ? 1 : 0;
}

void radio_close(struct radio *radio)
{
    status_stop(&radio->status);
    air_stop(&radio->air);
    http_destroy(radio->http);
    if (radio->endpoint) {
        (void)strait_runtime_remove(radio->runtime, radio->endpoint);
    }
    ingest_finish(&radio->ingest);
    station_finish(&radio->station);
    program_destroy(radio->program); /* it may have watched standard input */
    strait_endpoint_destroy(radio->endpoint);
    strait_runtime_destroy(radio->runtime);
    if (radio->capture) {
        fclose(radio->capture);
    }
    if (radio->signals >= 0) {
        close(radio->signals);
    }
}
