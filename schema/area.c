/* Division codes: the level of a node is told by its trailing zeros, two digits for a province,
 * four for a city, six for a county, nine for a township, twelve for a village. */
#include "schema/area.h"

#include "base/text.h"
#include "schema/limits.h"

#define AREA_DIGITS 12u

enum rc area_parse(struct view text, uint64_t *out, struct err *err) {
    uint64_t area = 0;

    if (text.size != 2 && text.size != 4 && text.size != 6 && text.size != 9 &&
        text.size != AREA_DIGITS)
        goto wrong;
    for (size_t i = 0; i < AREA_DIGITS; i++) {
        uint8_t digit = i < text.size ? text.data[i] : (uint8_t)'0';

        if (digit < '0' || digit > '9')
            goto wrong;
        area = area * 10 + (uint64_t)(digit - '0');
    }
    if (area == 0)
        goto wrong;
    *out = area;
    return RC_OK;

wrong:
    return err_set(err, RC_INVALID, "area: not a division code; give 2, 4, 6, 9 or 12 digits");
}

void area_text(uint64_t area, char out[AREA_TEXT_BYTES]) {
    if (area == 0) {
        out[0] = '\0';
        return;
    }
    for (size_t i = AREA_DIGITS; i > 0; i--) {
        out[i - 1] = (char)('0' + area % 10);
        area /= 10;
    }
    out[AREA_DIGITS] = '\0';
}

uint64_t area_step(uint64_t area) {
    static const uint64_t steps[] = {10000000000u, 100000000u, 1000000u, 1000u};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (area % steps[i] == 0)
            return steps[i];
    }
    return 1;
}

bool area_contains(uint64_t outer, uint64_t inner) {
    uint64_t step = area_step(outer);

    return outer != 0 && outer / step == inner / step;
}

enum rc area_list_parse(struct view text, uint64_t *out, uint32_t *count, struct err *err) {
    uint32_t found = 0;
    size_t at = 0;

    for (;;) {
        const uint8_t *comma = at < text.size ? memchr(text.data + at, ',', text.size - at) : NULL;
        size_t end = comma == NULL ? text.size : (size_t)(comma - text.data);
        enum rc rc;

        if (found == LIMIT_AREAS)
            return err_set(err, RC_LIMIT, "areas: more than %u", LIMIT_AREAS);
        rc = area_parse(text_trim(view_slice(text, at, end - at)), &out[found], err);
        if (rc != RC_OK)
            return rc;
        found++;
        if (comma == NULL)
            break;
        at = end + 1;
    }
    *count = found;
    return RC_OK;
}

bool area_lists_meet(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count) {
    for (uint32_t i = 0; i < a_count; i++)
        for (uint32_t k = 0; k < b_count; k++)
            if (area_contains(a[i], b[k]) || area_contains(b[k], a[i]))
                return true;
    return false;
}

bool area_list_contains(const uint64_t *areas, uint32_t count, uint64_t inner) {
    for (uint32_t i = 0; i < count; i++) {
        if (area_contains(areas[i], inner))
            return true;
    }
    return false;
}

static const char *const audience_names[] = {
    [AUDIENCE_FIELD] = "field",
    [AUDIENCE_OFFICE] = "office",
    [AUDIENCE_RESTRICTED] = "restricted",
};

const char *audience_name(enum audience audience) {
    if (audience < AUDIENCE_FIELD || audience > AUDIENCE_RESTRICTED)
        return "unknown";
    return audience_names[audience];
}

enum rc audience_parse(struct view text, enum audience *out, struct err *err) {
    for (int i = AUDIENCE_FIELD; i <= AUDIENCE_RESTRICTED; i++) {
        if (view_is(text, audience_names[i])) {
            *out = (enum audience)i;
            return RC_OK;
        }
    }
    return err_set(err, RC_INVALID,
                   "audience: unknown; use \"field\", \"office\" or \"restricted\"");
}
