/* See nice/strait.h. */
#include "agent-priv.h"
#include "component.h"
#include "conncheck.h"
#include "nice/strait.h"

static enum nice_strait_pair_state state_of(const CandidateCheckPair *pair)
{
    switch (pair->state) {
    case NICE_CHECK_WAITING:
        return NICE_STRAIT_WAITING;
    case NICE_CHECK_IN_PROGRESS:
        return NICE_STRAIT_IN_PROGRESS;
    case NICE_CHECK_SUCCEEDED:
    case NICE_CHECK_DISCOVERED:
        return NICE_STRAIT_SUCCEEDED;
    case NICE_CHECK_FAILED:
        return NICE_STRAIT_FAILED;
    default:
        return NICE_STRAIT_FROZEN;
    }
}

static gboolean is_selected(const NiceComponent *component, const CandidateCheckPair *pair)
{
    return component->selected_pair.local != NULL &&
           pair->local == (NiceCandidate *)component->selected_pair.local &&
           pair->remote == (NiceCandidate *)component->selected_pair.remote;
}

static void fill(struct nice_strait_pair *out, const NiceComponent *component,
                 const CandidateCheckPair *pair)
{
    const CandidateCheckPair *checked = pair->succeeded_pair ? pair->succeeded_pair : pair;
    out->local = pair->local->base_addr;
    out->remote = pair->remote->addr;
    out->state = state_of(pair);
    out->nominated = pair->nominated;
    out->selected = is_selected(component, pair);
    out->priority = pair->priority;
    out->counts = checked->counts;
}

guint nice_strait_pairs(NiceAgent *agent, guint stream_id, guint component_id,
                        struct nice_strait_pair *out, guint max)
{
    NiceStream *stream;
    NiceComponent *component;
    guint n = 0;
    agent_lock(agent);
    if (agent_find_component(agent, stream_id, component_id, &stream, &component)) {
        for (GSList *i = stream->conncheck_list; i != NULL; i = i->next) {
            const CandidateCheckPair *pair = i->data;
            if (pair->component_id != component_id || pair->discovered_pair != NULL) {
                continue;
            }
            if (n < max) {
                fill(&out[n], component, pair);
            }
            n++;
        }
    }
    agent_unlock(agent);
    return n;
}

gboolean nice_strait_report(NiceAgent *agent, guint stream_id, guint component_id,
                            struct nice_strait_report *out)
{
    NiceStream *stream;
    NiceComponent *component;
    memset(out, 0, sizeof *out);
    agent_lock(agent);
    gboolean found = agent_find_component(agent, stream_id, component_id, &stream, &component);
    if (found) {
        out->all = component->counts;
        out->controlling = agent->controlling_mode;
        out->has_selected = component->selected_pair.local != NULL;
        out->priority = component->selected_pair.priority;
        out->unanswered_since = component->unanswered_since;
        for (GSList *i = stream->conncheck_list; i != NULL; i = i->next) {
            struct nice_strait_pair pair;
            if (is_selected(component, i->data)) {
                fill(&pair, component, i->data);
                out->selected = pair.counts;
                out->nominated = pair.nominated;
            }
        }
    }
    agent_unlock(agent);
    return found;
}

guint64 nice_strait_unanswered_since(NiceAgent *agent, guint stream_id, guint component_id)
{
    NiceStream *stream;
    NiceComponent *component;
    guint64 since = 0;
    agent_lock(agent);
    if (agent_find_component(agent, stream_id, component_id, &stream, &component)) {
        since = component->unanswered_since;
    }
    agent_unlock(agent);
    return since;
}

void nice_strait_set_consent_timeout(NiceAgent *agent, guint timeout)
{
    agent_lock(agent);
    agent->consent_timeout = timeout;
    agent_unlock(agent);
}
