/* tablet_sql.c: the tablet's tables and every statement on them. inside.h says what they mean.
 *
 * Row ids carry the order that we read in: a change is (actor serial << 40 | number), a batch the
 * same of its first number. State, sealed and wrapped columns hold ciphertext. */
#include "agent/store/inside.h"

static const char SCHEMA_FIRST[] =
    "CREATE TABLE setting(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE person(person INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " role INTEGER NOT NULL, sign_public BLOB NOT NULL, box_public BLOB NOT NULL,"
    " salt BLOB NOT NULL, passes INTEGER NOT NULL, memory_kib INTEGER NOT NULL,"
    " wrapped BLOB NOT NULL, areas BLOB NOT NULL, tries INTEGER NOT NULL,"
    " retry_ms INTEGER NOT NULL, certified INTEGER NOT NULL);"
    "CREATE TABLE area_key(key INTEGER PRIMARY KEY, area INTEGER NOT NULL,"
    " box_public BLOB NOT NULL);"
    "CREATE TABLE key_share(key INTEGER NOT NULL, person INTEGER NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY(key, person)) WITHOUT ROWID;"
    "CREATE TABLE actor(serial INTEGER PRIMARY KEY, actor INTEGER NOT NULL UNIQUE,"
    " nonce BLOB NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, lamport INTEGER NOT NULL,"
    " receipt INTEGER NOT NULL, backed_up INTEGER NOT NULL, sent INTEGER NOT NULL,"
    " forks BLOB NOT NULL);"
    "CREATE TABLE record(record INTEGER PRIMARY KEY, actor INTEGER NOT NULL,"
    " number INTEGER NOT NULL, left INTEGER NOT NULL DEFAULT 0, UNIQUE(actor, number));"
    "CREATE INDEX record_left ON record(record) WHERE left = 1;"
    "CREATE TABLE state(record INTEGER NOT NULL, key INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(record, key)) WITHOUT ROWID;"
    "CREATE TABLE summary(record INTEGER NOT NULL, key INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(record, key)) WITHOUT ROWID;"
    "CREATE TABLE change(change INTEGER PRIMARY KEY, record INTEGER NOT NULL,"
    " key INTEGER NOT NULL, sealed BLOB NOT NULL, chain BLOB NOT NULL, leaf BLOB NOT NULL,"
    " verdict INTEGER NOT NULL DEFAULT 0, overlay INTEGER NOT NULL DEFAULT 1);"
    "CREATE INDEX change_overlay ON change(record) WHERE overlay = 1;"
    "CREATE INDEX change_verdict ON change(verdict) WHERE verdict <> 0;"
    "CREATE TABLE cursor(area INTEGER NOT NULL, audience INTEGER NOT NULL,"
    " position INTEGER NOT NULL, chain BLOB NOT NULL, ahead_position INTEGER NOT NULL,"
    " ahead_digest BLOB NOT NULL, PRIMARY KEY(area, audience)) WITHOUT ROWID;"
    "CREATE TABLE form(form INTEGER PRIMARY KEY, position INTEGER NOT NULL, json BLOB NOT NULL);"
    "CREATE TABLE pulled(area INTEGER NOT NULL, audience INTEGER NOT NULL,"
    " position INTEGER NOT NULL, key INTEGER NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY(area, audience, position));"
    "CREATE TABLE outbox(batch INTEGER PRIMARY KEY, last INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE inbox(part INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL,"
    " base BLOB NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE author(person INTEGER PRIMARY KEY, sealed BLOB NOT NULL);"
    "CREATE TABLE notice(serial INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, about INTEGER NOT NULL, number INTEGER NOT NULL,"
    " seen INTEGER NOT NULL DEFAULT 0);";

/* mark: a backup of the county held the actor's changes up to number at that time. */
static const char SCHEMA_BAGGAGE[] =
    "CREATE TABLE baggage(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " actor INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " previous BLOB NOT NULL, bytes BLOB NOT NULL, sent INTEGER NOT NULL DEFAULT 0,"
    " held_ms INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX baggage_actor ON baggage(actor);"
    "CREATE TABLE mark(serial INTEGER NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY(serial, number)) WITHOUT ROWID;";

/* slice: what was pulled of others, sealed for the county, with the dots in it in clear. state:
 * enum slice_state; covered_ms: since when a backup holds all of it, 0 not yet. slice_feed: the
 * feeds in it and how far they go; held: a backup holds that. A position of -1 is not known. */
static const char SCHEMA_SLICE[] =
    "DROP TABLE pulled;"
    "CREATE TABLE slice(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, dots BLOB NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,"
    " covered_ms INTEGER NOT NULL DEFAULT 0, bytes BLOB NOT NULL);"
    "CREATE INDEX slice_state ON slice(state) WHERE state <> 0;"
    "CREATE TABLE slice_feed(slice INTEGER NOT NULL, area INTEGER NOT NULL,"
    " audience INTEGER NOT NULL, position INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(slice, area, audience)) WITHOUT ROWID;"
    "CREATE INDEX slice_feed_waits ON slice_feed(area, audience) WHERE held = 0;";

static const char SCHEMA_SNAPSHOT[] =
    "CREATE TABLE snapshot(area INTEGER NOT NULL, audience INTEGER NOT NULL, name BLOB NOT NULL,"
    " position INTEGER NOT NULL, records INTEGER NOT NULL, chunks INTEGER NOT NULL,"
    " next INTEGER NOT NULL, ahead_name BLOB NOT NULL, ahead_next INTEGER NOT NULL,"
    " PRIMARY KEY(area, audience)) WITHOUT ROWID;";

/* draft: forms that somebody is still filling, sealed like changes. */
static const char SCHEMA_DRAFT[] =
    "CREATE TABLE draft(draft INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL,"
    " key INTEGER NOT NULL, generation INTEGER NOT NULL, begun_ms INTEGER NOT NULL,"
    " saved_ms INTEGER NOT NULL, sealed BLOB NOT NULL);";

