/* poison.c: a broken tablet's batches, in between those of honest people: changes that make no
 * sense, of forms and fields that nobody here knows, and batches that were damaged after they were
 * signed or framed wrongly. They travel inside of other tablets' requests, as baggage does, in
 * front of what those have to say.
 *
 * What makes sense in them counts like anything that is saved; what does not waits at the county
 * until staff give it back; and everybody else goes on. */
#include "agent/store/traffic.h"
#include "schema/wire/batch.h"
#include "syncd/sync/quarantine.h"
#include "tests/sim/world.h"
#include "tests/support/insane.h"
#include "tests/support/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define EACH 3u
#define ODD  1u
#define WAYS 64u /* insane_make has fewer: the rest is what is sane and unknown */

static void begin(struct world *world, struct pad *pad) {
    struct poison *poison = &world->poison;

    env_entropy(&pad->machine.env, poison->nonce, sizeof(poison->nonce));
    memcpy(poison->secret, tablet_device_secret(pad->tablet), sizeof(poison->secret));
    poison->actor = batch_actor(tablet_device_public(pad->tablet), poison->nonce);
    poison->device = pad->device;
    poison->person = session_person(pad->session);
    chain_start(poison->actor, poison->chain);
    buf_init(&poison->batch, LIMIT_BATCH_BYTES);
    poison->there = true;
}

/* A new home. Sane ones carry the token of a save. */
static void make_home(struct world *world, const struct form *form, uint64_t number,
                      const char *token, struct change *out) {
    const struct form_field *name = form_field_by_path(form, view_text("name"));
    struct entry *entries = arena_array(&world->arena, 2, sizeof(*entries));

    if (entries == NULL || name == NULL)
        abort();
    entries[0] = (struct entry){.field = FIELD_AREA, .value = value_of_int((int64_t)VILLAGE_B)};
    entries[1] =
        (struct entry){.field = (uint16_t)name->number, .value = value_of_text(view_text(token))};
    *out = (struct change){.dot = {world->poison.actor, number},
                           .kind = CHANGE_CREATE,
                           .record = {world->poison.actor, number},
                           .form = form->id,
                           .person = world->poison.person,
                           .wall_ms = world->now_ms,
                           .lamport = number,
                           .reason = view_text(token),
                           .entry_count = 2,
                           .entries = entries};
}

/* The odd one: insane, or of a later form than anybody has. */
static void make_odd(struct world *world, struct change *change) {
    struct poison *poison = &world->poison;
    uint32_t way = (uint32_t)chance(world, WAYS);
    const char *what = insane_make(way, &world->arena, change);

    poison->odd_sane = what == NULL;
    if (what == NULL && one_in(world, 2)) {
        struct entry *entries = (struct entry *)(uintptr_t)change->entries;

        entries[1].field = 4000; /* the form has no such field */
    }
    tell(world, "the broken tablet makes number %u: %s", (unsigned)change->dot.number,
         what != NULL ? what : "a field that the form does not have");
}

static void leaf_of(struct world *world, struct frame_change *item, uint8_t chain[32]) {
    uint8_t secret[16];
    struct buf canonical;

    wire_secret(NULL, item->change.dot.number / 64, secret);
    chain_salt(secret, item->change.dot.number, item->salt);
    buf_init(&canonical, LIMIT_FRAME_RAW_BYTES);
    world_must(world, change_encode_raw(&item->change, &canonical, &world->err), "a change");
    chain_leaf(item->salt, buf_view(&canonical), item->leaf);
    chain_next(chain, item->leaf, chain);
    buf_release(&canonical);
}

