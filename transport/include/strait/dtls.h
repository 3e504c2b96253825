/*
 * One DTLS association (RFC 6347, RFC 9147) with DTLS-SRTP (RFC 5764), authenticated by certificate
 * fingerprints (RFC 8827), by authorities (RFC 5280) or by a pre-shared key (RFC 4279, RFC 8446).
 * Sans-IO: give it the datagrams that came in, or the time; it hands what it wants sent to a sink; sleep
 * until its deadline. No sockets, no clock, no threads. One association belongs to one thread at a time.
 */
#ifndef STRAIT_DTLS_H
#define STRAIT_DTLS_H

#include <strait/certificate.h>
#include <strait/srtp.h>
#include <strait/trust.h>
#include <strait/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct strait_dtls;

/* RTCDtlsTransportState */
enum strait_dtls_state {
    STRAIT_DTLS_NEW = 0,
    STRAIT_DTLS_CONNECTING = 1,
    STRAIT_DTLS_CONNECTED = 2, /* handshake done, and the peer is who it should be */
    STRAIT_DTLS_CLOSED = 3,    /* close_notify came or was sent */
    STRAIT_DTLS_FAILED = 4     /* strait_dtls_error says why */
};

/* Setup roles of RFC 8842 as RTCDtlsRole writes them. */
enum strait_dtls_role {
    STRAIT_DTLS_AUTO = 0,   /* actpass */
    STRAIT_DTLS_CLIENT = 1, /* active: sends the ClientHello */
    STRAIT_DTLS_SERVER = 2  /* passive */
};

enum strait_dtls_version {
    STRAIT_DTLS_ANY_VERSION = 0,
    STRAIT_DTLS_1_2 = 0xfefd,
    STRAIT_DTLS_1_3 = 0xfefc
};

/* What a server asks of its clients. */
enum strait_dtls_client_certificate {
    STRAIT_DTLS_CLIENT_CERTIFICATE_REQUIRED = 0, /* none: STRAIT_E_NO_CERTIFICATE */
    STRAIT_DTLS_CLIENT_CERTIFICATE_WANTED = 1,   /* none is fine; one that comes must be good */
    STRAIT_DTLS_CLIENT_CERTIFICATE_NONE = 2      /* not even asked for: the client stays unknown */
};

/* NamedGroup values of IANA's TLS registry. */
enum strait_dtls_group {
    STRAIT_GROUP_P256 = 0x0017,
    STRAIT_GROUP_P384 = 0x0018,
    STRAIT_GROUP_X25519 = 0x001d,
    STRAIT_GROUP_X25519MLKEM768 = 0x11ec
};

/* How the ends know each other. One at a time; each end has its own. */
enum strait_dtls_auth {
    STRAIT_DTLS_AUTH_FINGERPRINT = 0, /* certificates with signalled fingerprints: WebRTC */
    STRAIT_DTLS_AUTH_PKI = 1,         /* a chain of certificates to an authority of `trust` */
    STRAIT_DTLS_AUTH_PSK = 2          /* a key that both have already; no certificate */
};

#define STRAIT_DTLS_MAX_PROFILES 4u
#define STRAIT_DTLS_MAX_GROUPS 4u
#define STRAIT_DTLS_MAX_CIPHERS 16u
#define STRAIT_DTLS_MAX_FINGERPRINTS 8u
#define STRAIT_DTLS_MAX_CID 32u
#define STRAIT_DTLS_MAX_PSK_IDENTITY 128u
#define STRAIT_DTLS_MAX_PSK_KEY 64u

/* A question for a pre-shared key and its answer. Borrowed until the event returns; zeroed after the
 * handshake. */
