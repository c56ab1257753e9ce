/* backup_file.c: see backup_file.h.
 *
 *   magic    "yg backup 1\n"
 *   county   4 bytes, big-endian: its tag, so that a backup of another county is told apart
 *   salt     16 random bytes
 *   pieces   each: kind (1 byte), length (4, little-endian), so many locked bytes
 *
 * key = mac(county's backup key, "yg backup", salt). A piece is locked with crypt_lock; associated
 * are the magic, county and salt, the piece's number from 0 (8, little-endian) and its kind: no
 * piece can be taken out, moved, or put into another file. Inside:
 *
 *   1 manifest  the first piece: varints epoch, time (folded), bytes of the database, count of
 *               actors; each: actor (8, little-endian), number (varint), chain hash (32); count of
 *               feeds; each: area (varint), audience (1 byte), position (varint)
 *   2 data      zlib of up to 4 MiB of the database
 *   3 end       the last piece: digest (32). Nothing follows it.
 *
 * digest = hash("yg backup digest", the manifest, then the database). */
#include "syncd/sync/backup_file.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/spool.h"
#include "base/zip.h"

#define MAGIC            "yg backup 1\n"
#define MAGIC_BYTES      12u
#define SALT_BYTES       16u
#define HEAD_BYTES       (MAGIC_BYTES + 4u + SALT_BYTES)
#define PIECE_HEAD_BYTES 5u
#define PIECE_BYTES      (4u * 1024u * 1024u)
#define MANIFEST_BYTES   (64u * 1024u * 1024u)
#define LOCKED_BYTES_MAX (MANIFEST_BYTES + 65536u)
#define ACTOR_BYTES_MIN  41u
#define FEED_BYTES_MIN   3u

enum piece_kind { PIECE_MANIFEST = 1, PIECE_DATA = 2, PIECE_END = 3 };

struct backup_file {
    struct spool *spool;
    uint8_t associated[HEAD_BYTES + 9];
    uint8_t key[CRYPT_KEY_BYTES];
    uint64_t number; /* of the next piece */
    struct crypt_hasher hasher;
    struct buf plain, packed, locked;
};

static void file_start(struct backup_file *file, const struct keys *keys, struct view head) {
    memcpy(file->associated, head.data, HEAD_BYTES);
    crypt_mac(keys->backup_key, "yg backup", view_slice(head, HEAD_BYTES - SALT_BYTES, head.size),
              file->key);
    crypt_hasher_init(&file->hasher, "yg backup digest");
    buf_init(&file->plain, MANIFEST_BYTES);
    buf_init(&file->packed, LOCKED_BYTES_MAX);
    buf_init(&file->locked, LOCKED_BYTES_MAX);
}

static void file_end(struct backup_file *file) {
    crypt_wipe(file->key, sizeof(file->key));
    crypt_buf_release(&file->plain);
    buf_release(&file->packed);
    buf_release(&file->locked);
    spool_close(file->spool);
}

static struct view associate(struct backup_file *file, uint8_t kind) {
    for (unsigned i = 0; i < 8; i++)
        file->associated[HEAD_BYTES + i] = (uint8_t)(file->number >> (8 * i));
    file->associated[HEAD_BYTES + 8] = kind;
    return view_of(file->associated, sizeof(file->associated));
}

/* --- writing --- */

