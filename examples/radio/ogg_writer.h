/* Opus packets into an Ogg file that plays elsewhere (RFC 7845; RFC 3533). */
#ifndef RADIO_OGG_WRITER_H
#define RADIO_OGG_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct ogg_writer;

struct ogg_writer_config {
    const char *file;
    const char *title; /* NULL: none */
    uint8_t channels;  /* 1 or 2 */
    uint16_t pre_skip; /* samples at 48 kHz that a player leaves out: the encoder's delay */
};

/* Creates the file, over another that is there. 0, or -1 and a sentence in `reason`. */
int ogg_writer_create(struct ogg_writer **out, const struct ogg_writer_config *config, char *reason,
                      size_t room);

/*
 * Adds a packet that begins at `position`, in samples at 48 kHz from any start. What is missing since
 * the one before becomes packets without sound, so that the file keeps the time (RFC 7845, section
 * 4.1); a packet that begins before the last one ended is left out. 0, or -1 with errno: then the
 * file has what was written and takes no more.
 */
int ogg_writer_packet(struct ogg_writer *writer, uint64_t position, const uint8_t *opus,
                      size_t len);

/* Samples that the file has, pre-skip and gaps included. */
uint64_t ogg_writer_samples(const struct ogg_writer *writer);

/* Ends the stream and closes the file; 0, or -1 with errno. NULL is fine. */
int ogg_writer_close(struct ogg_writer *writer);

#endif
