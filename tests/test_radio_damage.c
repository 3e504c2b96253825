/* What a stream on standard input may hold when somebody means ill: Ogg Opus whose checksums are right and
 * whose bytes are not, and WAV in any damage. AddressSanitizer sees a step too far. */
#include <ogg/ogg.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/radio/ogg_opus.h"
#include "examples/radio/wav_stream.h"
#include "tests/radio_sound.h"

enum {
    ROUNDS = 20000,
    PIECE = 97, /* bytes that come at a time */
};

struct bytes {
    uint8_t *at;
    size_t len;
};

static uint32_t random_state = 1;

static uint32_t any(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

static struct bytes read_all(const char *path)
{
    struct bytes bytes = { .len = (size_t)sound_size(path) };
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    bytes.at = malloc(bytes.len);
    assert_non_null(bytes.at);
    assert_int_equal(fread(bytes.at, 1, bytes.len, file), bytes.len);
    fclose(file);
    return bytes;
}

static struct bytes copy_of(const struct bytes *from)
{
    struct bytes bytes = { .at = malloc(from->len), .len = from->len };

    assert_non_null(bytes.at);
    memcpy(bytes.at, from->at, from->len);
    return bytes;
}

/* --- Ogg Opus ---------------------------------------------------------------------------------- */

/* Where each page begins; the file is whole. */
static size_t find_pages(const struct bytes *file, size_t *pages, size_t most)
{
    size_t n = 0;

    for (size_t at = 0; at < file->len && n < most; n++) {
        const size_t segments = file->at[at + 26];
        size_t len = 27 + segments;

        pages[n] = at;
        for (size_t i = 0; i < segments; i++) {
            len += file->at[at + 27 + i];
        }
        at += len;
    }
    return n;
}

/* Changes some bytes of a page, then makes its checksum right. */
static void damage_page(struct bytes *file, size_t at, size_t end)
{
    const uint32_t changes = 1 + any(6);
    ogg_page page;

    for (uint32_t i = 0; i < changes; i++) {
        /* The mark "OggS" and the length stay, or it were no page. */
        const size_t place = any(2) == 0 ? 5 + any(21) : 27 + any((uint32_t)(end - at - 27));

        if (place >= 27 + (size_t)file->at[at + 26] || place < 22) {
            file->at[at + place] = any(3) == 0 ? 0xff : (uint8_t)any(256);
        }
    }
    page.header = file->at + at;
    page.header_len = 27 + file->at[at + 26];
    page.body = page.header + page.header_len;
    page.body_len = (long)(end - at) - page.header_len;
    ogg_page_checksum_set(&page);
}

/* All that comes out of it, in pieces; returns how many packets. */
static size_t play_ogg(const struct bytes *file)
{
    struct ogg_opus *ogg = ogg_opus_create("it");
    enum ogg_opus_result result = OGG_OPUS_MORE;
    char reason[SOURCE_MAX_REASON] = "";
    size_t packets = 0;

    assert_non_null(ogg);
    for (size_t at = 0; at < file->len && result != OGG_OPUS_BAD; at += PIECE) {
        const size_t len = file->len - at < PIECE ? file->len - at : PIECE;
        char *room = ogg_opus_room(ogg, len);
        struct source_packet packet;

        assert_non_null(room);
        memcpy(room, file->at + at, len);
        ogg_opus_wrote(ogg, len);
        while ((result = ogg_opus_next(ogg, &packet, reason)) == OGG_OPUS_PACKET) {
            assert_in_range(packet.len, 1, sizeof packet.data);
            assert_in_range(packet.samples, 120, 5760);
            assert_in_range(packet.gap, 0, 5 * 48000 + 5760);
            packets++;
        }
    }
    if (result == OGG_OPUS_BAD) {
        assert_true(strncmp(reason, "it has ", 7) == 0);
    }
    ogg_opus_destroy(ogg);
    return packets;
}

static void damaged_ogg_is_played_or_refused(void **state)
{
    const struct sound_opus opus = {
        .hz = 440, .packet = 960, .packets = 40, .pre_skip = 312, .page = 5, .bitrate = 24000
    };
    size_t pages[16], n_pages, whole = 0, less = 0;
    char path[SOUND_PATH];
    struct bytes good;

    (void)state;
    sound_write_opus(sound_path(path, "good.opus"), &opus);
    good = read_all(path);
    n_pages = find_pages(&good, pages, 15);
    assert_int_equal(n_pages, 2 + 8);
    pages[n_pages] = good.len;
    assert_int_equal(play_ogg(&good), 40);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct bytes bad = copy_of(&good);
        const size_t page = any((uint32_t)n_pages);

        damage_page(&bad, pages[page], pages[page + 1]);
        if (any(8) == 0) {
            bad.len = any((uint32_t)bad.len) + 1;
        }
        *(play_ogg(&bad) == 40 ? &whole : &less) += 1;
        free(bad.at);
    }
    free(good.at);
    /* Both happen, or the damage were none. */
    assert_true(whole > ROUNDS / 20);
    assert_true(less > ROUNDS / 20);
}

/* --- WAV --------------------------------------------------------------------------------------- */

/* Frames that were read; -1: refused. */
static long play_wav(const struct bytes *file)
{
    struct wav_stream wav = { 0 };
    const char *reason = NULL;
    size_t at = 0;
    long frames = 0;

    for (;;) {
        size_t used = 0;
        enum wav_stream_result result = wav_stream_head(&wav, file->at + at, file->len - at, &used,
                                                        &reason);

        assert_in_range(used, 0, file->len - at);
        at += used;
        if (result == WAV_STREAM_BAD) {
            assert_non_null(reason);
            return -1;
        }
        if (result != WAV_STREAM_MORE) {
            break;
        }
        if (used == 0 || at == file->len) {
            return 0; /* more would have to come */
        }
    }
    for (;;) {
        float samples[64 * WAV_STREAM_MAX_CHANNELS];
        const size_t n = wav_stream_read(&wav, file->at + at, file->len - at, samples, 64);

        if (n == 0) {
            return frames;
        }
        at += n * wav_stream_frame(&wav);
        assert_in_range(at, 0, file->len);
        frames += (long)n;
    }
}

static void damaged_wav_is_played_or_refused(void **state)
{
    size_t played = 0, refused = 0;
    char path[SOUND_PATH];
    struct bytes good;

    (void)state;
    sound_write(sound_path(path, "good.wav"), 0x010000 | 0x0002 /* WAV, 16 bits */, 48000, 2, 440,
                500, "W");
    good = read_all(path);
    assert_int_equal(play_wav(&good), 500);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct bytes bad = copy_of(&good);
        const uint32_t changes = 1 + any(4);

        for (uint32_t i = 0; i < changes; i++) {
            bad.at[any(60)] = any(3) == 0 ? 0xff : (uint8_t)any(256);
        }
        if (any(4) == 0) {
            bad.len = any((uint32_t)bad.len) + 1;
            bad.at = realloc(bad.at, bad.len);
            assert_non_null(bad.at);
        }
        *(play_wav(&bad) >= 0 ? &played : &refused) += 1;
        free(bad.at);
    }
    free(good.at);
    assert_true(played > ROUNDS / 4);
    assert_true(refused > ROUNDS / 4);
}

static int set_up(void **state)
{
    (void)state;
    sound_folder_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sound_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_ogg_is_played_or_refused),
        cmocka_unit_test(damaged_wav_is_played_or_refused),
    };

    return cmocka_run_group_tests_name("radio damage", tests, set_up, tear_down);
}
