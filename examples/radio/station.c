#include "station.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "answer.h"
#include "format.h"
#include "terminal.h"

static int random_bytes(void *out, size_t len)
{
    return getrandom(out, len, 0) == (ssize_t)len ? STRAIT_OK : STRAIT_E_RANDOM;
}

static int make_identity(struct station *station)
{
    uint32_t numbers[3];
    int error = random_bytes(numbers, sizeof numbers);

    station->setup.ssrc = numbers[0];
    station->first_timestamp = numbers[1];
    snprintf(station->cname, sizeof station->cname, "radio-%08x", numbers[2]);
    if (error == STRAIT_OK) {
        error = strait_certificate_create(&station->certificate, NULL);
    }
    if (error == STRAIT_OK) {
        error = strait_certificate_fingerprint(station->certificate, STRAIT_HASH_SHA256,
                                               &station->fingerprint);
    }
    return error;
}

int station_init(struct station *station, const struct station_config *config, strait_time start)
{
    int error;

    *station = (struct station){ .config = *config, .start = start };
    station->sdp = malloc(sizeof *station->sdp);
    error = station->sdp ? make_identity(station) : STRAIT_E_NOMEM;
    if (error != STRAIT_OK) {
        station_finish(station);
        return error;
    }
    station->setup.peer = (struct peer_setup){
        .runtime = config->runtime,
        .endpoint = config->endpoint,
        .certificate = station->certificate,
        .expect = config->expect,
        .verbose = config->verbose,
    };
    station->setup.cname = station->cname;
    return STRAIT_OK;
}

static void destroy_list(struct listener *list)
{
    while (list) {
        struct listener *next = list->next;

        listener_destroy(list);
        list = next;
    }
}

static void stop_record(struct station *station, int error)
{
    if (error != 0) {
        terminal_complain("the recording ends here: %s.", strerror(errno));
    }
    if (ogg_writer_close(station->record) != 0) {
        terminal_complain("the recording could not be finished: %s.", strerror(errno));
    }
    station->record = NULL;
}

void station_finish(struct station *station)
{
    destroy_list(station->listeners);
    destroy_list(station->ended);
    strait_certificate_unref(station->certificate);
    stop_record(station, 0);
    free(station->sdp);
    *station = (struct station){ 0 };
}

