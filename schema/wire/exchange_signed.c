/* exchange_signed.c: PART_SIGNED, what the county vouches for. The layout stands in exchange.c. */
#include "base/crypt.h"
#include "schema/wire/exchange.h"
#include "schema/wire/word.h"

enum signed_flag {
    SIGNED_RECEIPTS = 1,
    SIGNED_SCOPE = 2,
    SIGNED_HEADS = 4,
    SIGNED_CERTIFICATES = 8,
    SIGNED_FORMS = 16,
    SIGNED_MARKS = 32,
    SIGNED_LACKING = 64,
    SIGNED_KNOWN = 127,
};

enum receipt_bit {
    RECEIPT_FORK = 1,
    RECEIPT_WANT = 2,
    RECEIPT_BACKED_UP = 4,
    RECEIPT_OUTCOMES = 8,
    RECEIPT_RETURNS = 16,
    RECEIPT_KNOWN = 31,
};

enum scope_bit { SCOPE_REVOKED = 1, SCOPE_WIPE = 2, SCOPE_KNOWN = 3 };

#define RECEIPT_BYTES_MIN     42u
#define OUTCOME_BYTES_MIN     2u
#define RETURN_BYTES_MIN      2u
#define HEAD_BYTES_MIN        34u
#define CERTIFICATE_BYTES_MIN 34u
#define MARK_BYTES_MIN        2u

/* ---- writing ---- */

static void add_receipt(struct buf *out, const struct receipt *receipt) {
    unsigned bits = (receipt->forks.size > 0 ? RECEIPT_FORK : 0u) |
                    (receipt->want_from != 0 ? RECEIPT_WANT : 0u) |
                    (receipt->backed_up != 0 ? RECEIPT_BACKED_UP : 0u) |
                    (receipt->outcome_count > 0 ? RECEIPT_OUTCOMES : 0u) |
                    (receipt->return_count > 0 ? RECEIPT_RETURNS : 0u);

    buf_add_u8(out, (uint8_t)bits);
    buf_add_id(out, receipt->actor);
    buf_add_varint(out, receipt->number);
    buf_add(out, receipt->hash, sizeof(receipt->hash));
    buf_add_view(out, receipt->forks);
    if (receipt->want_from != 0)
        buf_add_varint(out, receipt->want_from);
    if (receipt->backed_up != 0)
        buf_add_varint(out, receipt->backed_up);
    if (receipt->outcome_count > 0)
        buf_add_varint(out, receipt->outcome_count);
    for (uint32_t i = 0; i < receipt->outcome_count; i++) {
        buf_add_varint(out, receipt->outcomes[i].number);
        buf_add_u8(out, receipt->outcomes[i].verdict);
    }
    if (receipt->return_count > 0)
        buf_add_varint(out, receipt->return_count);
    for (uint32_t i = 0; i < receipt->return_count; i++) {
        buf_add_varint(out, receipt->returns[i].number);
        buf_add_sized(out, receipt->returns[i].reason);
    }
}

static void add_content(struct buf *out, const struct answer *answer) {
    unsigned flags =
        (answer->receipt_count > 0 ? SIGNED_RECEIPTS : 0u) |
        (answer->has_scope ? SIGNED_SCOPE : 0u) | (answer->head_count > 0 ? SIGNED_HEADS : 0u) |
        (answer->certificate_count > 0 ? SIGNED_CERTIFICATES : 0u) |
        (answer->form_hash_count > 0 ? SIGNED_FORMS : 0u) |
        (answer->mark_count > 0 ? SIGNED_MARKS : 0u) | (answer->has_lacking ? SIGNED_LACKING : 0u);

    buf_add_u8(out, (uint8_t)flags);
    if (answer->receipt_count > 0)
        buf_add_varint(out, answer->receipt_count);
    for (uint32_t i = 0; i < answer->receipt_count; i++)
        add_receipt(out, &answer->receipts[i]);
    if (answer->has_scope)
        scope_add(out, &answer->scope);
    if (answer->head_count > 0)
        buf_add_varint(out, answer->head_count);
    for (uint32_t i = 0; i < answer->head_count; i++) {
        word_add_area(out, answer->heads[i].area, answer->heads[i].audience);
        buf_add_varint(out, answer->heads[i].position);
        buf_add(out, answer->heads[i].chain, 32);
    }
    if (answer->certificate_count > 0)
        buf_add_varint(out, answer->certificate_count);
    for (uint32_t i = 0; i < answer->certificate_count; i++) {
        buf_add(out, answer->certificates[i].sign_public, 32);
        buf_add_u8(out, answer->certificates[i].role);
        buf_add_sized(out, answer->certificates[i].name);
    }
    if (answer->form_hash_count > 0)
        buf_add_varint(out, answer->form_hash_count);
    for (uint32_t i = 0; i < answer->form_hash_count; i++)
        buf_add(out, answer->form_hashes[i], 32);
    if (answer->mark_count > 0)
        buf_add_varint(out, answer->mark_count);
    for (uint32_t i = 0; i < answer->mark_count; i++) {
        word_add_area(out, answer->marks[i].area, answer->marks[i].audience);
        buf_add_varint(out, answer->marks[i].position);
    }
    if (answer->has_lacking)
        buf_add_varint(out, answer->lacking_count);
    for (uint32_t i = 0; i < answer->lacking_count; i++)
        buf_add(out, answer->lacking[i], sizeof(answer->lacking[i]));
}

