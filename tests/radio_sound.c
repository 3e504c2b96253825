#include "radio_sound.h"

#include <dirent.h>
#include <math.h>
#include <ogg/ogg.h>
#include <opus.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RATE 48000
#define PIECE 4096
#define TURN 6.283185307179586

static char folder[64];

void sound_folder_create(void)
{
    snprintf(folder, sizeof folder, "/tmp/strait-radio-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

void sound_folder_remove(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[SOUND_PATH];

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(remove(sound_path(path, entry->d_name)), 0);
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}

const char *sound_path(char out[SOUND_PATH], const char *name)
{
    assert_true(snprintf(out, SOUND_PATH, "%s/%s", folder, name) < (int)SOUND_PATH);
    return out;
}

void sound_write(const char *path, int format, unsigned rate, unsigned channels, double hz,
                 size_t frames, const char *title)
{
    SF_INFO info = { .samplerate = (int)rate, .channels = (int)channels, .format = format };
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    float *samples = malloc(frames * channels * sizeof *samples);

    assert_non_null(file);
    assert_non_null(samples);
    for (size_t i = 0; i < frames * channels; i++) {
        const size_t frame = i / channels;

        samples[i] = 0.5f * (float)sin(TURN * hz * (double)frame / rate);
    }
    (void)sf_set_string(file, SF_STR_ARTIST, "Tester");
    (void)sf_set_string(file, SF_STR_TITLE, title);
    /* In pieces: libsndfile's Vorbis takes no more at once than its stack holds. */
    for (size_t at = 0; at < frames; at += PIECE) {
        const size_t piece = frames - at < PIECE ? frames - at : PIECE;

        assert_int_equal(sf_writef_float(file, samples + at * channels, (sf_count_t)piece), piece);
    }
    free(samples);
    assert_int_equal(sf_close(file), 0);
}

void sound_cut(const char *path, long len)
{
    assert_int_equal(truncate(path, len), 0);
}

void sound_write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

long sound_size(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fclose(file);
    return size;
}

static void write_pages(FILE *file, ogg_stream_state *stream)
{
    ogg_page page;

    while (ogg_stream_flush(stream, &page)) {
        assert_int_equal(fwrite(page.header, 1, (size_t)page.header_len, file), page.header_len);
        assert_int_equal(fwrite(page.body, 1, (size_t)page.body_len, file), page.body_len);
    }
}

static void write_heads(FILE *file, ogg_stream_state *stream, const struct sound_opus *opus)
{
    uint8_t head[19] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0, 0, 0x80, 0xbb, 0, 0 };
    uint8_t tags[200] = { 'O', 'p', 'u', 's', 'T', 'a', 'g', 's', 3, 0, 0, 0, 'u', 's', '!', 1 };
    ogg_packet packet = { .packet = head, .bytes = sizeof head, .b_o_s = 1 };
    const char *title = opus->title ? opus->title : "Tone";

    head[10] = (uint8_t)opus->pre_skip;
    head[11] = (uint8_t)(opus->pre_skip >> 8);
    assert_int_equal(ogg_stream_packetin(stream, &packet), 0);
    write_pages(file, stream);
    tags[19] = (uint8_t)(6 + strlen(title));
    snprintf((char *)tags + 23, sizeof tags - 23, "title=%s", title);
    packet = (ogg_packet){ .packet = tags, .bytes = (long)(23 + 6 + strlen(title)), .packetno = 1 };
    assert_int_equal(ogg_stream_packetin(stream, &packet), 0);
    write_pages(file, stream);
}

/* One packet; at a given bitrate it is put together from frames of 20 ms, as libopus itself makes none
 * that long. Returns its length. */
static opus_int32 encode(OpusEncoder *encoder, const struct sound_opus *opus, size_t k,
                         uint8_t *bytes, opus_int32 room)
{
    static float samples[2 * 2880];
    static uint8_t frames[3][1500];
    OpusRepacketizer *whole = opus_repacketizer_create();
    opus_int32 len;

    for (size_t i = 0; i < opus->packet; i++) {
        samples[2 * i] = samples[2 * i + 1] =
            0.5f * (float)sin(TURN * opus->hz * (double)(k * opus->packet + i) / RATE);
    }
    if (!opus->bitrate) {
        len = opus_encode_float(encoder, samples, (int)opus->packet, bytes, room);
    } else {
        for (size_t f = 0; f < opus->packet / 960; f++) {
            len = opus_encode_float(encoder, samples + f * 1920, 960, frames[f], 1500);
            assert_int_equal(opus_repacketizer_cat(whole, frames[f], len), OPUS_OK);
        }
        len = opus_repacketizer_out(whole, bytes, room);
    }
    opus_repacketizer_destroy(whole);
    assert_true(len > 0);
    return len;
}

void sound_write_opus(const char *path, const struct sound_opus *opus)
{
    OpusEncoder *encoder = opus_encoder_create(RATE, 2, OPUS_APPLICATION_AUDIO, NULL);
    FILE *file = fopen(path, opus->append ? "ab" : "wb");
    ogg_stream_state stream;
    static uint8_t bytes[5000];
    ogg_int64_t granule = (ogg_int64_t)opus->start;

    assert_non_null(encoder);
    assert_non_null(file);
    if (opus->bitrate) {
        opus_encoder_ctl(encoder, OPUS_SET_BITRATE(opus->bitrate));
        opus_encoder_ctl(encoder, OPUS_SET_VBR(0));
    }
    ogg_stream_init(&stream, opus->serial);
    write_heads(file, &stream, opus);
    for (size_t k = 0; k < opus->packets; k++) {
        const bool last = k + 1 == opus->packets;
        ogg_packet packet = { .packet = bytes, .packetno = (ogg_int64_t)k + 2 };

        packet.bytes = encode(encoder, opus, k, bytes, (opus_int32)sizeof bytes);
        granule += opus->packet + (opus->gap_at == k && k > 0 ? opus->gap : 0);
        packet.granulepos = last ? granule - opus->cut : granule;
        packet.e_o_s = last && !opus->no_end;
        assert_int_equal(ogg_stream_packetin(&stream, &packet), 0);
        if (last || (k + 1) % (opus->page ? opus->page : 1) == 0) {
            write_pages(file, &stream);
        }
    }
    ogg_stream_clear(&stream);
    opus_encoder_destroy(encoder);
    assert_int_equal(fclose(file), 0);
}

/* RFC 6716, section 4.2.4: after the voice activity of each frame and channel comes a flag for what
 * is carried once more. Up to 20 ms a packet. */
static bool carries_before(const struct source_packet *packet)
{
    const bool silk = packet->data[0] >> 3 < 16;

    return silk && packet->len > 1 && (packet->data[1] >> 6 & 1) != 0;
}

static void decode(struct sound *sound, OpusDecoder *decoder, const struct source_packet *packet)
{
    static float stereo[2 * 5760];
    const int n = opus_decode_float(decoder, packet->data, (opus_int32)packet->len, stereo, 5760,
                                    0);

    assert_int_equal(n, packet->samples);
    for (int i = 0; i < n; i++) {
        sound->left[sound->n + (size_t)i] = stereo[2 * i];
    }
    sound->packets++;
    sound->toc = packet->data[0];
    sound->repeats |= carries_before(packet);
}

void sound_hear(struct sound *sound, struct program *program, size_t most)
{
    OpusDecoder *decoder = opus_decoder_create(RATE, 2, NULL);
    struct source_packet packet;

    *sound = (struct sound){ .left = calloc(most + 48000, sizeof(float)) };
    assert_non_null(decoder);
    assert_non_null(sound->left);
    while (sound->n < most) {
        sound->last = program_next(program, &packet);
        if (sound->last == PROGRAM_PACKET) {
            decode(sound, decoder, &packet);
        } else if (sound->last == PROGRAM_SILENCE) {
            sound->silent += packet.samples;
        } else {
            break;
        }
        sound->n += packet.samples;
        if (*program_title(program)) {
            snprintf(sound->title, sizeof sound->title, "%s", program_title(program));
        }
    }
    opus_decoder_destroy(decoder);
}

void sound_play(struct sound *sound, const struct program_config *config, size_t most)
{
    struct program_config with_defaults = *config;
    struct program *program;

    if (with_defaults.encoder.bitrate == 0) {
        with_defaults.encoder.bitrate = 128000;
    }
    assert_int_equal(program_create(&program, &with_defaults), 0);
    sound_hear(sound, program, most);
    program_destroy(program);
}

void sound_free(struct sound *sound)
{
    free(sound->left);
}

double sound_frequency(const struct sound *sound, size_t from, size_t to)
{
    double first = -1, last = 0;
    size_t crossings = 0;

    assert_true(to <= sound->n);
    for (size_t i = from + 1; i < to; i++) {
        const double a = (double)sound->left[i - 1];
        const double b = (double)sound->left[i];

        if (a < 0 && b >= 0) {
            last = (double)i - b / (b - a);
            first = first < 0 ? last : first;
            crossings++;
        }
    }
    return crossings > 1 ? (double)(crossings - 1) * RATE / (last - first) : 0;
}

void sound_level(const struct sound *sound, size_t from, size_t to, double *least, double *most)
{
    *least = 1e9;
    *most = 0;
    assert_true(to <= sound->n);
    for (size_t at = from; at + 480 <= to; at += 240) {
        double sum = 0;

        for (size_t i = at; i < at + 480; i++) {
            sum += (double)sound->left[i] * (double)sound->left[i];
        }
        sum = sqrt(sum / 480);
        *least = fmin(*least, sum);
        *most = fmax(*most, sum);
    }
}
