/* audit_log.c: the staff log, filtered. It is walked from its beginning: acts are few beside
 * changes, and who asks about one person asks about years. */
#include "syncd/desk/audit.h"

struct wish_walk {
    const struct audit_log_wish *wish;
    store_visit_act *visit;
    void *context;
};

/* The same word, or the same words at the beginning. */
static bool begins(struct view text, struct view with) {
    return with.size == 0 ||
           (text.size >= with.size && view_equal(view_slice(text, 0, with.size), with) &&
            (text.size == with.size || text.data[with.size] == ' '));
}

bool audit_log_fits(const struct audit_log_wish *wish, const struct stored_act *act) {
    return (wish->who.size == 0 || view_equal(wish->who, act->who)) &&
           begins(act->action, wish->action) && begins(act->object, wish->object) &&
           (wish->from_ms == 0 || act->at_ms >= wish->from_ms) &&
           (wish->to_ms == 0 || act->at_ms < wish->to_ms);
}

static enum rc act_visit(void *context, const struct stored_act *act, struct err *err) {
    const struct wish_walk *walk = context;

    return audit_log_fits(walk->wish, act) ? walk->visit(walk->context, act, err) : RC_OK;
}

enum rc audit_log(struct store *store, const struct audit_log_wish *wish, store_visit_act *visit,
                  void *context, struct err *err) {
    struct wish_walk walk = {wish, visit, context};

    return store_acts(store, wish->after, act_visit, &walk, err);
}