enum rc exchange_add_signed(struct buf *out, const struct answer *answer,
                            const uint8_t county_secret[64], struct err *err) {
    struct view pieces[2] = {view_of(answer->nonce, sizeof(answer->nonce))};
    uint8_t signature[CRYPT_SIGNATURE_BYTES];
    struct buf content;
    enum rc rc;

    buf_init(&content, LIMIT_EXCHANGE_BYTES);
    add_content(&content, answer);
    rc = buf_check(&content, "receipt", err);
    if (rc == RC_OK) {
        pieces[1] = buf_view(&content);
        word_sign("yg receipt", pieces, 2, county_secret, signature);
        buf_add(&content, signature, sizeof(signature));
        rc = buf_check(&content, "receipt", err);
    }
    if (rc == RC_OK) {
        buf_add_u8(out, PART_SIGNED);
        buf_add_sized(out, buf_view(&content));
        rc = buf_check(out, "receipt", err);
    }
    buf_release(&content);
    return rc;
}

/* ---- reading ---- */

/* A count of things of at least size bytes, and an array for them; NULL after a failure. */
static void *counted(struct reader *in, struct arena *arena, size_t bytes_min, size_t item_bytes,
                     uint32_t *count) {
    uint64_t promised = read_varint_max(in, read_left(in) / bytes_min);
    void *items;

    *count = 0;
    if (promised == 0)
        reader_fail(in);
    items = arena_array(arena, (size_t)promised, item_bytes);
    if (in->failed || items == NULL)
        return NULL;
    *count = (uint32_t)promised;
    return items;
}

static void read_receipt(struct reader *in, struct arena *arena, struct receipt *out) {
    unsigned bits = read_u8(in);

    if ((bits & ~(unsigned)RECEIPT_KNOWN) != 0)
        reader_fail(in);
    out->actor = read_id(in);
    out->number = read_varint_max(in, LIMIT_NUMBER);
    word_read_fixed(in, out->hash, sizeof(out->hash));
    if ((bits & RECEIPT_FORK) != 0)
        out->forks = lineage_skip(in);
    if ((bits & RECEIPT_WANT) != 0)
        out->want_from = read_varint_max(in, LIMIT_NUMBER);
    if ((bits & RECEIPT_BACKED_UP) != 0)
        out->backed_up = read_varint_max(in, LIMIT_NUMBER);
    if ((bits & RECEIPT_OUTCOMES) != 0)
        out->outcomes =
            counted(in, arena, OUTCOME_BYTES_MIN, sizeof(*out->outcomes), &out->outcome_count);
    for (uint32_t i = 0; i < out->outcome_count; i++) {
        out->outcomes[i].number = read_varint_max(in, LIMIT_NUMBER);
        out->outcomes[i].verdict = read_u8(in);
    }
    if ((bits & RECEIPT_RETURNS) != 0)
        out->returns =
            counted(in, arena, RETURN_BYTES_MIN, sizeof(*out->returns), &out->return_count);
    for (uint32_t i = 0; i < out->return_count; i++) {
        out->returns[i].number = read_varint_max(in, LIMIT_NUMBER);
        out->returns[i].reason = read_bytes(in, read_varint_max(in, LIMIT_REASON_BYTES));
    }
}

void scope_add(struct buf *out, const struct scope *scope) {
    buf_add_varint(out, scope->serial);
    buf_add_u8(out, scope->audience_mask);
    buf_add_u8(out,
               (uint8_t)((scope->revoked ? SCOPE_REVOKED : 0) | (scope->wipe ? SCOPE_WIPE : 0)));
    buf_add_varint(out, scope->area_count);
    for (uint32_t i = 0; i < scope->area_count; i++)
        word_add_area(out, scope->areas[i], 0);
}

