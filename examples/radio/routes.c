#include "routes.h"

#include "page.h"
#include "stats_json.h"
#include "whep.h"
#include "whip.h"

const struct http_route routes[] = {
    { .path = "/", .get = page_get },
    { .path = "/page/", .get = page_get },
    { .path = "/listeners", .get = page_get_listeners },
    { .path = "/studio", .get = page_get_studio },
    { .path = "/stats", .get = stats_get, .cors = true },
    { .path = "/stats/", .get = stats_get_part, .cors = true },
    { .path = WHEP_PATH, .post = whep_post, .options = whep_options, .cors = true },
    { .path = WHEP_RESOURCES,
      .patch = whep_patch,
      .delete_ = whep_delete,
      .options = whep_options,
      .cors = true },
    { .path = WHIP_PATH, .post = whip_post, .options = whip_options, .cors = true },
    { .path = WHIP_RESOURCES,
      .patch = whip_patch,
      .delete_ = whip_delete,
      .options = whip_options,
      .cors = true },
};

const size_t n_routes = sizeof routes / sizeof routes[0];
