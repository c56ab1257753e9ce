/* batch.c: see batch.h. */
#include "schema/vote/batch.h"

#include "base/text.h"
#include "base/words.h"

#define VERSION 1u

enum { FLAG_WITHHELD = 1, FLAG_PASSED = 2 };

const char *vote_reason_words(unsigned reason) {
    static const char *const reasons[VOTE_REASON_COUNT] = {
        WORD("income is not true"),       WORD("property is not true"),
        WORD("the members are not true"), WORD("relatives are able to support"),
        WORD("there is hidden income"),   WORD("another reason"),
    };

    return reason < VOTE_REASON_COUNT ? reasons[reason] : "";
}

int vote_item_order(const void *left, const void *right) {
    const struct vote_item_count *a = left, *b = right;

    return instance_compare(a->item, b->item);
}

uint32_t vote_seats_count(uint64_t seats) {
    uint32_t count = 0;

    for (; seats != 0; seats &= seats - 1)
        count++;
    return count;
}

void vote_seats_text(uint64_t seats, struct buf *out) {
    bool first = true;

    for (unsigned seat = 1; seat <= VOTE_SEATS_MAX; seat++) {
        if ((seats & vote_seat(seat)) == 0)
            continue;
        buf_addf(out, "%s%u", first ? "" : " ", seat);
        first = false;
    }
}

