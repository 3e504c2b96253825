/* strait-replay FILE: replays a record of an endpoint and says whether the same bytes came out. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/record.h>

enum { SAME = 0, DIFFERENT = 1, BAD_FILE = 2 };

struct view {
    bool begun;
    strait_time begin; /* of the first line; times are printed from there on */
};

/* --- The file --------------------------------------------------------------------------------- */

static uint8_t *read_all(FILE *file, size_t *len)
{
    size_t room = 1 << 16;
    uint8_t *data = malloc(room);
    *len = 0;
    while (data != NULL) {
        *len += fread(data + *len, 1, room - *len, file);
        if (*len < room) {
            break;
        }
        uint8_t *more = realloc(data, room *= 2);
        if (more == NULL) {
            free(data);
        }
        data = more;
    }
    if (data != NULL && ferror(file)) {
        free(data);
        data = NULL;
    }
    return data;
}

static uint8_t *read_file(const char *name, size_t *len)
{
    FILE *file = fopen(name, "rb");
    uint8_t *data = file != NULL ? read_all(file, len) : NULL;
    if (data == NULL) {
        fprintf(stderr, "strait-replay: %s: %s\n", name, strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
    return data;
}

/* --- What is shown ---------------------------------------------------------------------------- */

/* RFC 7983, 7: what a datagram's first byte makes of it; RTCP by RFC 5761, 4. */
static const char *kind_of(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return "empty";
    }
    if (data[0] <= 3) {
        return "STUN";
    }
    if (data[0] >= 20 && data[0] <= 63) {
        return "DTLS";
    }
    if (data[0] >= 128 && data[0] <= 191) {
        return len > 1 && data[1] >= 192 && data[1] <= 223 ? "SRTCP" : "SRTP";
    }
    return data[0] >= 64 ? "QUIC" : "unknown";
}

static const char *address_text(const struct sockaddr_storage *address, char *text, size_t room)
{
    char host[64], port[8];
    if (getnameinfo((const struct sockaddr *)(const void *)address, sizeof *address, host,
                    sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "?";
    }
    snprintf(text, room, address->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return text;
}

static void print_time(struct view *view, strait_time when)
{
    if (!view->begun) {
        view->begun = true;
        view->begin = when;
    }
    strait_time t = when > view->begin ? when - view->begin : 0;
    printf("%6" PRIu64 ".%06" PRIu64 "  ", t / STRAIT_S, t % STRAIT_S / STRAIT_US);
}

static void print_datagram(struct view *view, strait_time when, const char *arrow,
                           const struct sockaddr_storage *remote, const uint8_t *data, size_t len)
{
    char text[80];
    print_time(view, when);
    printf("%s %s  %s, %zu bytes\n", arrow, address_text(remote, text, sizeof text),
           kind_of(data, len), len);
}

static void on_sent(void *user, strait_time when, const struct strait_send *send)
{
    print_datagram(user, when, "->", &send->path->remote, send->data, send->len);
}

static void on_received(void *user, strait_time when, const struct strait_datagram *datagram)
{
    print_datagram(user, when, "<-", &datagram->remote, datagram->data, datagram->len);
}

static void on_event(void *user, strait_time when, const char *line)
{
    print_time(user, when);
    printf("*  %s\n", line);
}

static void print_summary(const struct strait_replay_result *result)
{
    printf("%" PRIu64 " entries, %" PRIu64 " datagrams in, %" PRIu64 " out, %.3f s%s\n",
           result->entries, result->datagrams_in, result->datagrams_out,
           (double)(result->end - result->begin) / (double)STRAIT_S,
           result->truncated ? ", truncated" : "");
    if (result->differences > 0) {
        printf("%" PRIu64 " different; the first one %s\n", result->differences, result->detail);
    } else {
        printf("no difference\n");
    }
}

/* --- The program ------------------------------------------------------------------------------ */

static int usage(FILE *out, int status)
{
    fprintf(out, "usage: strait-replay [--verbose] FILE\n"
                 "Replays the record of an endpoint (strait_endpoint_config.record).\n"
                 "  --verbose  print each datagram and each event\n"
                 "Exit status: 0 the same bytes were sent, 1 others, 2 FILE is no good record.\n");
    return status;
}

static int replay(const char *name, bool verbose)
{
    struct view view = { .begun = false };
    struct strait_replay_config config = { .size = sizeof config, .user = &view };
    struct strait_replay_result result = { .size = sizeof result };
    size_t len;
    uint8_t *record = read_file(name, &len);
    if (record == NULL) {
        return BAD_FILE;
    }
    if (verbose) {
        config.sent = on_sent;
        config.received = on_received;
        config.event = on_event;
    }
    int error = strait_replay(&config, record, len, &result);
    free(record);
    if (error != STRAIT_OK) {
        fprintf(stderr, "strait-replay: %s: %s (%s)\n", name,
                result.detail[0] != '\0' ? result.detail : strait_strerror(error),
                strait_error_name(error));
        return BAD_FILE;
    }
    print_summary(&result);
    return result.differences > 0 ? DIFFERENT : SAME;
}

int main(int argc, char **argv)
{
    bool verbose = false;
    const char *name = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            return usage(stdout, SAME);
        } else if (argv[i][0] == '-' || name != NULL) {
            return usage(stderr, BAD_FILE);
        } else {
            name = argv[i];
        }
    }
    return name != NULL ? replay(name, verbose) : usage(stderr, BAD_FILE);
}
