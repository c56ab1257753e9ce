/* The token, its page and the browsers that have shown it; see launch.h. */
#include "agent/face/launch.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_BYTES 4096u

static void hex_of(const uint8_t bytes[LAUNCH_TOKEN_BYTES], char out[LAUNCH_TEXT_BYTES]) {
    for (size_t i = 0; i < LAUNCH_TOKEN_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool hex_read(struct view text, uint8_t out[LAUNCH_TOKEN_BYTES]) {
    if (text.size != LAUNCH_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        const char *digits = "0123456789abcdef";
        const char *found = text.data[i] == 0 ? NULL : strchr(digits, (char)text.data[i]);

        if (found == NULL)
            return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (uint8_t)(found - digits));
    }
    return true;
}

/* The one script only presses the button, and hands on the language that stands behind the address.
 */
static enum rc write_page(const struct launch *launch, uint16_t port, enum lang lang,
                          struct err *err) {
    char token[LAUNCH_TEXT_BYTES];
    struct buf page;
    enum rc rc;

    hex_of(launch->token, token);
    buf_init(&page, PAGE_BYTES);
    buf_addf(&page,
             "<!doctype html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"viewport\" content=\"width=device-width\">\n"
             "<title>Yangguang</title>\n"
             "<form method=\"post\" action=\"http://127.0.0.1:%u/api/launch\">\n"
             "<input type=\"hidden\" name=\"token\" value=\"%s\">\n"
             "<input type=\"hidden\" name=\"language\" value=\"\">\n"
             "<button>%s</button>\n</form>\n"
             "<script>var form = document.forms[0], said = location.hash.slice(1);\n"
             "if (said === 'zh' || said === 'en') form.language.value = said;\n"
             "form.submit();</script>\n</html>\n",
             lang == LANG_ZH ? "zh" : "en", port, token, words(lang, "open"));
    rc = buf_check(&page, "the page", err);
    if (rc == RC_OK)
        rc = file_write(launch->path, buf_view(&page), FILE_MODE_PRIVATE, err);
    crypt_wipe(token, sizeof(token));
    crypt_buf_release(&page);
    return rc;
}

enum rc launch_init(struct launch *launch, const struct env *env, const char *directory,
                    uint16_t port, enum lang lang, struct err *err) {
    size_t size = strlen(directory) + sizeof("/" LAUNCH_FILE);

    *launch = (struct launch){.env = env, .path = malloc(size)};
    (void)pthread_mutex_init(&launch->mutex, NULL);
    if (launch->path == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    snprintf(launch->path, size, "%s/" LAUNCH_FILE, directory);
    env_entropy(env, launch->token, sizeof(launch->token));
    return write_page(launch, port, lang, err);
}

void launch_release(struct launch *launch) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (launch->path != NULL)
        (void)file_remove(launch->path, &ignored);
    free(launch->path);
    (void)pthread_mutex_destroy(&launch->mutex);
    crypt_wipe(launch->token, sizeof(launch->token));
    crypt_wipe(launch->browsers, sizeof(launch->browsers));
    launch->path = NULL;
}

bool launch_knows(const struct launch *launch, struct view token) {
    uint8_t given[LAUNCH_TOKEN_BYTES] = {0};

    return hex_read(token, given) && crypt_equal(given, launch->token, sizeof(given));
}

void launch_admit(struct launch *launch, char cookie[LAUNCH_TEXT_BYTES]) {
    struct browser *slot = &launch->browsers[0];

    pthread_mutex_lock(&launch->mutex);
    for (size_t i = 1; i < LAUNCH_BROWSERS_MAX; i++)
        if (launch->browsers[i].used_ms < slot->used_ms)
            slot = &launch->browsers[i];
    *slot = (struct browser){.used_ms = env_monotonic_ms(launch->env) + 1};
    env_entropy(launch->env, slot->cookie, sizeof(slot->cookie));
    hex_of(slot->cookie, cookie);
    pthread_mutex_unlock(&launch->mutex);
}

/* Needs the mutex. Looks at all of them, whichever it is. */
static struct browser *find(struct launch *launch, struct view cookie) {
    uint8_t given[LAUNCH_TOKEN_BYTES] = {0};
    struct browser *found = NULL;

    if (!hex_read(cookie, given))
        return NULL;
    for (size_t i = 0; i < LAUNCH_BROWSERS_MAX; i++)
        if (crypt_equal(given, launch->browsers[i].cookie, sizeof(given)) &&
            launch->browsers[i].used_ms > 0)
            found = &launch->browsers[i];
    return found;
}

bool launch_find(struct launch *launch, struct view cookie, uint64_t *seat) {
    struct browser *browser;

    pthread_mutex_lock(&launch->mutex);
    browser = find(launch, cookie);
    if (browser != NULL) {
        browser->used_ms = env_monotonic_ms(launch->env) + 1;
        *seat = browser->seat;
    }
    pthread_mutex_unlock(&launch->mutex);
    return browser != NULL;
}

void launch_sit(struct launch *launch, struct view cookie, uint64_t seat) {
    struct browser *browser;

    pthread_mutex_lock(&launch->mutex);
    browser = find(launch, cookie);
    if (browser != NULL)
        browser->seat = seat;
    pthread_mutex_unlock(&launch->mutex);
}
