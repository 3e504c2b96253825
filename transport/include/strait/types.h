/*
 * What every layer shares: time, addresses, datagrams, packets and the hooks.
 */
#ifndef STRAIT_TYPES_H
#define STRAIT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <strait/error.h>
#include <strait/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Nanoseconds on the caller's monotonic clock. Any start is fine, it must never run backwards
 * for one object (a value that does is taken as the last one seen).
 */
typedef uint64_t strait_time;

#define STRAIT_TIME_NEVER UINT64_MAX
#define STRAIT_US UINT64_C(1000)
#define STRAIT_MS UINT64_C(1000000)
#define STRAIT_S UINT64_C(1000000000)

/* Bytes that protecting a packet in place may add: the longest tag (16) and SRTCP's index (4). */
#define STRAIT_TAILROOM 32u

/* The longest datagram that strait takes or sends. */
#define STRAIT_MAX_DATAGRAM 65535u

/*
 * A datagram that came in. `data` is writable until the call it was given to returns: SRTP is
 * decrypted in place. `local` is the address it was sent to (a server may have several), its port
 * included; `remote` where it came from. `socket` is the caller's own number for the socket.
 * Fill a sockaddr_storage by memcpy from a sockaddr_in: where it is written through a cast pointer,
 * strict aliasing allows the compiler to copy the struct before the write.
 */
struct strait_datagram {
    uint8_t *data;
    size_t len;
    size_t room; /* bytes at data that may be written, >= len */
    struct sockaddr_storage local;
    struct sockaddr_storage remote;
    uint32_t socket;
    uint8_t ecn;         /* 0..3, RFC 3168; 0 where unknown */
    uint8_t dscp;        /* 0..63; 0 where unknown */
    strait_time rx_time; /* when it reached the host; 0: take the call's time */
};

/* One way to the peer: what a datagram of the other direction would carry. */
struct strait_path {
    struct sockaddr_storage local;
    struct sockaddr_storage remote;
    uint32_t socket;
};

/*
 * Bytes to send on a path. Where `segment_size` is not 0, `data` is a train of datagrams of that
 * size each (the last may be shorter), all for the same path: hand them to the kernel in one
 * call (UDP_SEGMENT) or send them one by one. 0: one datagram.
 */
struct strait_send {
    const struct strait_path *path;
    const uint8_t *data;
    size_t len;
    uint16_t segment_size;
    uint8_t ecn;
    uint8_t dscp;
};

enum strait_packet_kind {
    STRAIT_PACKET_AUTO = 0, /* only towards strait: told apart by RFC 5761, section 4 */
    STRAIT_PACKET_RTP = 1,
    STRAIT_PACKET_RTCP = 2
};

/* An RTP or (compound) RTCP packet in plain text. */
struct strait_packet {
    uint8_t *data;
    size_t len;
    size_t room;
    enum strait_packet_kind kind;
    int status;          /* out: STRAIT_OK, or why this one packet was not taken */
    uint8_t ecn;         /* in: as received; out: to set */
    uint8_t dscp;        /* likewise */
    strait_time rx_time; /* in: as received */
};

enum strait_log_level {
    STRAIT_LOG_ERROR = 0,
    STRAIT_LOG_WARNING = 1,
    STRAIT_LOG_INFO = 2,
    STRAIT_LOG_DEBUG = 3
};

/*
 * What strait needs from the host. Every member may be NULL and then has the default said here.
 * The struct is copied; what `user` points to must outlive the object. The hooks are called from
 * inside strait's functions, in the thread that made the call, and must not call strait.
 */
struct strait_hooks {
    size_t size; /* sizeof(struct strait_hooks); STRAIT_E_INVALID where it is missing */
    void *user;
    /* Memory for `bytes` > 0 bytes aligned to 16, or NULL. Default: malloc. With `free` or not at all. */
    void *(*alloc)(void *user, size_t bytes);
    /* Gives back what alloc gave, never NULL. Default: free. */
    void (*free)(void *user, void *memory);
    /* Fills `out` with unpredictable bytes; 0, or -1 where it cannot. Every random byte of strait
     * and of the libraries below comes from here. Default: getrandom(2). */
    int (*random)(void *user, uint8_t *out, size_t bytes);
    /* A line without its end, for people. Never a secret. Default: dropped. */
    void (*log)(void *user, enum strait_log_level level, const char *component, const char *line);
};

#ifdef __cplusplus
}
#endif
#endif
