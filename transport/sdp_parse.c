#include <strait/sdp.h>

#include <string.h>

#include "transport/sdp_attributes.h"
#include "transport/sdp_lines.h"
#include "transport/util.h"

struct parser {
    struct strait__sdp_reader reader;
    struct strait_sdp *sdp;
    struct strait_sdp_error *error;
    struct strait_sdp_section *section; /* the one that is being read, NULL at session level */
    struct strait__sdp_level session, own;
    /* Of each section, for errors that only show in comparison. */
    uint32_t pwd_line[STRAIT_SDP_MAX_SECTIONS];
};

static int fail(const struct parser *p, uint32_t line, const char *reason)
{
    return strait__sdp_fail(p->error, STRAIT_E_PARSE, line, "%s", reason);
}

/* --- A section's end: what it has of its own, what it takes from the session -------------------- */

/* RFC 8839, 5.4: each attribute's session-level value is the default; both must then be there. */
static int merge_credentials(struct parser *p, size_t index)
{
    struct strait_sdp_section *section = p->section;
    const struct strait__sdp_level *ufrag = p->own.ufrag_line != 0 ? &p->own : &p->session;
    const struct strait__sdp_level *pwd = p->own.pwd_line != 0 ? &p->own : &p->session;
    if (ufrag->ufrag_line != 0 && pwd->pwd_line == 0) {
        return fail(p, ufrag->ufrag_line, "a=ice-ufrag: there is no a=ice-pwd with it");
    }
    if (ufrag->ufrag_line == 0 && pwd->pwd_line != 0) {
        return fail(p, pwd->pwd_line, "a=ice-pwd: there is no a=ice-ufrag with it");
    }
    memcpy(section->ice.ufrag, ufrag->ufrag, sizeof section->ice.ufrag);
    memcpy(section->ice.pwd, pwd->pwd, sizeof section->ice.pwd);
    p->pwd_line[index] = pwd->pwd_line;

    /* Same section: "if two data streams have identical ufrags, they must have identical pwds". */
    for (size_t i = 0; ufrag->ufrag_line != 0 && i < index; i++) {
        const struct strait_ice_parameters *other = &p->sdp->sections[i].ice;
        if (strcmp(other->ufrag, section->ice.ufrag) == 0 &&
            strcmp(other->pwd, section->ice.pwd) != 0) {
            return strait__sdp_fail(p->error, STRAIT_E_PARSE, pwd->pwd_line,
                                    "a=ice-pwd: not the one of line %u, but the ufrags are equal",
                                    (unsigned)p->pwd_line[i]);
        }
    }
    return STRAIT_OK;
}

/* RFC 8122, section 5: the session's are for sections that define none. */
static int merge_dtls(struct parser *p)
{
    struct strait_sdp_section *section = p->section;
    bool defined = p->own.n_fingerprints > 0 || p->own.refused_line != 0;
    const struct strait__sdp_level *level = defined ? &p->own : &p->session;
    if (level->n_fingerprints == 0 && level->refused_line != 0) {
        return strait__sdp_fail(p->error, STRAIT_E_PARSE, level->refused_line, "a=fingerprint: %s",
                                level->refused);
    }
    memcpy(section->dtls.fingerprints, level->fingerprints, sizeof level->fingerprints);
    section->dtls.n_fingerprints = level->n_fingerprints;
    section->setup = p->own.setup_line != 0 ? p->own.setup : p->session.setup;
    section->dtls.role = strait__sdp_role(section->setup);
    return STRAIT_OK;
}

/* RFC 5888, section 4: unique in the whole description. */
static int check_mid(const struct parser *p, size_t index)
{
    for (size_t i = 0; p->own.mid_line != 0 && i < index; i++) {
        if (strcmp(p->sdp->sections[i].mid, p->section->mid) == 0) {
            return strait__sdp_fail(p->error, STRAIT_E_PARSE, p->own.mid_line,
                                    "a=mid: also the one of the section in line %u",
                                    (unsigned)p->sdp->sections[i].line);
        }
    }
    return STRAIT_OK;
}