static enum rc piece_write(struct backup_file *file, const struct env *env, uint8_t kind,
                           struct view plain, struct err *err) {
    uint8_t head[PIECE_HEAD_BYTES] = {kind};
    enum rc rc;

    buf_clear(&file->locked);
    rc = crypt_lock(env, file->key, plain, associate(file, kind), &file->locked, err);
    if (rc != RC_OK)
        return rc;
    file->number++;
    for (unsigned i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(file->locked.size >> (8 * i));
    rc = spool_write(file->spool, view_of(head, sizeof(head)), err);
    return rc == RC_OK ? spool_write(file->spool, buf_view(&file->locked), err) : rc;
}

static enum rc manifest_write(struct backup_file *file, const struct env *env,
                              const struct backup_info *info, struct err *err) {
    struct buf *out = &file->plain;

    buf_clear(out);
    buf_add_varint(out, info->epoch);
    buf_add_zigzag(out, info->made_ms);
    buf_add_varint(out, info->database_bytes);
    buf_add_varint(out, info->actor_count);
    for (uint32_t i = 0; i < info->actor_count; i++) {
        buf_add_le64(out, info->actors[i].actor);
        buf_add_varint(out, info->actors[i].number);
        buf_add(out, info->actors[i].hash, 32);
    }
    buf_add_varint(out, info->feed_count);
    for (uint32_t i = 0; i < info->feed_count; i++) {
        buf_add_varint(out, info->feeds[i].area);
        buf_add_u8(out, info->feeds[i].audience);
        buf_add_varint(out, info->feeds[i].position);
    }
    if (buf_check(out, "a backup", err) != RC_OK)
        return err->rc;
    crypt_hasher_add(&file->hasher, out->data, out->size);
    return piece_write(file, env, PIECE_MANIFEST, buf_view(out), err);
}

static enum rc database_write(struct backup_file *file, const struct env *env,
                              struct spool *database, uint64_t bytes, struct err *err) {
    struct zip_deflater *deflater = NULL;
    uint64_t done = 0;
    enum rc rc = zip_deflater_new(ZIP_LEVEL_DEFAULT, &deflater, err);

    while (rc == RC_OK && done < bytes) {
        struct view piece;

        buf_clear(&file->plain);
        buf_clear(&file->packed);
        rc = spool_read(database, PIECE_BYTES, &file->plain, err);
        if (rc == RC_OK && file->plain.size == 0)
            rc = err_set(err, RC_IO, "the copy of the database is shorter than it was; try again");
        if (rc != RC_OK)
            break;
        piece = buf_view(&file->plain);
        done += piece.size;
        crypt_hasher_add(&file->hasher, piece.data, piece.size);
        rc = zip_deflater_run(deflater, &piece, 1, false, &file->packed, err);
        if (rc == RC_OK)
            rc = piece_write(file, env, PIECE_DATA, buf_view(&file->packed), err);
    }
    zip_deflater_free(deflater);
    return rc;
}

enum rc backup_file_write(const char *path, const struct keys *keys, const struct env *env,
                          const char *database, struct backup_info *info, struct err *err) {
    struct backup_file file = {.spool = NULL};
    struct spool *source = NULL;
    uint8_t head[HEAD_BYTES];
    enum rc rc = file_size(database, &info->database_bytes, err);

    memcpy(head, MAGIC, MAGIC_BYTES);
    for (unsigned i = 0; i < 4; i++)
        head[MAGIC_BYTES + i] = (uint8_t)(keys->county >> (24 - 8 * i));
    env_entropy(env, head + HEAD_BYTES - SALT_BYTES, SALT_BYTES);
    file_start(&file, keys, view_of(head, sizeof(head)));
    if (rc == RC_OK)
        rc = spool_open(database, &source, err);
    if (rc == RC_OK)
        rc = spool_create(path, FILE_MODE_PRIVATE, &file.spool, err);
    if (rc == RC_OK)
        rc = spool_write(file.spool, view_of(head, sizeof(head)), err);
    if (rc == RC_OK)
        rc = manifest_write(&file, env, info, err);
    if (rc == RC_OK)
        rc = database_write(&file, env, source, info->database_bytes, err);
    if (rc == RC_OK) {
        crypt_hasher_end(&file.hasher, info->digest);
        rc = piece_write(&file, env, PIECE_END, view_of(info->digest, 32), err);
    }
    if (rc == RC_OK) {
        rc = spool_finish(file.spool, err);
        file.spool = NULL;
    }
    spool_close(source);
    file_end(&file);
    return rc;
}

/* --- reading --- */

static enum rc damaged(const char *path, struct err *err) {
    return err_set(err, RC_CORRUPT, "backup %s: damaged or cut off; keep it, and use another one",
                   path);
}

/* Its plain bytes are in file->packed. */
static enum rc piece_read(struct backup_file *file, const char *path, uint8_t *kind,
                          struct err *err) {
    size_t size = 0;
    enum rc rc;

    buf_clear(&file->locked);
    rc = spool_read(file->spool, PIECE_HEAD_BYTES, &file->locked, err);
    if (rc != RC_OK)
        return rc;
    if (file->locked.size != PIECE_HEAD_BYTES)
        return damaged(path, err);
    *kind = file->locked.data[0];
    for (unsigned i = 0; i < 4; i++)
        size |= (size_t)file->locked.data[1 + i] << (8 * i);
    if (size > LOCKED_BYTES_MAX)
        return damaged(path, err);
    buf_clear(&file->locked);
    buf_clear(&file->packed);
    rc = spool_read(file->spool, size, &file->locked, err);
    if (rc == RC_OK && file->locked.size != size)
        return damaged(path, err);
    if (rc == RC_OK)
        rc = crypt_unlock(file->key, buf_view(&file->locked), associate(file, *kind), &file->packed,
                          err);
    file->number++;
    return rc == RC_DENIED ? damaged(path, err) : rc;
}

static enum rc manifest_read(struct backup_file *file, struct arena *arena,
                             struct backup_info *info, struct err *err) {
    struct reader in;
    uint64_t count;

    reader_init(&in, buf_view(&file->packed));
    info->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    info->made_ms = read_zigzag(&in);
    info->database_bytes = read_varint(&in);
    count = read_varint_max(&in, in.size / ACTOR_BYTES_MIN);
    if (in.failed)
        return reader_check(&in, "a backup", err);
    info->actors = arena_array(arena, (size_t)count + 1u, sizeof(*info->actors));
    if (info->actors == NULL)
        return arena_check(arena, "a backup", err);
    for (; info->actor_count < count && !in.failed; info->actor_count++) {
        struct backup_actor *actor = &info->actors[info->actor_count];
        struct view hash;

        actor->actor = read_le64(&in);
        actor->number = read_varint(&in);
        hash = read_bytes(&in, 32);
        if (!in.failed)
            memcpy(actor->hash, hash.data, 32);
    }
    count = read_varint_max(&in, in.size / FEED_BYTES_MIN);
    info->feeds = arena_array(arena, in.failed ? 0 : (size_t)count, sizeof(*info->feeds));
    if (info->feeds == NULL)
        return arena_check(arena, "a backup", err);
    for (; info->feed_count < count && !in.failed; info->feed_count++) {
        struct backup_feed *feed = &info->feeds[info->feed_count];

        feed->area = read_varint(&in);
        feed->audience = read_u8(&in);
        feed->position = read_varint(&in);
    }
    crypt_hasher_add(&file->hasher, file->packed.data, file->packed.size);
    return reader_check(&in, "a backup", err);
}

static enum rc data_read(struct backup_file *file, struct zip_inflater *inflater, uint64_t *done,
                         enum rc (*sink)(void *, struct view, struct err *), void *context,
                         struct err *err) {
    enum rc rc;

    buf_clear(&file->plain);
    rc = zip_inflater_run(inflater, buf_view(&file->packed), PIECE_BYTES, 0, &file->plain, err);
    if (rc != RC_OK)
        return rc;
    *done += file->plain.size;
    crypt_hasher_add(&file->hasher, file->plain.data, file->plain.size);
    return sink == NULL ? RC_OK : sink(context, buf_view(&file->plain), err);
}

static enum rc pieces_read(struct backup_file *file, const char *path,
                           enum rc (*sink)(void *, struct view, struct err *), void *context,
                           struct arena *arena, struct backup_info *info, struct err *err) {
    struct zip_inflater *inflater = NULL;
    uint64_t done = 0;
    uint8_t kind = 0;
    enum rc rc = zip_inflater_new(&inflater, err);

    if (rc == RC_OK)
        rc = piece_read(file, path, &kind, err);
    if (rc == RC_OK)
        rc = kind == PIECE_MANIFEST ? manifest_read(file, arena, info, err) : damaged(path, err);
    while (rc == RC_OK) {
        rc = piece_read(file, path, &kind, err);
        if (rc != RC_OK || kind == PIECE_END)
            break;
        rc = kind == PIECE_DATA ? data_read(file, inflater, &done, sink, context, err)
                                : damaged(path, err);
    }
    zip_inflater_free(inflater);
    if (rc != RC_OK)
        return rc;
    crypt_hasher_end(&file->hasher, info->digest);
    if (file->packed.size != 32 || !crypt_equal(file->packed.data, info->digest, 32) ||
        done != info->database_bytes)
        return damaged(path, err);
    buf_clear(&file->locked);
    rc = spool_read(file->spool, 1, &file->locked, err);
    return rc == RC_OK && file->locked.size > 0 ? damaged(path, err) : rc;
}

enum rc backup_file_read(const char *path, const struct keys *keys,
                         enum rc (*sink)(void *context, struct view piece, struct err *err),
                         void *context, struct arena *arena, struct backup_info *info,
                         struct err *err) {
    struct backup_file file = {.spool = NULL};
    struct spool *spool = NULL;
    struct buf head;
    uint32_t county = 0;
    enum rc rc = spool_open(path, &spool, err);

    *info = (struct backup_info){0};
    buf_init(&head, HEAD_BYTES);
    if (rc == RC_OK)
        rc = spool_read(spool, HEAD_BYTES, &head, err);
    if (rc == RC_OK && (head.size != HEAD_BYTES || memcmp(head.data, MAGIC, MAGIC_BYTES) != 0))
        rc = err_set(err, RC_UNSUPPORTED, "%s: not a backup of a county, or one of a newer program",
                     path);
    for (unsigned i = 0; i < 4 && rc == RC_OK; i++)
        county = (county << 8) | head.data[MAGIC_BYTES + i];
    if (rc == RC_OK && county != keys->county)
        rc = err_set(err, RC_DENIED,
                     "backup %s: it is of another county, or these are not its keys", path);
    if (rc == RC_OK) {
        file_start(&file, keys, buf_view(&head));
        file.spool = spool;
        rc = pieces_read(&file, path, sink, context, arena, info, err);
        file_end(&file);
    } else {
        spool_close(spool);
    }
    buf_release(&head);
    return rc;
}
