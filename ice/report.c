/* What statistics tell of full ICE: each pair and what was counted for it, the remote candidates. */
#include <stdio.h>

#include "ice/full.h"
#include "transport/address.h"
#include "transport/util.h"

static const struct strait__ice_full *constant(const struct strait__ice *ice)
{
    return (const struct strait__ice_full *)(const void *)ice;
}

/* Of the newest generation, or the one that goes on during a restart. */
static struct strait__ice_pair *pair_of(struct strait__ice_full *f, const struct strait_path *from)
{
    int local = strait__full_find_local(f, from);
    int remote = strait__full_find_remote(f, &from->remote);
    int pair = local >= 0 && remote >= 0 ? strait__full_find_pair(f, local, remote)
                                         : STRAIT__ICE_NO_PAIR;
    if (pair < 0 && f->selected >= 0) {
        struct strait_path path = strait__full_path(f, &f->pairs[f->selected]);
        pair = strait__path_equal(&path, from) ? f->selected : STRAIT__ICE_NO_PAIR;
    }
    return pair >= 0 ? &f->pairs[pair] : NULL;
}

void strait__full_count_check(struct strait__ice_full *f, const struct strait_path *from)
{
    struct strait__ice_pair *p = pair_of(f, from);
    if (p != NULL) {
        p->counts.requests_received++;
        p->counts.responses_sent++;
        p->counts.last_check = f->s.now;
    }
}

static void fill(struct strait_pair_stats *out, const struct strait__ice_full *f, int pair)
{
    static const enum strait_pair_state states[] = {
        [STRAIT__PAIR_FROZEN] = STRAIT_PAIR_FROZEN,
        [STRAIT__PAIR_WAITING] = STRAIT_PAIR_WAITING,
        [STRAIT__PAIR_IN_PROGRESS] = STRAIT_PAIR_IN_PROGRESS,
        [STRAIT__PAIR_SUCCEEDED] = STRAIT_PAIR_SUCCEEDED,
        [STRAIT__PAIR_FAILED] = STRAIT_PAIR_FAILED,
    };
    const struct strait__ice_pair *p = &f->pairs[pair];
    const struct strait__ice_counts *c = &p->counts;
    *out = (struct strait_pair_stats){ .nominated = p->nominated,
                                       .path = strait__full_path(f, p),
                                       .requests_received = c->requests_received,
                                       .requests_sent = c->requests_sent,
                                       .responses_received = c->responses_received,
                                       .responses_sent = c->responses_sent,
                                       .consent_requests_sent = c->consent_requests_sent,
                                       .current_round_trip_time = c->rtt,
                                       .total_round_trip_time = c->total_rtt,
                                       .last_check_received = c->last_check,
                                       .state = states[p->state],
                                       .selected = pair == f->selected,
                                       .priority = p->priority };
}

size_t strait__full_pairs(const struct strait__ice *ice, struct strait_pair_stats *out, size_t max)
{
    const struct strait__ice_full *f = constant(ice);
    size_t n = 0;
    for (int i = 0; i < STRAIT__ICE_MAX_PAIRS + 1; i++) {
        if (f->pairs[i].state == STRAIT__PAIR_UNUSED) {
            continue;
        }
        if (n < max) {
            fill(&out[n], f, i);
        }
        n++;
    }
    return n;
}

void strait__full_measure(const struct strait__ice *ice, struct strait_transport_stats *stats)
{
    const struct strait__ice_full *f = constant(ice);
    if (f->selected >= 0) {
        stats->pair.current_round_trip_time = f->pairs[f->selected].counts.rtt;
        stats->pair.priority = f->pairs[f->selected].priority;
    }
}

size_t strait__full_remotes(const struct strait__ice *ice, struct strait_candidate *out, size_t max)
{
    const struct strait__ice_full *f = constant(ice);
    size_t n = 0;
    for (int i = 0; i < STRAIT__ICE_MAX_REMOTES + 1; i++) {
        const struct strait__ice_remote *r = &f->remotes[i];
        if (!r->used) {
            continue;
        }
        if (n < max) {
            out[n] = (struct strait_candidate){ .component = 1,
                                                .type = r->type,
                                                .priority = r->priority,
                                                .address = r->address,
                                                .port = strait__address_port(&r->address) };
            snprintf(out[n].foundation, sizeof out[n].foundation, "%s", r->foundation);
        }
        n++;
    }
    return n;
}