struct strait_dtls_psk {
    const char *hint; /* client in 1.2: what the server said about its identities; NULL: nothing */
    /* Client: to be filled. Server: the client's, with a zero byte behind it. 1..128 bytes, of which none is
     * zero. */
    char identity[STRAIT_DTLS_MAX_PSK_IDENTITY + 1];
    size_t identity_len;
    /* To be filled: 1..64 bytes. One that people can remember is one that others can guess: 16 random bytes
     * or more (RFC 9257, section 6). */
    uint8_t key[STRAIT_DTLS_MAX_PSK_KEY];
    size_t key_len;
};

/*
 * Called by the association. `state` and `data` fire inside receive and advance only; `send` inside
 * any function that takes the association and a time. `peer_certificate` fires inside receive,
 * before any fingerprint is compared: strait_dtls_set_fingerprints may be called there; the bytes are
 * borrowed until it returns. `state` and `data` may call any function but destroy; `send` and
 * `peer_certificate` none that takes a time. All may be NULL but `send`.
 */
struct strait_dtls_events {
    size_t size;
    /* A datagram to send, at most the MTU long. Borrowed until it returns. */
    void (*send)(void *user, const uint8_t *data, size_t len);
    void (*state)(void *user, enum strait_dtls_state state);
    /* A record of application data (RFC 8261 carries SCTP so). Borrowed until it returns. */
    void (*data)(void *user, uint8_t *data, size_t len);
    void (*peer_certificate)(void *user, const uint8_t *der, size_t len);
    /* A line of the key log in NSS's format, without its end: whoever has it reads all. May fire inside
     * every function that takes the association and a time, and may call none of them. */
    void (*keylog)(void *user, const char *line);
    /* The pre-shared key, once or twice a handshake; required with STRAIT_DTLS_AUTH_PSK. Returns STRAIT_OK, or
     * STRAIT_E_PSK where there is none, with which the handshake fails. Fires inside start, receive and
     * advance, and may call none of the functions that take a time. */
    int (*psk)(void *user, struct strait_dtls_psk *psk);
};