/* returned: why the county's staff gave an own change back, sealed for everybody here.
 * alarm: places in feeds that the county had signed and does not go on from. */
static const char SCHEMA_RETURNED[] =
    "CREATE TABLE alarm(id INTEGER PRIMARY KEY AUTOINCREMENT, area INTEGER NOT NULL,"
    " audience INTEGER NOT NULL, position INTEGER NOT NULL, chain BLOB NOT NULL,"
    " epoch INTEGER NOT NULL, at_ms INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,"
    " seen INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE returned(change INTEGER PRIMARY KEY, key INTEGER NOT NULL, sealed BLOB NOT NULL,"
    " seen INTEGER NOT NULL DEFAULT 0);";

/* blob: state: enum blob_state; label: sealed for the county; tag: mac of the hash. */
static const char SCHEMA_BLOB[] =
    "CREATE TABLE blob(id INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL,"
    " tag BLOB NOT NULL, label BLOB NOT NULL, sealed BLOB NOT NULL, size INTEGER NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,"
    " epoch INTEGER NOT NULL DEFAULT 0, asked_ms INTEGER NOT NULL DEFAULT 0,"
    " done_ms INTEGER NOT NULL DEFAULT 0, UNIQUE(key, tag));"
    "CREATE TABLE blob_chunk(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE blob_use(draft INTEGER NOT NULL, blob INTEGER NOT NULL,"
    " PRIMARY KEY(draft, blob)) WITHOUT ROWID;";

/* urn: votes of a meeting that are not counted yet; sealed has one size from the first to the last.
 */
static const char SCHEMA_URN[] =
    "CREATE TABLE urn(id INTEGER PRIMARY KEY, actor INTEGER NOT NULL, number INTEGER NOT NULL,"
    " mode INTEGER NOT NULL, round INTEGER NOT NULL, passes INTEGER NOT NULL,"
    " memory_kib INTEGER NOT NULL, chair BLOB NOT NULL, teller BLOB NOT NULL,"
    " sealed BLOB NOT NULL, UNIQUE(actor, number));";

/* doubted: records whose summaries must be made again (doubt.c). */
static const char SCHEMA_DOUBT[] = "CREATE TABLE doubted(record INTEGER PRIMARY KEY);";

/* Whatever a view is made of puts its record there, so that no way of changing one can forget its
 * summary. waits: for somebody who holds all its keys. What former versions forgot is mended when
 * somebody unlocks. */
#define DOUBT_NEW                                                                                  \
    " BEGIN INSERT INTO doubted VALUES(new.record, 0)"                                             \
    " ON CONFLICT(record) DO UPDATE SET waits = 0; END;"
#define DOUBT_OLD                                                                                  \
    " BEGIN INSERT INTO doubted VALUES(old.record, 0)"                                             \
    " ON CONFLICT(record) DO UPDATE SET waits = 0; END;"
/* clang-format off */
static const char SCHEMA_LISTED[] =
    "DROP TABLE doubted;"
    "CREATE TABLE doubted(record INTEGER PRIMARY KEY, waits INTEGER NOT NULL);"
    "INSERT INTO doubted SELECT record, 0 FROM record;"
    "CREATE TRIGGER state_came AFTER INSERT ON state" DOUBT_NEW
    "CREATE TRIGGER state_changed AFTER UPDATE ON state" DOUBT_NEW
    "CREATE TRIGGER state_went AFTER DELETE ON state" DOUBT_OLD
    "CREATE TRIGGER own_came AFTER INSERT ON change" DOUBT_NEW
    "CREATE TRIGGER own_changed AFTER UPDATE OF overlay, sealed ON change"
    " WHEN old.overlay = 1 OR new.overlay = 1" DOUBT_NEW
    "CREATE TRIGGER record_renamed AFTER UPDATE OF actor ON record" DOUBT_NEW;
/* clang-format on */

/* former: the scope's serial when the county turned out to be restored from a backup: the state is
 * what its feeds had said before (states.c). */
static const char SCHEMA_FORMER[] =
    "ALTER TABLE state ADD COLUMN former INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX state_former ON state(former) WHERE former <> 0;"
    "DROP TRIGGER state_changed;" /* nothing else is shown when a state becomes a former one */
    "CREATE TRIGGER state_changed AFTER UPDATE OF sealed ON state" DOUBT_NEW;

/* medium: what forms show, and all of it is here; as it came. */
static const char SCHEMA_MEDIUM[] =
    "CREATE TABLE medium(hash BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE medium_chunk(id INTEGER PRIMARY KEY, hash BLOB NOT NULL, chunk INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, UNIQUE(hash, chunk));";

/* reason: what changes of feeds gave as their reason (reason.c). */
static const char SCHEMA_REASON[] =
    "CREATE TABLE reason(record INTEGER NOT NULL, actor INTEGER NOT NULL, number INTEGER NOT NULL,"
    " key INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(record, actor, number, key))"
    " WITHOUT ROWID;";

/* told: highest number that was ever receipted; began: epoch in which the actor was begun. */
static const char SCHEMA_TOLD[] = "ALTER TABLE actor ADD COLUMN told INTEGER NOT NULL DEFAULT 0;"
                                  "ALTER TABLE actor ADD COLUMN began INTEGER NOT NULL DEFAULT 0;"
                                  "UPDATE actor SET told = receipt;";

/* known: what the meeting's actor is called now; actor: what he was called when the urn was made.
 */
static const char SCHEMA_URN_KNOWN[] =
    "ALTER TABLE urn ADD COLUMN known INTEGER NOT NULL DEFAULT 0;"
    "UPDATE urn SET known = actor;"
    "CREATE TRIGGER meeting_renamed AFTER UPDATE OF actor ON record BEGIN"
    " UPDATE urn SET known = new.actor WHERE known = old.actor AND number = old.number; END;";

