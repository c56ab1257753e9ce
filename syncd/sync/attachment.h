/* attachment.h: the county's side of the attachments: POST /v1/attachments, and their files.
 *
 *   DIR/attachments/ab/cd/HASH      contents, by their SHA-256 in hexadecimal digits
 *   DIR/attachments/incoming/NAME   what has come so far of one that is still on its way
 *
 * A content is under its hash only after all of it was there, was hashed and was synced to disk;
 * only then the store says that it was received, and only after that the tablet is told. A file
 * that is missing although the store knows it (because the folder was lost, or is older than the
 * store) is asked for again.
 *
 * What is on its way is kept by the name of the tablet's label, so that nobody can spoil what
 * somebody else is sending. */
#ifndef YG_SYNCD_SYNC_ATTACHMENT_H
#define YG_SYNCD_SYNC_ATTACHMENT_H

#include "base/http.h"
#include "syncd/sync/office.h"

/* status: of HTTP; 401 without a body when the nonce is too old. */
enum rc attachment_exchange(const struct office *office, struct view body, struct buf *answer,
                            unsigned *status, struct err *err);
/* The same out of a bundle that this device wrote: without nonce, and nobody waits for an answer;
 * what it offered is remembered (attachment_told.h). *arrived counts contents that are now here and
 * were not. A request of another device, or a broken one, is RC_DENIED or RC_CORRUPT. */
enum rc attachment_take(const struct office *office, struct view body, uint64_t device,
                        uint32_t *arrived, struct err *err);

#define ATTACHMENT_PATH_BYTES 1280u
/* Where the content of this hash is, or would be. RC_LIMIT: the path is too long. */
enum rc attachment_path(const char *directory, const uint8_t hash[32],
                        char out[ATTACHMENT_PATH_BYTES], struct err *err);
/* RC_IO: so little room is left on the disk that contents have to wait. */
enum rc attachment_room(const char *directory, struct err *err);
/* Puts a content that the county's own staff have published under its hash, durably, unless it is
 * there; the store is not told. RC_IO: the disk is nearly full. */
enum rc attachment_keep(const char *directory, const uint8_t hash[32], struct view content,
                        struct err *err);
/* RC_OK: the file has this hash and size. RC_NOT_FOUND, RC_CORRUPT, RC_IO. Reads it in pieces. */
enum rc attachment_file_check(const char *path, const uint8_t hash[32], uint32_t size,
                              struct err *err);
/* Removes the files of what was erased by law; after such a commit, and when the service starts. */
enum rc attachment_sweep(struct store *store, const char *directory, struct err *err);

#endif