void scope_read(struct reader *in, struct arena *arena, struct scope *out) {
    unsigned bits;
    uint32_t count;

    memset(out, 0, sizeof(*out));
    out->serial = (uint32_t)read_varint_max(in, UINT32_MAX);
    out->audience_mask = read_u8(in);
    bits = read_u8(in);
    if ((bits & ~(unsigned)SCOPE_KNOWN) != 0)
        reader_fail(in);
    out->revoked = (bits & SCOPE_REVOKED) != 0;
    out->wipe = (bits & SCOPE_WIPE) != 0;
    count = (uint32_t)read_varint_max(in, LIMIT_AREAS);
    out->areas = arena_array(arena, count, sizeof(*out->areas));
    if (out->areas == NULL || in->failed)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t audience;

        out->areas[i] = word_read_area(in, &audience);
        if (audience != 0)
            reader_fail(in);
    }
    out->area_count = count;
}

/* That nothing is lacking is an answer, too. */
static void read_lacking(struct reader *in, struct arena *arena, struct answer *out) {
    uint32_t count = (uint32_t)read_varint_max(in, read_left(in) / sizeof(*out->lacking));
    uint8_t(*names)[sizeof(*out->lacking)] =
        arena_array(arena, in->failed ? 0 : count, sizeof(*names));

    for (uint32_t i = 0; names != NULL && i < count && !in->failed; i++)
        word_read_fixed(in, names[i], sizeof(names[i]));
    out->lacking = (const uint8_t(*)[sizeof(*out->lacking)])names;
    out->lacking_count = in->failed || names == NULL ? 0 : count;
}

static void read_content(struct reader *in, struct arena *arena, struct answer *out) {
    unsigned flags = read_u8(in);

    if ((flags & ~(unsigned)SIGNED_KNOWN) != 0)
        reader_fail(in);
    if ((flags & SIGNED_RECEIPTS) != 0)
        out->receipts =
            counted(in, arena, RECEIPT_BYTES_MIN, sizeof(*out->receipts), &out->receipt_count);
    for (uint32_t i = 0; i < out->receipt_count; i++)
        read_receipt(in, arena, &out->receipts[i]);
    out->has_scope = (flags & SIGNED_SCOPE) != 0;
    if (out->has_scope)
        scope_read(in, arena, &out->scope);
    if ((flags & SIGNED_HEADS) != 0)
        out->heads = counted(in, arena, HEAD_BYTES_MIN, sizeof(*out->heads), &out->head_count);
    for (uint32_t i = 0; i < out->head_count; i++) {
        out->heads[i].area = word_read_area(in, &out->heads[i].audience);
        out->heads[i].position = read_varint_max(in, LIMIT_NUMBER);
        word_read_fixed(in, out->heads[i].chain, 32);
    }
    if ((flags & SIGNED_CERTIFICATES) != 0)
        out->certificates = counted(in, arena, CERTIFICATE_BYTES_MIN, sizeof(*out->certificates),
                                    &out->certificate_count);
    for (uint32_t i = 0; i < out->certificate_count; i++) {
        word_read_fixed(in, out->certificates[i].sign_public, 32);
        out->certificates[i].role = read_u8(in);
        out->certificates[i].name = read_bytes(in, read_varint_max(in, LIMIT_NAME_BYTES));
    }
    if ((flags & SIGNED_FORMS) != 0) {
        uint8_t(*hashes)[32] = counted(in, arena, 32, sizeof(*hashes), &out->form_hash_count);

        for (uint32_t i = 0; i < out->form_hash_count; i++)
            word_read_fixed(in, hashes[i], sizeof(hashes[i]));
        out->form_hashes = (const uint8_t(*)[32])hashes;
    }
    if ((flags & SIGNED_MARKS) != 0)
        out->marks = counted(in, arena, MARK_BYTES_MIN, sizeof(*out->marks), &out->mark_count);
    for (uint32_t i = 0; i < out->mark_count; i++) {
        out->marks[i].area = word_read_area(in, &out->marks[i].audience);
        out->marks[i].position = read_varint_max(in, LIMIT_NUMBER);
    }
    out->has_lacking = (flags & SIGNED_LACKING) != 0;
    if (out->has_lacking)
        read_lacking(in, arena, out);
}

enum rc exchange_read_signed(struct view content, const uint8_t county_public[32],
                             struct arena *arena, struct answer *out, struct err *err) {
    struct view pieces[2] = {view_of(out->nonce, sizeof(out->nonce))};
    struct reader in;

    if (content.size <= CRYPT_SIGNATURE_BYTES)
        return err_set(err, RC_CORRUPT, "receipt: too short");
    pieces[1] = view_slice(content, 0, content.size - CRYPT_SIGNATURE_BYTES);
    if (!word_signed("yg receipt", pieces, 2, county_public, content.data + pieces[1].size))
        return err_set(err, RC_DENIED, "receipt: the county's signature does not fit");
    reader_init(&in, pieces[1]);
    read_content(&in, arena, out);
    memcpy(out->signature, content.data + pieces[1].size, sizeof(out->signature));
    out->has_signed = true;
    if (arena->failed != RC_OK)
        return arena_check(arena, "receipt", err);
    return reader_check(&in, "receipt", err);
}