struct strait_dtls_config {
    size_t size;
    const struct strait_hooks *hooks; /* NULL: the defaults; copied */
    struct strait_dtls_events events; /* copied */
    void *user;
    /* A reference is taken; required for a server without PSK. A client without one (NULL) sends none. */
    struct strait_certificate *certificate;
    enum strait_dtls_role role;           /* CLIENT or SERVER */
    enum strait_dtls_version min_version; /* 0: DTLS 1.2 */
    enum strait_dtls_version max_version; /* 0: DTLS 1.3 */
    /* SRTP profiles, most wanted first: as server this order wins over the client's. n_profiles 0: no
     * use_srtp extension at all (an association for application data only). */
    enum strait_srtp_profile profiles[STRAIT_DTLS_MAX_PROFILES];
    size_t n_profiles;
    /* Groups, most wanted first. n_groups 0: X25519MLKEM768 (where it is built in), X25519, P-256, P-384. As server
     * of 1.3 this order wins among the key shares that the client sent; in 1.2 the client's wins. */
    enum strait_dtls_group groups[STRAIT_DTLS_MAX_GROUPS];
    size_t n_groups;
    uint16_t mtu; /* bytes of UDP payload, 256..16384; 0: 1200 */
    /* First retransmission interval; clamped to 50 ms .. 3 s; 0: 1 s (RFC 6347, 4.2.4.1; RFC 9147,
     * 5.8.2). It doubles to at most 4 times itself and never above 3 s. A flight that was sent once and
     * answered tells the round trip, from which the next flights' is made. */
    strait_time initial_timeout;
    /* From start to failure with STRAIT_E_TIMEOUT; 0: 30 s; STRAIT_TIME_NEVER: goes on. */
    strait_time handshake_timeout;
    /* Also appends the key log to the file that the environment variable SSLKEYLOGFILE names, if it does;
     * made with mode 0600. For captures of one's own traffic. The log hook gets a warning. */
    bool keylog_env;
    /* CONNECTED without an authentic record of the peer for that long: close_notify, CLOSED with
     * STRAIT_E_IDLE. 0: never. (ICE's consent has a limit of its own.) */
    strait_time idle_timeout;
    /* Cipher suites by IANA's numbers, most wanted first: as server this order wins over the client's.
     * n_cipher_suites 0: all that strait_dtls_cipher_number knows but TLS_PSK_WITH_..., which have no forward
     * secrecy: a peer of 1.2 that has no TLS_ECDHE_PSK_WITH_... needs them named here. A version that has no suite or
     * no group in these lists, or as server of DTLS 1.2 none for its kind of key, is not negotiated; it is
     * STRAIT_E_INVALID where none is left. */
    uint16_t cipher_suites[STRAIT_DTLS_MAX_CIPHERS];
    size_t n_cipher_suites;
    enum strait_dtls_client_certificate client_certificate; /* server only */
    /*
     * For STRAIT_DTLS_AUTH_PKI, and for nothing else. `trust`: a reference is taken; required wherever the
     * peer may send a certificate. `server_name` (client only, copied): the host name or the address, as text,
     * one of which the server's certificate must have in its subjectAltName (RFC 9525; "*" stands for one whole
     * first label; a common name does not count). Names, not addresses, are sent as SNI (RFC 6066). NULL: any
     * name will do, which is right only where the trust has nothing but an authority of one's own.
     * `calendar`: seconds since 1970 at the `now` of strait_dtls_create; what is later is told by the times that
     * the other functions are given. Required with `trust`.
     */
    struct strait_trust *trust;
    const char *server_name;
    int64_t calendar;
    /*
     * Connection ids (RFC 9146 for 1.2, RFC 9147, section 9 for 1.3): offered as client, agreed on as
     * server. `local_cid` is ours: the peer writes it into each protected record, so that a host finds the
     * association by strait_dtls_peek_cid when the peer's address has changed. Ids of one port shall have
     * one length and differ. Length 0: the peer writes none, but we write the peer's where it has one. A
     * client has them only with one version, min_version = max_version, else STRAIT_E_UNSUPPORTED. Not
     * there: the peer's own ids above STRAIT_DTLS_MAX_CID bytes (a server agrees on none then; a client of
     * such a server fails in 1.2), and the messages of 1.3 that change ids (NewConnectionId and
     * RequestConnectionId; a peer that sends one loses the association, and so does one of 1.2 that asks
     * for a renegotiation in a record with an id).
     */
    bool cid;
    uint8_t local_cid[STRAIT_DTLS_MAX_CID];
    uint8_t local_cid_len; /* at most STRAIT_DTLS_MAX_CID */
    /* With STRAIT_DTLS_AUTH_PSK `certificate` is NULL, fingerprints are not looked at, and the cipher suites
     * are those with a pre-shared key in 1.2 and those with SHA-256 in 1.3. */
    enum strait_dtls_auth auth;
    /* Server of 1.2: see strait_dtls_psk. At most 128 bytes, copied; NULL: none. */
    const char *psk_hint;
};

