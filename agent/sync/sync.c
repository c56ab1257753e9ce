/* sync.c: the exchange, repeated until both sides have what they want.
 *
 * Nothing in memory is truth: batches come from the outbox, positions from the cursors, and an
 * answer either becomes one committed transaction or never happened. So every way to break off, a
 * cut line or a kill, is mended by asking again. */
#include "agent/sync/inside.h"

#include "schema/wire/credential.h"

#include "base/json.h"

#define PROGRAM         "yg-agent " YG_VERSION
#define REQUEST_BYTES   (1024u * 1024u) /* of batches; one batch goes in any case */
#define REQUEST_BATCHES 32u
#define RUN_ARENA_BYTES (8u * 1024u * 1024u)
#define STALLS_MAX      2u /* rounds in a row that moved nothing */

struct run {
    struct tablet *tablet;
    struct link *link;
    const struct sync_options *options;
    struct sync_report *report;
    struct arena arena; /* of one round */
    struct buf body, answer;
    uint8_t base[8];
    uint8_t nonce[16]; /* of the hello; the answer must end with it */
    bool whole;
    bool nonce_retried;
    uint32_t batch_count; /* in the body, baggage included */
    uint32_t baggage_count;
    uint64_t baggage[REQUEST_BATCHES]; /* ids */
    bool no_baggage;                   /* it was refused as a whole */
    struct brought brought;            /* slices */
    uint64_t alarmed;                  /* the last alarm in the request; 0: none */
    bool shows_credential;             /* the county does not know this tablet */
    bool has_none;                     /* and there is no credential to be shown */
    struct want *wants;                /* snapshots it is in the middle of; in the arena */
    uint32_t want_count;
};

static const struct own_actor *current(const struct tablet *tablet) {
    return tablet_actor(tablet, tablet_actor_count(tablet) - 1);
}

/* ---- up ---- */

static enum rc add_cursors(struct tablet *tablet, struct arena *arena, struct hello *hello,
                           struct err *err) {
    struct feed_cursor *cursors;
    uint32_t count;
    bool has_log = false;
    enum rc rc = tablet_cursors(tablet, arena, &cursors, &count, err);

    if (rc != RC_OK)
        return rc;
    hello->cursors = arena_array(arena, count + 1u, sizeof(*hello->cursors));
    if (hello->cursors == NULL)
        return arena_check(arena, "a request", err);
    for (uint32_t i = 0; i < count; i++) {
        const struct feed_cursor *from = &cursors[i];
        struct cursor *to = &hello->cursors[hello->cursor_count];

        *to = (struct cursor){
            .area = from->area, .audience = from->audience, .position = from->position};
        memcpy(to->digest, from->chain, sizeof(to->digest));
        if (hello->locked && from->ahead_position > 0) {
            to->position = from->ahead_position;
            memcpy(to->digest, from->ahead_digest, sizeof(to->digest));
        }
        has_log = has_log || to->area == 0;
        if (to->position > 0)
            hello->cursor_count++;
    }
    if (!has_log) /* says that the head of the staff log is kept here */
        hello->cursors[hello->cursor_count++] = (struct cursor){0};
    return RC_OK;
}

static enum rc add_persons(struct tablet *tablet, struct arena *arena, struct hello *hello,
                           struct err *err) {
    struct hello_person *persons;
    uint32_t count;
    enum rc rc = tablet_new_persons(tablet, arena, &persons, &count, err);

    hello->persons = persons;
    hello->person_count = rc == RC_OK ? count : 0;
    return rc;
}

/* What this request starts from: two answers from the same base hold the same. */
static enum rc make_base(struct run *run, const struct hello *hello, struct err *err) {
    struct buf about;
    uint8_t hash[CRYPT_HASH_BYTES];
    enum rc rc;

    buf_init(&about, LIMIT_EXCHANGE_CURSORS * 80);
    buf_add_varint(&about, hello->epoch);
    buf_add_varint(&about, hello->form_position);
    for (uint32_t i = 0; i < hello->cursor_count; i++) {
        buf_add_varint(&about, hello->cursors[i].area);
        buf_add_u8(&about, hello->cursors[i].audience);
        buf_add_varint(&about, hello->cursors[i].position);
    }
    for (uint32_t i = 0; i < run->want_count; i++) {
        buf_add(&about, run->wants[i].name, sizeof(run->wants[i].name));
        buf_add_varint(&about, run->wants[i].next);
    }
    crypt_hash("yg base", buf_view(&about), hash);
    memcpy(run->base, hash, sizeof(run->base));
    rc = buf_check(&about, "the request", err);
    buf_release(&about);
    return rc;
}

