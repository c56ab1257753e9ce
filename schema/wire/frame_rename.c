/* frame_rename.c: how the numbers of a fork are understood: every name in a change reads as the
 * lineage says (lineage.h). The leaves stay those of the changes as they were written.
 *
 * Names also stand inside the values of pseudo-fields (places, covers, seals, acceptances), and
 * everything that is kept in order of names has to be ordered again. And an answer may be a name:
 * the household of a visit, the panel of a meeting. Which questions are answered so only a form
 * would tell, and frames are read without it; so whatever is spelled like a name, and nothing else
 * stands in the answer, is one. Nobody types such a thing, and where somebody does, only one that
 * names a change of his own copied tablet reads otherwise. */
#include "base/planted.h"
#include "schema/limits.h"
#include "schema/wire/frame.h"

struct renaming {
    const struct lineage *lineage;
    struct arena *arena;
};

static struct dot renamed(const struct renaming *renaming, struct dot dot) {
    return lineage_read(renaming->lineage, dot);
}

static bool touches(const struct renaming *renaming, struct dot dot) {
    return renamed(renaming, dot).actor != dot.actor;
}

static int version_order(const void *left, const void *right) {
    const struct version_id *a = left, *b = right;

    return version_id_compare(*a, *b);
}

/* A copy with new names, sorted; the same array when none is touched. NULL without memory. */
static const struct version_id *rename_versions(const struct renaming *renaming,
                                                const struct version_id *versions, uint32_t count) {
    struct version_id *copy;
    bool any = false;

    for (uint32_t i = 0; i < count; i++)
        any = any || touches(renaming, versions[i].dot);
    if (!any)
        return versions;
    copy = arena_array(renaming->arena, count, sizeof(*copy));
    for (uint32_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = versions[i];
        copy[i].dot = renamed(renaming, versions[i].dot);
    }
    if (copy != NULL)
        qsort(copy, count, sizeof(*copy), version_order);
    return copy;
}

static const struct dot *rename_dots(const struct renaming *renaming, const struct dot *dots,
                                     uint32_t count) {
    struct dot *copy = arena_array(renaming->arena, count, sizeof(*copy));

    for (uint32_t i = 0; copy != NULL && i < count; i++)
        copy[i] = renamed(renaming, dots[i]);
    if (copy != NULL && count > 0)
        qsort(copy, count, sizeof(*copy), dot_order);
    return copy;
}

/* Bytes that do not decode are left as they are: they name nothing that we understand. */
static enum rc rename_bytes(const struct renaming *renaming, struct entry *entry, struct err *err) {
    struct view bytes = entry->value.bytes;
    struct arena *arena = renaming->arena;
    struct err ignored;
    struct buf out;
    struct place place;
    struct cover cover;
    struct seal seal;
    struct acceptance acceptance;
    enum rc rc;

    err_init(&ignored, LANG_EN);
    buf_init(&out, LIMIT_VALUE_BYTES);
    if (entry->field == FIELD_EXISTS && value_is_cover(&entry->value)) {
        if (cover_decode(bytes, arena, &cover, &ignored) == RC_OK) {
            cover.dots = rename_dots(renaming, cover.dots, cover.count);
            cover.parent.dot = renamed(renaming, cover.parent.dot);
            if (cover.dots != NULL)
                cover_encode(&cover, &out);
        }
    } else if (entry->field == FIELD_EXISTS) {
        if (place_decode(bytes, &place, &ignored) == RC_OK) {
            place.parent.dot = renamed(renaming, place.parent.dot);
            place_encode(&place, &out);
        }
    } else if (entry->field >= FIELD_SEAL && entry->field <= FIELD_SEAL_LAST) {
        if (seal_decode(bytes, arena, &seal, &ignored) == RC_OK) {
            seal.dots = rename_dots(renaming, seal.dots, seal.count);
            if (seal.dots != NULL)
                seal_encode(&seal, &out);
        }
    } else if (entry->field == FIELD_ACCEPT &&
               acceptance_decode(bytes, arena, &acceptance, &ignored) == RC_OK) {
        acceptance.versions = rename_versions(renaming, acceptance.versions, acceptance.count);
        if (acceptance.versions != NULL || acceptance.count == 0)
            acceptance_encode(&acceptance, &out);
    }
    rc = buf_check(&out, "renamed value", err);
    if (rc == RC_OK && out.size > 0)
        entry->value.bytes = arena_view(arena, buf_view(&out));
    buf_release(&out);
    return rc;
}

/* A name behind so many bytes, to the end: all of an answer, or what stands behind the "=" or "!"
 * of FIELD_SAME. What is no name stays. */
static enum rc rename_text(const struct renaming *renaming, size_t at, struct entry *entry,
                           struct err *err) {
    struct view text = entry->value.bytes;
    char actor[17];
    struct dot dot;
    uint8_t *copy;

    if (text.size <= at || !name_in_text(view_slice(text, at, text.size), &dot) ||
        !touches(renaming, dot))
        return RC_OK;
    copy = arena_alloc(renaming->arena, text.size);
    if (copy == NULL)
        return arena_check(renaming->arena, "frame", err);
    id_text(renamed(renaming, dot).actor, actor);
    memcpy(copy, text.data, text.size);
    memcpy(copy + at, actor, sizeof(actor) - 1);
    entry->value.bytes = view_of(copy, text.size);
    return RC_OK;
}

static enum rc rename_entry(const struct renaming *renaming, struct entry *entry, struct err *err) {
    if (!instance_is_root(entry->instance))
        entry->instance.dot = renamed(renaming, entry->instance.dot);
    if (entry->replaces_count > 0)
        entry->replaces = rename_versions(renaming, entry->replaces, entry->replaces_count);
    if (entry->value.type == VALUE_BYTES && entry->field < FIELD_FIRST_OF_FORM)
        return rename_bytes(renaming, entry, err);
    if (entry->value.type == VALUE_TEXT && entry->field == FIELD_SAME)
        return rename_text(renaming, 1, entry, err);
    if (entry->value.type == VALUE_TEXT && entry->field >= FIELD_FIRST_OF_FORM &&
        !PLANTED(ANSWERS_STAY))
        return rename_text(renaming, 0, entry, err);
    return RC_OK;
}

enum rc frame_rename(struct frame *frame, const struct lineage *lineage, struct arena *arena,
                     struct err *err) {
    struct renaming renaming = {.lineage = lineage, .arena = arena};

    if (lineage->count == 0)
        return RC_OK;
    for (uint32_t i = 0; i < frame->count; i++) {
        struct change *change = &frame->changes[i].change;
        struct entry *entries;

        change->dot = renamed(&renaming, change->dot);
        change->record = renamed(&renaming, change->record);
        if (change->insane)
            continue;
        entries = arena_array(arena, change->entry_count, sizeof(*entries));
        if (entries == NULL)
            return arena_check(arena, "frame", err);
        if (change->entry_count > 0)
            memcpy(entries, change->entries, change->entry_count * sizeof(*entries));
        for (uint32_t j = 0; j < change->entry_count; j++) {
            enum rc rc = rename_entry(&renaming, &entries[j], err);

            if (rc != RC_OK)
                return rc;
        }
        change_sort(entries, change->entry_count);
        change->entries = entries;
    }
    if (frame->count > 0)
        frame->actor = frame->changes[0].change.dot.actor;
    return arena_check(arena, "frame", err);
}
