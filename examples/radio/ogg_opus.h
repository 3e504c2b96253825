/*
 * Ogg Opus (RFC 7845) from bytes as they come: packets as they are, with the time that each plays.
 *
 * A packet cannot be cut without decoding it. Those that lie wholly in the pre-skip or behind the end
 * that the last page gives are left out, so that less than one packet is heard that should not be. Where
 * the granule positions jump ahead, what is missing is told as the next packet's gap. Links of a chain
 * follow one another without a pause.
 */
#ifndef RADIO_OGG_OPUS_H
#define RADIO_OGG_OPUS_H

#include "source.h"

struct ogg_opus;

enum ogg_opus_result {
    OGG_OPUS_PACKET,
    OGG_OPUS_MORE, /* bytes are wanted */
    OGG_OPUS_BAD   /* `reason` says why nothing more will come */
};

/* `name` is for sentences and must live longer. NULL: no memory. */
struct ogg_opus *ogg_opus_create(const char *name);

/* NULL is fine. */
void ogg_opus_destroy(struct ogg_opus *ogg);

/* Room for `len` bytes, and how many of them were filled. NULL: no memory. */
char *ogg_opus_room(struct ogg_opus *ogg, size_t len);
void ogg_opus_wrote(struct ogg_opus *ogg, size_t len);

enum ogg_opus_result ogg_opus_next(struct ogg_opus *ogg, struct source_packet *out,
                                   char reason[SOURCE_MAX_REASON]);

/* What is known once the first packet came. */
bool ogg_opus_mono(const struct ogg_opus *ogg);
uint32_t ogg_opus_pre_skip(const struct ogg_opus *ogg);
int ogg_opus_serial(const struct ogg_opus *ogg);
/* The granule position before the first sample: 0 unless it was cut out of a longer stream. */
int64_t ogg_opus_start(const struct ogg_opus *ogg);
const char *ogg_opus_artist(const struct ogg_opus *ogg);
const char *ogg_opus_title(const struct ogg_opus *ogg);

/* The last page said that it is the last: bytes that end otherwise are truncated. */
bool ogg_opus_complete(const struct ogg_opus *ogg);
bool ogg_opus_began(const struct ogg_opus *ogg);

#endif