struct strait_dtls_stats {
    size_t size;
    enum strait_dtls_version version; /* 0 before it is negotiated */
    enum strait_dtls_role role;
    uint16_t cipher_suite;            /* IANA's number; 0 before */
    uint16_t group;                   /* IANA's number; 0 before */
    enum strait_srtp_profile profile; /* 0 before */
    bool cid;                         /* connection ids were agreed on */
    uint64_t datagrams_sent, datagrams_received;
    uint64_t bytes_sent, bytes_received;
    uint64_t flights_retransmitted; /* by our timer */
    uint32_t mtu_backoffs;     /* times that a flight which stayed without an answer went in smaller
                                           datagrams: 548 bytes, then 256 */
    uint64_t key_updates_sent; /* of our own accord; DTLS 1.3 */
    uint64_t key_updates_received;   /* epochs that the peer began after the handshake */
    uint32_t client_hello_fragments; /* handshake fragments of the first ClientHello that was whole;
                                           1: it came in one. 0: none, or we are the client */
    /* Records dropped, each under its reason; none of them changes the association. */
    uint64_t dropped_truncated; /* header cut short by the datagram's end */
    uint64_t dropped_type;      /* content type that DTLS does not have */
    uint64_t dropped_version;   /* record version that is no DTLS 1.0 .. 1.2 legacy value */
    uint64_t dropped_overlong;  /* length beyond the datagram, or beyond what a record may have */
    uint64_t dropped_empty;     /* fragment of no bytes */
    uint64_t dropped_short;     /* fragment shorter than its cipher's nonce and tag */
    uint64_t dropped_epoch;     /* old epoch, or one of which we have no key, or not yet */
    uint64_t dropped_cid;       /* a connection id that is not ours, or none where one is due */
    uint64_t dropped_malformed; /* unprotected record whose bytes are no message of its type */
    /* Unprotected records that the state does not allow, by content type. */
    uint64_t dropped_client_hello;
    uint64_t dropped_server_hello;
    /* All other messages of the handshake; in 1.2 also protected ones after the handshake: there is no
     * renegotiation. */
    uint64_t dropped_handshake;
    uint64_t dropped_change_cipher;
    uint64_t dropped_alert; /* never believed, see strait_dtls_receive */
    uint64_t dropped_data;  /* application data is never unprotected */
    uint64_t dropped_ack;
    /* Protected records that the crypto library refused. */
    uint64_t dropped_forged;   /* not authentic: what RFC 9147, 4.5.3 counts as well */
    uint64_t dropped_replayed; /* came already, or older than the window of 64 */
    uint64_t dropped_fragment; /* ClientHello fragments that contradict each other or a bound */
    uint64_t dropped_held;     /* application data before the fingerprint matched */
    uint64_t dropped_ended;    /* datagrams before start and after closed or failed */
    uint64_t refused_hellos;   /* ClientHellos with no version, group, suite or profile of ours */
};

/*
 * Creates an association in state NEW that sends nothing yet. STRAIT_E_INVALID, _NOMEM, _RANDOM,
 * _CRYPTO, _UNSUPPORTED (something that this build leaves out, or `cid` as client of two versions).
 */
STRAIT_API int strait_dtls_create(struct strait_dtls **out, const struct strait_dtls_config *config,
                                  strait_time now);

/* Zeroes its secrets and frees; sends nothing (close first). NULL is fine. */
STRAIT_API void strait_dtls_destroy(struct strait_dtls *dtls);

/*
 * The fingerprints of which the peer's certificate must have one (RFC 8122, section 5; RFC 8842). May
 * come before the handshake, within it or after it: until then the association holds in CONNECTING,
 * exports nothing and delivers nothing. STRAIT_E_INVALID (n 0 or above
 * STRAIT_DTLS_MAX_FINGERPRINTS), _STATE (set before: a new fingerprint is a new association; or
 * STRAIT_DTLS_AUTH_PKI).
 * No callback fires inside; the deadline may become "now".
 */
STRAIT_API int strait_dtls_set_fingerprints(struct strait_dtls *dtls,
                                            const struct strait_fingerprint *fingerprints,
                                            size_t n);

/* Begins: NEW -> CONNECTING. The client's ClientHello goes to the sink inside. STRAIT_E_STATE; or
 * STRAIT_E_NOMEM, _RANDOM, _CRYPTO, _PSK: then it is FAILED at once, without an event. */
STRAIT_API int strait_dtls_start(struct strait_dtls *dtls, strait_time now);

/*
 * A datagram from the peer; its bytes may be overwritten. Hostile or damaged bytes are dropped and
 * counted, record by record. A fatal alert that is not protected, as a peer sends it that cannot agree
 * with us, may be anybody's: the association fails with it, STRAIT_E_ALERT, where the handshake does
 * not go on within 2 s. So is it with a ClientHello that we cannot agree with: the alert for it goes out
 * and the association fails where no better one comes within 2 s. Returns STRAIT_OK, or STRAIT_E_INVALID
 * for NULL arguments; what happened to the association is told by its state.
 */
