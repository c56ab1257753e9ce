/* err.h: how every function of the house says that it failed.
 *
 * A fallible function returns enum rc, a closed set that a program may branch on, and fills the
 * struct err that its caller owns, which is for people. Nothing is allocated on the way.
 *
 * Messages are English format literals that name the place, what is wrong, and the mend. They are
 * the keys of the word catalogue (words.h): when err->lang asks for Chinese and the catalogue
 * knows the literal, the Chinese format is used with the same arguments. */
#ifndef YG_BASE_ERR_H
#define YG_BASE_ERR_H

#include "base/banned.h"

enum rc {
    RC_OK = 0,
    RC_INVALID,     /* the input is wrong; the message names the place and the mend */
    RC_USAGE,       /* the command line is wrong */
    RC_NOT_FOUND,   /* no such thing */
    RC_DENIED,      /* not allowed: role, scope, secret, signature, four eyes */
    RC_CONFLICT,    /* the state has moved on, or the thing exists already */
    RC_AGAIN,       /* try again later; nothing happened */
    RC_LIMIT,       /* a stated limit was reached; the message names it */
    RC_LOCKED,      /* the data is locked, or another process owns it */
    RC_UNSUPPORTED, /* well formed, but of a version or kind that we do not know */
    RC_CORRUPT,     /* stored or received bytes are not what they claim to be */
    RC_IO,          /* the disk refused */
    RC_NETWORK,     /* the network refused */
    RC_NO_MEMORY,
};

enum lang { LANG_EN = 0, LANG_ZH };

struct err {
    enum lang lang;   /* set once by err_init; the language of text */
    enum rc rc;       /* the last result set, RC_OK at first */
    char text[512];   /* the message, always terminated; empty at first */
    char detail[256]; /* technical detail (library's own words), may be empty */
};

/* Must be called once before any other use. */
void err_init(struct err *err, enum lang lang);

/* Back to RC_OK with empty texts; the language stays. */
void err_clear(struct err *err);

/* Formats the message, stores rc and returns it, so that one can write `return err_set(...)`. */
enum rc err_set(struct err *err, enum rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a technical detail to the message just set. Returns err->rc. */
enum rc err_detail(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts a place in front of the message ("file.csv: " + text). Returns err->rc. */
enum rc err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status of a command: 0 done, 1 refused or not found, 2 wrong usage, 3 disk or network.
 */
int rc_exit_status(enum rc rc);

/* A short lower-case word for logs and JSON: "ok", "invalid", ... */
const char *rc_name(enum rc rc);

#endif