/* The number of this actor up to which the former scope was in force; a new incarnation has only
 * known the present one. */
static uint64_t scope_at(const struct facts *facts, const struct own_actor *actor) {
    bool later = facts->former_count > 0 &&
                 facts->former_scopes[facts->former_count - 1].actor_serial != actor->serial;

    return later ? 0 : facts->scope_at;
}

struct telling {
    struct arena *arena;
    const struct own_actor *actor;
    struct told *told;
    uint32_t capacity;
    uint64_t last; /* batches up to here are marked */
};

static enum rc add_mark(struct tablet *tablet, struct telling *telling, uint64_t number,
                        struct err *err) {
    struct told_mark *mark =
        arena_push(telling->arena, &telling->told->marks, &telling->told->mark_count,
                   &telling->capacity, sizeof(*mark));

    if (mark == NULL)
        return arena_check(telling->arena, "a request", err);
    mark->number = number;
    return tablet_chain(tablet, telling->actor, number, mark->hash, err);
}

struct told_ends {
    struct arena *arena;
    uint64_t *list;
    uint32_t count, capacity;
    const struct own_actor *actor;
};

static enum rc told_batch(void *context, const struct outbox_batch *batch, struct err *err) {
    struct told_ends *ends = context;
    uint64_t *end;

    if (batch->serial != ends->actor->serial || batch->last >= ends->actor->told)
        return RC_OK;
    if (ends->count == REQUEST_BATCHES)
        return RC_NOT_FOUND;
    end = arena_push(ends->arena, &ends->list, &ends->count, &ends->capacity, sizeof(*end));
    if (end == NULL)
        return arena_check(ends->arena, "a request", err);
    *end = batch->last;
    return RC_OK;
}

static enum rc tell_actor(struct tablet *tablet, struct arena *arena, const struct own_actor *actor,
                          struct told *told, struct err *err) {
    struct told_ends ends = {.arena = arena, .actor = actor};
    struct telling telling = {.arena = arena, .actor = actor, .told = told};
    struct buf forks;
    enum rc rc;

    *told = (struct told){.actor = actor->actor, .number = actor->told};
    buf_init(&forks, 4096);
    lineage_encode(&actor->lineage, &forks);
    told->forks = arena_view(arena, buf_view(&forks));
    rc = buf_check(&forks, "lineage", err);
    buf_release(&forks);
    if (rc == RC_OK)
        rc = tablet_outbox(tablet, told_batch, &ends, err);
    for (uint32_t i = 0; i < ends.count && rc == RC_OK; i++)
        rc = add_mark(tablet, &telling, ends.list[i], err);
    return rc == RC_OK ? add_mark(tablet, &telling, actor->told, err) : rc;
}

/* A county that was restored does not know its own word of former epochs. */
static enum rc add_told(struct tablet *tablet, struct arena *arena, struct hello *hello,
                        struct err *err) {
    struct told *list = arena_array(arena, tablet_actor_count(tablet), sizeof(*list));
    enum rc rc = RC_OK;

    hello->told = list;
    if (list == NULL)
        return arena_check(arena, "a request", err);
    for (uint32_t i = 0; i < tablet_actor_count(tablet) && rc == RC_OK; i++) {
        const struct own_actor *actor = tablet_actor(tablet, i);

        if (actor->told > actor->receipt)
            rc = tell_actor(tablet, arena, actor, &list[hello->told_count++], err);
    }
    return rc;
}

enum rc hello_make(struct tablet *tablet, struct arena *arena, struct hello *out, struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    const struct own_actor *actor = current(tablet);
    enum rc rc;

    *out = (struct hello){
        .device = facts->device,
        .actor = actor->actor,
        .epoch = facts->epoch,
        .scope_serial = facts->scope.serial,
        .scope_confirm = facts->scope_confirmed,
        .scope_at = scope_at(facts, actor),
        .form_position = facts->form_position,
        .locked = tablet_locked(tablet),
        .wall_ms = env_wall_ms(tablet_env(tablet)),
        .own_last = actor->number,
    };
    rc = add_cursors(tablet, arena, out, err);
    if (rc == RC_OK)
        rc = add_told(tablet, arena, out, err);
    return rc != RC_OK ? rc : add_persons(tablet, arena, out, err);
}

