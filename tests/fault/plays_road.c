/* plays_road.c: what goes from tablet to tablet; see plays_more.h. */
#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/text.h"
#include "tests/fault/fault.h"
#include "tests/fault/plays_more.h"

/* ---- a stick between two tablets ---- */

/* Li has no network; Wang carries what he saved, and syncs. */
enum rc relay_act(struct stage *stage, struct err *err) {
    struct bundle_written written = {0};
    struct bundle_taken taken = {0};
    struct dot home;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = play_home_once(stage, LI, "relayed", &home, err);
    if (rc == RC_OK)
        rc = sync_bundle_write(stage->tablets[LI], play_put_on_stick, stage, &written, err);
    if (rc == RC_OK)
        rc = stage_close_tablet(stage, LI, err);
    if (rc == RC_OK)
        rc = sync_bundle_read(stage->tablets[WANG], buf_view(&stage->stick), &taken, err);
    return rc == RC_OK ? stage_sync(stage, WANG, err) : rc;
}

/* ---- a photo that another tablet took ---- */

enum rc pull_act(struct stage *stage, struct err *err) {
    struct attachment_wanted wanted = {.area = STAGE_AREA};
    const struct instance_id root = {{0, 0}, 0};
    const struct cell *cell;
    struct buf content;
    struct seen seen;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = stage_find(stage, LI, "home", "second", &wanted.record, err);
    if (rc == RC_OK)
        rc = session_see(stage->sessions[LI], wanted.record, &stage->arena, &seen, err);
    if (rc != RC_OK)
        return rc;
    cell = reading_cell(&seen.reading, root,
                        form_field_by_path(seen.form, view_text("photo"))->number);
    if (cell == NULL || cell->kind != CELL_VALUE || !hex_decode(cell->value.bytes, wanted.hash, 32))
        return err_set(err, RC_CORRUPT, "there is no photo");
    rc = sync_pull_attachment(stage->sessions[LI], &stage->link, &wanted, err);
    buf_init(&content, LIMIT_PHOTO_BYTES);
    if (rc == RC_OK)
        rc = blobs_read(stage->sessions[LI], wanted.hash, &content, err);
    if (rc == RC_OK && content.size == 0)
        rc = err_set(err, RC_CORRUPT, "the photo is empty");
    buf_release(&content);
    return rc;
}
