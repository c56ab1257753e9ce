/* draft.c: people who fill forms as they do in the pages: every answer is kept on disk before the
 * next one, they leave half-way, come back, and end the draft or throw it away.
 *
 * What the oracle knows of a draft: the texts that were confirmed, and one that perhaps was; and,
 * when the disk refused its end, the number that its change would have. At the next start that
 * number is there or not, and the draft is exactly where the change is not. */
#include "agent/field/filler.h"
#include "agent/store/drafts.h"
#include "agent/store/traffic.h"
#include "tests/sim/world.h"

#include <stdio.h>

static const char *const PATHS[DRAFT_ANSWERS] = {"name",   "phone", "card",  "rooms",
                                                 "months", "photo", "remark"};
#define PHOTO  5
#define REMARK 6

static void write_text(char out[DRAFT_TEXT_BYTES], struct view text) {
    (void)snprintf(out, DRAFT_TEXT_BYTES, "%.*s", VIEW_PRINT(text));
}

static struct engine_place place_of(struct world *world, struct filler *filler, uint32_t at) {
    struct engine_place place;
    char ref[60];

    (void)snprintf(ref, sizeof(ref), "/data/%s", PATHS[at]);
    world_must(world, engine_place(filler_engine(filler), view_text(ref), &place, &world->err),
               "a question of a draft");
    return place;
}

static bool reads(struct world *world, struct filler *filler, uint32_t at, const char *text) {
    return view_equal(engine_value(filler_engine(filler), place_of(world, filler, at)),
                      view_text(text));
}

/* ---- what is known of drafts ---- */

static void forget(struct pad *pad, struct kept *kept) {
    *kept = pad->drafts[--pad->draft_count];
}

static struct kept *find(struct pad *pad, uint64_t draft) {
    for (uint32_t i = 0; i < pad->draft_count; i++)
        if (pad->drafts[i].draft == draft)
            return &pad->drafts[i];
    return NULL;
}

/* The tablet was opened, nobody has saved yet: whether changes are there whose end was refused. */
void draft_pad_opened(struct pad *pad) {
    for (uint32_t i = 0; i < pad->draft_count; i++) {
        struct kept *kept = &pad->drafts[i];

        for (uint32_t at = 0; kept->ending && at < tablet_actor_count(pad->tablet); at++)
            if (tablet_actor(pad->tablet, at)->actor == kept->end.actor)
                kept->ended = tablet_actor(pad->tablet, at)->number >= kept->end.number;
    }
}

/* Somebody has unlocked: his drafts are those that he left. */
void draft_unlocked(struct world *world, struct pad *pad) {
    struct kept_draft *list;
    uint32_t count = 0;
    enum rc rc = drafts_list(pad->session, &world->arena, &list, &count, &world->err);

    if (rc == RC_IO && !world->healing)
        return;
    world_must(world, rc, "the list of drafts");
    for (uint32_t i = 0; i < pad->draft_count;) {
        struct kept *kept = &pad->drafts[i];
        bool there = false;

        if (strcmp(kept->person, pad->person) != 0) {
            i++;
            continue;
        }
        for (uint32_t k = 0; k < count; k++)
            there = there || list[k].draft == kept->draft;
        if (!there && !kept->ended && !kept->discarding)
            world_fail(world, "%s has lost draft %u of %s, and no change came of it",
                       pad->machine.name, kept->number, kept->person);
        if (there && kept->ended)
            world_fail(world, "draft %u of %s on %s is still there beside its change", kept->number,
                       kept->person, pad->machine.name);
        kept->ending = kept->discarding = false;
        if (there)
            i++;
        else
            forget(pad, kept);
    }
    for (uint32_t k = 0; k < count; k++) {
        if (find(pad, list[k].draft) != NULL)
            continue;
        if (!pad->draft_maybe)
            world_fail(world, "%s shows a draft to %s that he has not begun, or has ended",
                       pad->machine.name, pad->person);
        rc = drafts_remove(pad->session, list[k].draft, &world->err);
        if (rc != RC_OK && (rc != RC_IO || world->healing))
            world_must(world, rc, "discarding a draft");
    }
}

