/* photo.c: photos and files beside records: taken, sent in chunks through everything that breaks,
 * and brought to other tablets.
 *
 * The content of each is made of its number, so that it can be compared byte for byte. The oracle
 * knows which tablets have saved a change that names it, and which the county has said that it
 * has. */
#include "agent/field/album.h"
#include "base/file.h"
#include "base/text.h"
#include "syncd/sync/attachment.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t size_of(uint32_t number) {
    switch (number % 8) {
    case 0:
        return ATTACHMENT_CHUNK_BYTES + 1 + number;
    case 4:
        return 2 * ATTACHMENT_CHUNK_BYTES - number % 2;
    default:
        return 40 + number * 97 % 3000;
    }
}

static void make_content(const struct world *world, uint32_t number, struct buf *out) {
    uint64_t mixed = world->seed * 64 + number;
    uint32_t size = size_of(number);

    buf_init(out, LIMIT_ATTACHMENT_BYTES);
    buf_add_text(out, CANARY);
    while (out->size + 8 <= size) {
        mixed = mixed * UINT64_C(6364136223846793005) + 1;
        buf_add_le64(out, mixed ^ mixed >> 29);
        if (out->size % 4096 < 8 && out->size + 8 <= size)
            buf_add_text(out, CANARY);
    }
    while (out->size < size)
        buf_add_u8(out, (uint8_t)number);
}

static bool is_content(const struct world *world, uint32_t number, struct view found) {
    struct buf content;
    bool same;

    make_content(world, number, &content);
    same = view_equal(buf_view(&content), found);
    buf_release(&content);
    return same;
}

static uint32_t new_number(struct world *world) {
    if (world->photo_count > 0 && (world->photo_count == PHOTOS_MAX || one_in(world, 6)))
        return (uint32_t)chance(world, world->photo_count); /* somebody has the same file */
    return world->photo_count++;
}

/* The number of the photo with that name; PHOTOS_MAX: none. */
static uint32_t find(const struct world *world, struct view hex) {
    uint8_t hash[32];

    if (hex.size != 64 || !hex_decode(hex, hash, sizeof(hash)))
        return PHOTOS_MAX;
    for (uint32_t i = 0; i < world->photo_count; i++)
        if (memcmp(world->photos[i].hash, hash, sizeof(hash)) == 0)
            return i;
    return PHOTOS_MAX;
}

/* ---- taking them ---- */

enum rc photo_take(struct world *world, struct pad *pad, uint64_t area, char hex[65],
                   uint32_t *number) {
    struct buf content;
    enum rc rc;

    *number = new_number(world);
    make_content(world, *number, &content);
    rc = blobs_add(pad->session, area, ATTACHMENT_FOR_FILE, buf_view(&content), 0,
                   world->photos[*number].hash, &world->err);
    buf_release(&content);
    hex_encode(view_of(world->photos[*number].hash, 32), hex);
    tell(world, "%s takes photo %u: %s", pad->machine.name, *number, rc_name(rc));
    return rc;
}

enum rc photo_draft(struct world *world, struct pad *pad, struct filler *filler,
                    struct engine_place place, char hex[65], uint32_t *number) {
    struct buf content;
    enum rc rc;

    *number = new_number(world);
    make_content(world, *number, &content);
    rc = album_add(filler, place, buf_view(&content), hex, &world->err);
    buf_release(&content);
    tell(world, "%s takes photo %u for a draft: %s", pad->machine.name, *number, rc_name(rc));
    if (rc == RC_OK)
        (void)hex_decode(view_text(hex), world->photos[*number].hash, 32);
    return rc;
}

void photo_saved(struct pad *pad, uint32_t number) {
    pad->photos |= UINT64_C(1) << number;
}

void photo_named(struct world *world, struct pad *pad, const char *hex) {
    uint32_t number = find(world, view_text(hex));

    if (number != PHOTOS_MAX)
        photo_saved(pad, number);
}

/* ---- what must be where ---- */

/* If it is on this tablet for whoever has unlocked it, it is what was taken. */
static enum blob_place look(struct world *world, struct pad *pad, uint32_t number) {
    struct blob_seen seen = {.place = BLOB_ELSEWHERE};
    struct buf content;
    enum rc rc = blobs_look(pad->session, world->photos[number].hash, &seen, &world->err);

    world_must(world, rc, "looking for a photo");
    if (seen.place == BLOB_ELSEWHERE)
        return seen.place;
    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    rc = blobs_read(pad->session, world->photos[number].hash, &content, &world->err);
    world_must(world, rc, "a photo on a tablet");
    if (!is_content(world, number, buf_view(&content)))
        world_fail(world, "photo %u on %s is not what was taken", number, pad->machine.name);
    buf_release(&content);
    return seen.place;
}