/* Ends the level that is being read: the session, or a section. */
static int end_level(struct parser *p, size_t end)
{
    const char *text = p->reader.text.data;
    if (p->section == NULL) {
        p->sdp->session = (struct strait_text){ .data = text, .len = end };
        return STRAIT_OK;
    }
    struct strait_sdp_section *section = p->section;
    size_t index = (size_t)(section - p->sdp->sections);
    section->body.len = (size_t)(text + end - section->body.data);
    section->ice.ice_lite = p->sdp->ice_lite;
    section->ice_trickle = p->own.trickle || p->session.trickle;
    section->ice_renomination = p->own.renomination || p->session.renomination;
    section->end_of_candidates = p->own.end_of_candidates || p->session.end_of_candidates;
    int error = merge_credentials(p, index);
    if (error == STRAIT_OK) {
        error = merge_dtls(p);
    }
    return error == STRAIT_OK ? check_mid(p, index) : error;
}

/* --- Lines ------------------------------------------------------------------------------------- */

/* RFC 8866, 5.14: media, port or port "/" number, protocol, one format or more. */
static bool read_media(struct strait_sdp_section *section, struct strait_text value)
{
    uint32_t port = 0, count = 0;
    section->media = strait__text_take(&value, ' ');
    struct strait_text ports = strait__text_take(&value, ' ');
    struct strait_text rest = ports;
    struct strait_text first = strait__text_take(&rest, '/');
    section->protocol = strait__text_take(&value, ' ');
    section->formats = value;
    bool good = strait__text_is_token(section->media) &&
                strait__text_number(first, UINT16_MAX, &port) &&
                (first.len == ports.len || strait__text_number(rest, UINT16_MAX, &count)) &&
                section->protocol.len > 0 && section->formats.len > 0 && value.data[0] != ' ';
    section->port = (uint16_t)port;
    return good;
}

static int begin_section(struct parser *p)
{
    int error = end_level(p, p->reader.line_at);
    if (error != STRAIT_OK) {
        return error;
    }
    if (p->sdp->n_sections == STRAIT_SDP_MAX_SECTIONS) {
        return strait__sdp_fail(p->error, STRAIT_E_LIMIT, p->reader.number,
                                "m=: more than %u sections", STRAIT_SDP_MAX_SECTIONS);
    }
    p->section = &p->sdp->sections[p->sdp->n_sections++];
    p->section->line = p->reader.number;
    p->section->body.data = p->reader.text.data + p->reader.at;
    memset(&p->own, 0, sizeof p->own);
    if (!read_media(p->section, p->reader.value)) {
        return fail(p, p->reader.number, "m=: wants media, port, protocol and formats");
    }
    return STRAIT_OK;
}

static int read_line(struct parser *p)
{
    /* Of the order that RFC 8866, section 5, wants, only what would change a meaning is checked. */
    if ((p->reader.type == 'v') != (p->reader.number == 1)) {
        return fail(p, p->reader.number,
                    p->reader.number == 1 ? "wants v=0" : "v=: a second description starts here");
    }
    switch (p->reader.type) {
    case 'v':
        return strait__text_is(p->reader.value, "0") ? STRAIT_OK
                                                     : fail(p, p->reader.number, "wants v=0");
    case 'm':
        return begin_section(p);
    case 'a': {
        bool session = p->section == NULL;
        const struct strait__sdp_place place = { .level = session ? &p->session : &p->own,
                                                 .sdp = session ? p->sdp : NULL,
                                                 .section = p->section,
                                                 .line = p->reader.number,
                                                 .error = p->error };
        return strait__sdp_read_attribute(&place, p->reader.value);
    }
    default:
        return STRAIT_OK;
    }
}

/* --- BUNDLE ------------------------------------------------------------------------------------ */

static struct strait_sdp_section *section_of_mid(struct strait_sdp *sdp, struct strait_text mid)
{
    for (size_t i = 0; mid.len > 0 && i < sdp->n_sections; i++) {
        if (strait__text_is(mid, sdp->sections[i].mid)) {
            return &sdp->sections[i];
        }
    }
    return NULL;
}

/*
 * One a=group:BUNDLE line. A mid that no section has is skipped: RFC 9143 gives it no meaning, Chromium
 * refuses the description, Firefox does not, and the group of the others is clear without it. A section
 * of two groups (section 5 forbids it) stays in the first.
 */
