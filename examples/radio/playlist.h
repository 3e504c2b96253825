/* What is played one after the other: files, folders' files in their order, "-", the microphone. */
#ifndef RADIO_PLAYLIST_H
#define RADIO_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

struct strait_runtime;

struct playlist_config {
    const char *const *names; /* files, folders or "-" for standard input */
    size_t n_names;           /* none and no microphone: the melody */
    const char *mic;          /* ALSA's name of it; NULL: none */
    bool loop;
    struct strait_runtime *runtime;
};

struct playlist;

/* NULL: no memory. Folders are read now: what cannot be is said on standard error. */
struct playlist *playlist_create(const struct playlist_config *config);

/* NULL is fine. */
void playlist_destroy(struct playlist *playlist);

/* One of its files is the one at `path`, by whatever name: whoever writes there destroys it. */
bool playlist_has(const struct playlist *playlist, const char *path);

/* Opens what comes next that can be opened; what cannot is said on standard error. NULL: the end. A
 * whole round in which nothing could be played is the end as well. */
struct source *playlist_next(struct playlist *playlist);

/* The source that was opened last gave something to hear. */
void playlist_heard(struct playlist *playlist);

/* Something was heard, ever. */
bool playlist_was_heard(const struct playlist *playlist);

#endif
