#include "transport/sdp_attributes.h"

#include <string.h>

#include "transport/sdp_lines.h"
#include "transport/util.h"

static int refuse(const struct strait__sdp_place *place, const char *reason)
{
    return strait__sdp_fail(place->error, STRAIT_E_PARSE, place->line, "%s", reason);
}

/*
 * An attribute of which there can be one at a level came twice. No RFC says which of two would count,
 * and taking either is a guess whose only symptom would be checks or a handshake that fail.
 */
static int already_there(const struct strait__sdp_place *place, const char *name, uint32_t line)
{
    return strait__sdp_fail(place->error, STRAIT_E_PARSE, place->line,
                            "a=%s: is there already, in line %u", name, (unsigned)line);
}

/* --- Credentials ------------------------------------------------------------------------------- */

/* RFC 8839, 5.4 */
static int read_credential(const struct strait__sdp_place *place, struct strait_text value,
                           const char *name, size_t min, size_t max, uint32_t *line, char *out)
{
    if (*line != 0) {
        return already_there(place, name, *line);
    }
    if (value.len < min || value.len > max) {
        return strait__sdp_fail(place->error, STRAIT_E_PARSE, place->line,
                                "a=%s: wants %zu to %zu characters, this has %zu", name, min, max,
                                value.len);
    }
    if (!strait__text_is_ice(value)) {
        return strait__sdp_fail(place->error, STRAIT_E_PARSE, place->line,
                                "a=%s: only letters, digits, \"+\" and \"/\" are allowed", name);
    }
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
    *line = place->line;
    return STRAIT_OK;
}

static int read_ufrag(const struct strait__sdp_place *place, struct strait_text value)
{
    return read_credential(place, value, "ice-ufrag", STRAIT_UFRAG_MIN, STRAIT_UFRAG_MAX,
                           &place->level->ufrag_line, place->level->ufrag);
}

static int read_pwd(const struct strait__sdp_place *place, struct strait_text value)
{
    return read_credential(place, value, "ice-pwd", STRAIT_PWD_MIN, STRAIT_PWD_MAX,
                           &place->level->pwd_line, place->level->pwd);
}

static int read_options(const struct strait__sdp_place *place, struct strait_text value)
{
    while (value.len > 0) {
        struct strait_text option = strait__text_take(&value, ' ');
        place->level->trickle |= strait__text_is(option, "trickle"); /* RFC 8840 */
        place->level->renomination |= strait__text_is(option, "renomination");
    }
    return STRAIT_OK;
}

static int read_lite(const struct strait__sdp_place *place, struct strait_text value)
{
    (void)value;
    place->sdp->ice_lite = true;
    return STRAIT_OK;
}

/* --- Candidates -------------------------------------------------------------------------------- */

static int read_candidate(const struct strait__sdp_place *place, struct strait_text value)
{
    struct strait_sdp_section *section = place->section;
    struct strait_candidate candidate;
    /* The candidate's own parser wants its name before it: "candidate:" stands before the value. */
    const size_t name_len = sizeof "candidate:" - 1;
    int error = strait_candidate_parse(&candidate, value.data - name_len, value.len + name_len);
    if (error == STRAIT_E_UNSUPPORTED) {
        section->candidates_skipped++;
        return STRAIT_OK;
    }
    if (error != STRAIT_OK) {
        return refuse(place, "a=candidate: wants foundation, component, transport, priority, "
                             "address, port, \"typ\" and a type (RFC 8839, 5.1)");
    }
    if (section->n_candidates == STRAIT_SDP_MAX_CANDIDATES) {
        section->candidates_skipped++;
        return STRAIT_OK;
    }
    section->candidates[section->n_candidates++] = candidate;
    return STRAIT_OK;
}

static int read_end_of_candidates(const struct strait__sdp_place *place, struct strait_text value)
{
    (void)value;
    place->level->end_of_candidates = true;
    return STRAIT_OK;
}

/* --- DTLS -------------------------------------------------------------------------------------- */

static int read_fingerprint(const struct strait__sdp_place *place, struct strait_text value)
{
    struct strait__sdp_level *level = place->level;
    struct strait_fingerprint fingerprint;
    char reason[STRAIT__FINGERPRINT_REASON];
    int error = strait__fingerprint_read(&fingerprint, value.data, value.len, reason);
    if (error == STRAIT_E_UNSUPPORTED) {
        /* RFC 8122, section 5: one that is understood is enough. Whether there is one shows later. */
        if (level->refused_line == 0) {
            level->refused_line = place->line;
            memcpy(level->refused, reason, sizeof reason);
        }
        return STRAIT_OK;
    }
    if (error != STRAIT_OK) {
        return strait__sdp_fail(place->error, STRAIT_E_PARSE, place->line, "a=fingerprint: %s",
                                reason);
    }
    for (size_t i = 0; i < level->n_fingerprints; i++) {
        if (strait_fingerprint_equal(&level->fingerprints[i], &fingerprint)) {
            return STRAIT_OK;
        }
    }
    if (level->n_fingerprints == STRAIT_DTLS_MAX_FINGERPRINTS) {
        return strait__sdp_fail(place->error, STRAIT_E_LIMIT, place->line,
                                "a=fingerprint: more than %u", STRAIT_DTLS_MAX_FINGERPRINTS);
    }
    level->fingerprints[level->n_fingerprints++] = fingerprint;
    return STRAIT_OK;
}

