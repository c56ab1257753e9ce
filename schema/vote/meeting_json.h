/* meeting_json.h: a meeting as a document, the same for the tablet's pages and commands and for the
 * county's. Nothing in it tells more than the results do: no counts that must be withheld, no
 * marks.
 *
 * {"id", "title", "state", "state_words", "mode", "panel", "place", "chair", "recorder",
 * "observer", "tellers", "roster", "sealed", "steps": [6 x bool], "rules": {"profile",
 * "valid_from", "hash", "values": {rule: text}, "unstated": [rule]} or null, "members": [{"id",
 * "seat", "name", "category", "present", "signed"}], "items": [{"id", "position", "household",
 * "subject", "presenter", "attended", "disputed", "recused": [seat], "few": bool (too few for
 * secrecy), "result": {"state", "state_words", "next", "next_words", "withheld", "yes", "no",
 * "abstain" (null when withheld), "invalid", "unused", "reasons": {name: count} or null,
 * "eligible", "present", "expected", "recused", "base", "needed", "quorum_ok", "composition_ok",
 * "late", "repeated", "tablets", "missing": [seat], "twice": [seat], "voids": [name], "parts":
 *  [{"kind", "ok", "text"}]}}], "problems": [{"name", "text"}], "result_hash": 64 digits or null,
 *  "result_short": 8 digits or null} */
#ifndef YG_SCHEMA_VOTE_MEETING_JSON_H
#define YG_SCHEMA_VOTE_MEETING_JSON_H

#include "base/json.h"
#include "schema/vote/meeting.h"

/* Adds the members to object; sentences in that language. The arena is for scratch. */
enum rc meeting_json(const struct meeting *meeting, enum lang lang, struct arena *arena,
                     struct json *object, struct err *err);

/* {"profile", "valid_from", "values": {rule: text}, "unstated": [rule]} into the object. */
void vote_rules_json(const struct vote_rules *rules, struct json *object);

#endif