/* What somebody else changed reads as in the record now, and is not the draft's own any more. */
static void look_again(struct world *world, struct kept *kept, struct filler *filler) {
    for (uint32_t at = 0; at < DRAFT_ANSWERS; at++) {
        write_text(kept->texts[at],
                   engine_value(filler_engine(filler), place_of(world, filler, at)));
        if (view_equal(filler_base(filler, place_of(world, filler, at)),
                       view_text(kept->texts[at])))
            kept->own &= ~(1u << at);
    }
}

/* What was confirmed is there; of what was not, the one or the other. */
static void check_answers(struct world *world, struct pad *pad, struct kept *kept,
                          struct filler *filler) {
    if (kept->loose)
        look_again(world, kept, filler);
    for (uint32_t at = 0; at < DRAFT_ANSWERS; at++) {
        char *text = kept->texts[at];

        if (kept->asked == at + 1 && reads(world, filler, at, kept->maybe))
            write_text(text, engine_value(filler_engine(filler), place_of(world, filler, at)));
        else if (text[0] != '\0' && !reads(world, filler, at, text))
            world_fail(world, "draft %u on %s has lost '%s' of %s, which was confirmed",
                       kept->number, pad->machine.name, text, PATHS[at]);
    }
    kept->asked = 0;
    kept->loose = false;
}

/* ---- what people do ---- */

static bool may_refuse(enum rc rc) {
    return rc == RC_OK || rc == RC_IO || rc == RC_DENIED || rc == RC_CONFLICT || rc == RC_NOT_FOUND;
}

/* One answer, kept. */
static enum rc answer(struct world *world, struct pad *pad, struct kept *kept,
                      struct filler *filler, uint32_t at, const char *text) {
    enum rc rc = engine_set(filler_engine(filler), place_of(world, filler, at), view_text(text),
                            &world->err);

    world_must(world, rc, "an answer in a draft");
    rc = filler_keep(filler, &world->err);
    tell(world, "%s keeps %s of draft %u: %s %s", pad->machine.name, PATHS[at], kept->number,
         rc_name(rc), text);
    if (rc == RC_OK) {
        write_text(kept->texts[at], view_text(text));
        kept->own |= 1u << at;
    } else if (rc == RC_IO) {
        write_text(kept->maybe, view_text(text));
        kept->asked = at + 1;
    } else {
        world_must(world, rc, "keeping a draft");
    }
    return rc;
}

/* It is on disk before its name stands in the answer. */
static enum rc answer_photo(struct world *world, struct pad *pad, struct kept *kept,
                            struct filler *filler) {
    char hex[65] = "";
    uint32_t number;
    enum rc rc;

    if (!world->turns[TURN_PHOTO])
        return RC_OK;
    rc = photo_draft(world, pad, filler, place_of(world, filler, PHOTO), hex, &number);
    if (rc == RC_OK) {
        write_text(kept->texts[PHOTO], view_text(hex));
        kept->own &= ~(1u << PHOTO);
        if (!view_is(filler_base(filler, place_of(world, filler, PHOTO)), hex))
            kept->own |= 1u << PHOTO; /* else the record names the same file already */
    } else if (rc == RC_IO && hex[0] != '\0') {
        write_text(kept->maybe, view_text(hex));
        kept->asked = PHOTO + 1;
    }
    return rc;
}

static enum rc answer_some(struct world *world, struct pad *pad, struct kept *kept,
                           struct filler *filler) {
    enum rc rc = RC_OK;

    for (uint64_t left = 1 + chance(world, 3); left > 0 && rc == RC_OK; left--) {
        uint32_t at = (uint32_t)chance(world, REMARK);
        char text[DRAFT_TEXT_BYTES];

        if (at == PHOTO) {
            rc = answer_photo(world, pad, kept, filler);
            continue;
        }
        if (at < 3)
            (void)snprintf(text, sizeof(text), CANARY "f%u-%u", kept->number, ++kept->answers);
        else
            (void)snprintf(text, sizeof(text), "%u", ++kept->answers);
        rc = answer(world, pad, kept, filler, at, text);
    }
    return rc;
}