static void mark_group(struct strait_sdp *sdp, struct strait_text mids, uint8_t group)
{
    bool tagged = false;
    while (mids.len > 0) {
        struct strait_text mid = strait__text_take(&mids, ' ');
        struct strait_sdp_section *section = section_of_mid(sdp, mid);
        if (section == NULL || section->bundled) {
            continue;
        }
        section->bundled = true;
        section->bundle_group = group;
        /* Section 7.3.1: the first with a port; rejected and bundle-only sections have none. */
        section->bundle_first = !tagged && section->port != 0;
        tagged |= section->bundle_first;
    }
}

static void mark_groups(struct strait_sdp *sdp)
{
    /* The session's lines were read before without an error. */
    struct strait__sdp_reader reader = { .text = sdp->session };
    uint8_t group = 0;
    while (strait__sdp_next(&reader, NULL) == 1) {
        struct strait_text value = reader.value;
        if (reader.type != 'a' || !strait__text_is(strait__text_take(&value, ':'), "group") ||
            !strait__text_is(strait__text_take(&value, ' '), "BUNDLE") || group == UINT8_MAX) {
            continue;
        }
        mark_group(sdp, value, ++group);
    }
    /* RFC 9143, section 6: without a group the attribute is discarded. */
    for (size_t i = 0; i < sdp->n_sections; i++) {
        sdp->sections[i].bundle_only &= sdp->sections[i].bundled;
    }
}

int strait_sdp_parse(struct strait_sdp *out, const char *text, size_t len,
                     struct strait_sdp_error *error)
{
    if (error != NULL) {
        memset(error, 0, sizeof *error);
    }
    if (out == NULL || text == NULL || len >= UINT32_MAX) {
        return strait__sdp_fail(error, STRAIT_E_INVALID, 0, "no text to read");
    }
    memset(out, 0, sizeof *out);
    struct parser p = { .reader = { .text = { .data = text, .len = len } },
                        .sdp = out,
                        .error = error };
    int code = strait__sdp_next(&p.reader, error);
    if (code == 0) {
        code = fail(&p, 1, "wants v=0, but the text is empty");
    }
    while (code == 1) {
        code = read_line(&p);
        if (code == STRAIT_OK) {
            code = strait__sdp_next(&p.reader, error);
        }
        if (code == 0) {
            code = end_level(&p, len);
            break;
        }
    }
    if (code == STRAIT_OK) {
        mark_groups(out);
    } else {
        memset(out, 0, sizeof *out);
    }
    /* Passwords went through it. */
    strait__zero(&p, sizeof p);
    return code;
}

bool strait_sdp_section_usable(const struct strait_sdp_section *section,
                               struct strait_sdp_error *error)
{
    const char *missing = NULL;
    if (error != NULL) {
        memset(error, 0, sizeof *error);
    }
    if (section == NULL) {
        strait__sdp_fail(error, STRAIT_E_INVALID, 0, "no section");
        return false;
    }
    if (section->ice.ufrag[0] == '\0' || section->ice.pwd[0] == '\0') {
        missing = "a=ice-ufrag and a=ice-pwd are missing";
    } else if (section->dtls.n_fingerprints == 0) {
        missing = "a=fingerprint is missing";
    } else if (section->setup == STRAIT_SETUP_NONE) {
        missing = "a=setup is missing";
    } else if (section->setup == STRAIT_SETUP_HOLDCONN) {
        /* RFC 4145, section 4: no connection for the time being. */
        missing = "a=setup:holdconn leaves nobody to start the handshake";
    }
    if (missing != NULL) {
        strait__sdp_fail(error, STRAIT_E_PARSE, section->line, "m=%.*s: %s",
                         (int)(section->media.len < 32 ? section->media.len : 32),
                         section->media.data != NULL ? section->media.data : "", missing);
    }
    return missing == NULL;
}

bool strait_sdp_attribute(const struct strait_sdp_section *section, const char *name,
                          size_t *position, struct strait_text *value)
{
    if (section == NULL || name == NULL || position == NULL || value == NULL ||
        *position > section->body.len) {
        return false;
    }
    struct strait__sdp_reader reader = { .text = section->body, .at = *position };
    while (strait__sdp_next(&reader, NULL) == 1) {
        struct strait_text rest = reader.value;
        *position = reader.at;
        if (reader.type == 'a' && strait__text_is(strait__text_take(&rest, ':'), name)) {
            *value = rest;
            return true;
        }
    }
    *position = section->body.len;
    return false;
}