/* After a sync: notes what the county has said to this tablet that it has. */
void photo_synced(struct world *world, struct pad *pad) {
    for (uint32_t i = 0; i < world->photo_count; i++) {
        enum blob_place place;

        if ((pad->photos >> i & 1) == 0 || (world->photos[i].acked && !one_in(world, 8)))
            continue;
        place = look(world, pad, i);
        if (place == BLOB_AT_COUNTY || place == BLOB_IN_BACKUP)
            world->photos[i].acked = true;
    }
}

/* What the county said that it has is there, byte for byte. */
static bool at_county(struct world *world, uint32_t number) {
    char path[ATTACHMENT_PATH_BYTES];
    struct buf content;
    bool same;
    enum rc rc = attachment_path(hall_office(world)->directory, world->photos[number].hash, path,
                                 &world->err);

    world_must(world, rc, "the name of a file");
    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    rc = file_read(path, LIMIT_ATTACHMENT_BYTES, &content, &world->err);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        world_must(world, rc, "a photo at the county");
    same = rc == RC_OK && is_content(world, number, buf_view(&content));
    if (rc == RC_OK && !same)
        world_fail(world, "photo %u is not what was taken, at the county", number);
    buf_release(&content);
    err_clear(&world->err);
    return same;
}

void photo_hall_opened(struct world *world) {
    for (uint32_t i = 0; i < world->photo_count; i++)
        if (world->photos[i].acked && !world->photos[i].erased && !at_county(world, i))
            world_fail(world, "the county has lost photo %u, which it said that it has", i);
}

/* By law: which ones, the oracle does not ask. */
void photo_erased(struct world *world) {
    for (uint32_t i = 0; i < world->photo_count; i++)
        world->photos[i].erased = true;
}

/* ---- on other tablets ---- */

static bool may_not_come(const struct world *world, enum rc rc) {
    switch (rc) {
    case RC_NETWORK:
    case RC_IO:
    case RC_AGAIN:
    case RC_NOT_FOUND: /* not at the county yet */
        return true;
    case RC_DENIED: /* the record has left the tablet's areas, or waits in quarantine */
        return true;
    case RC_CORRUPT: /* a cut answer, or one to another question */
    case RC_UNSUPPORTED:
        return world->turns[TURN_CUT];
    default:
        return false;
    }
}

static void pull(struct world *world, struct pad *pad, const struct attachment_wanted *wanted,
                 uint32_t number) {
    enum rc rc = sync_pull_attachment(pad->session, &pad->link, wanted, &world->err);

    tell(world, "%s brings photo %u: %s", pad->machine.name, number, rc_name(rc));
    if (rc == RC_OK && look(world, pad, number) == BLOB_ELSEWHERE)
        world_fail(world, "%s has brought photo %u and does not have it", pad->machine.name,
                   number);
    if (rc != RC_OK && !may_not_come(world, rc))
        world_must(world, rc, "bringing a photo");
    err_clear(&world->err);
}

/* The photo that a record shows; false: none. */
static bool shown(struct world *world, struct pad *pad, struct dot id,
                  struct attachment_wanted *wanted, uint32_t *number) {
    const struct instance_id root = {{0, 0}, 0};
    const struct form_field *field;
    const struct cell *cell;
    struct seen seen;
    enum rc rc = session_see(pad->session, id, &world->arena, &seen, &world->err);

    if (rc != RC_OK || seen.form == NULL)
        return false;
    field = form_field_by_path(seen.form, view_text("photo"));
    cell = field == NULL ? NULL : reading_cell(&seen.reading, root, field->number);
    if (cell == NULL || cell->value.type != VALUE_TEXT)
        return false;
    *number = find(world, cell->value.bytes);
    if (*number == PHOTOS_MAX)
        return false;
    *wanted = (struct attachment_wanted){.record = seen.record.id, .area = seen.area};
    memcpy(wanted->hash, world->photos[*number].hash, sizeof(wanted->hash));
    return true;
}

/* Somebody looks at the photos of some records. */
void step_photo(struct world *world, struct pad *pad) {
    struct list_query query = {.form_name = view_text("home")};
    struct listed *listed;
    uint32_t count = 0, total, number, first;
    enum rc rc;

    if (!pad_ready(world, pad))
        return;
    rc = session_list(pad->session, &query, &world->arena, &listed, &count, &total, &world->err);
    world_must(world, rc, "a list");
    first = (uint32_t)chance(world, count + 1);
    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    for (uint32_t i = 0; i < count && i < 12; i++) {
        struct attachment_wanted wanted;

        if (!shown(world, pad, listed[(first + i) % count].id, &wanted, &number))
            continue;
        machine_calm(&pad->machine);
        pull(world, pad, &wanted, number);
        break;
    }
    pad_after(world, pad);
}

/* ---- the end ---- */

void photo_end(struct world *world) {
    for (int at = 0; at < world->pad_count; at++) {
        struct pad *pad = &world->pads[at];

        for (uint32_t i = 0; i < world->photo_count; i++)
            if ((pad->photos >> i & 1) != 0 && !world->photos[i].erased && !at_county(world, i))
                world_fail(world, "photo %u of %s is not at the county in the end", i,
                           pad->machine.name);
    }
    photo_hall_opened(world);
}