static void note_end(struct world *world, const struct kept *kept) {
    if (world->done_count == DRAFTS_DONE_MAX)
        return;
    world->done[world->done_count] = *kept;
    world->done[world->done_count++].save = world->save_count;
}

/* The last answer is the token by which the log is searched; then the draft ends. true: it did. */
static enum rc end(struct world *world, struct pad *pad, struct kept *kept, struct filler *filler) {
    struct dot record = {0, 0}, next = session_next_dot(pad->session);
    uint32_t problems = 0;
    enum rc rc = RC_CONFLICT;
    char token[DRAFT_TEXT_BYTES];

    for (int tries = 0; tries < 3 && rc == RC_CONFLICT; tries++) {
        err_clear(&world->err);
        (void)snprintf(token, sizeof(token), CANARY "%u", world->save_count);
        rc = answer(world, pad, kept, filler, REMARK, token);
        if (rc != RC_OK)
            return rc;
        rc = filler_finish(filler, &record, &problems, &world->err);
        if (rc == RC_CONFLICT)
            look_again(world, kept, filler);
    }
    tell(world, "%s ends draft %u as %04x-%u: %s %s", pad->machine.name, kept->number,
         (unsigned)(next.actor >> 48), (unsigned)next.number, rc_name(rc),
         rc == RC_OK ? token : world->err.text);
    if (rc == RC_OK || rc == RC_IO) {
        note_end(world, kept);
        oracle_saved(world, pad, rc, record);
    }
    if (rc == RC_OK) {
        if ((kept->own >> PHOTO & 1) != 0)
            photo_named(world, pad, kept->texts[PHOTO]);
        forget(pad, kept);
    } else if (rc == RC_IO) {
        kept->ending = true;
        kept->ended = false;
        kept->end = next;
        kept->loose = !kept->is_new; /* it may stand on a newer reading now */
    }
    return rc;
}

static enum rc discard(struct world *world, struct pad *pad, struct kept *kept,
                       struct filler *filler) {
    enum rc rc = filler_discard(filler, &world->err);

    tell(world, "%s discards draft %u: %s", pad->machine.name, kept->number, rc_name(rc));
    if (rc == RC_OK)
        forget(pad, kept);
    else if (rc == RC_IO)
        kept->discarding = true;
    return rc;
}

static struct kept *begin(struct world *world, struct pad *pad, struct filler **filler,
                          enum rc *rc) {
    static const uint64_t areas[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};
    struct kept *kept = &pad->drafts[pad->draft_count];
    bool is_new = one_in(world, 2);

    if (is_new) {
        *rc = filler_begin(pad->session, view_text("home"), areas[chance(world, 3)], filler,
                           &world->err);
    } else {
        struct list_query query = {.form_name = view_text("home"), .limit = 6};
        struct listed *listed;
        uint32_t count = 0, total;

        *rc =
            session_list(pad->session, &query, &world->arena, &listed, &count, &total, &world->err);
        if (*rc == RC_OK && count == 0)
            return NULL;
        if (*rc == RC_OK)
            *rc = filler_edit(pad->session, listed[chance(world, count)].id, filler, &world->err);
    }
    if (*rc == RC_IO)
        pad->draft_maybe = true;
    if (*rc == RC_UNSUPPORTED) /* written with a version that is still to come */
        *rc = RC_DENIED;
    if (*rc != RC_OK)
        return NULL;
    *kept =
        (struct kept){.draft = filler_draft(*filler), .number = ++world->drafts, .is_new = is_new};
    memcpy(kept->person, pad->person, sizeof(kept->person));
    for (uint32_t at = 0; at < DRAFT_ANSWERS; at++)
        write_text(kept->texts[at],
                   engine_value(filler_engine(*filler), place_of(world, *filler, at)));
    pad->draft_count++;
    tell(world, "%s begins draft %u", pad->machine.name, kept->number);
    return kept;
}

