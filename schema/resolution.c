/* resolution.c: see resolution.h. */
#include "schema/resolution.h"

enum change_kind resolution_change(enum resolution resolution) {
    if (resolution == RESOLUTION_ACCEPT)
        return CHANGE_ACCEPT;
    return resolution == RESOLUTION_SAME || resolution == RESOLUTION_DIFFER ? CHANGE_SAME
                                                                            : CHANGE_RESOLVE;
}

bool resolution_fits(enum resolution resolution, uint8_t conflict_kind) {
    switch (resolution) {
    case RESOLUTION_KEEP:
        return conflict_kind != CONFLICT_SOFT;
    case RESOLUTION_VALUE:
        return conflict_kind == CONFLICT_FIELD || conflict_kind == CONFLICT_GROUP ||
               conflict_kind == CONFLICT_AREA;
    case RESOLUTION_REMOVE:
        return conflict_kind == CONFLICT_REMOVED;
    case RESOLUTION_ACCEPT:
        return conflict_kind == CONFLICT_SOFT;
    case RESOLUTION_SAME:
    case RESOLUTION_DIFFER:
        return conflict_kind == CONFLICT_SAME;
    }
    return false;
}

bool conflict_stands_at(const struct conflict *conflict, const struct form *form,
                        struct instance_id instance, uint16_t field) {
    const struct form_field *asked = NULL;

    if (!instance_equal(conflict->instance, instance))
        return false;
    if (conflict->kind == CONFLICT_SAME)
        return field == FIELD_SAME || field == FIELD_EXISTS;
    if (conflict->kind == CONFLICT_REMOVED)
        return field == FIELD_EXISTS;
    if (conflict->kind == CONFLICT_GROUP && form != NULL && field >= FIELD_FIRST_OF_FORM)
        asked = form_field_by_number(form, field);
    return conflict->field == field || (asked != NULL && asked->merge_group == conflict->field);
}