static bool read_seat(struct view text, size_t *at, unsigned *seat) {
    size_t start = *at;
    uint64_t value;

    while (*at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9')
        ++*at;
    if (!parse_u64(view_slice(text, start, *at - start), &value) || value < 1 ||
        value > VOTE_SEATS_MAX)
        return false;
    *seat = (unsigned)value;
    return true;
}

bool vote_seats_parse(struct view text, uint64_t *out) {
    size_t at = 0;

    *out = 0;
    while (at < text.size) {
        unsigned from, to;

        if (text.data[at] == ' ' || text.data[at] == ',') {
            at++;
            continue;
        }
        if (!read_seat(text, &at, &from))
            return false;
        to = from;
        if (at < text.size && text.data[at] == '-' && (at++, !read_seat(text, &at, &to)))
            return false;
        if (to < from)
            return false;
        for (unsigned seat = from; seat <= to; seat++)
            *out |= vote_seat(seat);
    }
    return true;
}

/* Whether the numbers of one item can be. */
static bool is_sane(const struct vote_count *count) {
    uint32_t reasons = 0;
    bool bounded = count->yes <= VOTE_SEATS_MAX && count->no <= VOTE_SEATS_MAX &&
                   count->abstain <= VOTE_SEATS_MAX && count->invalid <= VOTE_SEATS_MAX &&
                   count->unused <= VOTE_SEATS_MAX;

    for (unsigned i = 0; i < VOTE_REASON_COUNT; i++) {
        bounded = bounded && count->reasons[i] <= VOTE_SEATS_MAX;
        reasons += bounded ? count->reasons[i] : 0;
    }
    if (!count->withheld)
        return bounded && !count->passed;
    return bounded && count->yes + count->no + count->abstain + reasons == 0;
}

static bool is_sane_head(const struct vote_batch *batch) {
    return batch->mode >= 1 && batch->mode <= VOTE_MODE_LAST && batch->round >= 1 &&
           batch->round <= VOTE_ROUNDS_MAX && batch->item_count <= VOTE_ITEMS_MAX &&
           batch->meeting.number >= 1;
}

enum rc vote_batch_encode(struct vote_batch *batch, struct buf *out, struct err *err) {
    size_t start = out->size;
    bool good = is_sane_head(batch);
    enum rc rc;

    buf_add_u8(out, VERSION);
    buf_add_id(out, batch->meeting.actor);
    buf_add_varint(out, batch->meeting.number);
    buf_add_id(out, batch->tablet);
    buf_add_varint(out, batch->round);
    buf_add_u8(out, batch->mode);
    buf_add(out, batch->rules, sizeof(batch->rules));
    buf_add_varint(out, batch->seats);
    buf_add_varint(out, batch->item_count);
    for (uint32_t i = 0; i < batch->item_count && good; i++) {
        const struct vote_item_count *item = &batch->items[i];
        const struct vote_count *count = &item->count;

        good = is_sane(count) && item->item.dot.number >= 1 &&
               (i == 0 || instance_compare(batch->items[i - 1].item, item->item) < 0);
        buf_add_id(out, item->item.dot.actor);
        buf_add_varint(out, item->item.dot.number);
        buf_add_varint(out, item->item.ordinal);
        buf_add_u8(out, (uint8_t)((count->withheld ? FLAG_WITHHELD : 0) |
                                  (count->passed ? FLAG_PASSED : 0)));
        buf_add_varint(out, count->yes);
        buf_add_varint(out, count->no);
        buf_add_varint(out, count->abstain);
        buf_add_varint(out, count->invalid);
        buf_add_varint(out, count->unused);
        buf_add_varint(out, count->marks);
        for (unsigned r = 0; r < VOTE_REASON_COUNT; r++)
            buf_add_varint(out, count->reasons[r]);
    }
    if (!good)
        return err_set(err, RC_INVALID, "the votes of this tablet do not fit together");
    rc = buf_check(out, "the votes", err);
    if (rc == RC_OK)
        crypt_hash("yg vote batch", view_slice(buf_view(out), start, out->size - start),
                   batch->hash);
    return rc;
}

static struct vote_item_count read_item(struct reader *in) {
    struct vote_item_count item = {.item = {.dot = {.actor = read_id(in)}}};
    struct vote_count *count = &item.count;
    uint8_t flags;

    item.item.dot.number = read_varint(in);
    item.item.ordinal = (uint32_t)read_varint_max(in, UINT32_MAX);
    flags = read_u8(in);
    count->withheld = (flags & FLAG_WITHHELD) != 0;
    count->passed = (flags & FLAG_PASSED) != 0;
    count->yes = (uint32_t)read_varint_max(in, VOTE_SEATS_MAX);
    count->no = (uint32_t)read_varint_max(in, VOTE_SEATS_MAX);
    count->abstain = (uint32_t)read_varint_max(in, VOTE_SEATS_MAX);
    count->invalid = (uint32_t)read_varint_max(in, VOTE_SEATS_MAX);
    count->unused = (uint32_t)read_varint_max(in, VOTE_SEATS_MAX);
    count->marks = read_varint(in);
    for (unsigned r = 0; r < VOTE_REASON_COUNT; r++)
        count->reasons[r] = (uint32_t)read_varint_max(in, VOTE_SEATS_MAX);
    if (flags > (FLAG_WITHHELD | FLAG_PASSED) || !is_sane(count) || item.item.dot.number == 0)
        reader_fail(in);
    return item;
}

enum rc vote_batch_decode(struct view bytes, struct arena *arena, struct vote_batch *out,
                          struct err *err) {
    struct vote_item_count *items;
    struct reader in;
    struct view rules;

    *out = (struct vote_batch){0};
    reader_init(&in, bytes);
    if (bytes.size > VOTE_BATCH_BYTES || read_u8(&in) != VERSION)
        reader_fail(&in);
    out->meeting.actor = read_id(&in);
    out->meeting.number = read_varint(&in);
    out->tablet = read_id(&in);
    out->round = (uint32_t)read_varint_max(&in, VOTE_ROUNDS_MAX);
    out->mode = read_u8(&in);
    rules = read_bytes(&in, sizeof(out->rules));
    if (rules.size == sizeof(out->rules))
        memcpy(out->rules, rules.data, rules.size);
    out->seats = read_varint(&in);
    out->item_count = (uint32_t)read_varint_max(&in, VOTE_ITEMS_MAX);
    if (in.failed || !is_sane_head(out))
        return err_set(err, RC_CORRUPT, "the votes of a tablet cannot be read");
    items = arena_array(arena, out->item_count, sizeof(*items));
    if (items == NULL)
        return arena_check(arena, "votes", err);
    for (uint32_t i = 0; i < out->item_count; i++) {
        items[i] = read_item(&in);
        if (i > 0 && instance_compare(items[i - 1].item, items[i].item) >= 0)
            reader_fail(&in);
    }
    if (!read_done(&in))
        return err_set(err, RC_CORRUPT, "the votes of a tablet cannot be read");
    out->items = items;
    crypt_hash("yg vote batch", bytes, out->hash);
    return RC_OK;
}

enum rc vote_batch_parse(struct view text, struct arena *arena, struct vote_batch *out,
                         struct err *err) {
    size_t size = text.size / 2;
    uint8_t *bytes = size > VOTE_BATCH_BYTES ? NULL : arena_room(arena, size + 1, 1);

    if (size > VOTE_BATCH_BYTES || text.size % 2 != 0)
        return err_set(err, RC_CORRUPT, "the votes of a tablet cannot be read");
    if (bytes == NULL)
        return arena_check(arena, "votes", err);
    if (!hex_decode(text, bytes, size))
        return err_set(err, RC_CORRUPT, "the votes of a tablet cannot be read");
    return vote_batch_decode(view_of(bytes, size), arena, out, err);
}
