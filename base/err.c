/* Messages are made beside the err they go to, because arguments may point into it. */
#include "base/err.h"

#include <stdarg.h>

#include "base/words.h"

void err_init(struct err *err, enum lang lang) {
    err->lang = lang;
    err_clear(err);
}

void err_clear(struct err *err) {
    err->rc = RC_OK;
    err->text[0] = '\0';
    err->detail[0] = '\0';
}

/* A cut may fall inside a character; the broken tail is dropped, so that the text stays UTF-8. */
static void drop_broken_tail(char *text, size_t size) {
    size_t length = strlen(text);
    size_t lead = length;
    size_t want;
    unsigned char byte;

    if (length + 1 < size || length == 0)
        return;
    do {
        lead--;
    } while (lead > 0 && ((unsigned char)text[lead] & 0xC0) == 0x80);
    byte = (unsigned char)text[lead];
    want = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    if (lead + want > length)
        text[lead] = '\0';
}

static void format_text(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void format_text(char *out, size_t size, const char *format, va_list arguments) {
    int length = vsnprintf(out, size, format, arguments);

    if (length < 0)
        out[0] = '\0'; /* cannot happen with our literals; an empty message beats a lost error */
    else if ((size_t)length >= size)
        drop_broken_tail(out, size);
}

enum rc err_set(struct err *err, enum rc rc, const char *format, ...) {
    va_list arguments;
    char text[sizeof(err->text)];

    /* The arguments may point into err itself, so the new text is made beside it. */
    va_start(arguments, format);
    format_text(text, sizeof(text), words(err->lang, format), arguments);
    va_end(arguments);
    memcpy(err->text, text, sizeof(text));
    err->detail[0] = '\0';
    err->rc = rc;
    return rc;
}

enum rc err_detail(struct err *err, const char *format, ...) {
    va_list arguments;
    char detail[sizeof(err->detail)];

    va_start(arguments, format);
    format_text(detail, sizeof(detail), words(err->lang, format), arguments);
    va_end(arguments);
    memcpy(err->detail, detail, sizeof(detail));
    return err->rc;
}

enum rc err_prefix(struct err *err, const char *format, ...) {
    va_list arguments;
    char text[sizeof(err->text)];
    size_t length;
    size_t left;
    size_t old;

    va_start(arguments, format);
    format_text(text, sizeof(text), words(err->lang, format), arguments);
    va_end(arguments);
    length = strlen(text);
    left = sizeof(text) - length;
    old = strlen(err->text);
    if (old < left) {
        memcpy(text + length, err->text, old + 1);
    } else {
        memcpy(text + length, err->text, left - 1);
        text[sizeof(text) - 1] = '\0';
        drop_broken_tail(text, sizeof(text));
    }
    memcpy(err->text, text, strlen(text) + 1);
    return err->rc;
}

int rc_exit_status(enum rc rc) {
    switch (rc) {
    case RC_OK:
        return 0;
    case RC_USAGE:
        return 2;
    case RC_IO:
    case RC_NETWORK:
    case RC_NO_MEMORY:
        return 3;
    case RC_INVALID:
    case RC_NOT_FOUND:
    case RC_DENIED:
    case RC_CONFLICT:
    case RC_AGAIN:
    case RC_LIMIT:
    case RC_LOCKED:
    case RC_UNSUPPORTED:
    case RC_CORRUPT:
        break;
    }
    return 1;
}

const char *rc_name(enum rc rc) {
    switch (rc) {
    case RC_OK:
        return "ok";
    case RC_INVALID:
        return "invalid";
    case RC_USAGE:
        return "usage";
    case RC_NOT_FOUND:
        return "not_found";
    case RC_DENIED:
        return "denied";
    case RC_CONFLICT:
        return "conflict";
    case RC_AGAIN:
        return "again";
    case RC_LIMIT:
        return "limit";
    case RC_LOCKED:
        return "locked";
    case RC_UNSUPPORTED:
        return "unsupported";
    case RC_CORRUPT:
        return "corrupt";
    case RC_IO:
        return "io";
    case RC_NETWORK:
        return "network";
    case RC_NO_MEMORY:
        return "no_memory";
    }
    return "unknown";
}