static enum rc add_hello(struct run *run, struct err *err) {
    const struct facts *facts = tablet_facts(run->tablet);
    struct hello hello;
    enum rc rc = hello_make(run->tablet, &run->arena, &hello, err);

    if (rc == RC_OK)
        rc = snapshot_wants(run->tablet, &run->arena, &run->wants, &run->want_count, err);
    if (rc != RC_OK)
        return rc;
    hello.whole = run->whole;
    hello.max_bytes = run->options == NULL ? 0 : run->options->answer_bytes_max;
    memcpy(hello.nonce, facts->hello_nonce, sizeof(hello.nonce));
    memcpy(run->nonce, facts->hello_nonce, sizeof(run->nonce));
    rc = make_base(run, &hello, err);
    if (rc != RC_OK)
        return rc;
    return exchange_add_hello(&run->body, &hello, tablet_device_secret(run->tablet), err);
}

static enum rc add_credential(struct run *run, struct err *err) {
    struct buf content;
    enum rc rc;

    buf_init(&content, LIMIT_CREDENTIAL_BYTES);
    rc = tablet_credential(run->tablet, &content, err);
    run->has_none = rc == RC_OK && content.size == 0;
    if (rc == RC_OK && !run->has_none)
        exchange_add_part(&run->body, PART_CREDENTIAL, buf_view(&content));
    buf_release(&content);
    return rc;
}

static enum rc add_alarms(struct run *run, struct err *err) {
    struct alarm *alarms;
    uint32_t count;
    enum rc rc = tablet_alarms(run->tablet, &run->arena, &alarms, &count, err);

    run->alarmed = 0;
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct feed_alarm alarm = {.area = alarms[i].kept.area,
                                   .audience = alarms[i].kept.audience,
                                   .position = alarms[i].kept.position,
                                   .epoch = alarms[i].epoch};

        if (alarms[i].told)
            continue;
        memcpy(alarm.chain, alarms[i].kept.chain, sizeof(alarm.chain));
        exchange_add_alarm(&run->body, &alarm);
        run->alarmed = alarms[i].id;
    }
    return rc;
}

struct packing {
    struct run *run;
    uint64_t *sent; /* per actor serial - 1 */
};

static enum rc add_batch(void *context, const struct outbox_batch *batch, struct err *err) {
    struct packing *packing = context;
    struct run *run = packing->run;

    (void)err;
    if (run->batch_count == REQUEST_BATCHES ||
        (run->batch_count > 0 && run->body.size + batch->bytes.size > REQUEST_BYTES))
        return RC_NOT_FOUND;
    exchange_add_batch(&run->body, batch->bytes);
    run->batch_count++;
    if (batch->last > packing->sent[batch->serial - 1])
        packing->sent[batch->serial - 1] = batch->last;
    return RC_OK;
}

/* What is carried for others comes after what is our own. */
static enum rc add_baggage(void *context, const struct baggage *baggage, struct err *err) {
    struct run *run = context;

    (void)err;
    if (run->batch_count == REQUEST_BATCHES ||
        (run->batch_count > 0 && run->body.size + baggage->bytes.size > REQUEST_BYTES))
        return RC_NOT_FOUND;
    exchange_add_batch(&run->body, baggage->bytes);
    run->batch_count++;
    run->baggage[run->baggage_count++] = baggage->id;
    return RC_OK;
}

static enum rc note_sent(struct run *run, const uint64_t *sent, struct err *err) {
    uint64_t batches, bytes;
    bool changed, due;
    enum rc rc = tablet_baggage_count(run->tablet, &batches, &bytes, &due, err);

    if (rc != RC_OK)
        return rc;
    changed = batches > 0; /* which of it is in this request must be known when it is answered */

