/* What makes a change sane without knowing its form.
 *
 * Who may write what:
 *   FIELD_AREA       the record: create, move, resolve
 *   FIELD_EXISTS     a place (an added instance, or one that a resolve keeps): create, edit, amend,
 *                    resolve; a cover: remove, amend, resolve
 *   FIELD_SAME       same, resolve;  FIELD_ACCEPT accept;  FIELD_SEAL... the record: seal, resolve
 *   numbers 5 to 15  any kind: reserved, kept as they come
 *   fields of forms  create, edit, resolve, amend
 * A change of which something was erased has no reason, no evidence and no signature any more; only
 * fields of forms can be erased in it.
 * An instance that this change adds has its FIELD_EXISTS here, and its parent, if it is of this
 * change too, has a smaller ordinal: so a tree can be read in one pass. */
#include "base/text.h"
#include "schema/change.h"
#include "schema/limits.h"

#define KIND(kind)  (1u << (kind))
#define KINDS_ADD   (KIND(CHANGE_CREATE) | KIND(CHANGE_EDIT) | KIND(CHANGE_AMEND))
#define KINDS_WRITE (KINDS_ADD | KIND(CHANGE_RESOLVE))
#define RANK_LAST   4u

static bool dot_sane(struct dot dot) {
    return dot.actor != 0 && dot.number != 0 && dot.number <= LIMIT_NUMBER;
}

/* A change knows only what came before it. */
static bool dot_known(const struct change *change, struct dot dot) {
    return dot_sane(dot) && (dot.actor != change->dot.actor || dot.number < change->dot.number);
}

static bool instance_sane(const struct change *change, struct instance_id id) {
    if (instance_is_root(id))
        return id.dot.actor == 0 && id.ordinal == 0;
    return id.ordinal != 0 && (dot_known(change, id.dot) || dot_equal(id.dot, change->dot));
}

static enum rc refuse(const struct entry *entry, const struct change *change, struct err *err) {
    return err_set(err, RC_INVALID,
                   "change, entry %u: field %u cannot be written so by a change of kind %u",
                   (uint32_t)(entry - change->entries), entry->field, change->kind);
}

static bool place_sane(const struct change *change, const struct entry *entry,
                       struct instance_id parent) {
    if (!instance_sane(change, parent))
        return false;
    if (!dot_equal(parent.dot, change->dot))
        return true;
    return dot_equal(entry->instance.dot, change->dot) && parent.ordinal < entry->instance.ordinal;
}

static enum rc check_exists(const struct change *change, const struct entry *entry,
                            struct err *err) {
    const struct value *value = &entry->value;
    bool root = instance_is_root(entry->instance);
    bool own = dot_equal(entry->instance.dot, change->dot);
    unsigned kind = KIND(change->kind);
    struct place place;

    if (value_is_cover(value)) {
        /* What is inside is decoded when the record is read; here only who and where. */
        if ((kind & (KIND(CHANGE_REMOVE) | KIND(CHANGE_AMEND) | KIND(CHANGE_RESOLVE))) == 0 || own)
            return refuse(entry, change, err);
        return RC_OK;
    }
    if ((own && (kind & KINDS_WRITE) == 0) || (!own && change->kind != CHANGE_RESOLVE))
        return refuse(entry, change, err);
    if (value->type == VALUE_INT) {
        if (root ? value->number != 0
                 : value->number < FIELD_FIRST_OF_FORM || value->number > FIELD_LAST)
            return refuse(entry, change, err);
        return RC_OK;
    }
    if (root || value->type != VALUE_BYTES || place_decode(value->bytes, &place, err) != RC_OK ||
        !place_sane(change, entry, place.parent))
        return refuse(entry, change, err);
    return RC_OK;
}

static bool same_sane(const struct value *value, struct err *err) {
    struct instance_id instance;
    struct dot record;
    struct view name;

    if (value->type != VALUE_TEXT || value->bytes.size < 2 ||
        (value->bytes.data[0] != '=' && value->bytes.data[0] != '!'))
        return false;
    name = view_slice(value->bytes, 1, value->bytes.size);
    return instance_parse(name, &instance, err) == RC_OK || dot_parse(name, &record, err) == RC_OK;
}

static enum rc check_pseudo(const struct change *change, const struct entry *entry,
                            struct err *err) {
    const struct value *value = &entry->value;
    bool root = instance_is_root(entry->instance);
    unsigned kind = KIND(change->kind);
    bool sane = true;

    if (entry->field == FIELD_AREA)
        sane = root && value->type == VALUE_INT && value->number > 0 &&
               value->number < INT64_C(1000000000000) &&
               (kind & (KIND(CHANGE_CREATE) | KIND(CHANGE_MOVE) | KIND(CHANGE_RESOLVE))) != 0;
    else if (entry->field == FIELD_EXISTS)
        return check_exists(change, entry, err);
    else if (entry->field == FIELD_SAME)
        sane = (kind & (KIND(CHANGE_SAME) | KIND(CHANGE_RESOLVE))) != 0 && same_sane(value, err);
    else if (entry->field == FIELD_ACCEPT)
        sane = kind == KIND(CHANGE_ACCEPT) && value->type == VALUE_BYTES;
    else if (entry->field >= FIELD_SEAL && entry->field <= FIELD_SEAL_LAST)
        sane = root && value->type == VALUE_BYTES && value->bytes.size > 16 &&
               (kind & (KIND(CHANGE_SEAL) | KIND(CHANGE_RESOLVE))) != 0;
    else if (entry->field == 0)
        sane = false;
    return sane ? RC_OK : refuse(entry, change, err);
}

