/* sqlite_schema.c: the tables of a county's file, and every SQL text of the engine.
 *
 * Released steps of SQLITE_TABLES are never changed; new ones are added behind them. A count in
 * brackets says how many rows a county of 1,000 tablets and a million records has. */
#include "syncd/store/sqlite.h"

static const char TABLES[] =
    /* what would need a scan [1] */
    "CREATE TABLE county ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  records INTEGER NOT NULL, changes INTEGER NOT NULL, frames INTEGER NOT NULL,"
    "  conflicts INTEGER NOT NULL, quarantined INTEGER NOT NULL, devices INTEGER NOT NULL,"
    "  forms INTEGER NOT NULL, entries INTEGER NOT NULL, acts INTEGER NOT NULL,"
    "  bytes_log INTEGER NOT NULL, bytes_states INTEGER NOT NULL, act_chain BLOB NOT NULL,"
    "  next_row INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO county VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, zeroblob(32), 1);"
    /* small numbers for (actor, number >> 38) and for form names [1,000; 20] */
    "CREATE TABLE prefix ("
    "  id INTEGER PRIMARY KEY, actor INTEGER NOT NULL, high INTEGER NOT NULL,"
    "  UNIQUE (actor, high)"
    ") STRICT;"
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE device ("
    "  device INTEGER PRIMARY KEY, name TEXT NOT NULL, sign_public BLOB NOT NULL,"
    "  box_public BLOB NOT NULL, person INTEGER NOT NULL, enrolled INTEGER NOT NULL,"
    "  seen INTEGER NOT NULL, clock_offset INTEGER NOT NULL, own_last INTEGER NOT NULL,"
    "  actor INTEGER NOT NULL, scope_serial INTEGER NOT NULL, scope_areas BLOB NOT NULL,"
    "  scope_audiences INTEGER NOT NULL, scope_flags INTEGER NOT NULL,"
    "  scope_confirmed INTEGER NOT NULL, scope_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE person ("
    "  person INTEGER PRIMARY KEY, name TEXT NOT NULL, sign_public BLOB NOT NULL,"
    "  role INTEGER NOT NULL, device INTEGER NOT NULL, areas BLOB NOT NULL,"
    "  wrapped BLOB NOT NULL, disabled INTEGER NOT NULL, created INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX person_name ON person (name);"
    "CREATE TABLE invitation ("
    "  code_id BLOB PRIMARY KEY, code_key BLOB NOT NULL, device_name TEXT NOT NULL,"
    "  person_name TEXT NOT NULL, role INTEGER NOT NULL, areas BLOB NOT NULL,"
    "  expires INTEGER NOT NULL, device INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE actor ("
    "  actor INTEGER PRIMARY KEY, device INTEGER NOT NULL, number INTEGER NOT NULL,"
    "  hash BLOB NOT NULL, lamport INTEGER NOT NULL, fork_of INTEGER NOT NULL,"
    "  fork_from INTEGER NOT NULL, retired INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE form ("
    "  position INTEGER PRIMARY KEY, form INTEGER NOT NULL UNIQUE, name TEXT NOT NULL,"
    "  version TEXT NOT NULL, sequence INTEGER NOT NULL, audience INTEGER NOT NULL,"
    "  published INTEGER NOT NULL, compressed BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE pending ("
    "  actor INTEGER, first INTEGER, last INTEGER NOT NULL, carrier INTEGER NOT NULL,"
    "  received INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (actor, first)"
    ") STRICT;";

static const char TABLES_OF_THE_LOG[] =
    /* the log itself [20,000] */
    "CREATE TABLE frame ("
    "  serial INTEGER PRIMARY KEY, actor INTEGER NOT NULL, forks BLOB NOT NULL,"
    "  first INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  area INTEGER NOT NULL, audience INTEGER NOT NULL, form INTEGER NOT NULL,"
    "  received INTEGER NOT NULL, clock_offset INTEGER NOT NULL, carrier INTEGER NOT NULL,"
    "  bytes BLOB NOT NULL"
    ") STRICT;"
    /* the slim index of changes, up to 512 in a row, named by the first one [20,000] */
    "CREATE TABLE run (id INTEGER PRIMARY KEY, changes BLOB NOT NULL) STRICT;"
    "CREATE TABLE feed ("
    "  id INTEGER PRIMARY KEY, area INTEGER NOT NULL, audience INTEGER NOT NULL,"
    "  position INTEGER NOT NULL, chain BLOB NOT NULL, UNIQUE (area, audience)"
    ") STRICT;"
    /* id: feed << 38 | position [20,000] */
    "CREATE TABLE entry ("
    "  id INTEGER PRIMARY KEY, frame INTEGER NOT NULL, kind INTEGER NOT NULL,"
    "  received INTEGER NOT NULL, clock_offset INTEGER NOT NULL, forks BLOB NOT NULL,"
    "  chain BLOB NOT NULL, mask BLOB NOT NULL,"
    "  content BLOB NOT NULL"
    ") STRICT;"
    /* where records stand: ranges of them, in rows side by side from row on [20,000] */
    "CREATE TABLE shelf (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, row INTEGER NOT NULL)"
    "  STRICT;"
    /* revision 0: no state yet, only the history of changes that were kept aside [1,000,000] */
    "CREATE TABLE record ("
    "  row INTEGER PRIMARY KEY, revision INTEGER NOT NULL, name INTEGER NOT NULL,"
    "  form INTEGER NOT NULL, audience INTEGER NOT NULL, created INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL, marks INTEGER NOT NULL, areas BLOB NOT NULL,"
    "  title TEXT NOT NULL, heads BLOB, history BLOB, packed BLOB NOT NULL"
    ") STRICT;"
    /* where to look for the records of an area: ranges of records [20,000] */
    "CREATE TABLE place (name INTEGER, area INTEGER, first INTEGER, last INTEGER NOT NULL,"
    "  PRIMARY KEY (name, area, first)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE conflict ("
    "  record INTEGER, item INTEGER, area INTEGER NOT NULL, kind INTEGER NOT NULL,"
    "  instance_actor INTEGER NOT NULL, instance_number INTEGER NOT NULL,"
    "  instance_ordinal INTEGER NOT NULL, field INTEGER NOT NULL,"
    "  other_instance_actor INTEGER NOT NULL, other_instance_number INTEGER NOT NULL,"
    "  other_instance_ordinal INTEGER NOT NULL, other_actor INTEGER NOT NULL,"
    "  other_number INTEGER NOT NULL, since INTEGER NOT NULL, due INTEGER NOT NULL,"
    "  PRIMARY KEY (record, item)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE key ("
    "  hash BLOB, record INTEGER, item INTEGER, instance_actor INTEGER NOT NULL,"
    "  instance_number INTEGER NOT NULL, instance_ordinal INTEGER NOT NULL,"
    "  PRIMARY KEY (hash, record, item)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE quarantine ("
    "  actor INTEGER, number INTEGER, record_actor INTEGER NOT NULL,"
    "  record_number INTEGER NOT NULL, area INTEGER NOT NULL, person INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, verdict INTEGER NOT NULL, since INTEGER NOT NULL,"
    "  settled INTEGER NOT NULL, PRIMARY KEY (actor, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE act ("
    "  serial INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL,"
    "  action TEXT NOT NULL, object TEXT NOT NULL, reason TEXT NOT NULL, chain BLOB NOT NULL"
    ") STRICT;";

static const char TABLES_OF_SNAPSHOTS[] =
    "CREATE TABLE snapshot ("
    "  id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, area INTEGER NOT NULL,"
    "  audience INTEGER NOT NULL, position INTEGER NOT NULL, records INTEGER NOT NULL,"
    "  chunks INTEGER NOT NULL, bytes INTEGER NOT NULL, made INTEGER NOT NULL,"
    "  manifest BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX snapshot_feed ON snapshot (area, audience, position, name);"
    /* id: snapshot << 13 | index */
    "CREATE TABLE chunk (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";

static const char TABLES_OF_ATTACHMENTS[] =
    "CREATE TABLE attachment ("
    "  hash BLOB PRIMARY KEY, size INTEGER NOT NULL, kind INTEGER NOT NULL, area INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, announced INTEGER NOT NULL, received INTEGER NOT NULL,"
    "  backed_up INTEGER NOT NULL, erased INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX attachment_missing ON attachment (hash) WHERE received = 0;";

/* Made anew by TABLES_OF_SLIM_LISTS. */
static const char TABLES_OF_LISTS[] =
    "CREATE TABLE line (block INTEGER PRIMARY KEY, lines BLOB NOT NULL) STRICT;"
    "CREATE TABLE words (block INTEGER PRIMARY KEY, words BLOB NOT NULL) STRICT;";

static const char TABLES_OF_LOGINS[] =
    "CREATE TABLE login ("
    "  person INTEGER PRIMARY KEY, failures INTEGER NOT NULL, wait INTEGER NOT NULL,"
    "  must_change INTEGER NOT NULL, changed INTEGER NOT NULL, seen INTEGER NOT NULL,"
    "  former INTEGER NOT NULL, code_step INTEGER NOT NULL, second BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE session ("
    "  name BLOB PRIMARY KEY, person INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    "  stage INTEGER NOT NULL, since INTEGER NOT NULL, used INTEGER NOT NULL,"
    "  until INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL, wrapped BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;";

/* Of tasks and notes [40,000]; what is asked of the second index lies in it. */
static const char TABLES_OF_GISTS[] =
    "CREATE TABLE gist ("
    "  actor INTEGER, number INTEGER, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  moment INTEGER NOT NULL, area INTEGER NOT NULL, about_actor INTEGER NOT NULL,"
    "  about_number INTEGER NOT NULL, person INTEGER NOT NULL, code INTEGER NOT NULL,"
    "  PRIMARY KEY (actor, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX gist_about ON gist (about_actor, about_number);"
    "CREATE INDEX gist_moment ON gist (kind, state, moment, actor, number, area, about_actor,"
    "  about_number, person, code);";

/* In which areas the lines of a block lie; also made anew. */
static const char TABLES_OF_ZONES[] =
    "CREATE TABLE zone (block INTEGER PRIMARY KEY, townships INTEGER NOT NULL,"
    "  villages INTEGER NOT NULL) STRICT;";

/* The queue of what is open, as it is shown; what waits in quarantine; and what came in, by day and
 * area, since a frame has its content in its row [5,000; 2,000; 200,000 a year]. */
static const char TABLES_OF_THE_DAY[] =
    "CREATE INDEX conflict_due ON conflict (due, area, since);"
    "CREATE INDEX quarantine_waiting ON quarantine (record_actor, record_number)"
    "  WHERE settled = 0;"
    "CREATE TABLE inflow ("
    "  day INTEGER, area INTEGER, frames INTEGER NOT NULL, changes INTEGER NOT NULL,"
    "  PRIMARY KEY (day, area)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO inflow SELECT (min(max(received, 0), 281474976710655) + 28800000) / 86400000,"
    "  area, count(*), sum(CASE WHEN last >= first AND last - first < 512 THEN last - first + 1"
    "  ELSE 512 END) FROM frame GROUP BY 1, 2;";

static const char COLUMNS_OF_ACCESS[] =
    "ALTER TABLE session ADD COLUMN label TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE session ADD COLUMN abilities INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN areas BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE login ADD COLUMN reset_by INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE login ADD COLUMN reset INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE login ADD COLUMN reset_confirmed_by INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN program TEXT NOT NULL DEFAULT '';";

/* Rights that wait for a second one. */
static const char COLUMNS_OF_GRANTS[] =
    "ALTER TABLE login ADD COLUMN grant_by INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE login ADD COLUMN granted INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE login ADD COLUMN grant_role INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE login ADD COLUMN grant_enables INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE login ADD COLUMN grant_areas BLOB NOT NULL DEFAULT x'';";

/* See sqlite_line.h [4,808; 2,778; 9,616; 4,808]. What is in them is made again by listed_portion
 * (syncd/sync/listed.h), since the version of lists is another one. */
static const char TABLES_OF_SLIM_LISTS[] =
    "DROP TABLE line; DROP TABLE words; DROP TABLE zone;"
    "CREATE TABLE line (block INTEGER PRIMARY KEY, lines BLOB NOT NULL) STRICT;"
    "CREATE TABLE rest (block INTEGER PRIMARY KEY, rests BLOB NOT NULL) STRICT;"
    "CREATE TABLE words (block INTEGER PRIMARY KEY, words BLOB NOT NULL) STRICT;"
    "CREATE TABLE zone (block INTEGER PRIMARY KEY, townships INTEGER NOT NULL,"
    "  villages INTEGER NOT NULL) STRICT;";

/* By the older record of a proposal [2,000]. */
static const char INDEX_OF_PROPOSALS[] =
    "CREATE INDEX conflict_other ON conflict (other_actor, other_number)"
    "  WHERE other_number <> 0;";

#define NOBODY "-9223372036854775808" /* bias(0) */

/* What an exchange asks of its own tablet, in a county that has thousands. */
static const char INDEXES_OF_TABLETS[] =
    "CREATE INDEX person_device ON person (device);"
    "CREATE INDEX person_created ON person (created);"
    "CREATE INDEX actor_device ON actor (device);"
    "CREATE INDEX actor_fork ON actor (fork_of) WHERE fork_of <> " NOBODY ";"
    "CREATE INDEX quarantine_settled ON quarantine (actor, settled);"
    "CREATE INDEX quarantine_since ON quarantine (since, actor, number) WHERE settled = 0;"
    "CREATE INDEX quarantine_device ON quarantine (device, since, actor, number)"
    "  WHERE settled = 0;";

const struct db_migration SQLITE_TABLES[] = {
    {"0001_people", TABLES},
    {"0002_log", TABLES_OF_THE_LOG},
    {"0003_snapshot", TABLES_OF_SNAPSHOTS},
    {"0004_attachment", TABLES_OF_ATTACHMENTS},
    {"0005_list", TABLES_OF_LISTS},
    {"0006_login", TABLES_OF_LOGINS},
    {"0007_gist", TABLES_OF_GISTS},
    {"0008_zone", TABLES_OF_ZONES},
    {"0009_day", TABLES_OF_THE_DAY},
    {"0010_access", COLUMNS_OF_ACCESS},
    {"0011_grant", COLUMNS_OF_GRANTS},
    {"0012_slim", TABLES_OF_SLIM_LISTS},
    {"0013_proposal", INDEX_OF_PROPOSALS},
    {"0014_tablet", INDEXES_OF_TABLETS},
};
const size_t SQLITE_TABLES_COUNT = sizeof SQLITE_TABLES / sizeof *SQLITE_TABLES;

#define RECORD_COLUMNS                                                                             \
    "r.row, r.revision, n.text, r.form, r.audience, r.created, r.changed, r.marks, r.areas, "      \
    "r.title, r.packed"

const char *const SQLITE_SQL[SQL_COUNT] = {
    [SQL_COUNTY] = "SELECT records, changes, frames, conflicts, quarantined, devices, forms,"
                   " entries, acts, bytes_log, bytes_states, act_chain, next_row FROM county",
    [SQL_PREFIX_FIND] = "SELECT id FROM prefix WHERE actor = ?1 AND high = ?2",
    [SQL_PREFIX_OF] = "SELECT actor, high FROM prefix WHERE id = ?1",
    [SQL_PREFIXES] = "SELECT id, actor, high FROM prefix WHERE (actor, high) >= (?1, ?2)"
                     " ORDER BY actor, high",
    [SQL_NAME_FIND] = "SELECT id FROM name WHERE text = ?1",
    [SQL_NAMES] = "SELECT id FROM name WHERE ?1 = 0 OR id = ?1",
    [SQL_SETTING] = "SELECT value FROM setting WHERE name = ?1",
    [SQL_SETTINGS] = "SELECT name, value FROM setting ORDER BY name",
    [SQL_DEVICE] = "SELECT * FROM device WHERE device = ?1",
    [SQL_DEVICES] = "SELECT * FROM device ORDER BY device",
    [SQL_PERSON] = "SELECT * FROM person WHERE person = ?1",
    [SQL_PERSON_NAMED] = "SELECT * FROM person WHERE name = ?1 AND device = ?2"
                         " ORDER BY disabled, person LIMIT 1",
    [SQL_PERSONS] = "SELECT * FROM person ORDER BY person",
    [SQL_DEVICE_PERSONS] = "SELECT * FROM person WHERE device = ?1 ORDER BY person",
    [SQL_NEW_PERSONS] = "SELECT * FROM person INDEXED BY person_created WHERE created > ?1"
                        " ORDER BY person",
    [SQL_INVITATION] = "SELECT * FROM invitation WHERE code_id = ?1",
    [SQL_INVITATIONS] = "SELECT * FROM invitation ORDER BY code_id",
    [SQL_ACTOR] = "SELECT * FROM actor WHERE actor = ?1",
    [SQL_ACTORS] = "SELECT * FROM actor ORDER BY actor",
    [SQL_DEVICE_ACTORS] = "SELECT * FROM actor WHERE device = ?1 ORDER BY actor",
    [SQL_ACTOR_FORKS] =
        "SELECT * FROM actor WHERE fork_of = ?1 AND fork_of <> " NOBODY " ORDER BY actor",
    [SQL_FORM] = "SELECT * FROM form WHERE form = ?1",
    [SQL_FORMS] = "SELECT * FROM form WHERE position > ?1 ORDER BY position",
    [SQL_RUN_FIND] = "SELECT id, changes FROM run WHERE id <= ?1 AND id >= ?2"
                     " ORDER BY id DESC LIMIT 1",
    [SQL_RUNS] =
        "SELECT r.id, r.changes FROM prefix AS p CROSS JOIN run AS r"
        " ON r.id >= coalesce((SELECT max(id) FROM run WHERE id >= (p.id << 38)"
        "   AND id <= ((p.id << 38) | CASE p.high WHEN ?2 THEN ?4 ELSE 0 END)), p.id << 38)"
        " AND r.id < ((p.id + 1) << 38)"
        " WHERE p.actor = ?1 AND p.high >= ?2 AND p.high <= ?3"
        " ORDER BY p.high, r.id",
    [SQL_SHELF] = "SELECT first, last, row FROM shelf WHERE first <= ?1 AND first >= ?2"
                  " ORDER BY first DESC LIMIT 1",
    [SQL_HISTORY] = "SELECT history FROM record WHERE row = ?1",
    [SQL_RECORD] = "SELECT " RECORD_COLUMNS " FROM record AS r JOIN name AS n ON n.id = r.name"
                   " WHERE r.row = ?1 AND r.revision <> 0",
    [SQL_RECORDS] = "SELECT " RECORD_COLUMNS ", s.first, s.row FROM shelf AS s"
                    " CROSS JOIN record AS r ON r.row >= s.row + max(?1 - s.first, 0)"
                    " AND r.row <= s.row + min(?2, s.last) - s.first"
                    " CROSS JOIN name AS n ON n.id = r.name"
                    " WHERE s.first >= coalesce((SELECT max(first) FROM shelf WHERE first <= ?1),"
                    " ?1) AND s.first <= ?2 AND r.revision <> 0 AND (?3 = 0 OR r.name = ?3)"
                    " ORDER BY s.first, r.row",
    [SQL_PLACES] = "SELECT l.first, l.last, p.actor, p.high FROM place AS l JOIN prefix AS p"
                   " ON p.id = (l.first >> 38)"
                   " WHERE l.name = ?1 AND l.area >= ?2 AND l.area <= ?3 LIMIT ?4",
    [SQL_CONFLICTS] = "SELECT c.*, p.actor, p.high FROM conflict AS c INDEXED BY conflict_due"
                      " CROSS JOIN prefix AS p ON p.id = (c.record >> 38)"
                      " WHERE c.due >= ?3 AND c.area >= ?1 AND c.area <= ?2"
                      " ORDER BY c.due, p.actor, p.high, c.record, c.item",
    [SQL_CONFLICT_TIMES] = "SELECT since, due FROM conflict INDEXED BY conflict_due"
                           " WHERE area >= ?1 AND area <= ?2 ORDER BY due",
    [SQL_RECORD_CONFLICTS] = "SELECT * FROM conflict WHERE record = ?1 ORDER BY item",
    [SQL_PROPOSALS] = "SELECT c.*, p.actor, p.high FROM conflict AS c INDEXED BY conflict_other"
                      " CROSS JOIN prefix AS p ON p.id = (c.record >> 38)"
                      " WHERE c.other_number <> 0 AND c.other_actor = ?1 AND c.other_number = ?2"
                      " ORDER BY p.actor, p.high, c.record, c.item",
    [SQL_KEYS] = "SELECT k.*, p.actor, p.high FROM key AS k JOIN prefix AS p"
                 " ON p.id = (k.record >> 38) WHERE k.hash = ?1"
                 " ORDER BY p.actor, p.high, k.record, k.item",
    [SQL_KEYS_ALL] = "SELECT k.*, p.actor, p.high FROM key AS k CROSS JOIN prefix AS p"
                     " ON p.id = (k.record >> 38)"
                     " ORDER BY k.hash, p.actor, p.high, k.record, k.item",
    [SQL_QUARANTINE] = "SELECT * FROM quarantine WHERE ?1 OR settled = 0"
                       " ORDER BY since, actor, number",
    [SQL_QUARANTINED] = "SELECT * FROM quarantine WHERE actor = ?1 AND number = ?2",
    [SQL_ACTOR_QUARANTINE] = "SELECT * FROM quarantine WHERE actor = ?1 AND settled > ?2"
                             " UNION ALL SELECT * FROM quarantine INDEXED BY quarantine_settled"
                             " WHERE ?3 AND actor = ?1 AND settled = 0 ORDER BY since, number",
    [SQL_WAITING_ALL] = "SELECT * FROM quarantine WHERE settled = 0"
                        " AND (since, actor, number) > (?1, ?2, ?3) ORDER BY since, actor, number",
    [SQL_DEVICE_WAITING] = "SELECT * FROM quarantine WHERE settled = 0 AND device = ?4"
                           " AND (since, actor, number) > (?1, ?2, ?3)"
                           " ORDER BY since, actor, number",
    [SQL_FRAME] = "SELECT * FROM frame WHERE serial = ?1",
    [SQL_FRAMES] = "SELECT * FROM frame WHERE serial > ?1 ORDER BY serial",
    [SQL_INFLOW] = "SELECT day, area, frames, changes FROM inflow WHERE day >= ?1 AND day <= ?2"
                   " ORDER BY day, area",
    [SQL_FEED] = "SELECT id, area, audience, position, chain FROM feed"
                 " WHERE area = ?1 AND audience = ?2",
    [SQL_FEEDS] = "SELECT id, area, audience, position, chain FROM feed"
                  " WHERE area >= ?1 AND area <= ?2 ORDER BY area, audience",
    [SQL_ENTRY_CHAIN] = "SELECT chain FROM entry WHERE id = ?1",
    [SQL_ENTRIES] = "SELECT e.id, e.frame, e.kind, e.received, e.clock_offset, e.forks,"
                    " e.chain, e.mask, e.content, f.bytes"
                    " FROM entry AS e LEFT JOIN frame AS f ON f.serial = e.frame"
                    " WHERE e.id >= ?1 AND e.id <= ?2 ORDER BY e.id",
    [SQL_ACTS] = "SELECT * FROM act WHERE serial > ?1 ORDER BY serial",
    [SQL_PENDING] = "SELECT * FROM pending WHERE actor >= ?1 AND actor <= ?2"
                    " ORDER BY actor, first",
    [SQL_FEED_WEIGHT] =
        "SELECT coalesce(sum(length(e.mask) + CASE WHEN length(e.content) = 0 AND f.serial IS NOT"
        " NULL THEN length(f.bytes) ELSE length(e.content) END), 0), coalesce(sum(CASE WHEN"
        " f.serial IS NULL THEN 1 WHEN f.last >= f.first AND f.last - f.first < 512"
        " THEN f.last - f.first + 1 ELSE 512 END), 0)"
        " FROM entry AS e LEFT JOIN frame AS f ON f.serial = e.frame"
        " WHERE e.id >= ?1 AND e.id <= ?2 AND (f.serial IS NULL OR f.actor <> ?3)",
    [SQL_SNAPSHOTS] = "SELECT name, area, audience, position, records, chunks, bytes, made,"
                      " manifest FROM snapshot WHERE area >= ?1 AND area <= ?2"
                      " ORDER BY area, audience, position, name",
    [SQL_ATTACHMENT] = "SELECT hash, size, kind, area, device, announced, received, backed_up,"
                       " erased FROM attachment WHERE hash = ?1",
    [SQL_ATTACHMENTS] = "SELECT hash, size, kind, area, device, announced, received, backed_up,"
                        " erased FROM attachment WHERE ?1 = 0 OR (received = 0 AND erased = 0)"
                        " ORDER BY hash",
    [SQL_ATTACHMENT_PUT] = "INSERT INTO attachment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                           " ON CONFLICT (hash) DO UPDATE SET size = ?2, kind = ?3, area = ?4,"
                           " device = ?5, announced = ?6, received = ?7, backed_up = ?8,"
                           " erased = ?9",
    [SQL_LOGIN] = "SELECT * FROM login WHERE person = ?1",
    [SQL_LOGINS] = "SELECT * FROM login ORDER BY person",
    [SQL_SESSION] = "SELECT * FROM session WHERE name = ?1",
    [SQL_SESSIONS] = "SELECT * FROM session ORDER BY name",
    [SQL_CHUNK] = "SELECT c.bytes FROM snapshot AS s JOIN chunk AS c"
                  " ON c.id = (s.id << 13 | ?2) WHERE s.name = ?1",

    [SQL_LINES] = "SELECT block, lines FROM line ORDER BY block",
    [SQL_LINES_BACK] = "SELECT block, lines FROM line ORDER BY block DESC",
    [SQL_LINE_BLOCK] = "SELECT lines FROM line WHERE block = ?1",
    [SQL_RESTS] = "SELECT block, rests FROM rest WHERE block >= ?1 ORDER BY block",
    [SQL_REST_BLOCK] = "SELECT rests FROM rest WHERE block = ?1",
    [SQL_ZONE] = "SELECT townships, villages FROM zone WHERE block = ?1",
    [SQL_ZONES] = "SELECT block, townships, villages FROM zone",
    [SQL_WORDS] = "SELECT block, words FROM words ORDER BY block",
    [SQL_WORDS_BLOCK] = "SELECT words FROM words WHERE block = ?1",
    [SQL_LINE_AREAS] = "SELECT areas FROM record WHERE row = ?1",
    [SQL_NAME_OF] = "SELECT text FROM name WHERE id = ?1",
    [SQL_WAITING] = "SELECT DISTINCT record_actor, record_number FROM quarantine WHERE settled = 0",

    [SQL_ABOUT] = "SELECT actor, number, kind, state, moment, area, about_actor, about_number,"
                  " person, code FROM gist WHERE about_actor = ?1 AND about_number = ?2"
                  " ORDER BY actor, number",
    [SQL_GISTS] = "SELECT actor, number, kind, state, moment, area, about_actor, about_number,"
                  " person, code FROM gist WHERE kind = ?1 AND state = ?2 AND area >= ?3"
                  " AND area <= ?4 ORDER BY moment, actor, number",
    [SQL_GIST_COUNT] = "SELECT count(*), coalesce(sum(moment < ?5), 0) FROM gist WHERE kind = ?1"
                       " AND state = ?2 AND area >= ?3 AND area <= ?4",

    [SQL_COUNTY_PUT] = "UPDATE county SET records = ?1, changes = ?2, frames = ?3,"
                       " conflicts = ?4, quarantined = ?5, devices = ?6, forms = ?7,"
                       " entries = ?8, acts = ?9, bytes_log = ?10, bytes_states = ?11,"
                       " act_chain = ?12, next_row = ?13",
    [SQL_LOGIN_PUT] = "INSERT OR REPLACE INTO login VALUES"
                      " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
                      " ?14, ?15, ?16, ?17)",
    [SQL_SESSION_PUT] = "INSERT OR REPLACE INTO session VALUES"
                        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQL_GIST_PUT] = "INSERT OR REPLACE INTO gist VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [SQL_GIST_REMOVE] = "DELETE FROM gist WHERE actor = ?1 AND number = ?2",
    [SQL_SESSION_REMOVE] = "DELETE FROM session WHERE name = ?1",
    [SQL_PREFIX_ADD] = "INSERT INTO prefix (actor, high) VALUES (?1, ?2)",
    [SQL_NAME_ADD] = "INSERT INTO name (text) VALUES (?1)",
    [SQL_SETTING_PUT] = "INSERT OR REPLACE INTO setting VALUES (?1, ?2)",
    [SQL_DEVICE_PUT] = "INSERT OR REPLACE INTO device VALUES"
                       " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                       " ?17)",
    [SQL_PERSON_PUT] = "INSERT OR REPLACE INTO person VALUES"
                       " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_INVITATION_PUT] = "INSERT OR REPLACE INTO invitation VALUES"
                           " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_ACTOR_PUT] = "INSERT OR REPLACE INTO actor VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_FORM_ADD] = "INSERT INTO form VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_RUN_ADD] = "INSERT INTO run VALUES (?1, ?2)",
    [SQL_RUN_PUT] = "UPDATE run SET changes = ?2 WHERE id = ?1",
    [SQL_SHELF_NEXT] = "SELECT min(first) FROM shelf WHERE first > ?1",
    [SQL_SHELF_PUT] = "INSERT OR REPLACE INTO shelf VALUES (?1, ?2, ?3)",
    [SQL_RECORD_ADD] = "INSERT OR IGNORE INTO record VALUES"
                       " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQL_RECORD_OLD] = "SELECT revision, name, marks, areas, heads, history, length(packed),"
                       " title FROM record WHERE row = ?1",
    [SQL_RECORD_PUT] = "UPDATE record SET revision = ?2, name = ?3, form = ?4, audience = ?5,"
                       " created = ?6, changed = ?7, marks = ?8, areas = ?9, title = ?10,"
                       " heads = ?11, history = ?12, packed = ?13 WHERE row = ?1",
    [SQL_RECORD_HISTORY] = "UPDATE record SET history = ?2 WHERE row = ?1",
    [SQL_PLACE_ADD] = "INSERT INTO place VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, area, first)"
                      " DO UPDATE SET last = max(last, excluded.last)",
    [SQL_CONFLICT_ADD] = "INSERT INTO conflict VALUES"
                         " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [SQL_CONFLICT_REMOVE] = "DELETE FROM conflict WHERE record = ?1",
    [SQL_KEY_ADD] = "INSERT INTO key VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_KEY_REMOVE] = "DELETE FROM key WHERE hash >= ?1 AND hash <= ?2 AND record = ?3",
    [SQL_QUARANTINE_OLD] = "SELECT settled FROM quarantine WHERE actor = ?1 AND number = ?2",
    [SQL_QUARANTINE_PUT] = "INSERT OR REPLACE INTO quarantine VALUES"
                           " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [SQL_FRAME_ADD] = "INSERT INTO frame VALUES"
                      " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [SQL_INFLOW_ADD] = "INSERT INTO inflow VALUES (?1, ?2, ?3, ?4) ON CONFLICT (day, area)"
                       " DO UPDATE SET frames = frames + ?3, changes = changes + ?4",
    [SQL_FEED_ADD] = "INSERT INTO feed (area, audience, position, chain) VALUES (?1, ?2, ?3, ?4)",
    [SQL_FEED_PUT] = "UPDATE feed SET position = ?2, chain = ?3 WHERE id = ?1",
    [SQL_ENTRY_ADD] = "INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_FRAME_SIZE] = "SELECT length(bytes) FROM frame WHERE serial = ?1",
    [SQL_FRAME_CUT] = "UPDATE frame SET bytes = ?2 WHERE serial = ?1",
    [SQL_ENTRY_CUT] = "UPDATE entry SET kind = ?2, content = ?3 WHERE id = ?1",
    [SQL_ACT_ADD] = "INSERT INTO act VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_PENDING_ADD] = "INSERT OR IGNORE INTO pending VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_PENDING_REMOVE] = "DELETE FROM pending WHERE actor = ?1 AND first = ?2",
    [SQL_SNAPSHOT_ADD] = "INSERT INTO snapshot (name, area, audience, position, records, chunks,"
                         " bytes, made, manifest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_SNAPSHOT_FIND] = "SELECT id FROM snapshot WHERE name = ?1",
    [SQL_SNAPSHOT_REMOVE] = "DELETE FROM snapshot WHERE id = ?1",
    [SQL_LINES_PUT] = "INSERT OR REPLACE INTO line VALUES (?1, ?2)",
    [SQL_RESTS_PUT] = "INSERT OR REPLACE INTO rest VALUES (?1, ?2)",
    [SQL_ZONE_PUT] = "INSERT OR REPLACE INTO zone VALUES (?1, ?2, ?3)",
    [SQL_WORDS_PUT] = "INSERT OR REPLACE INTO words VALUES (?1, ?2)",
    [SQL_CHUNK_ADD] = "INSERT INTO chunk VALUES (?1, ?2)",
    [SQL_CHUNK_REMOVE] = "DELETE FROM chunk WHERE id >= ?1 AND id <= ?2",
};