    for (uint32_t i = 0; i < tablet_actor_count(run->tablet); i++)
        changed = changed || sent[i] > tablet_actor(run->tablet, i)->sent;
    if (!changed)
        return RC_OK;
    rc = tablet_begin(run->tablet, err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < tablet_actor_count(run->tablet) && rc == RC_OK; i++) {
        struct own_actor next = *tablet_actor(run->tablet, i);

        if (sent[i] <= next.sent)
            continue;
        next.sent = sent[i];
        rc = tablet_put_actor(run->tablet, &next, err);
    }
    if (rc == RC_OK)
        rc = tablet_baggage_sent(run->tablet, run->baggage, run->baggage_count, err);
    if (rc == RC_OK)
        return tablet_commit(run->tablet, err);
    tablet_rollback(run->tablet);
    return rc;
}

static enum rc make_body(struct run *run, struct err *err) {
    struct packing packing = {.run = run};
    enum rc rc;

    buf_clear(&run->body);
    arena_reset(&run->arena);
    run->batch_count = run->baggage_count = 0;
    packing.sent = arena_array(&run->arena, tablet_actor_count(run->tablet), sizeof(*packing.sent));
    if (packing.sent == NULL)
        return arena_check(&run->arena, "a request", err);
    exchange_start(&run->body);
    rc = add_hello(run, err);
    if (rc == RC_OK && run->shows_credential)
        rc = add_credential(run, err);
    if (rc == RC_OK)
        exchange_add_part(&run->body, PART_PROGRAM, view_text(PROGRAM));
    if (rc == RC_OK)
        rc = add_alarms(run, err);
    if (rc == RC_OK)
        exchange_add_want(&run->body, run->wants, run->want_count);
    if (rc == RC_OK)
        rc = tablet_outbox(run->tablet, add_batch, &packing, err);
    if (rc == RC_OK && !run->no_baggage)
        rc = tablet_baggage(run->tablet, true, add_baggage, run, err);
    if (rc == RC_OK)
        rc = slices_bring(run->tablet, &run->arena, REQUEST_BYTES, &run->brought, &run->body, err);
    if (rc == RC_OK)
        rc = buf_check(&run->body, "a request", err);
    return rc != RC_OK ? rc : note_sent(run, packing.sent, err);
}

/* ---- what the server says when it refuses ---- */

/* Changes of all incarnations. */
static uint64_t count_saved(const struct tablet *tablet) {
    uint64_t count = 0;

    for (uint32_t i = 0; i < tablet_actor_count(tablet); i++)
        count += tablet_actor(tablet, i)->number;
    return count;
}

static enum rc refused(struct run *run, const struct link_result *result, struct err *err) {
    struct json *json = NULL;
    struct err ignored;
    enum rc rc;

    err_init(&ignored, err->lang);
    if (json_parse(buf_view(&run->answer), JSON_LIMITS_DEFAULT, &json, &ignored) != RC_OK)
        json = NULL;
    if (result->status == 429 || result->status == 503) {
        run->report->retry_after_s = result->retry_after_s;
        rc = err_set(err, RC_AGAIN, "the server asks for patience; sync again in %lld seconds",
                     (long long)(result->retry_after_s < 0 ? 60 : result->retry_after_s));
    } else if (result->status == 403 && run->has_none && count_saved(run->tablet) == 0) {
        /* The county was restored from a backup of before, and this tablet has never come since. */
        rc = err_set(err, RC_DENIED,
                     "the county does not know this tablet, and nothing was saved here; ask for a "
                     "new code, and enrol in an empty folder");
    } else if (result->status == 401 || result->status == 403) {
        rc = err_set(err, RC_DENIED, "the server refused this tablet: %s",
                     json_text_or(json_get(json, "message"), "no reason given"));
    } else {
        rc = err_set(err, RC_NETWORK, "the server answered with status %d: %s", result->status,
                     json_text_or(json_get(json, "message"), "no reason given"));
    }
    json_free(json);
    return rc;
}

/* ---- one round ---- */

static enum rc baggage_refused(struct run *run, struct err *err) {
    enum rc rc = tablet_begin(run->tablet, err);

    if (rc != RC_OK)
        return rc;
    rc = tablet_baggage_answered(run->tablet, err);
    if (rc == RC_OK)
        return tablet_commit(run->tablet, err);
    tablet_rollback(run->tablet);
    return rc;
}

static enum rc exchange(struct run *run, struct flow *flow, struct err *err) {
    struct link_result result = {.retry_after_s = -1};
    enum rc rc = tablet_regain(run->tablet, err);
    bool locked = tablet_locked(run->tablet);

