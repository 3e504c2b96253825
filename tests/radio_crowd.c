#include "tests/radio_crowd.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    REPLY_ROOM = 1048576,
    START_MS = 20000, /* with sanitizers on a busy machine */
};

/* --- The process ------------------------------------------------------------------------------- */

static void pause_ms(long ms)
{
    const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    (void)nanosleep(&time, NULL);
}

/* The port of the page, once the radio has said it. */
static uint16_t read_port(const struct radio_process *radio)
{
    static const char before[] = "On the air: http://localhost:";

    for (int waited = 0; waited < START_MS; waited += 10) {
        char text[512];
        const ssize_t len = pread(radio->output, text, sizeof text - 1, 0);
        const char *at;

        assert_true(len >= 0);
        text[len] = '\0';
        at = strstr(text, before);
        if (at && strchr(at, '\n')) {
            return (uint16_t)strtoul(at + strlen(before), NULL, 10);
        }
        assert_int_equal(waitpid(radio->pid, NULL, WNOHANG), 0);
        pause_ms(10);
    }
    fail_msg("the radio does not begin");
    return 0;
}

void radio_start(struct radio_process *radio, const char *program)
{
    FILE *output = tmpfile();

    assert_non_null(output);
    radio->output = dup(fileno(output));
    assert_true(radio->output >= 0);
    radio->pid = fork();
    assert_true(radio->pid >= 0);
    if (radio->pid == 0) {
        /* Not even a test that failed leaves it behind. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fileno(output), STDOUT_FILENO);
        execl(program, program, "--http-port", "0", "--udp-port", "0", "--verbose", (char *)NULL);
        _exit(127);
    }
    fclose(output);
    radio->port = read_port(radio);
}

char *radio_said(const struct radio_process *radio)
{
    const off_t len = lseek(radio->output, 0, SEEK_END);
    char *text = malloc((size_t)len + 1);

    assert_non_null(text);
    assert_int_equal(pread(radio->output, text, (size_t)len, 0), len);
    text[len] = '\0';
    return text;
}

int radio_stop(struct radio_process *radio)
{
    int status;

    assert_int_equal(kill(radio->pid, SIGINT), 0);
    assert_int_equal(waitpid(radio->pid, &status, 0), radio->pid);
    close(radio->output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

long radio_memory(const struct radio_process *radio)
{
    char path[64], line[256];
    long kb = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)radio->pid);
    file = fopen(path, "re");
    assert_non_null(file);
    while (kb < 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    fclose(file);
    return kb;
}

long radio_descriptors(const struct radio_process *radio)
{
    char path[64];
    long n = 0;
    DIR *folder;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)radio->pid);
    folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        n += entry->d_name[0] != '.';
    }
    closedir(folder);
    return n;
}

/* --- HTTP: a connection a request --------------------------------------------------------------- */

static void send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

        assert_true(sent > 0);
        text += sent;
        len -= (size_t)sent;
    }
}