static bool replaces_sane(const struct change *change, const struct entry *entry) {
    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        if (!dot_known(change, entry->replaces[i].dot))
            return false;
        if (i > 0 && version_id_compare(entry->replaces[i - 1], entry->replaces[i]) >= 0)
            return false;
    }
    return true;
}

/* previous is NULL for the first entry. */
static enum rc check_entry(const struct change *change, const struct entry *entry,
                           const struct entry *previous, struct err *err) {
    uint32_t at = (uint32_t)(entry - change->entries);
    int order = previous == NULL ? -1 : instance_compare(previous->instance, entry->instance);
    bool new_instance = order != 0;
    uint32_t ordinal = 0;

    if (order == 0 && previous->field == entry->field)
        ordinal = previous->ordinal + 1;
    if (order > 0 || (order == 0 && previous->field > entry->field) || entry->ordinal != ordinal)
        return err_set(err, RC_INVALID, "change, entry %u: out of order", at);
    if (new_instance && !instance_sane(change, entry->instance))
        return err_set(err, RC_INVALID, "change, entry %u: no such instance can be", at);
    if (new_instance && dot_equal(entry->instance.dot, change->dot) && entry->field != FIELD_EXISTS)
        return err_set(err, RC_INVALID,
                       "change, entry %u: its instance is of this change but not added", at);
    if ((entry->flags & ~(unsigned)ENTRY_KEEP) != 0 || entry->rank > RANK_LAST)
        return err_set(err, RC_INVALID, "change, entry %u: unknown flag or rank", at);
    if (entry->replaces_count > LIMIT_REPLACES)
        return err_set(err, RC_LIMIT, "change, entry %u: replaces more than %u versions", at,
                       LIMIT_REPLACES);
    if (entry->replaces_count > 0 &&
        (change->kind == CHANGE_CREATE || !replaces_sane(change, entry)))
        return err_set(err, RC_INVALID,
                       "change, entry %u: replaces what its author could not have known", at);
    if (!value_valid(&entry->value))
        return err_set(err, RC_INVALID,
                       "change, entry %u: not a value, not valid UTF-8, or too long", at);
    if (entry->value.type == VALUE_ERASED &&
        (!change->erased || entry->field < FIELD_FIRST_OF_FORM))
        return refuse(entry, change, err);
    if (entry->field < FIELD_FIRST_OF_FORM)
        return check_pseudo(change, entry, err);
    if ((KIND(change->kind) & KINDS_WRITE) == 0)
        return refuse(entry, change, err);
    return RC_OK;
}

enum rc change_check(const struct change *change, struct err *err) {
    if (change->kind < CHANGE_CREATE || change->kind > CHANGE_SAME)
        return err_set(err, RC_INVALID, "change: unknown kind %u", change->kind);
    if (!dot_sane(change->dot) || !dot_sane(change->record))
        return err_set(err, RC_INVALID, "change: without a name, or of no record");
    if (change->kind == CHANGE_CREATE ? !dot_equal(change->dot, change->record)
                                      : !dot_known(change, change->record))
        return err_set(err, RC_INVALID, "change: of a record that its author could not have known");
    if (change->lamport > LIMIT_NUMBER || change->wall_ms > (int64_t)LIMIT_NUMBER ||
        change->wall_ms < -(int64_t)LIMIT_NUMBER)
        return err_set(err, RC_INVALID, "change: a time out of all bounds");
    if (change->erased &&
        (change->is_signed || change->reason.size > 0 || change->evidence_count > 0))
        return err_set(err, RC_INVALID, "change: erased, yet signed or with a reason");
    if (change->reason.size > LIMIT_REASON_BYTES)
        return err_set(err, RC_LIMIT, "reason: longer than %u bytes", LIMIT_REASON_BYTES);
    if (!utf8_valid(change->reason))
        return err_set(err, RC_INVALID, "reason: not valid UTF-8");
    if (change->evidence_count > LIMIT_EVIDENCE)
        return err_set(err, RC_LIMIT, "evidence: more than %u attachments", LIMIT_EVIDENCE);
    if (change->under_count > LIMIT_UNDER)
        return err_set(err, RC_LIMIT, "amendment: more than %u seals", LIMIT_UNDER);
    if (change->entry_count > LIMIT_CHANGE_ENTRIES)
        return err_set(err, RC_LIMIT, "change: more than %u answers; save it in smaller parts",
                       LIMIT_CHANGE_ENTRIES);
    for (uint32_t i = 0; i < change->entry_count; i++) {
        enum rc rc =
            check_entry(change, &change->entries[i], i == 0 ? NULL : &change->entries[i - 1], err);

        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}
