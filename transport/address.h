/* Socket addresses and paths: compare, print, turn into keys. */
#ifndef STRAIT_TRANSPORT_ADDRESS_H
#define STRAIT_TRANSPORT_ADDRESS_H

#include <strait/types.h>

/* Family, address and port are the same (IPv6: the scope as well). */
bool strait__address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/* As strait__address_equal without the port. */
bool strait__address_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
bool strait__path_equal(const struct strait_path *a, const struct strait_path *b);

/* "0.0.0.0" or "::". */
bool strait__address_is_unspecified(const struct sockaddr_storage *address);

/* 0 for a family that is neither AF_INET nor AF_INET6. */
socklen_t strait__address_len(const struct sockaddr_storage *address);
uint16_t strait__address_port(const struct sockaddr_storage *address);
void strait__address_set_port(struct sockaddr_storage *address, uint16_t port);

/* Copies any sockaddr; false for a family that is neither, or a length too short for it. */
bool strait__address_copy(struct sockaddr_storage *out, const struct sockaddr *from, socklen_t len);

/* "192.0.2.1" / "2001:db8::1" -> address with that port; no names. False where it is none. */
bool strait__address_parse(struct sockaddr_storage *out, const char *text, uint16_t port);

/* Room for "[xxxx:...%scope]:65535" and a zero. */
#define STRAIT__ADDRESS_TEXT 80
/* "192.0.2.1:5000", "[2001:db8::1]:5000"; returns text. */
const char *strait__address_print(const struct sockaddr_storage *address, char *text, size_t room);
/* The address without port or brackets; returns text. */
const char *strait__address_print_host(const struct sockaddr_storage *address, char *text,
                                       size_t room);

/* A path as bytes: equal paths have equal keys. */
#define STRAIT__PATH_KEY 52
struct strait__path_key {
    uint8_t bytes[STRAIT__PATH_KEY];
};
void strait__path_key(struct strait__path_key *key, const struct strait_path *path);

#endif