STRAIT_API int strait_dtls_receive(struct strait_dtls *dtls, strait_time now, uint8_t *data,
                                   size_t len);

/*
 * True if the last strait_dtls_receive brought an authentic record newer than any before. Only then may the
 * peer's address follow the datagram's (RFC 9146, section 6): a replay or an old record that somebody held
 * back does not move it. That the new address wants our data is for the host to prove before it sends
 * much there.
 */
STRAIT_API bool strait_dtls_newest(const struct strait_dtls *dtls);

/*
 * The connection id in a datagram's first record, for a host that finds associations by it: `cid` then points
 * into the datagram. `cid_len`: the length of all our ids. Returns `cid_len`, or 0: no id there. Nothing is
 * checked but the form: anybody can write an id.
 */
STRAIT_API size_t strait_dtls_peek_cid(const uint8_t *datagram, size_t len, size_t cid_len,
                                       const uint8_t **cid);

/* The time has come (or not: then nothing happens). May fire `send` and `state`. */
STRAIT_API void strait_dtls_advance(struct strait_dtls *dtls, strait_time now);

/* When to call advance; STRAIT_TIME_NEVER for not at all. */
STRAIT_API strait_time strait_dtls_deadline(const struct strait_dtls *dtls);

/*
 * A hint that our last flight was lost (ICE saw the peer's check again): sends it again now and
 * starts the timer anew. Nothing happens where no flight is waiting for an answer, or where it was sent
 * less than 50 ms ago.
 */
STRAIT_API void strait_dtls_retransmit(struct strait_dtls *dtls, strait_time now);

/* A better guess of the round trip than the first: the timer uses 2 x rtt, clamped as the
 * configuration says, from the next flight on. */
STRAIT_API void strait_dtls_set_rtt(struct strait_dtls *dtls, strait_time rtt);

/*
 * Another MTU from now on, in bytes of UDP payload, 256..16384: of what is sent first, of flights that are
 * sent again and of application data. Flights that stay without an answer go in smaller datagrams whatever
 * it is (RFC 6347, 4.1.1.1; RFC 9147, 4.4); it lets the next ones begin with this size again.
 * STRAIT_E_INVALID, _NOMEM. No callback fires inside.
 */
STRAIT_API int strait_dtls_set_mtu(struct strait_dtls *dtls, uint16_t mtu);

/*
 * Sends one record of application data. STRAIT_E_STATE unless CONNECTED, _TOO_SMALL where the record
 * would not fit the MTU, _INVALID (nothing to send), _NOMEM, _CRYPTO.
 */
STRAIT_API int strait_dtls_send(struct strait_dtls *dtls, strait_time now, const uint8_t *data,
                                size_t len);

/* The bytes of application data that fit one record now; 0 unless CONNECTED. It may change with the MTU. */
STRAIT_API size_t strait_dtls_max_data(const struct strait_dtls *dtls);

/*
 * New keys for both directions (KeyUpdate; RFC 9147, section 8): at once, or when an update that is under
 * way has been acknowledged; repeated by the timer until the peer acknowledges it. Before a key's limits it
 * happens by itself. STRAIT_E_STATE unless CONNECTED, _UNSUPPORTED in DTLS 1.2, _NOMEM, _CRYPTO. Fires
 * `send`.
 */
STRAIT_API int strait_dtls_update_keys(struct strait_dtls *dtls, strait_time now);

/* Sends close_notify where there is an association to close; state CLOSED, without an event. */
STRAIT_API void strait_dtls_close(struct strait_dtls *dtls, strait_time now);

STRAIT_API enum strait_dtls_state strait_dtls_state(const struct strait_dtls *dtls);

