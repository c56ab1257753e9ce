/* backup_file.h: the county in one file that may lie anywhere: compressed, encrypted under a key
 * that follows from the county's seed (so the two recovery halves suffice to read it), checked to
 * the last byte, and telling what is in it. backup_file.c opens with the layout. */
#ifndef YG_SYNCD_SYNC_BACKUP_FILE_H
#define YG_SYNCD_SYNC_BACKUP_FILE_H

#include "syncd/sync/keys.h"

#include "base/arena.h"

struct backup_actor { /* up to where its changes are in the backup */
    uint64_t actor, number;
    uint8_t hash[32]; /* chain hash there */
};

struct backup_feed { /* up to where its entries are in the backup */
    uint64_t area, position;
    uint8_t audience;
};

struct backup_info {
    uint32_t epoch;
    int64_t made_ms;
    uint64_t database_bytes;
    uint32_t actor_count;
    struct backup_actor *actors; /* ascending by actor */
    uint32_t feed_count;
    struct backup_feed *feeds; /* ascending by area, audience */
    uint8_t digest[32];        /* of all content; set by writing and by reading */
    uint32_t redactions;       /* of a restore: what it erased again that the backup still held */
};

/* Writes the file at database as the backup at path: as a whole or not at all. RC_CONFLICT: path
 * exists. info->digest and database_bytes are set. */
enum rc backup_file_write(const char *path, const struct keys *keys, const struct env *env,
                          const char *database, struct backup_info *info, struct err *err);

/* Reads the whole file from its medium, checks everything, gives the database in pieces to sink
 * (may be NULL). What sink was given is worth nothing before RC_OK. The actors are in the arena.
 * RC_CORRUPT: damaged, cut off, or changed. RC_DENIED: of another county. RC_UNSUPPORTED: not a
 * backup, or of a newer program. */
enum rc backup_file_read(const char *path, const struct keys *keys,
                         enum rc (*sink)(void *context, struct view piece, struct err *err),
                         void *context, struct arena *arena, struct backup_info *info,
                         struct err *err);

#endif
