#include "playlist.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal.h"

struct playlist {
    struct playlist_config config;
    char **files;
    size_t n, room;
    size_t next;
    bool heard, heard_in_round;
};

/* A folder has covers and texts beside its music: they are passed over in silence. */
static int is_audio(const struct dirent *entry)
{
    static const char *const endings[] = { "opus", "ogg", "oga", "wav",  "wave",
                                           "flac", "mp3", "aif", "aiff", "aifc",
                                           "au",   "snd", "caf", "w64",  "rf64" };
    const char *dot = strrchr(entry->d_name, '.');

    for (size_t i = 0; dot && dot > entry->d_name && i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot + 1, endings[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int add(struct playlist *playlist, const char *folder, const char *name)
{
    const size_t len = strlen(folder) + strlen(name) + 2;
    const char *slash = *folder && folder[strlen(folder) - 1] != '/' ? "/" : "";
    char *path = malloc(len);

    if (playlist->n == playlist->room) {
        const size_t room = playlist->room * 2 + 16;
        char **files = realloc(playlist->files, room * sizeof *files);

        if (!files) {
            free(path);
            return -1;
        }
        playlist->files = files;
        playlist->room = room;
    }
    if (!path) {
        return -1;
    }
    snprintf(path, len, "%s%s%s", folder, slash, name);
    playlist->files[playlist->n++] = path;
    return 0;
}

/* In the order of their names, numbers in them as numbers: 2 before 10. */
static int add_folder(struct playlist *playlist, const char *folder)
{
    struct dirent **entries;
    const int n = scandir(folder, &entries, is_audio, versionsort);
    int result = 0;

    if (n < 0) {
        terminal_complain("%s cannot be read: %s.", folder, strerror(errno));
        return 0;
    }
    if (n == 0) {
        terminal_complain("%s has no audio files in it.", folder);
    }
    for (int i = 0; i < n; i++) {
        if (result == 0) {
            result = add(playlist, folder, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

struct playlist *playlist_create(const struct playlist_config *config)
{
    struct playlist *playlist = calloc(1, sizeof *playlist);
    int result = playlist ? 0 : -1;

    if (playlist) {
        playlist->config = *config;
    }
    for (size_t i = 0; result == 0 && i < config->n_names; i++) {
        const char *name = config->names[i];
        struct stat status;

        if (strcmp(name, "-") != 0 && stat(name, &status) == 0 && S_ISDIR(status.st_mode)) {
            result = add_folder(playlist, name);
        } else {
            result = add(playlist, "", name);
        }
    }
    if (result != 0) {
        playlist_destroy(playlist);
        return NULL;
    }
    return playlist;
}

void playlist_destroy(struct playlist *playlist)
{
    if (playlist) {
        for (size_t i = 0; i < playlist->n; i++) {
            free(playlist->files[i]);
        }
        free(playlist->files);
        free(playlist);
    }
}

bool playlist_has(const struct playlist *playlist, const char *path)
{
    struct stat wanted, status;

    if (stat(path, &wanted) != 0) {
        return false;
    }
    for (size_t i = 0; i < playlist->n; i++) {
        if (stat(playlist->files[i], &status) == 0 && status.st_dev == wanted.st_dev &&
            status.st_ino == wanted.st_ino) {
            return true;
        }
    }
    return false;
}

static struct source *open_entry(struct playlist *playlist, size_t index,
                                 char reason[SOURCE_MAX_REASON])
{
    const struct playlist_config *config = &playlist->config;

    if (config->mic) {
        return source_mic_open(config->mic, reason);
    }
    if (config->n_names == 0) {
        return source_melody_open(reason);
    }
    if (strcmp(playlist->files[index], "-") == 0) {
        return source_stdin_open(STDIN_FILENO, config->runtime, reason);
    }
    return source_open(playlist->files[index], reason);
}

struct source *playlist_next(struct playlist *playlist)
{
    const bool single = playlist->config.mic || playlist->config.n_names == 0;
    const size_t n = single ? 1 : playlist->n;

    for (;;) {
        char reason[SOURCE_MAX_REASON] = "";
        struct source *source;

        if (playlist->next == n) {
            if (!playlist->config.loop || !playlist->heard_in_round) {
                return NULL;
            }
            playlist->next = 0;
            playlist->heard_in_round = false;
        }
        source = open_entry(playlist, playlist->next++, reason);
        if (source) {
            return source;
        }
        terminal_complain("%s.", reason);
    }
}

void playlist_heard(struct playlist *playlist)
{
    playlist->heard = playlist->heard_in_round = true;
}

bool playlist_was_heard(const struct playlist *playlist)
{
    return playlist->heard;
}
