/* The events of a replayed endpoint: each must be the record's next entry, and what the application
 * called inside it is called inside it again. */
#include "transport/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "transport/address.h"
#include "transport/util.h"

const char *strait__replay_event_name(uint32_t event)
{
    static const char *const names[] = {
        [STRAIT__EVENT_ICE_STATE] = "ICE state", [STRAIT__EVENT_DTLS_STATE] = "DTLS state",
        [STRAIT__EVENT_PACKETS] = "packets",     [STRAIT__EVENT_DATA] = "data",
        [STRAIT__EVENT_PATH] = "path",           [STRAIT__EVENT_ATTRIBUTES] = "STUN attributes",
        [STRAIT__EVENT_QUIC] = "QUIC",
    };
    return event > 0 && event < sizeof names / sizeof *names ? names[event] : "?";
}

/* --- One event -------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void tell(struct strait__replay *replay, uint64_t id,
                                                       const char *format, ...)
{
    char line[400];
    if (replay->config.event == NULL || replay->stop != STRAIT__REPLAY_RUNS) {
        return;
    }
    int at = id != 0 ? snprintf(line, sizeof line, "transport %" PRIu64 ": ", id) : 0;
    va_list args;
    va_start(args, format);
    vsnprintf(line + at, sizeof line - (size_t)at, format, args);
    va_end(args);
    replay->config.event(replay->config.user, replay->now, line);
}

static bool is_event(const struct strait__entry *entry, uint64_t id,
                     enum strait__record_event event)
{
    struct strait__reader body = entry->body;
    return entry->type == STRAIT__RECORD_EVENT && strait__read64(&body) == id &&
           strait__read32(&body) == (uint32_t)event && strait__read_done(&body);
}

/* Takes the event's entries, from its begin to its end. */
static void happen(struct strait__replay *replay, uint64_t id, enum strait__record_event event)
{
    struct strait__entry entry;
    if (!strait__replay_peek(replay, &entry)) {
        return;
    }
    if (!is_event(&entry, id, event)) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "event \"%s\" of transport %" PRIu64,
                 strait__replay_event_name(event), id);
        strait__replay_diverge(replay, entry.offset, wanted, &entry);
        return;
    }
    strait__replay_skip(replay);
    replay->depth++;
    while (strait__replay_peek(replay, &entry)) {
        replay->entry_at = entry.offset;
        strait__replay_skip(replay);
        if (entry.type == STRAIT__RECORD_EVENT_END) {
            break;
        }
        if (!strait__replay_call(replay, &entry)) {
            strait__replay_diverge(replay, entry.offset, "the end of an event", &entry);
        }
    }
    replay->depth--;
}

/* --- Of a transport --------------------------------------------------------------------------- */

static void on_ice_state(void *user, struct strait_transport *transport,
                         enum strait_ice_state state)
{
    static const char *const names[] = { "new",          "checking", "connected", "completed",
                                         "disconnected", "failed",   "closed" };
    struct strait__replayed *slot = user;
    bool failed = state == STRAIT_ICE_FAILED;
    tell(slot->replay, slot->id, "ICE %s%s%s",
         (size_t)state < sizeof names / sizeof *names ? names[state] : "?", failed ? ": " : "",
         failed ? strait_transport_error_detail(transport) : "");
    happen(slot->replay, slot->id, STRAIT__EVENT_ICE_STATE);
}

static void on_dtls_state(void *user, struct strait_transport *transport,
                          enum strait_dtls_state state)
{
    static const char *const names[] = { "new", "connecting", "connected", "closed", "failed" };
    struct strait__replayed *slot = user;
    bool ended = state == STRAIT_DTLS_FAILED || state == STRAIT_DTLS_CLOSED;
    tell(slot->replay, slot->id, "DTLS %s%s%s%s%s",
         (size_t)state < sizeof names / sizeof *names ? names[state] : "?", ended ? ": " : "",
         ended ? strait_error_name(strait_transport_error(transport)) : "", ended ? ", " : "",
         ended ? strait_transport_error_detail(transport) : "");
    happen(slot->replay, slot->id, STRAIT__EVENT_DTLS_STATE);
}

static void on_packets(void *user, struct strait_transport *transport,
                       struct strait_packet *packets, size_t n)
{
    struct strait__replayed *slot = user;
    (void)transport;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *data = packets[i].data;
        if (packets[i].kind == STRAIT_PACKET_RTCP) {
            tell(slot->replay, slot->id, "RTCP of type %u, %zu bytes", data[1], packets[i].len);
        } else {
            tell(slot->replay, slot->id, "RTP of SSRC %08" PRIx32 ", number %u, %zu bytes",
                 strait__get32(data + 8), strait__get16(data + 2), packets[i].len);
        }
    }
    happen(slot->replay, slot->id, STRAIT__EVENT_PACKETS);
}

static void on_data(void *user, struct strait_transport *transport, uint8_t *data, size_t len)
{
    struct strait__replayed *slot = user;
    (void)transport;
    (void)data;
    tell(slot->replay, slot->id, "data of %zu bytes", len);
    happen(slot->replay, slot->id, STRAIT__EVENT_DATA);
}

static void on_path(void *user, struct strait_transport *transport, const struct strait_path *path)
{
    struct strait__replayed *slot = user;
    char local[STRAIT__ADDRESS_TEXT], remote[STRAIT__ADDRESS_TEXT];
    (void)transport;
    tell(slot->replay, slot->id, "path %s to %s",
         strait__address_print(&path->local, local, sizeof local),
         strait__address_print(&path->remote, remote, sizeof remote));
    happen(slot->replay, slot->id, STRAIT__EVENT_PATH);
}

static void on_attributes(void *user, struct strait_transport *transport,
                          const struct strait_stun_attribute *attributes, size_t n)
{
    struct strait__replayed *slot = user;
    (void)transport;
    for (size_t i = 0; i < n; i++) {
        tell(slot->replay, slot->id, "STUN attribute %04x, %u bytes", attributes[i].type,
             attributes[i].len);
    }
    happen(slot->replay, slot->id, STRAIT__EVENT_ATTRIBUTES);
}

const struct strait_transport_events strait__replay_events = {
    .size = sizeof(struct strait_transport_events),
    .ice_state = on_ice_state,
    .dtls_state = on_dtls_state,
    .packets = on_packets,
    .data = on_data,
    .path = on_path,
    .stun_attributes = on_attributes,
};

/* --- Of the endpoint -------------------------------------------------------------------------- */

static void on_quic(void *user, struct strait_endpoint *endpoint, struct strait_datagram *datagram)
{
    struct strait__replay *replay = user;
    (void)endpoint;
    tell(replay, 0, "QUIC of %zu bytes", datagram->len);
    happen(replay, 0, STRAIT__EVENT_QUIC);
}

const struct strait_endpoint_events strait__replay_endpoint_events = {
    .size = sizeof(struct strait_endpoint_events),
    .quic = on_quic,
};