/* The whole reply, headers and all; valid until the next request. */
static const char *request(const struct radio_process *radio, const char *method, const char *path,
                           const char *type, const char *body)
{
    static char reply[REPLY_ROOM];
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons(radio->port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char head[512];
    size_t len = 0;
    ssize_t got;

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    snprintf(head, sizeof head,
             "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %s\r\n"
             "Content-Length: %zu\r\n\r\n",
             method, path, type, strlen(body));
    send_all(fd, head, strlen(head));
    send_all(fd, body, strlen(body));
    while ((got = recv(fd, reply + len, sizeof reply - 1 - len, 0)) > 0) {
        len += (size_t)got;
    }
    assert_int_equal(got, 0);
    close(fd);
    reply[len] = '\0';
    return reply;
}

static int status_of(const char *reply)
{
    return (int)strtol(reply + strcspn(reply, " "), NULL, 10);
}

static const char *body_of(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

json_t *radio_stats(const struct radio_process *radio)
{
    const char *reply = request(radio, "GET", "/stats", "text/plain", "");
    json_t *stats = json_loads(body_of(reply), 0, NULL);

    assert_int_equal(status_of(reply), 200);
    assert_non_null(stats);
    return stats;
}

int radio_get(const struct radio_process *radio, const char *path)
{
    return status_of(request(radio, "GET", path, "text/plain", ""));
}

/* --- A listener -------------------------------------------------------------------------------- */

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct crowd_listener *listener = user;

    (void)transport;
    for (size_t i = 0; i < n; i++) {
        if (packets[i].kind == STRAIT_PACKET_RTP) {
            const uint16_t sequence = (uint16_t)(packets[i].data[2] << 8 | packets[i].data[3]);

            if (listener->received > 0) {
                listener->lost += (uint16_t)(sequence - listener->sequence - 1);
            }
            listener->sequence = sequence;
            listener->received++;
        }
    }
}

static void make_transport(struct crowd_listener *listener, struct strait_certificate *certificate)
{
    const struct sockaddr_in loopback = { .sin_family = AF_INET,
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct strait_transport_config config = {
        .size = sizeof config,
        .user = listener,
        .ice = STRAIT_ICE_FULL,
        .ice_role = STRAIT_ICE_CONTROLLING,
        .certificate = certificate,
        .dtls_role = STRAIT_DTLS_CLIENT,
        .events = { .size = sizeof config.events, .packets = on_packets },
    };
    const strait_time now = strait_runtime_now(listener->runtime);

    assert_int_equal(strait_endpoint_create(&listener->endpoint, NULL, now), 0);
    assert_int_equal(strait_runtime_add(listener->runtime, listener->endpoint), 0);
    assert_int_equal(strait_runtime_bind(listener->runtime, listener->endpoint,
                                         (const struct sockaddr *)&loopback, sizeof loopback, NULL,
                                         NULL),
                     0);
    assert_int_equal(
        strait_transport_create(&listener->transport, listener->endpoint, &config, now), 0);
}

static void write_offer(const struct crowd_listener *listener,
                        const struct strait_certificate *certificate, char *out, size_t room)
{
    struct strait_fingerprint fingerprint;
    const struct strait_sdp_transport transport = {
        .size = sizeof transport,
        .mid = "0",
        .ice = *strait_transport_local_ice(listener->transport),
        .setup = STRAIT_SETUP_ACTPASS,
        .fingerprints = &fingerprint,
        .n_fingerprints = 1,
        .rtcp_mux = true,
    };
    char lines[2048];

    assert_int_equal(strait_certificate_fingerprint(certificate, STRAIT_HASH_SHA256, &fingerprint),
                     0);
    assert_true(strait_sdp_print(&transport, lines, sizeof lines) > 0);
    snprintf(out, room,
             "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
             "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n"
             "a=rtpmap:111 opus/48000/2\r\n%s",
             lines);
}

static bool is_loopback(const struct strait_candidate *candidate)
{
    const struct sockaddr_in *v4 = (const void *)&candidate->address;

    return v4->sin_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
}

static void read_answer(struct crowd_listener *listener, const char *text)
{
    struct strait_sdp *answer = malloc(sizeof *answer);
    struct strait_sdp_error error;
    const struct strait_sdp_section *section;

    assert_non_null(answer);
    assert_int_equal(strait_sdp_parse(answer, text, strlen(text), &error), 0);
    section = &answer->sections[0];
    assert_true(strait_sdp_section_usable(section, &error));
    assert_int_equal(strait_transport_set_remote_ice(listener->transport, &section->ice), 0);
    for (size_t i = 0; i < section->n_candidates; i++) {
        if (is_loopback(&section->candidates[i])) {
            assert_int_equal(
                strait_transport_add_remote_candidate(listener->transport, &section->candidates[i]),
                0);
        }
    }
    assert_int_equal(strait_transport_set_remote_dtls(listener->transport, &section->dtls), 0);
    free(answer);
}

void crowd_join(struct crowd_listener *listener, const struct radio_process *radio,
                struct strait_runtime *runtime, struct strait_certificate *certificate)
{
    static const char location[] = "Location: /whep/";
    char offer[4096];
    const char *reply, *at;

    *listener = (struct crowd_listener){ .runtime = runtime };
    make_transport(listener, certificate);
    write_offer(listener, certificate, offer, sizeof offer);
    reply = request(radio, "POST", "/whep", "application/sdp", offer);
    assert_int_equal(status_of(reply), 201);
    at = strstr(reply, location);
    assert_non_null(at);
    listener->number = (unsigned)strtoul(at + strlen(location), NULL, 10);
    at += strlen("Location: ");
    snprintf(listener->resource, sizeof listener->resource, "%.*s", (int)strcspn(at, "\r\n"), at);
    read_answer(listener, body_of(reply));
}

void crowd_delete(const struct crowd_listener *listener, const struct radio_process *radio)
{
    assert_int_equal(status_of(request(radio, "DELETE", listener->resource, "application/sdp", "")),
                     200);
}

void crowd_close(struct crowd_listener *listener)
{
    strait_transport_close(listener->transport, strait_runtime_now(listener->runtime));
    /* What it sends waits in the endpoint: leaving the runtime sends it. */
}

void crowd_vanish(struct crowd_listener *listener)
{
    assert_int_equal(strait_runtime_remove(listener->runtime, listener->endpoint), 0);
    strait_endpoint_destroy(listener->endpoint);
    *listener = (struct crowd_listener){ 0 };
}