    if (rc == RC_OK)
        rc = make_body(run, err);
    if (rc != RC_OK)
        return rc;
    buf_clear(&run->answer);
    rc = run->link->exchange(run->link->context, "/v1/sync", buf_view(&run->body), &run->answer,
                             &result, err);
    run->report->requests++;
    run->report->bytes_up += result.bytes_up;
    run->report->bytes_down += result.bytes_down;
    if (rc != RC_OK)
        return rc;
    if (result.status == 401 && !run->nonce_retried) {
        /* Our nonce is too old, or the server does not remember it: it has given a new one. */
        run->nonce_retried = true;
        rc = answer_nonce(run->tablet, buf_view(&run->answer), err);
        if (rc == RC_OK)
            return exchange(run, flow, err);
        /* A disk that refuses is not the county's doing. */
        return rc == RC_IO || rc == RC_NO_MEMORY ? rc : refused(run, &result, err);
    }
    if (result.status == 403 && !run->shows_credential) {
        /* It may have been restored from a backup of before this tablet was enrolled. */
        run->shows_credential = true;
        return exchange(run, flow, err);
    }
    if (result.status == 400 && run->baggage_count > 0) {
        /* It may be the baggage that the server cannot take: again without. */
        run->no_baggage = true;
        rc = baggage_refused(run, err);
        return rc != RC_OK ? rc : exchange(run, flow, err);
    }
    if (result.status != 200)
        return refused(run, &result, err);
    /* The nonce in it tells the county what needs not be told again: it is taken only with all that
     * was told, and from the place that we have asked from. */
    rc = exchange_check_end(buf_view(&run->answer), run->nonce, err);
    if (rc != RC_OK)
        return rc;
    run->nonce_retried = false;
    flow->alarmed = run->alarmed;
    flow->opened = locked && !tablet_locked(run->tablet);
    return answer_take(run->tablet, buf_view(&run->answer), run->base, run->report, flow, err);
}

uint64_t sync_unsent(const struct tablet *tablet) {
    uint64_t count = 0;

    for (uint32_t i = 0; i < tablet_actor_count(tablet); i++)
        count += tablet_actor(tablet, i)->number - tablet_actor(tablet, i)->receipt;
    return count;
}

static void tell(const struct run *run, uint64_t total) {
    uint64_t left = sync_unsent(run->tablet);

    if (run->options != NULL && run->options->progress != NULL)
        run->options->progress(run->options->progress_context, total > left ? total - left : 0,
                               total);
}

/* Whether the county must be asked about what was pulled of others, or wants it. */
static bool slices_due(struct run *run) {
    struct err ignored; /* what cannot be counted now is asked at the next sync */
    uint64_t count = 0;

    err_init(&ignored, LANG_EN);
    return tablet_slices_due(run->tablet, &count, &ignored) == RC_OK && count > 0;
}

/* Whether more waits for the road than went into the last request. */
static bool baggage_due(struct run *run) {
    uint64_t batches, bytes;
    struct err ignored; /* what cannot be counted now is asked at the next sync */
    bool due = false;

    err_init(&ignored, LANG_EN);
    if (run->no_baggage ||
        tablet_baggage_count(run->tablet, &batches, &bytes, &due, &ignored) != RC_OK)
        return false;
    return due;
}

static enum rc rounds(struct run *run, struct err *err) {
    uint32_t max = run->options == NULL ? 0 : run->options->rounds_max;
    uint64_t total = sync_unsent(run->tablet);
    uint32_t stalls = 0, count = 0;
    enum rc rc;

    do {
        struct flow flow = {.more = false, .brought = &run->brought};

        if (max != 0 && count++ == max) {
            run->report->more = true;
            return RC_OK;
        }
        rc = outbox_cut(run->tablet, err);
        if (rc == RC_OK)
            rc = exchange(run, &flow, err);
        if (rc != RC_OK)
            return rc;
        if (flow.whole) {
            /* Asked for whole it is not answered with numbers: that was another request's answer.
             */
            stalls = run->whole ? stalls + 1 : 0;
            run->whole = true;
            if (stalls == STALLS_MAX)
                return err_set(err, RC_CORRUPT,
                               "the answers are those of earlier requests; sync again");
            continue;
        }
        tell(run, total);
        if (tablet_facts(run->tablet)->scope.revoked)
            return err_set(err, RC_DENIED,
                           "the county has withdrawn this tablet; bring it to the office");
        run->report->more = flow.more;
        stalls = flow.advanced ? 0 : stalls + 1;
        if (!flow.more && !slices_due(run) &&
            (run->batch_count == 0 || (sync_unsent(run->tablet) == 0 && !baggage_due(run))))
            break;
    } while (stalls < STALLS_MAX);
    return RC_OK;
}

