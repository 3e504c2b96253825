/* Packets of RTP, each with a number, so that it is known of each whether it came. */
#include <stdio.h>
#include <string.h>

#include "tests/netns/peer.h"

enum { HEADER = 12, PACKET = 200 };

static void write_32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t read_32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

/* A number is used once its packet is taken. */
static void send_one(struct peer *peer)
{
    struct media *media = &peer->media;
    uint8_t rtp[PACKET] = { 0x80, 111 };
    uint32_t number = media->sent + 1;
    if (number >= MEDIA_MAX) {
        return;
    }
    rtp[2] = (uint8_t)(number >> 8);
    rtp[3] = (uint8_t)number;
    write_32(rtp + 4, number * 960);
    write_32(rtp + 8, 7);
    write_32(rtp + HEADER, number);
    memset(rtp + HEADER + 4, (int)(number & 0xff), PACKET - HEADER - 4);
    struct strait_packet packet = { .data = rtp, .len = sizeof rtp };
    if (strait_transport_send(peer->transport, &packet, 1) == 1) {
        media->sent = number;
    } else {
        media->refused++;
    }
}

static void due(void *user)
{
    struct peer *peer = user;
    strait_time now = strait_runtime_now(peer->runtime);
    struct media *media = &peer->media;
    while (media->interval > 0 && media->next <= now) {
        send_one(peer);
        media->next += media->interval;
    }
    strait_runtime_at(peer->runtime, media->interval > 0 ? media->next : STRAIT_TIME_NEVER, due,
                      peer);
}

void media_send(struct peer *peer, strait_time interval)
{
    peer->media.interval = interval;
    peer->media.next = strait_runtime_now(peer->runtime);
    due(peer);
}

static bool whole(const struct strait_packet *packet)
{
    if (packet->len != PACKET) {
        return false;
    }
    uint32_t number = read_32(packet->data + HEADER);
    bool good = number > 0 && number < MEDIA_MAX;
    for (size_t i = HEADER + 4; i < PACKET && good; i++) {
        good = packet->data[i] == (uint8_t)number;
    }
    return good;
}

void media_receive(struct media *media, const struct strait_packet *packets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!whole(&packets[i])) {
            media->stranger++;
            continue;
        }
        uint32_t number = read_32(packets[i].data + HEADER);
        uint8_t bit = (uint8_t)(1u << number % 8);
        if ((media->seen[number / 8] & bit) != 0) {
            media->twice++;
            continue;
        }
        media->seen[number / 8] |= bit;
        media->received++;
        media->highest = number > media->highest ? number : media->highest;
    }
}

static bool seen(const struct media *media, uint32_t number)
{
    return (media->seen[number / 8] & 1u << number % 8) != 0;
}

/* Below the highest one that came, as ranges: 7-7,20-31. */
static void tell_missing(const struct media *media)
{
    printf("\tmissing=");
    for (uint32_t i = 1, n = 0; i <= media->highest && n < 100; i++) {
        if (!seen(media, i)) {
            uint32_t first = i;
            for (; !seen(media, i + 1); i++) {
            }
            printf("%s%u-%u", n++ > 0 ? "," : "", first, i);
        }
    }
}

void media_tell(const struct media *media)
{
    printf("\tsent=%u\trefused=%u\treceived=%u\ttwice=%u\thighest=%u\tstranger=%u", media->sent,
           media->refused, media->received, media->twice, media->highest, media->stranger);
    tell_missing(media);
}