static struct kept *resume(struct world *world, struct pad *pad, struct filler **filler,
                           enum rc *rc) {
    uint32_t first = (uint32_t)chance(world, DRAFTS_KEPT);

    for (uint32_t i = 0; i < pad->draft_count; i++) {
        struct kept *kept = &pad->drafts[(first + i) % pad->draft_count];

        if (strcmp(kept->person, pad->person) != 0)
            continue;
        *rc = filler_resume(pad->session, kept->draft, filler, &world->err);
        if (*rc == RC_OK)
            check_answers(world, pad, kept, *filler);
        else if (*rc == RC_NOT_FOUND)
            world_fail(world, "%s has lost draft %u", pad->machine.name, kept->number);
        return *rc == RC_OK ? kept : NULL;
    }
    return NULL;
}

void step_draft(struct world *world, struct pad *pad) {
    struct filler *filler = NULL;
    struct kept *kept = NULL;
    enum rc rc = RC_OK;

    if (!one_in(world, 3))
        kept = resume(world, pad, &filler, &rc);
    if (kept == NULL && rc == RC_OK && pad->draft_count < DRAFTS_KEPT)
        kept = begin(world, pad, &filler, &rc);
    if (kept != NULL)
        rc = one_in(world, 12) ? discard(world, pad, kept, filler)
                               : answer_some(world, pad, kept, filler);
    if (kept != NULL && rc == RC_OK && filler != NULL && find(pad, filler_draft(filler)) == kept &&
        one_in(world, 3))
        rc = end(world, pad, kept, filler);
    if (!may_refuse(rc))
        world_fail(world, "%s cannot work in a draft: %s: %s", pad->machine.name, rc_name(rc),
                   world->err.text);
    filler_close(filler);
    if (rc == RC_IO) /* whoever is not told "kept" switches it off and on */
        pad_close(world, pad);
    err_clear(&world->err);
}

/* Nothing breaks any more: everybody ends his drafts, or throws away what cannot be ended. */
void draft_end_all(struct world *world, struct pad *pad) {
    for (uint32_t who = 0; who < pad->person_count && pad->draft_count > 0; who++) {
        if (strcmp(pad->person, pad->people[who]) != 0) {
            (void)session_close(pad->session, &world->err);
            pad->session = NULL;
            memcpy(pad->person, pad->people[who], sizeof(pad->person));
        }
        if (!pad_ready(world, pad))
            world_fail(world, "%s cannot be unlocked", pad->machine.name);
        for (;;) {
            struct filler *filler = NULL;
            enum rc rc = RC_OK;
            struct kept *kept = resume(world, pad, &filler, &rc);

            if (kept == NULL && rc != RC_OK)
                world_must(world, rc, "going on with a draft");
            if (kept == NULL)
                break;
            rc = world->save_count + 1 < SAVES_MAX ? end(world, pad, kept, filler) : RC_LIMIT;
            if (rc != RC_OK && (may_refuse(rc) || rc == RC_LIMIT))
                rc = discard(world, pad, kept, filler);
            world_must(world, rc, "ending a draft");
            filler_close(filler);
        }
    }
}

/* Of the log: a change that came of a draft has all that was confirmed. */
void draft_in_log(struct world *world, uint32_t save, const struct change *change) {
    for (uint32_t i = 0; i < world->done_count; i++) {
        const struct kept *kept = &world->done[i];

        if (kept->save != save)
            continue;
        for (uint32_t at = 0; at < REMARK; at++) {
            bool found =
                kept->texts[at][0] == '\0' || (kept->own >> at & 1) == 0 || at == 3 || at == 4;

            for (uint32_t e = 0; e < change->entry_count && !found; e++)
                found = change->entries[e].value.type == VALUE_TEXT &&
                        view_equal(change->entries[e].value.bytes, view_text(kept->texts[at]));
            if (!found)
                world_fail(world, "'%s' of draft %u is not in its change %04x-%u", kept->texts[at],
                           kept->number, (unsigned)(change->dot.actor >> 48),
                           (unsigned)change->dot.number);
        }
    }
}
