#include "tests/turn_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

const char *host_address(void)
{
    static char text[INET_ADDRSTRLEN];
    struct ifaddrs *all = NULL;
    text[0] = '\0';
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *one = all; one != NULL && text[0] == '\0'; one = one->ifa_next) {
        if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET &&
            (one->ifa_flags & IFF_LOOPBACK) == 0 && (one->ifa_flags & IFF_UP) != 0) {
            const struct sockaddr_in *four = (const void *)one->ifa_addr;
            inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
        }
    }
    freeifaddrs(all);
    return text;
}

const char *turn_server_program(void)
{
    static const char *const places[] = { TEST_DATA "/../../build-tools/coturn/usr/bin/turnserver",
                                          "/usr/bin/turnserver", "/usr/local/bin/turnserver" };
    const char *told = getenv("STRAIT_TURNSERVER");
    if (told != NULL) {
        assert_int_equal(access(told, X_OK), 0);
        return told;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (access(places[i], X_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, host_address(), &address.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static bool answers(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    inet_pton(AF_INET, host_address(), &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return there;
}

static void run(const char *program, const struct turn_server *turn, const char *cert,
                const char *key)
{
    char port[16], tls_port[16];
    snprintf(port, sizeof port, "%u", turn->port);
    snprintf(tls_port, sizeof tls_port, "%u", turn->tls_port);
    const char *words[40] = {
        "turnserver",     "-L",        "127.0.0.1",    "-n",        "-L",
        host_address(),   "-E",        host_address(), "-p",        port,
        "--lt-cred-mech", "-u",        "ann:secret",   "-r",        "example.org",
        "--no-cli",       "--no-dtls", "--log-file",   "/dev/null", "--pidfile",
        "/dev/null",      "--userdb",  "/dev/null"
    };
    const char *tls[] = { "--cert", cert, "--pkey", key, "--tls-listening-port", tls_port };
    size_t n = 0;
    while (words[n] != NULL) {
        n++;
    }
    if (cert != NULL) {
        memcpy(words + n, tls, sizeof tls);
    } else {
        words[n] = "--no-tls";
    }
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(program, (char *const *)(uintptr_t)words);
    _exit(127);
}

/* Whether it listens. Its ports were free, and may have been taken since. */
static bool try_start(struct turn_server *turn, const char *program, const char *cert,
                      const char *key)
{
    turn->port = free_port();
    turn->tls_port = free_port();
    snprintf(turn->udp, sizeof turn->udp, "turn:%s:%u", host_address(), turn->port);
    snprintf(turn->tcp, sizeof turn->tcp, "turn:%s:%u?transport=tcp", host_address(), turn->port);
    snprintf(turn->tls, sizeof turn->tls, "turns:%s:%u", host_address(), turn->tls_port);
    snprintf(turn->by_name, sizeof turn->by_name, "turn:localhost:%u?transport=tcp", turn->port);
    snprintf(turn->tls_by_name, sizeof turn->tls_by_name, "turns:localhost:%u", turn->tls_port);
    turn->pid = fork();
    if (turn->pid == 0) {
        run(program, turn, cert, key);
    }
    for (int i = 0; i < 200; i++) {
        if (answers(turn->port) && (cert == NULL || answers(turn->tls_port))) {
            return true;
        }
        if (waitpid(turn->pid, NULL, WNOHANG) != 0) {
            return false;
        }
        usleep(50000);
    }
    turn_server_stop(turn);
    return false;
}

bool turn_server_start(struct turn_server *turn, const char *cert, const char *key)
{
    const char *program = turn_server_program();
    bool needed = getenv("STRAIT_TURNSERVER") != NULL;
    if (program == NULL || host_address()[0] == '\0') {
        assert_false(needed);
        return false;
    }
    for (int i = 0; i < 3; i++) {
        if (try_start(turn, program, cert, key)) {
            return true;
        }
    }
    fail_msg("%s", "turnserver does not listen");
    return false;
}

void turn_server_stop(const struct turn_server *turn)
{
    kill(turn->pid, SIGKILL);
    waitpid(turn->pid, NULL, 0);
}
