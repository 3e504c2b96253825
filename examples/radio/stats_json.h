/* GET /stats: the station and its listeners as JSON, in the names of W3C's webrtc-stats. */
#ifndef RADIO_STATS_JSON_H
#define RADIO_STATS_JSON_H

#include "http.h"
#include "station.h"

/* The text: the caller frees it. NULL where there is no memory. */
char *stats_json(const struct station *station, strait_time now);

/* Handler of http.h; `user` is the station. */
void stats_get(void *user, const struct http_request *request, struct http_reply *reply);

#endif
