/*
 * Statistics as JSON, in the names of W3C's webrtc-stats:
 *
 *   GET /stats          the station, who publishes, the endpoint, all listeners and the last that ended
 *   GET /stats/station  the station and who publishes
 *   GET /stats/N        the same and listener N
 */
#ifndef RADIO_STATS_JSON_H
#define RADIO_STATS_JSON_H

#include "http.h"

/* Handlers of http.h; `user` is the station. */
void stats_get(void *user, const struct http_request *request, struct http_reply *reply);
void stats_get_part(void *user, const struct http_request *request, struct http_reply *reply);

#endif