/* When it was last tried in vain; not worth a failure of its own. */
static void note_tried(struct tablet *tablet, const struct err *err) {
    struct facts facts;
    struct err ignored;

    err_init(&ignored, err->lang);
    if (tablet_regain(tablet, &ignored) != RC_OK)
        return;
    facts = *tablet_facts(tablet);
    facts.tried_ms = env_wall_ms(tablet_env(tablet));
    (void)tablet_put_facts(tablet, &facts, &ignored);
}

static void log_run(const struct run *run, enum rc rc, const struct err *err) {
    struct log *log = run->options == NULL ? NULL : run->options->log;
    const struct sync_report *report = run->report;

    if (rc != RC_OK)
        log_warn(log, LOG_EVENT("sync.failed"), LOG_TEXT("why", err->text),
                 LOG_UINT("requests", report->requests), LOG_UINT("unsent", report->unsent));
    else
        log_info(log, LOG_EVENT("sync.done"), LOG_UINT("sent", report->sent),
                 LOG_UINT("received", report->received), LOG_UINT("requests", report->requests),
                 LOG_UINT("unsent", report->unsent), LOG_INT("ms", report->elapsed_ms));
}

enum rc sync_wipe(struct tablet *tablet, struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    enum rc rc = tablet_regain(tablet, err);

    if (rc != RC_OK)
        return rc;
    return (facts->scope.wipe || facts->wiped) && tablet_locked(tablet) ? tablet_wipe(tablet, err)
                                                                        : RC_OK;
}

enum rc sync_seal(struct tablet *tablet, struct err *err) {
    return outbox_cut(tablet, err);
}

enum rc sync_run(struct tablet *tablet, struct link *link, const struct sync_options *options,
                 struct sync_report *report, struct err *err) {
    const struct env *env = tablet_env(tablet);
    int64_t start = env_monotonic_ms(env);
    struct run run = {.tablet = tablet, .link = link, .options = options, .report = report};
    struct err wiping; /* of what comes after the exchange */
    enum rc rc;

    *report = (struct sync_report){.locked = tablet_locked(tablet), .retry_after_s = -1};
    arena_init(&run.arena, RUN_ARENA_BYTES);
    buf_init(&run.body, LIMIT_EXCHANGE_BYTES);
    buf_init(&run.answer, LIMIT_EXCHANGE_BYTES);
    rc = rounds(&run, err);
    if (rc == RC_OK)
        rc = tablet_check_incarnation(tablet, err);
    err_init(&wiping, err->lang);
    /* A tablet that was withdrawn still hands over what it has. */
    if (((rc == RC_OK && !report->more) || tablet_facts(tablet)->scope.revoked) &&
        attachments_run(tablet, link, report, &wiping) != RC_OK && rc == RC_OK) {
        *err = wiping;
        rc = wiping.rc;
    }
    if (rc == RC_OK && !report->more && media_run(tablet, link, &wiping) != RC_OK) {
        *err = wiping;
        rc = wiping.rc;
    }
    err_clear(&wiping);
    if (sync_wipe(tablet, &wiping) != RC_OK && rc == RC_OK) {
        *err = wiping;
        rc = wiping.rc;
    }
    if (rc != RC_OK)
        note_tried(tablet, err);
    report->unsent = sync_unsent(tablet);
    report->elapsed_ms = env_monotonic_ms(env) - start;
    log_run(&run, rc, err);
    buf_release(&run.body);
    crypt_buf_release(&run.answer);
    arena_release(&run.arena);
    return rc;
}

/* ---- unlocking and locking ---- */

void sync_attach(struct tablet *tablet) {
    static const struct traffic traffic = {.on_open = inbox_apply, .on_close = outbox_cut};

    tablet_set_traffic(tablet, &traffic);
}