/* The next batch of the broken tablet, which it sends until the county has it. */
static void make_batch(struct world *world, struct pad *pad) {
    const struct form *form = tablet_form_named(pad->tablet, view_text("home"));
    const struct facts *facts = tablet_facts(pad->tablet);
    struct poison *poison = &world->poison;
    struct frame frame = {.actor = poison->actor,
                          .area = VILLAGE_B,
                          .audience = AUDIENCE_FIELD,
                          .form = form->id,
                          .count = EACH};
    struct view frames[1];
    struct batch batch = {.outer = {batch_county(facts->county_sign_public), poison->actor,
                                    poison->number + 1, poison->number + EACH},
                          .device = poison->device,
                          .introduces = poison->number == 0,
                          .epoch = facts->epoch,
                          .scope_serial = facts->scope.serial,
                          .wall_ms = world->now_ms,
                          .frame_count = 1,
                          .frames = frames};
    struct zip_deflater *deflater = NULL;
    struct buf encoded;

    memcpy(batch.nonce, poison->nonce, sizeof(batch.nonce));
    memcpy(batch.previous, poison->chain, 32);
    frame.changes = arena_array(&world->arena, EACH, sizeof(*frame.changes));
    if (frame.changes == NULL)
        abort();
    poison->first_save = world->save_count;
    for (uint32_t i = 0; i < EACH; i++) {
        const char *token = arena_text(&world->arena, CANARY "%u", poison->first_save + i);

        make_home(world, form, poison->number + 1 + i, token, &frame.changes[i].change);
        if (i == ODD)
            make_odd(world, &frame.changes[i].change);
        leaf_of(world, &frame.changes[i], poison->chain);
        world->saves[world->save_count++] = (struct save){.meant = UINT32_MAX,
                                                          .named = UINT32_MAX,
                                                          .state = SAVE_MAYBE,
                                                          .record = frame.changes[i].change.record};
    }
    buf_init(&encoded, LIMIT_FRAME_BYTES);
    world_must(world, zip_deflater_new(ZIP_LEVEL_DEFAULT, &deflater, &world->err), "memory");
    world_must(world, frame_encode(&frame, wire_secret, NULL, deflater, &encoded, &world->err),
               "a frame");
    zip_deflater_free(deflater);
    frames[0] = buf_view(&encoded);
    buf_clear(&poison->batch);
    world_must(world,
               batch_write(&batch, poison->chain, poison->secret, facts->county_box_public,
                           &pad->machine.env, &poison->batch, &world->err),
               "a batch");
    buf_release(&encoded);
    poison->number += EACH;
    poison->pending = true;
}

void step_poison(struct world *world) {
    struct pad *pad = some_pad(world);
    struct poison *poison = &world->poison;

    if (poison->pending || poison->gone || world->save_count + EACH >= SAVES_MAX ||
        !pad_ready(world, pad))
        return;
    if (!poison->there)
        begin(world, pad);
    if (pad->device == poison->device && tablet_form_named(pad->tablet, view_text("home")) != NULL)
        make_batch(world, pad);
}

/* ---- on the way ---- */

/* Behind the hello and the credential, which a restored county looks for directly behind it. */
static size_t head_of(struct view body, bool *has_batches) {
    struct reader in;
    size_t head = 0;

    reader_init(&in, body);
    (void)read_u8(&in); /* version */
    *has_batches = false;
    while (read_left(&in) > 0) {
        uint8_t kind = read_u8(&in);

        (void)read_sized(&in);
        if (head == 0 || kind == PART_CREDENTIAL)
            head = body.size - read_left(&in);
        *has_batches = kind == PART_BATCH || *has_batches;
    }
    return head;
}

/* A county that comes from a backup may not know the tablet at all until that shows its credential,
 * and its batch is refused until then. */
static bool is_known(struct world *world) {
    struct stored_device device;
    struct ledger *ledger;
    struct arena arena;
    enum rc rc;

    if (!hall_up(world))
        return false;
    arena_init(&arena, 65536);
    ledger = hall_read(world);
    rc = store_device(ledger->store, world->poison.device, &arena, &device, &world->err);
    err_clear(&world->err);
    hall_give_back(world, ledger);
    arena_release(&arena);
    return rc == RC_OK;
}

/* The request with that batch in front of what it says: as it is, while it is on its way, or
 * damaged. What is refused comes alone only while things break, because what carries it would leave
 * it away; in quiet times there is something good beside it. false: nothing was added. */
