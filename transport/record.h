/*
 * The record of an endpoint: each input in the order in which it came, as an entry: type, length,
 * payload. Inputs are calls, random bytes, and the begin and end of each event (what the application
 * calls inside an event is replayed inside the same one). What was drained is there too, to compare.
 *
 * A record is read by the version that wrote it: plain structs are written as they lie in memory, and
 * the first entry has the version and the sizes.
 */
#ifndef STRAIT_TRANSPORT_RECORD_H
#define STRAIT_TRANSPORT_RECORD_H

#include <strait/endpoint.h>
#include <strait/transport.h>

enum strait__record_type {
    STRAIT__RECORD_CREATE =
        1, /* magic, version, sizes; now, max_transports, outbox_bytes, quic, remote rules */
    STRAIT__RECORD_ADD_LOCAL,  /* socket, address */
    STRAIT__RECORD_RECEIVE,    /* now, n, then each: local, remote, socket, ecn, dscp, rx_time,
                                     room, bytes */
    STRAIT__RECORD_ADVANCE,    /* now */
    STRAIT__RECORD_SENT,       /* n, then each train: path, segment_size, ecn, dscp, bytes */
    STRAIT__RECORD_TRANSPORT,  /* id, now, config, ufrag, pwd, certificate, key */
    STRAIT__RECORD_DESTROY,    /* id */
    STRAIT__RECORD_CLOSE,      /* id, now */
    STRAIT__RECORD_REMOTE_ICE, /* id, struct */
    STRAIT__RECORD_CANDIDATE,  /* id, struct */
    STRAIT__RECORD_END_OF_CANDIDATES, /* id */
    STRAIT__RECORD_REMOTE_DTLS,       /* id, struct */
    STRAIT__RECORD_RESTART,           /* id, ufrag, pwd */
    STRAIT__RECORD_ATTRIBUTES,        /* id, n, then each: type, bytes */
    STRAIT__RECORD_SEND,              /* id, n, then each: kind, ecn, dscp, bytes */
    STRAIT__RECORD_SEND_DATA,         /* id, now, bytes */
    STRAIT__RECORD_SET_PATH,          /* id, there, path, rtt */
    STRAIT__RECORD_RANDOM,            /* bytes */
    STRAIT__RECORD_EVENT, /* id, which: what follows up to EVENT_END was called inside it */
    STRAIT__RECORD_EVENT_END
};

enum strait__record_event {
    STRAIT__EVENT_ICE_STATE = 1,
    STRAIT__EVENT_DTLS_STATE,
    STRAIT__EVENT_PACKETS,
    STRAIT__EVENT_DATA,
    STRAIT__EVENT_PATH,
    STRAIT__EVENT_ATTRIBUTES,
    STRAIT__EVENT_QUIC
};

#define STRAIT__RECORD_MAGIC "strait record 1\n"

struct strait__recorder;

/* Wraps `hooks` so that random bytes are recorded. STRAIT_E_NOMEM. */
int strait__recorder_create(struct strait__recorder **out, struct strait_hooks *hooks,
                            const struct strait_endpoint_config *config, strait_time now);
/* Zeroes and frees; gives `hooks` back as they were. NULL is fine. */
void strait__recorder_destroy(struct strait__recorder *recorder, struct strait_hooks *hooks);

/* All take NULL and then do nothing: nothing is recorded. */
void strait__record_local(struct strait__recorder *recorder, uint32_t socket,
                          const struct sockaddr_storage *address);
void strait__record_receive(struct strait__recorder *recorder, strait_time now,
                            const struct strait_datagram *datagrams, size_t n);
void strait__record_advance(struct strait__recorder *recorder, strait_time now);
void strait__record_sent(struct strait__recorder *recorder, const struct strait_endpoint *endpoint,
                         size_t n);
void strait__record_transport(struct strait__recorder *recorder, uint64_t id, strait_time now,
                              const struct strait_transport_config *config);
/* DESTROY, END_OF_CANDIDATES. */
void strait__record_call(struct strait__recorder *recorder, enum strait__record_type type,
                         uint64_t id);
void strait__record_close(struct strait__recorder *recorder, uint64_t id, strait_time now);
/* REMOTE_ICE, CANDIDATE, REMOTE_DTLS: a plain struct. */
void strait__record_struct(struct strait__recorder *recorder, enum strait__record_type type,
                           uint64_t id, const void *plain, size_t size);
void strait__record_restart(struct strait__recorder *recorder, uint64_t id, const char *ufrag,
                            const char *pwd);
void strait__record_attributes(struct strait__recorder *recorder, uint64_t id,
                               const struct strait_stun_attribute *attributes, size_t n);
void strait__record_send(struct strait__recorder *recorder, uint64_t id,
                         const struct strait_packet *packets, size_t n);
void strait__record_send_data(struct strait__recorder *recorder, uint64_t id, strait_time now,
                              const uint8_t *data, size_t len);
void strait__record_path(struct strait__recorder *recorder, uint64_t id,
                         const struct strait_path *path, strait_time rtt);
void strait__record_event(struct strait__recorder *recorder, uint64_t id,
                          enum strait__record_event event);
void strait__record_event_end(struct strait__recorder *recorder);

#endif
