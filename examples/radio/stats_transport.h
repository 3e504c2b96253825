/* A transport's statistics as JSON objects in the names of W3C's webrtc-stats. */
#ifndef RADIO_STATS_TRANSPORT_H
#define RADIO_STATS_TRANSPORT_H

#include <jansson.h>
#include <strait/strait.h>

/* --- For all that write statistics ------------------------------------------------------------- */

void stats_set_count(json_t *object, const char *key, uint64_t value);

/* Nothing where it is NULL. */
void stats_set_text(json_t *object, const char *key, const char *value);

/* Milliseconds from `begin`; nothing where it has not happened. */
void stats_set_ms(json_t *object, const char *key, strait_time begin, strait_time when);

/* Nothing where it is 0. */
void stats_set_drop(json_t *object, const char *key, uint64_t value);

/* --- Of a transport ---------------------------------------------------------------------------- */

/* "transport" (RTCTransportStats), "candidatePair" (RTCIceCandidatePairStats) and "dropped". No
 * addresses: everybody may read this. */
void stats_set_transport(json_t *object, const struct strait_transport_stats *stats);

/* The connection's course in ms since its offer came. The packets are another's to add. */
json_t *stats_course(const struct strait_transport_stats *stats);

#endif