/* Why it failed or closed: an strait_error; STRAIT_OK while it has not. */
STRAIT_API int strait_dtls_error(const struct strait_dtls *dtls);

/* The last alert (RFC 8446, section 6) that came or was sent, close_notify (0) among them; -1 for none. One
 * that came unprotected, which anybody may have sent, counts when the association fails with it. */
STRAIT_API int strait_dtls_alert_received(const struct strait_dtls *dtls);
STRAIT_API int strait_dtls_alert_sent(const struct strait_dtls *dtls);

/* What went wrong and what to do, in English; "" where nothing did. Valid until the next call. */
STRAIT_API const char *strait_dtls_error_detail(const struct strait_dtls *dtls);

/*
 * The SRTP keys of both directions (RFC 5764, section 4.2), once CONNECTED. The caller zeroes them.
 * STRAIT_E_STATE, _NO_PROFILE (use_srtp was not negotiated).
 */
STRAIT_API int strait_dtls_srtp_keys(const struct strait_dtls *dtls,
                                     enum strait_srtp_profile *profile,
                                     struct strait_srtp_key *send, struct strait_srtp_key *receive);

/*
 * Keying material that both ends have alike and nobody else (RFC 5705; RFC 8446, 7.5), at any time while
 * CONNECTED. `label`: 1..249 bytes, none that TLS itself uses; `context` of at most 65535 bytes: NULL for
 * none, which in DTLS 1.2 gives other bytes than an empty one; `len`: 1..8160. The caller zeroes `out`.
 * STRAIT_E_STATE, _INVALID, _NOMEM, _CRYPTO.
 */
STRAIT_API int strait_dtls_export(const struct strait_dtls *dtls, const char *label,
                                  const uint8_t *context, size_t context_len, uint8_t *out,
                                  size_t len);

/* The peer's certificate in DER once it came, else NULL; borrowed, as long as the association. */
STRAIT_API const uint8_t *strait_dtls_peer_certificate(const struct strait_dtls *dtls, size_t *len);

/* Fills as much of `out` as out->size says. STRAIT_E_INVALID. */
STRAIT_API int strait_dtls_stats(const struct strait_dtls *dtls, struct strait_dtls_stats *out);

/* "handshake_failure" ...; NULL for a number that IANA has not given. Static. */
STRAIT_API const char *strait_dtls_alert_name(uint8_t description);

/* "TLS_AES_128_GCM_SHA256" ...; "X25519MLKEM768" ...; NULL for a number that is not known. Static. */
STRAIT_API const char *strait_dtls_cipher_name(uint16_t cipher_suite);
STRAIT_API const char *strait_dtls_group_name(uint16_t group);

/*
 * The other way round, in any case; 0 for what is not known. Suites of IANA's TLS
 * registry: TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 and TLS_CHACHA20_POLY1305_SHA256 of DTLS 1.3 (RFC
 * 8446), TLS_ECDHE_ECDSA_WITH_... and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, ..._AES_256_GCM_SHA384 (RFC 5289)
 * and ..._CHACHA20_POLY1305_SHA256 (RFC 7905) of 1.2; with a pre-shared key in 1.2
 * TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256 (RFC 8442) and ..._CHACHA20_POLY1305_SHA256 (RFC 7905). Not in the
 * default list, for they have no forward secrecy: TLS_PSK_WITH_AES_128_GCM_SHA256, ..._AES_256_GCM_SHA384 (RFC
 * 5487) and ..._CHACHA20_POLY1305_SHA256 (RFC 7905). Groups: "X25519MLKEM768", "X25519", "P-256" or "secp256r1", "P-384" or "secp384r1".
 */
STRAIT_API uint16_t strait_dtls_cipher_number(const char *iana_name);
STRAIT_API uint16_t strait_dtls_group_number(const char *name);

#ifdef __cplusplus
}
#endif
#endif
