/* What the radio answers to over HTTP. */
#ifndef RADIO_ROUTES_H
#define RADIO_ROUTES_H

#include "http.h"

extern const struct http_route routes[];
extern const size_t n_routes;

#endif
