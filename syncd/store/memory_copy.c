/* memory_copy.c: items with all that they point to; see memory.h. */
#include "syncd/store/memory.h"

static uint64_t *copy_areas(struct arena *arena, const uint64_t *areas, uint32_t count) {
    return count == 0 ? NULL : arena_copy(arena, areas, count * sizeof *areas);
}

struct stored_device copy_device(struct arena *arena, const struct stored_device *from) {
    struct stored_device to = *from;

    to.name = arena_view(arena, from->name);
    to.program = arena_view(arena, from->program);
    to.scope.areas = copy_areas(arena, from->scope.areas, from->scope.area_count);
    return to;
}

struct stored_person copy_person(struct arena *arena, const struct stored_person *from) {
    struct stored_person to = *from;

    to.name = arena_view(arena, from->name);
    to.areas = copy_areas(arena, from->areas, from->area_count);
    to.wrapped = arena_view(arena, from->wrapped);
    return to;
}

struct stored_invitation copy_invitation(struct arena *arena,
                                         const struct stored_invitation *from) {
    struct stored_invitation to = *from;

    to.device_name = arena_view(arena, from->device_name);
    to.person_name = arena_view(arena, from->person_name);
    to.areas = copy_areas(arena, from->areas, from->area_count);
    return to;
}

struct stored_form copy_form(struct arena *arena, const struct stored_form *from) {
    struct stored_form to = *from;

    to.name = arena_view(arena, from->name);
    to.version = arena_view(arena, from->version);
    to.compressed = arena_view(arena, from->compressed);
    return to;
}

struct stored_frame copy_frame(struct arena *arena, const struct stored_frame *from) {
    struct stored_frame to = *from;

    to.forks = arena_view(arena, from->forks);
    to.bytes = arena_view(arena, from->bytes);
    return to;
}

struct stored_record copy_record(struct arena *arena, const struct stored_record *from) {
    struct stored_record to = *from;

    to.form_name = arena_view(arena, from->form_name);
    to.title = arena_view(arena, from->title);
    to.areas = copy_areas(arena, from->areas, from->area_count);
    to.packed = arena_view(arena, from->packed);
    return to;
}

struct stored_entry copy_entry(struct arena *arena, const struct stored_entry *from) {
    struct stored_entry to = *from;

    to.entry.forks = arena_view(arena, from->entry.forks);
    to.entry.mask = arena_view(arena, from->entry.mask);
    to.entry.content = arena_view(arena, from->entry.content);
    return to;
}

struct stored_pending copy_pending(struct arena *arena, const struct stored_pending *from) {
    struct stored_pending to = *from;

    to.bytes = arena_view(arena, from->bytes);
    return to;
}

struct stored_act copy_act(struct arena *arena, const struct stored_act *from) {
    struct stored_act to = *from;

    to.who = arena_view(arena, from->who);
    to.action = arena_view(arena, from->action);
    to.object = arena_view(arena, from->object);
    to.reason = arena_view(arena, from->reason);
    return to;
}