bool poison_request(struct world *world, struct view body, bool breaks, struct buf *out) {
    struct poison *poison = &world->poison;
    bool has_batches, spoils;
    size_t head;
    struct buf content;

    if (!poison->there || poison->batch.size == 0 || one_in(world, 2))
        return false;
    head = head_of(body, &has_batches);
    spoils = !poison->pending || ((has_batches || breaks) && one_in(world, 2));
    if (!has_batches && !breaks && (spoils || !is_known(world)))
        return false;
    buf_init(&content, LIMIT_BATCH_BYTES);
    buf_add_view(&content, buf_view(&poison->batch));
    if (spoils) /* one bit, wherever it is: in the open part, or beneath the seal */
        content.data[chance(world, content.size)] ^= (uint8_t)(1u << chance(world, 8));
    if (spoils && one_in(world, 4))
        content.size = chance(world, content.size);
    buf_add_view(out, view_slice(body, 0, head));
    exchange_add_part(out, PART_BATCH, buf_view(&content));
    buf_add_view(out, view_slice(body, head, body.size));
    buf_release(&content);
    return true;
}

/* The county has answered: whether it has the batch now. What makes sense in it is sure then. */
void poison_answered(struct world *world) {
    struct poison *poison = &world->poison;
    struct ledger *ledger = hall_read(world);
    struct stored_actor actor;
    enum rc rc = store_actor(ledger->store, poison->actor, &actor, &world->err);

    if (!poison->pending) {
        err_clear(&world->err); /* it was only a damaged copy */
    } else if (rc == RC_OK && actor.number >= poison->number) {
        struct stored_change odd;
        struct dot dot = {poison->actor, poison->number - EACH + 1 + ODD};

        poison->pending = false;
        world->moved++; /* others have this to take yet */
        tell(world, "  the county has taken the batch of the broken tablet");
        for (uint32_t i = 0; i < EACH; i++)
            if (i != ODD || poison->odd_sane)
                world->saves[poison->first_save + i].state = SAVE_SURE;
        world_must(world, store_change(ledger->store, dot, &odd, &world->err), "the odd change");
        if (!poison->odd_sane && odd.verdict == VERDICT_ADMIT)
            world_fail(world, "the county admits a change that makes no sense: number %u",
                       (unsigned)dot.number);
    } else if (rc == RC_OK && actor.number < poison->number - EACH) {
        poison->pending = false; /* restored from a backup: the broken tablet keeps nothing */
        poison->gone = true;
    }
    err_clear(&world->err);
    hall_give_back(world, ledger);
}

void poison_release(struct world *world) {
    if (world->poison.there)
        buf_release(&world->poison.batch);
}

/* ---- what waits is visible to its author ---- */

struct wait_check {
    struct world *world;
    struct pad *pad;
    const struct own_actor *actor;
    struct tablet_quarantined *list;
    uint32_t count;
};

static enum rc check_row(void *context, const struct stored_quarantine *row, struct err *err) {
    struct wait_check *waiting = context;

    (void)err;
    if (row->dot.actor != waiting->actor->actor || row->settled != 0 ||
        row->dot.number > waiting->actor->number) /* a copy's */
        return RC_OK;
    for (uint32_t i = 0; i < waiting->count; i++)
        if (dot_equal(waiting->list[i].dot, row->dot))
            return RC_OK;
    world_fail(waiting->world, "%s does not know that its change %04x-%u waits at the county",
               waiting->pad->machine.name, (unsigned)(row->dot.actor >> 48),
               (unsigned)row->dot.number);
}

/* In the end, of every tablet that nobody has copied. */
void poison_end(struct world *world, struct pad *pad, struct ledger *ledger) {
    struct wait_check waiting = {.world = world, .pad = pad};

    world_must(
        world,
        tablet_quarantine(pad->tablet, &world->arena, &waiting.list, &waiting.count, &world->err),
        "what waits of a tablet");
    for (uint32_t i = 0; i < tablet_actor_count(pad->tablet); i++) {
        waiting.actor = tablet_actor(pad->tablet, i);
        if (waiting.actor->lineage.count > 0)
            continue;
        world_must(world, store_quarantine(ledger->store, false, check_row, &waiting, &world->err),
                   "what is in quarantine");
    }
}