/* maker: the own actor that made it; 0: made by a former version. */
static const char SCHEMA_URN_MAKER[] =
    "ALTER TABLE urn ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;";

static const struct db_migration MIGRATIONS[] = {
    {"0001_first", SCHEMA_FIRST},         {"0002_baggage", SCHEMA_BAGGAGE},
    {"0003_slice", SCHEMA_SLICE},         {"0004_snapshot", SCHEMA_SNAPSHOT},
    {"0005_draft", SCHEMA_DRAFT},         {"0006_returned", SCHEMA_RETURNED},
    {"0007_blob", SCHEMA_BLOB},           {"0008_urn", SCHEMA_URN},
    {"0009_doubt", SCHEMA_DOUBT},         {"0010_listed", SCHEMA_LISTED},
    {"0011_former", SCHEMA_FORMER},       {"0012_medium", SCHEMA_MEDIUM},
    {"0013_reason", SCHEMA_REASON},       {"0014_told", SCHEMA_TOLD},
    {"0015_urn_known", SCHEMA_URN_KNOWN}, {"0016_urn_maker", SCHEMA_URN_MAKER}};

/* Records that begin with an own number behind ?5. */
#define FORKED " record r JOIN change c ON c.change = ?5 + r.number AND c.record = r.record"

static const char *const SQL[SQL_COUNT] = {
    [SQL_SETTING_GET] = "SELECT value FROM setting WHERE name = ?1",
    [SQL_SETTING_PUT] = "INSERT INTO setting(name, value) VALUES(?1, ?2)"
                        " ON CONFLICT(name) DO UPDATE SET value = ?2",
    [SQL_PERSON_ADD] = "INSERT INTO person VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0,"
                       " ?11)",
    [SQL_PERSON_LIST] = "SELECT person, name, role, sign_public, box_public, salt, passes,"
                        " memory_kib, wrapped, areas, tries, retry_ms, certified FROM person"
                        " ORDER BY rowid",
    [SQL_PERSON_TRIES] = "UPDATE person SET tries = ?2, retry_ms = ?3 WHERE person = ?1",
    [SQL_PERSON_CERTIFY] = "UPDATE person SET certified = 1, role = ?2 WHERE person = ?1",
    [SQL_PERSON_DOUBT] = "UPDATE person SET certified = 0",
    [SQL_PERSON_WIPE] = "UPDATE person SET wrapped = x''",
    [SQL_KEY_ADD] = "INSERT INTO area_key VALUES(?1, ?2, ?3)",
    [SQL_KEY_LIST] = "SELECT key, area, box_public FROM area_key",
    [SQL_SHARE_ADD] = "INSERT OR IGNORE INTO key_share VALUES(?1, ?2, ?3)",
    [SQL_SHARE_LIST] = "SELECT key, sealed FROM key_share WHERE person = ?1",
    [SQL_SHARE_WIPE] = "DELETE FROM key_share",
    [SQL_ACTOR_ADD] = "INSERT INTO actor VALUES(?1, ?2, ?3, 0, ?4, ?5, 0, 0, 0, x'', 0, ?6)",
    [SQL_ACTOR_LIST] = "SELECT serial, actor, nonce, number, hash, lamport, receipt, backed_up,"
                       " sent, forks, told, began FROM actor ORDER BY serial",
    [SQL_ACTOR_PUT] = "UPDATE actor SET number = ?2, hash = ?3, lamport = ?4, receipt = ?5,"
                      " backed_up = ?6, sent = ?7, forks = ?8, told = ?9"
                      " WHERE serial = ?1",
    [SQL_RECORD_FIND] = "SELECT record FROM record WHERE actor = ?1 AND number = ?2",
    [SQL_RECORD_ADD] = "INSERT INTO record(actor, number) VALUES(?1, ?2)",
    /* ?1: the former name, ?2: the next one, of numbers ?3 to ?4 of the actor whose changes lie
     * behind ?5. */
    [SQL_STATE_FORK] = "DELETE FROM state WHERE record IN (SELECT s.record FROM" FORKED
                       " JOIN record s ON s.number = r.number AND s.actor IN (?1, ?2)"
                       " WHERE r.actor = ?1 AND r.number BETWEEN ?3 AND ?4)",
    [SQL_RECORD_ASIDE] =
        "UPDATE record SET actor = 0 WHERE actor = ?2 AND number IN"
        " (SELECT r.number FROM" FORKED " WHERE r.actor = ?1 AND r.number BETWEEN ?3 AND ?4)",
    [SQL_RECORD_FORK] = "UPDATE record SET actor = ?2 WHERE record IN (SELECT r.record FROM" FORKED
                        " WHERE r.actor = ?1 AND r.number BETWEEN ?3 AND ?4)",
    [SQL_RECORD_STAYS] = "INSERT INTO record(actor, number) SELECT ?1, r.number FROM" FORKED
                         " WHERE r.actor = ?2 AND r.number BETWEEN ?3 AND ?4 AND r.record IN"
                         " (SELECT record FROM change WHERE change >> 40 <> ?5 >> 40)"
                         " ON CONFLICT(actor, number) DO NOTHING",
    [SQL_CHANGE_STAYS] =
        "UPDATE change SET overlay = overlay, record ="
        " (SELECT s.record FROM record r JOIN record s ON s.number = r.number"
        " AND s.actor = CASE r.actor WHEN ?1 THEN ?2 ELSE ?1 END"
        " WHERE r.record = change.record)"
        " WHERE change >> 40 <> ?5 >> 40 AND record IN (SELECT s.record FROM" FORKED
        " JOIN record s ON s.number = r.number AND s.actor IN (?1, ?2)"
        " WHERE r.actor = ?2 AND r.number BETWEEN ?3 AND ?4)",
    [SQL_RECORD_ASIDE_BACK] = "UPDATE record SET actor = ?1 WHERE actor = 0",
    [SQL_RECORD_BACK] = "UPDATE record SET left = 0 WHERE left = 1",
    [SQL_RECORD_LEFT] = "UPDATE record SET left = ?2 WHERE record = ?1 AND left <> ?2",
    [SQL_RECORD_GONE] = "UPDATE record SET left = 1 WHERE record = ?1 AND left = 0"
                        " AND NOT EXISTS (SELECT 1 FROM state WHERE record = ?1)",
    [SQL_RECORD_COUNT] = "SELECT count(DISTINCT record) FROM summary",
    [SQL_RECORD_ALL] = "SELECT record, actor, number FROM record WHERE record > ?1"
                       " ORDER BY record LIMIT 1",
    [SQL_STATE_LIST] = "SELECT key, generation, sealed, former FROM state WHERE record = ?1",
    [SQL_STATE_PUT] = "INSERT INTO state VALUES(?1, ?2, ?3, ?4, 0) ON CONFLICT(record, key)"
                      " DO UPDATE SET generation = ?3, sealed = ?4, former = 0",
    [SQL_STATE_FORMER] = "UPDATE state SET former = ?1 WHERE former = 0",
    [SQL_STATE_FORMER_ANY] = "SELECT 1 FROM state WHERE former <> 0 AND former <> ?1 LIMIT 1",
    [SQL_STATE_FORMER_DROP] = "DELETE FROM state WHERE former <> 0 AND former <> ?1",
    [SQL_STATE_DELETE] = "DELETE FROM state WHERE record = ?1 AND key = ?2",
    [SQL_REASON_PUT] = "INSERT OR REPLACE INTO reason VALUES(?1, ?2, ?3, ?4, ?5)",
    [SQL_REASON_LIST] = "SELECT actor, number, key, sealed FROM reason WHERE record = ?1",
    [SQL_REASON_DROP] = "DELETE FROM reason WHERE record = ?1 AND actor = ?2 AND number = ?3",
    [SQL_REASON_DELETE] = "DELETE FROM reason WHERE record = ?1 AND key = ?2",
    [SQL_REASON_LEFT] = "DELETE FROM reason WHERE record IN (SELECT record FROM record"
                        " WHERE left = 1)",
    [SQL_REASON_SETTLE] = "DELETE FROM reason WHERE record NOT IN (SELECT record FROM state)",
    [SQL_STATE_COUNT] = "SELECT count(*) FROM state WHERE record = ?1",
    [SQL_SUMMARY_PUT] = "INSERT INTO summary VALUES(?1, ?2, ?3, ?4) ON CONFLICT(record, key)"
                        " DO UPDATE SET generation = ?3, sealed = ?4",
    [SQL_SUMMARY_DELETE] = "DELETE FROM summary WHERE record = ?1 AND key = ?2",
    [SQL_SUMMARY_LIST] = "SELECT s.record, s.key, s.generation, s.sealed, r.actor, r.number"
                         " FROM summary s JOIN record r USING(record)",
    [SQL_SUMMARY_KEYS] = "SELECT key FROM summary WHERE record = ?1",
    [SQL_RECORD_KEYS] =
        "SELECT key, max(stands), max(generation) FROM (SELECT key, 1 AS stands, 0 AS generation"
        " FROM state WHERE record = ?1 UNION ALL SELECT key, 1, 0 FROM change WHERE record = ?1"
        " AND overlay = 1 UNION ALL SELECT key, 0, generation FROM summary WHERE record = ?1)"
        " GROUP BY key",
    [SQL_RECORD_OF_KEY] =
        "SELECT min(record) FROM (SELECT min(record) AS record FROM state WHERE key = ?1"
        " AND record > ?2 UNION ALL SELECT min(record) FROM change WHERE key = ?1"
        " AND record > ?2 AND overlay = 1) HAVING min(record) IS NOT NULL",
    [SQL_RECORD_NAME] = "SELECT actor, number FROM record WHERE record = ?1",
    [SQL_DOUBT_PUT] = "INSERT INTO doubted VALUES(?1, 0)"
                      " ON CONFLICT(record) DO UPDATE SET waits = 0",
    [SQL_DOUBT_RANGE] = "INSERT INTO doubted SELECT record, 0 FROM change"
                        " WHERE change BETWEEN ?1 AND ?2"
                        " ON CONFLICT(record) DO UPDATE SET waits = 0",
    [SQL_DOUBT_ALL] = "INSERT OR REPLACE INTO doubted SELECT record, 0 FROM record",
    [SQL_DOUBT_ANY] = "SELECT 1 FROM doubted LIMIT 1",
    [SQL_DOUBT_NEXT] = "SELECT d.record, r.actor, r.number FROM doubted d JOIN record r"
                       " USING(record) WHERE d.waits = 0 AND d.record > ?1"
                       " ORDER BY d.record LIMIT 1",
    [SQL_DOUBT_WAIT] = "UPDATE doubted SET waits = 1 WHERE record = ?1",
    [SQL_DOUBT_DONE] = "DELETE FROM doubted WHERE waits = 0",
    [SQL_DOUBT_AGAIN] = "UPDATE doubted SET waits = 0 WHERE waits = 1",
    [SQL_CHANGE_ADD] = "INSERT INTO change(change, record, key, sealed, chain, leaf)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_CHANGE_GET] = "SELECT record, key, sealed, chain, leaf FROM change"
                       " WHERE change = ?1",
    [SQL_CHANGE_REDACT] = "UPDATE change SET sealed = ?2 WHERE change = ?1",
    [SQL_CHANGE_RANGE] = "SELECT c.change, c.record, c.key, c.sealed, c.chain, c.leaf, r.actor,"
                         " r.number FROM change c LEFT JOIN record r ON r.record = c.record"
                         " WHERE c.change BETWEEN ?1 AND ?2 ORDER BY c.change",
    [SQL_CHANGE_OVERLAY] = "SELECT change, key, sealed FROM change WHERE record = ?1"
                           " AND overlay = 1 ORDER BY change",
    [SQL_CHANGE_OVERLAY_OF] = "SELECT change FROM change WHERE change BETWEEN ?1 AND ?2"
                              " AND overlay = 1 ORDER BY change",
    [SQL_CHANGE_UNSETTLE] = "UPDATE change SET overlay = 1 WHERE overlay = 0"
                            " AND length(sealed) > 0",
    [SQL_CHANGE_SETTLE] = "UPDATE change SET overlay = 0, verdict = 0 WHERE change = ?1",
    /* Not of what has come back in a feed: an old answer may say that it waits. */
    [SQL_CHANGE_VERDICT] = "UPDATE change SET verdict = ?2 WHERE change = ?1 AND verdict <> ?2"
                           " AND (overlay = 1 OR verdict <> 0 OR length(sealed) = 0)",
    [SQL_CHANGE_QUARANTINED] = "SELECT c.change, r.actor, r.number, c.verdict FROM change c"
                               " JOIN record r USING(record) WHERE c.verdict <> 0"
                               " ORDER BY c.change",
    [SQL_CHANGE_LEFT] = "UPDATE change SET overlay = 0 WHERE overlay = 1 AND change BETWEEN ?1"
                        " AND ?2 AND record IN (SELECT record FROM record WHERE left = 1)",
    [SQL_CURSOR_LIST] = "SELECT area, audience, position, chain, ahead_position, ahead_digest"
                        " FROM cursor ORDER BY area, audience",
    [SQL_CURSOR_GET] = "SELECT area, audience, position, chain, ahead_position, ahead_digest"
                       " FROM cursor WHERE area = ?1 AND audience = ?2",
    [SQL_CURSOR_PUT] = "INSERT OR REPLACE INTO cursor VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_CURSOR_AHEAD] = "UPDATE cursor SET ahead_position = 0, ahead_digest = zeroblob(8)"
                         " WHERE ahead_position > 0",
    [SQL_CURSOR_DELETE] = "DELETE FROM cursor WHERE area = ?1 AND audience = ?2",
    [SQL_CURSOR_CLEAR] = "DELETE FROM cursor",
    [SQL_SNAPSHOT_LIST] = "SELECT area, audience, name, position, records, chunks, next,"
                          " ahead_name, ahead_next FROM snapshot ORDER BY area, audience",
    [SQL_SNAPSHOT_GET] = "SELECT area, audience, name, position, records, chunks, next,"
                         " ahead_name, ahead_next FROM snapshot WHERE area = ?1 AND audience = ?2",
    [SQL_SNAPSHOT_PUT] = "INSERT OR REPLACE INTO snapshot"
                         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_SNAPSHOT_DELETE] = "DELETE FROM snapshot WHERE area = ?1 AND audience = ?2"
                            " AND position <= ?3",
    [SQL_SNAPSHOT_CLEAR] = "DELETE FROM snapshot",
    [SQL_SNAPSHOT_AHEAD] = "UPDATE snapshot SET ahead_next = 0, ahead_name = x''"
                           " WHERE ahead_next > 0",
    [SQL_SNAPSHOT_STATUS] = "SELECT coalesce(sum(chunks), 0), coalesce(sum(next), 0) FROM snapshot",
    [SQL_MEDIUM_GET] = "SELECT 1 FROM medium WHERE hash = ?1",
    [SQL_MEDIUM_PUT] = "INSERT OR IGNORE INTO medium VALUES(?1)",
    [SQL_MEDIUM_DROP] = "DELETE FROM medium WHERE hash = ?1",
    [SQL_MEDIUM_LIST] = "SELECT DISTINCT hash FROM medium_chunk",
    [SQL_MEDIUM_CHUNK_COUNT] = "SELECT count(*) FROM medium_chunk WHERE hash = ?1",
    [SQL_MEDIUM_CHUNK_PUT] = "INSERT OR REPLACE INTO medium_chunk(hash, chunk, bytes)"
                             " VALUES(?1, ?2, ?3)",
    [SQL_MEDIUM_CHUNK_LIST] = "SELECT bytes FROM medium_chunk WHERE hash = ?1 ORDER BY chunk",
    [SQL_MEDIUM_CHUNK_DROP] = "DELETE FROM medium_chunk WHERE hash = ?1",
    [SQL_DRAFT_ANY] = "SELECT 1 FROM draft LIMIT 1",
    [SQL_FORM_LIST] = "SELECT form, position, json FROM form ORDER BY position",
    [SQL_FORM_PUT] = "INSERT OR IGNORE INTO form VALUES(?1, ?2, ?3)",
    [SQL_DRAFT_NEXT] = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'draft'), 0)"
                       " + 1, (SELECT count(*) FROM draft WHERE person = ?1)",
    [SQL_DRAFT_GET] = "SELECT key, generation, sealed, begun_ms FROM draft WHERE draft = ?1"
                      " AND person = ?2",
    [SQL_DRAFT_PUT] = "INSERT INTO draft VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(draft)"
                      " DO UPDATE SET generation = ?4, saved_ms = ?6, sealed = ?7",
    [SQL_DRAFT_DELETE] = "DELETE FROM draft WHERE draft = ?1 AND person = ?2",
    [SQL_DRAFT_LIST] = "SELECT draft, begun_ms, saved_ms, length(sealed) FROM draft"
                       " WHERE person = ?1 ORDER BY saved_ms DESC, draft DESC",
    [SQL_DRAFT_OF_KEY] = "SELECT 1 FROM draft WHERE key = ?1 LIMIT 1",
    [SQL_SLICE_PUT] = "INSERT OR IGNORE INTO slice(name, dots, bytes) VALUES(?1, ?2, ?3)",
    [SQL_SLICE_FEED_PUT] = "INSERT OR IGNORE INTO slice_feed(slice, area, audience, position)"
                           " VALUES((SELECT id FROM slice WHERE name = ?1), ?2, ?3, ?4)",
    [SQL_SLICE_LIST] = "SELECT id, name, dots, bytes FROM slice WHERE state = ?1 AND state <> 0"
                       " ORDER BY id",
    [SQL_SLICE_STATE] = "UPDATE slice SET state = ?2 WHERE id = ?1",
    [SQL_SLICE_TRIED] = "UPDATE slice SET tries = tries + 1, state = CASE WHEN tries + 1 >= ?2"
                        " THEN 4 ELSE 1 END WHERE id = ?1",
    [SQL_SLICE_FEED_SETTLE] =
        "UPDATE slice_feed AS f SET position = coalesce((SELECT max(c.position, c.ahead_position)"
        " FROM cursor c WHERE c.area = f.area AND c.audience = f.audience), 0)"
        " WHERE slice IN (SELECT id FROM slice WHERE state = 3)",
    [SQL_SLICE_SETTLE] = "UPDATE slice SET state = 0 WHERE state = 3",
    [SQL_SLICE_FEED_DOUBT] = "UPDATE slice_feed SET held = 0, position = -1",
    [SQL_SLICE_DOUBT] = "UPDATE slice SET state = 1, tries = 0, covered_ms = 0",
    [SQL_SLICE_FEED_HELD] = "UPDATE slice_feed SET held = 1 WHERE area = ?1 AND audience = ?2"
                            " AND held = 0 AND position BETWEEN 0 AND ?3",
    [SQL_SLICE_AREAS] = "SELECT min(area) FROM slice_feed WHERE area > ?1 AND held = 0"
                        " HAVING min(area) IS NOT NULL",
    [SQL_SLICE_WITHDRAWN] = "UPDATE slice_feed SET held = 1 WHERE area = ?1 AND held = 0",
    [SQL_SLICE_COVERED] = "UPDATE slice SET covered_ms = ?1 WHERE covered_ms = 0 AND state = 0"
                          " AND NOT EXISTS (SELECT 1 FROM slice_feed f WHERE f.slice = slice.id"
                          " AND f.held = 0)",
    [SQL_SLICE_FORGET] = "DELETE FROM slice WHERE covered_ms > 0 AND covered_ms <= ?1",
    [SQL_SLICE_FEED_FORGET] = "DELETE FROM slice_feed WHERE slice NOT IN (SELECT id FROM slice)",
    [SQL_ALARM_ADD] = "INSERT INTO alarm(area, audience, position, chain, epoch, at_ms)"
                      " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM alarm"
                      " WHERE area = ?1 AND audience = ?2 AND position = ?3 AND told = 0)",
    [SQL_ALARM_LIST] = "SELECT id, area, audience, position, chain, epoch, at_ms, told, seen"
                       " FROM alarm ORDER BY id",
    [SQL_ALARM_TOLD] = "UPDATE alarm SET told = 1 WHERE id <= ?1 AND told = 0",
    [SQL_ALARM_SEEN] = "UPDATE alarm SET seen = 1 WHERE id <= ?1 AND seen = 0",
    [SQL_RETURNED_PUT] = "INSERT INTO returned(change, key, sealed) SELECT ?1, ?2, ?3"
                         " WHERE EXISTS (SELECT 1 FROM change WHERE change = ?1 AND verdict <> 0)"
                         " ON CONFLICT(change) DO UPDATE SET key = ?2, sealed = ?3, seen = 0",
    [SQL_RETURNED_GET] = "SELECT key, sealed, seen FROM returned WHERE change = ?1",
    [SQL_RETURNED_DROP] = "DELETE FROM returned WHERE change = ?1",
    [SQL_RETURNED_SEEN] = "UPDATE returned SET seen = 1 WHERE change = ?1",
    [SQL_RETURNED_COUNT] = "SELECT count(*) FROM returned r JOIN change c USING(change)"
                           " WHERE r.seen = 0 AND c.verdict <> 0",
    [SQL_SLICE_COUNT] = "SELECT count(*) FROM slice WHERE state IN (1, 2)",
    [SQL_OUTBOX_LIST] = "SELECT batch, last, bytes FROM outbox ORDER BY batch",
    [SQL_OUTBOX_LAST] = "SELECT batch, last, length(bytes) FROM outbox"
                        " WHERE batch BETWEEN ?1 AND ?2 ORDER BY batch DESC LIMIT 1",
    [SQL_OUTBOX_PUT] = "INSERT OR REPLACE INTO outbox VALUES(?1, ?2, ?3)",
    [SQL_OUTBOX_DELETE] = "DELETE FROM outbox WHERE batch = ?1",
    [SQL_OUTBOX_RECEIPTED] = "DELETE FROM outbox WHERE batch BETWEEN ?1 AND ?2 AND last <= ?3",
    [SQL_BAGGAGE_PUT] = "INSERT OR IGNORE INTO baggage(hash, actor, first, last, previous, bytes)"
                        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_BAGGAGE_LIST] = "SELECT id, actor, first, last, previous, bytes FROM baggage"
                         " WHERE held_ms = 0 OR held_ms > ?1 OR held_ms <= ?2 ORDER BY id",
    [SQL_BAGGAGE_CLEAR] = "UPDATE baggage SET sent = 0 WHERE sent = 1",
    [SQL_BAGGAGE_SENT] = "UPDATE baggage SET sent = 1 WHERE id = ?1",
    [SQL_BAGGAGE_COVERED] = "DELETE FROM baggage WHERE actor = ?1 AND last <= ?2 AND sent = 1",
    [SQL_BAGGAGE_HELD] = "UPDATE baggage SET sent = 0, held_ms = ?2, tries = 0"
                         " WHERE actor = ?1 AND sent = 1",
    [SQL_BAGGAGE_KEPT] = "DELETE FROM baggage WHERE hash = ?1",
    [SQL_BAGGAGE_REFUSED] = "UPDATE baggage SET sent = 0, held_ms = ?1, tries = tries + 1"
                            " WHERE sent = 1",
    [SQL_BAGGAGE_HOPELESS] = "SELECT actor, first FROM baggage WHERE tries >= ?1 LIMIT 1",
    [SQL_BAGGAGE_DROP] = "DELETE FROM baggage WHERE tries >= ?1 AND actor = ?2 AND first = ?3",
    [SQL_BAGGAGE_COUNT] = "SELECT count(*), coalesce(sum(length(bytes)), 0), coalesce(sum("
                          "held_ms = 0 OR held_ms > ?1 OR held_ms <= ?2), 0) FROM baggage",
    [SQL_PURGE_UNSENT] = "SELECT 1 FROM change c JOIN actor a ON a.serial = (c.change >> 40)"
                         " WHERE c.key = ?1 AND (?2 = 0 OR c.record = ?2)"
                         " AND length(c.sealed) > 0"
                         " AND (c.change & 1099511627775) > a.backed_up"
                         " AND ((c.change & 1099511627775) > a.receipt OR NOT EXISTS"
                         " (SELECT 1 FROM outbox o WHERE o.batch > (a.serial << 40)"
                         " AND o.batch <= c.change AND o.last >= (c.change & 1099511627775)))"
                         " LIMIT 1",
    [SQL_PURGE_LEFT] = "UPDATE record SET left = 1 WHERE left = 0 AND record IN"
                       " (SELECT record FROM state WHERE key = ?1 UNION SELECT record FROM change"
                       " WHERE key = ?1 AND overlay = 1) AND NOT EXISTS (SELECT 1 FROM state s"
                       " WHERE s.record = record.record AND s.key <> ?1)",
    [SQL_PURGE_STATES] = "DELETE FROM state WHERE key = ?1",
    [SQL_PURGE_REASONS] = "DELETE FROM reason WHERE key = ?1",
    [SQL_PURGE_SUMMARIES] = "DELETE FROM summary WHERE key = ?1",
    [SQL_PURGE_CHANGES] = "UPDATE change SET sealed = x'', overlay = 0 WHERE key = ?1"
                          " AND (length(sealed) > 0 OR overlay = 1)",
    [SQL_PURGE_INBOX] = "DELETE FROM inbox WHERE key = ?1",
    [SQL_PURGE_SHARES] = "DELETE FROM key_share WHERE key = ?1",
    [SQL_PURGE_KEY] = "DELETE FROM area_key WHERE key = ?1",
    [SQL_RECORD_FORGET] = "UPDATE change SET sealed = x'', overlay = 0 WHERE record = ?1"
                          " AND key = ?2",
    [SQL_MARK_PUT] = "INSERT OR IGNORE INTO mark VALUES(?1, ?2, ?3)",
    [SQL_MARK_DUE] = "SELECT serial, max(number) FROM mark WHERE at_ms <= ?1"
                     " GROUP BY serial LIMIT 1",
    [SQL_MARK_DELETE] = "DELETE FROM mark WHERE serial = ?1 AND number < ?2",
    [SQL_MARK_AGAIN] = "UPDATE mark SET at_ms = ?3 WHERE serial = ?1 AND number = ?2",
    [SQL_CHANGE_REST] = "SELECT 1 FROM change WHERE change BETWEEN ?1 AND ?2"
                        " AND length(sealed) > 0 LIMIT 1",
    [SQL_CHANGE_FORGET] = "UPDATE change SET sealed = x'' WHERE change BETWEEN ?1 AND ?2"
                          " AND overlay = 0 AND verdict = 0 AND length(sealed) > 0",
    [SQL_INBOX_LIST] = "SELECT part, key, bytes FROM inbox WHERE part > ?1 ORDER BY part",
    [SQL_INBOX_PUT] = "INSERT INTO inbox(key, base, bytes) VALUES(?1, ?2, ?3)",
    [SQL_INBOX_DELETE] = "DELETE FROM inbox WHERE part = ?1",
    [SQL_INBOX_REPLACE] = "DELETE FROM inbox WHERE key = ?1 AND base = ?2",
    [SQL_INBOX_COUNT] = "SELECT count(*) FROM inbox",
    [SQL_INBOX_WIPE] = "DELETE FROM inbox",
    [SQL_AUTHOR_PUT] = "INSERT OR REPLACE INTO author VALUES(?1, ?2)",
    [SQL_AUTHOR_LIST] = "SELECT person, sealed FROM author",
    [SQL_NOTICE_ADD] = "INSERT INTO notice(at_ms, kind, about, number) VALUES(?1, ?2, ?3, ?4)",
    [SQL_NOTICE_KNOWN] = "SELECT serial FROM notice WHERE kind = ?1 AND about = ?2"
                         " AND number = ?3 AND seen = 0",
    [SQL_NOTICE_LIST] = "SELECT serial, at_ms, kind, about, number, seen FROM notice"
                        " ORDER BY serial",
    [SQL_NOTICE_SEEN] = "UPDATE notice SET seen = 1 WHERE serial <= ?1 AND seen = 0",
    [SQL_NOTICE_COUNT] = "SELECT count(*) FROM notice WHERE seen = 0",
    [SQL_BLOB_ADD] = "INSERT INTO blob(key, tag, label, size, sealed) VALUES(?1, ?2, ?3, ?4, x'')",
    [SQL_BLOB_SEAL] = "UPDATE blob SET sealed = ?2 WHERE id = ?1",
    [SQL_BLOB_CHUNK_ADD] = "INSERT INTO blob_chunk VALUES(?1, ?2)",
    [SQL_BLOB_FIND] = "SELECT id, state FROM blob WHERE key = ?1 AND tag = ?2",
    [SQL_BLOB_GET] = "SELECT sealed FROM blob WHERE id = ?1",
    [SQL_BLOB_CHUNK_GET] = "SELECT bytes FROM blob_chunk WHERE id = ?1",
    [SQL_BLOB_USE_ADD] = "INSERT OR IGNORE INTO blob_use VALUES(?1, ?2)",
    [SQL_BLOB_USE_DROP] = "DELETE FROM blob_use WHERE draft = ?1",
    [SQL_BLOB_HELD] = "SELECT count(*) FROM blob WHERE state = 0",
    [SQL_BLOB_SAVED] = "UPDATE blob SET state = 1 WHERE key = ?1 AND tag = ?2 AND state = 0",
    [SQL_BLOB_ORPHANS] = "DELETE FROM blob WHERE state = 0"
                         " AND id NOT IN (SELECT blob FROM blob_use)",
    [SQL_BLOB_CHUNK_ORPHANS] = "DELETE FROM blob_chunk WHERE id >> 8 NOT IN (SELECT id FROM blob)",
    /* ?1 epoch, ?2 asked before, ?3 now: a clock that was set back asks again, too */
    [SQL_BLOB_DUE] = "SELECT id, label, size, state FROM blob WHERE state = 1 OR (state IN (2, 4)"
                     " AND epoch <> ?1) OR (state = 2 AND (asked_ms <= ?2 OR asked_ms > ?3))"
                     " OR (state = 3 AND epoch <> ?1) ORDER BY state <> 1, size, id",
    [SQL_BLOB_TRIES] = "SELECT state, tries FROM blob WHERE id = ?1",
    [SQL_BLOB_STATE] = "UPDATE blob SET state = ?2, tries = ?3, epoch = ?4, asked_ms = ?5,"
                       " done_ms = CASE WHEN ?2 <> 3 THEN 0 WHEN done_ms = 0 THEN ?6"
                       " ELSE done_ms END WHERE id = ?1",
    [SQL_BLOB_FORGET] = "DELETE FROM blob WHERE state IN (3, 5, 6) AND done_ms <= ?1",
    [SQL_BLOB_STATUS] = "SELECT coalesce(sum(state = 1), 0),"
                        " coalesce(sum(CASE WHEN state = 1 THEN size ELSE 0 END), 0),"
                        " coalesce(sum(state = 2), 0), coalesce(sum(state = 3), 0),"
                        " coalesce(sum(state = 4), 0) FROM blob",
    [SQL_BLOB_NEXT] = "SELECT id, key FROM blob WHERE id > ?1 AND length(sealed) > 0"
                      " AND state <> 6 ORDER BY id LIMIT 1",
    [SQL_BLOB_DELETE] = "DELETE FROM blob WHERE id = ?1",
    [SQL_BLOB_ASK] = "UPDATE blob SET asked_ms = 0, state = 2 WHERE state IN (2, 3)",
    [SQL_BLOB_HOLD] = "UPDATE blob SET state = 0, done_ms = 0 WHERE id = ?1",
    [SQL_BLOB_PULL] = "UPDATE blob SET state = ?2, done_ms = ?3 WHERE id = ?1",
    [SQL_BLOB_PULLED_DROP] = "DELETE FROM blob WHERE state IN (5, 6)",
    [SQL_BLOB_CHUNK_COUNT] = "SELECT count(*) FROM blob_chunk WHERE id >= ?1 << 8"
                             " AND id < (?1 + 1) << 8",
    [SQL_PURGE_PULLED] = "DELETE FROM blob WHERE key = ?1 AND state IN (5, 6)",
    [SQL_URN_ADD] = "INSERT INTO urn(actor, number, mode, round, passes, memory_kib, chair, teller,"
                    " sealed, known, maker) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?1, ?10)",
    [SQL_URN_GET] = "SELECT mode, round, passes, memory_kib, chair, teller, sealed, actor,"
                    " maker FROM urn"
                    " WHERE known = ?1 AND number = ?2",
    [SQL_URN_PUT] = "UPDATE urn SET sealed = ?3 WHERE known = ?1 AND number = ?2"
                    " AND substr(sealed, 1, 24) = ?4",
    [SQL_URN_BLANK] = "UPDATE urn SET chair = zeroblob(16), teller = zeroblob(16),"
                      " sealed = zeroblob(length(sealed)) WHERE known = ?1 AND number = ?2",
    [SQL_URN_DELETE] = "DELETE FROM urn WHERE known = ?1 AND number = ?2",
    [SQL_URN_WIPE] = "DELETE FROM urn",
    [SQL_PURGE_BLOBS] = "UPDATE blob SET sealed = x'' WHERE key = ?1",
};

enum rc tablet_sql_open(const char *path, const char *vfs_name, struct db **db,
                        struct statement **statements, struct err *err) {
    struct db_options options;
    struct db *opened = NULL;
    enum rc rc;

    db_options_default(&options);
    options.vfs_name = vfs_name;
    options.cache_kib =
        2048; /* rows are read once, in order: the index is what is kept in memory */
    options.secure_delete = true;
    options.journal_size_limit_bytes = 4 * 1024 * 1024;
    rc = db_open(path, DB_OWNER, &options, &opened, err);
    if (rc == RC_OK)
        rc = db_migrate(opened, MIGRATIONS, sizeof(MIGRATIONS) / sizeof(MIGRATIONS[0]), err);
    if (rc == RC_OK)
        rc = db_prepare_all(opened, SQL, SQL_COUNT, statements, err);
    if (rc != RC_OK) {
        db_close(opened);
        opened = NULL;
    }
    *db = opened;
    return rc;
}
