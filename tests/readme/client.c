/*
 * The other side of the README's sample: starts it with an offer, connects to what it answers with full
 * ICE, sends a packet and hears it again. client SAMPLE
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/strait.h>

static char text[65536];
static struct strait_sdp answer;

struct client {
    struct strait_runtime *runtime;
    struct strait_endpoint *endpoint;
    struct strait_certificate *certificate;
    struct strait_transport *peer;
    bool heard;
};

static void heard(void *user, struct strait_transport *peer, struct strait_packet *packets,
                  size_t n)
{
    struct client *client = user;
    (void)peer;
    client->heard = n == 1 && packets[0].len == 18 && memcmp(packets[0].data + 12, "hello", 6) == 0;
}

static bool make(struct client *client)
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    struct strait_transport_config config = { .size = sizeof config,
                                              .user = client,
                                              .ice = STRAIT_ICE_FULL,
                                              .ice_role = STRAIT_ICE_CONTROLLING,
                                              .dtls_role = STRAIT_DTLS_CLIENT,
                                              .events = { .size = sizeof config.events,
                                                          .packets = heard } };
    if (strait_runtime_create(&client->runtime, NULL) ||
        strait_certificate_create(&client->certificate, NULL) ||
        strait_endpoint_create(&client->endpoint, NULL, strait_runtime_now(client->runtime)) ||
        strait_runtime_add(client->runtime, client->endpoint) ||
        strait_runtime_bind(client->runtime, client->endpoint, (struct sockaddr *)&any, sizeof any,
                            NULL, NULL)) {
        return false;
    }
    config.certificate = client->certificate;
    return strait_transport_create(&client->peer, client->endpoint, &config,
                                   strait_runtime_now(client->runtime)) == STRAIT_OK;
}

static bool write_offer(const struct client *client, const char *path)
{
    struct strait_fingerprint print;
    struct strait_sdp_transport offer = { .size = sizeof offer,
                                          .ice = *strait_transport_local_ice(client->peer),
                                          .setup = STRAIT_SETUP_ACTPASS,
                                          .fingerprints = &print,
                                          .n_fingerprints = 1 };
    strait_certificate_fingerprint(client->certificate, STRAIT_HASH_SHA256, &print);
    FILE *file = fopen(path, "w");
    if (file == NULL || strait_sdp_print(&offer, text, sizeof text) < 0) {
        return false;
    }
    fprintf(file,
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n%s",
            text);
    return fclose(file) == 0;
}

/* The answer is only the lines of the transport: a media section goes round them. */
static bool read_answer(FILE *sample)
{
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                                  "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
    while (strstr(text, "a=end-of-candidates") == NULL) {
        if (fgets(text + len, (int)(sizeof text - len), sample) == NULL) {
            return false;
        }
        len += strlen(text + len);
    }
    struct strait_sdp_error error = { 0 };
    bool good = strait_sdp_parse(&answer, text, len, &error) == STRAIT_OK &&
                strait_sdp_section_usable(&answer.sections[0], &error);
    printf("%s%s", good ? "" : error.reason, good ? "" : "\n");
    return good;
}

static bool connect_and_hear(struct client *client)
{
    uint8_t rtp[] = "\x80\x6f\x00\x01\x00\x00\x00\x00\x00\x00\x00\x2ahello";
    struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
    const struct strait_sdp_section *section = &answer.sections[0];
    strait_transport_set_remote_ice(client->peer, &section->ice);
    for (size_t i = 0; i < section->n_candidates; i++) {
        strait_transport_add_remote_candidate(client->peer, &section->candidates[i]);
    }
    strait_transport_set_remote_dtls(client->peer, &section->dtls);
    while (!client->heard && strait_transport_error(client->peer) == STRAIT_OK) {
        strait_runtime_wait(client->runtime, 100 * STRAIT_MS);
        if (strait_transport_writable(client->peer) && rtp[3] < 100) {
            rtp[3]++; /* the other side may not have its keys yet: once more */
            strait_transport_send(client->peer, &packet, 1);
        }
    }
    strait_transport_close(client->peer, strait_runtime_now(client->runtime));
    strait_runtime_dispatch(client->runtime);
    return client->heard;
}

int main(int argc, char **argv)
{
    struct client client = { 0 };
    char offer[512], command[2048];
    if (argc != 2) {
        return 2;
    }
    snprintf(offer, sizeof offer, "%s.offer", argv[1]);
    snprintf(command, sizeof command, "'%s' < '%s'", argv[1], offer);
    bool good = make(&client) && write_offer(&client, offer);
    /* The command is of the build's own words. NOLINTNEXTLINE(cert-env33-c) */
    FILE *sample = good ? popen(command, "r") : NULL;
    good = sample != NULL && read_answer(sample) && connect_and_hear(&client);
    /* It ends because we have closed. */
    good = sample != NULL && pclose(sample) == 0 && good;
    printf("1..1\n%s 1 - the_readme_sample_echoes\n", good ? "ok" : "not ok");
    strait_runtime_destroy(client.runtime);
    strait_endpoint_destroy(client.endpoint);
    strait_certificate_unref(client.certificate);
    return good ? 0 : 1;
}