static const char *const setup_words[] = {
    [STRAIT_SETUP_ACTPASS] = "actpass",
    [STRAIT_SETUP_ACTIVE] = "active",
    [STRAIT_SETUP_PASSIVE] = "passive",
    [STRAIT_SETUP_HOLDCONN] = "holdconn",
};

enum { N_SETUP_WORDS = sizeof setup_words / sizeof setup_words[0] };

const char *strait__sdp_setup_word(enum strait_sdp_setup setup)
{
    return (unsigned)setup < N_SETUP_WORDS ? setup_words[setup] : NULL;
}

static int read_setup(const struct strait__sdp_place *place, struct strait_text value)
{
    struct strait__sdp_level *level = place->level;
    if (level->setup_line != 0) {
        return already_there(place, "setup", level->setup_line);
    }
    for (size_t i = STRAIT_SETUP_ACTPASS; i < N_SETUP_WORDS; i++) {
        if (strait__text_is(value, setup_words[i])) {
            level->setup = (enum strait_sdp_setup)i;
            level->setup_line = place->line;
            return STRAIT_OK;
        }
    }
    return refuse(place, "a=setup: wants active, passive, actpass or holdconn");
}

enum strait_dtls_role strait__sdp_role(enum strait_sdp_setup setup)
{
    switch (setup) {
    case STRAIT_SETUP_ACTIVE:
        return STRAIT_DTLS_CLIENT;
    case STRAIT_SETUP_PASSIVE:
        return STRAIT_DTLS_SERVER;
    case STRAIT_SETUP_NONE:
    case STRAIT_SETUP_ACTPASS:
    case STRAIT_SETUP_HOLDCONN:
        break;
    }
    return STRAIT_DTLS_AUTO;
}

/* --- Bundling and muxing ----------------------------------------------------------------------- */

static int read_mid(const struct strait__sdp_place *place, struct strait_text value)
{
    struct strait_sdp_section *section = place->section;
    if (place->level->mid_line != 0) {
        return already_there(place, "mid", place->level->mid_line);
    }
    if (value.len > STRAIT_SDP_MID_MAX) {
        return strait__sdp_fail(place->error, STRAIT_E_PARSE, place->line,
                                "a=mid: wants at most %u characters, this has %zu",
                                STRAIT_SDP_MID_MAX, value.len);
    }
    /* RFC 5888, section 4: identification-tag = token. */
    if (!strait__text_is_token(value)) {
        return refuse(place, "a=mid: wants a token");
    }
    memcpy(section->mid, value.data, value.len);
    section->mid[value.len] = '\0';
    place->level->mid_line = place->line;
    return STRAIT_OK;
}

static int read_rtcp_mux(const struct strait__sdp_place *place, struct strait_text value)
{
    (void)value;
    place->section->rtcp_mux = true;
    return STRAIT_OK;
}

static int read_rtcp_mux_only(const struct strait__sdp_place *place, struct strait_text value)
{
    (void)value;
    place->section->rtcp_mux_only = true;
    return STRAIT_OK;
}

static int read_rtcp_rsize(const struct strait__sdp_place *place, struct strait_text value)
{
    (void)value;
    place->section->rtcp_rsize = true;
    return STRAIT_OK;
}

static int read_bundle_only(const struct strait__sdp_place *place, struct strait_text value)
{
    (void)value;
    place->section->bundle_only = true;
    return STRAIT_OK;
}

/* --- Which attribute is read where ------------------------------------------------------------- */

enum level { SESSION = 1, MEDIA = 2 };

static const struct attribute {
    const char *name;
    unsigned levels;
    int (*read)(const struct strait__sdp_place *place, struct strait_text value);
} attributes[] = {
    { "ice-ufrag", SESSION | MEDIA, read_ufrag },                     /* RFC 8839, 5.4 */
    { "ice-pwd", SESSION | MEDIA, read_pwd },                         /* RFC 8839, 5.4 */
    { "ice-options", SESSION | MEDIA, read_options },                 /* RFC 8839, 5.6 */
    { "ice-lite", SESSION, read_lite },                               /* RFC 8839, 5.3 */
    { "candidate", MEDIA, read_candidate },                           /* RFC 8839, 5.1 */
    { "end-of-candidates", SESSION | MEDIA, read_end_of_candidates }, /* RFC 8840 */
    { "fingerprint", SESSION | MEDIA, read_fingerprint },             /* RFC 8122, section 5 */
    { "setup", SESSION | MEDIA, read_setup },                         /* RFC 4145, section 4 */
    { "mid", MEDIA, read_mid },                                       /* RFC 5888, section 4 */
    { "rtcp-mux", MEDIA, read_rtcp_mux },                             /* RFC 5761, 5.1.1 */
    { "rtcp-mux-only", MEDIA, read_rtcp_mux_only },                   /* RFC 8858, section 3 */
    { "rtcp-rsize", MEDIA, read_rtcp_rsize },                         /* RFC 5506 */
    { "bundle-only", MEDIA, read_bundle_only },                       /* RFC 9143, section 6 */
};

int strait__sdp_read_attribute(const struct strait__sdp_place *place, struct strait_text value)
{
    struct strait_text name = strait__text_take(&value, ':');
    unsigned here = place->section != NULL ? MEDIA : SESSION;
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if ((attributes[i].levels & here) != 0 && strait__text_is(name, attributes[i].name)) {
            return attributes[i].read(place, value);
        }
    }
    return STRAIT_OK;
}