/* An SDP candidate line has no place for an interface's number: link-local addresses stay out. */
static bool link_local(const struct strait_candidate *candidate)
{
    const struct sockaddr_in6 *v6 = (const void *)&candidate->address;

    return v6->sin6_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

/* Advertised addresses first: behind a NAT they are the ones that work. */
size_t station_candidates(const struct station *station,
                          struct strait_candidate out[STATION_MAX_CANDIDATES])
{
    const struct station_config *config = &station->config;
    struct strait_candidate local[STATION_MAX_CANDIDATES];
    size_t n_local = strait_endpoint_local_candidates(config->endpoint, local,
                                                      STATION_MAX_CANDIDATES);
    size_t n = 0;

    for (size_t i = 0; i < config->n_advertised; i++) {
        if (strait_candidate_host(&out[n], (const struct sockaddr *)&config->advertised[i],
                                  (uint16_t)(UINT16_MAX - i)) == STRAIT_OK) {
            n++;
        }
    }
    if (n_local > STATION_MAX_CANDIDATES) {
        n_local = STATION_MAX_CANDIDATES;
    }
    for (size_t i = 0; i < n_local && n < STATION_MAX_CANDIDATES; i++) {
        if (!link_local(&local[i])) {
            out[n++] = local[i];
        }
    }
    return n;
}

char *station_answer(const struct station *station, const struct peer *peer,
                     const struct offer *offer, bool receives)
{
    struct strait_candidate all[STATION_MAX_CANDIDATES];
    const struct answer answer = {
        .ice = strait_transport_local_ice(peer->transport),
        .fingerprint = &station->fingerprint,
        .candidates = all,
        .n_candidates = station_candidates(station, all),
        .session = (uint64_t)station->setup.ssrc << 20 | peer->number,
        .receives = receives,
        .ssrc = station->setup.ssrc,
        .cname = station->cname,
    };

    return answer_print(&answer, offer);
}

enum station_result station_join(struct station *station, const char *text, size_t len,
                                 const char *address, strait_time now, struct listener **listener,
                                 char **answer, struct strait_sdp_error *reason)
{
    struct offer offer;
    int error;

    *listener = NULL;
    *answer = NULL;
    if (station->n_listeners >= station->config.max_listeners) {
        snprintf(reason->reason, sizeof reason->reason,
                 "no place is free (the limit is %u): try again later",
                 station->config.max_listeners);
        return STATION_FULL;
    }
    if (strait_sdp_parse(station->sdp, text, len, reason) != STRAIT_OK) {
        return STATION_BAD_OFFER;
    }
    switch (offer_read(&offer, station->sdp, station->config.dtls_role, reason)) {
    case OFFER_GOOD:
        break;
    case OFFER_UNFIT:
        return STATION_UNFIT_OFFER;
    default:
        return STATION_BAD_OFFER;
    }
    error = listener_create(listener, &station->setup, &offer, station->joined + 1, address, now);
    if (error == STRAIT_OK) {
        *answer = station_answer(station, &(*listener)->peer, &offer, false);
        error = *answer ? STRAIT_OK : STRAIT_E_NOMEM;
    }
    if (error != STRAIT_OK) {
        listener_destroy(*listener);
        *listener = NULL;
        snprintf(reason->reason, sizeof reason->reason, "no transport for this listener: %s",
                 strait_strerror(error));
        return STATION_BROKEN;
    }
    (*listener)->next = station->listeners;
    station->listeners = *listener;
    station->n_listeners++;
    station->joined++;
    terminal_say("listener %u joined from %s, %u now", (*listener)->peer.number, address,
                 station->n_listeners);
    return STATION_JOINED;
}

struct listener *station_find(struct station *station, const char *id)
{
    for (struct listener *listener = station->listeners; listener; listener = listener->next) {
        if (strcmp(listener->peer.id, id) == 0 && listener->peer.state != PEER_ENDED) {
            return listener;
        }
    }
    return NULL;
}

/* The RTP clock at a moment: frames are due on it, reports fall between. */
static uint32_t timestamp_at(const struct station *station, strait_time now)
{
    const strait_time since = now > station->start ? now - station->start : 0;
    const uint64_t samples = since / STRAIT_S * RADIO_RATE +
                             since % STRAIT_S * RADIO_RATE / STRAIT_S;

    return station->first_timestamp + (uint32_t)samples;
}

void station_leave(struct station *station, struct listener *listener, strait_time now)
{
    listener_end(listener, timestamp_at(station, now), STRAIT_OK, "it said goodbye", now);
}

static void tell_ended(const struct station *station, const struct peer *peer)
{
    if (peer->error == STRAIT_OK) {
        terminal_say("listener %u left: %s, %u now", peer->number, peer->reason,
                     station->n_listeners);
    } else {
        terminal_say(
            "listener %u failed: %s, %s; %llu RTP packets were sent to it, %u listeners now",
            peer->number, strait_error_name(peer->error), peer->reason,
            (unsigned long long)peer->last.rtp_sent, station->n_listeners);
    }
}

/* Keeps an ended listener's figures for a while; the oldest goes. */
static void remember(struct station *station, struct listener *listener)
{
    struct listener **place = &station->ended;

    listener->next = station->ended;
    station->ended = listener;
    for (size_t i = 0; i < STATION_MAX_ENDED && *place; i++) {
        place = &(*place)->next;
    }
    destroy_list(*place);
    *place = NULL;
}

static void remove_ended(struct station *station)
{
    struct listener **place = &station->listeners;

    while (*place) {
        struct listener *listener = *place;

        if (listener->peer.state != PEER_ENDED) {
            place = &listener->next;
            continue;
        }
        *place = listener->next;
        station->n_listeners--;
        peer_release(&listener->peer);
        tell_ended(station, &listener->peer);
        remember(station, listener);
    }
}

static void end_if_late(struct station *station, struct listener *listener, strait_time now)
{
    if (peer_is_late(&listener->peer, now)) {
        listener_end(listener, timestamp_at(station, now), STRAIT_E_TIMEOUT,
                     "it got an answer and did not connect within 30 s", now);
    }
}

/* `position` in samples since frame 0. */
static void record(struct station *station, uint64_t position, const uint8_t *opus, size_t len)
{
    if (station->record && ogg_writer_packet(station->record, position, opus, len) != 0) {
        stop_record(station, -1);
    }
}

void station_send_at(struct station *station, uint64_t position, bool after_gap,
                     const uint8_t *opus, size_t len, strait_time now)
{
    const struct listener_frame frame = {
        .data = station->packet,
        .payload_len = len,
        .timestamp = station->first_timestamp + (uint32_t)position,
        .after_gap = after_gap,
        .now = now,
    };

    remove_ended(station);
    memcpy(station->packet + RTP_HEADER_LEN, opus, len);
    for (struct listener *listener = station->listeners; listener; listener = listener->next) {
        listener_send(listener, &frame);
        listener_report(listener, timestamp_at(station, now), now);
        end_if_late(station, listener, now);
    }
    record(station, position, opus, len);
    station->frames++;
    station->octets += len;
}

void station_send(struct station *station, uint64_t number, const uint8_t *opus, size_t len,
                  strait_time now)
{
    station_send_at(station, number * RADIO_FRAME_SAMPLES, number != station->next_frame, opus, len,
                    now);
    station->next_frame = number + 1;
}

void station_rest(struct station *station, strait_time now)
{
    remove_ended(station);
    for (struct listener *listener = station->listeners; listener; listener = listener->next) {
        listener_report(listener, timestamp_at(station, now), now);
        end_if_late(station, listener, now);
    }
}

void station_close(struct station *station, strait_time now)
{
    for (struct listener *listener = station->listeners; listener; listener = listener->next) {
        listener_end(listener, timestamp_at(station, now), STRAIT_OK, "the radio went off the air",
                     now);
    }
}
