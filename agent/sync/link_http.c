/* link_http.c: the link over HTTPS.
 *
 * The county's signing key stands above the server's TLS keys: the tablet pins those that the
 * county has named. When the server shows another key, its list of keys is fetched from whoever is
 * there, and believed only if the county has signed it with a serial not older than ours. So TLS
 * keys and hosts change without enrolling anybody again, and a stranger in the middle gets
 * nothing but a request for that list. */
#include "agent/sync/link_http.h"

#include "agent/sync/inside.h"
#include "base/tls.h"

#define URL_BYTES_MAX    1024u
#define KEYS_BYTES_MAX   65536u
#define PINS_USED_MAX    32u
#define ENROL_TIMEOUT_MS 60000u

struct link_http {
    struct link link;
    struct tablet *tablet; /* NULL: enrolment's first look */
    struct httpc *client;
    bool plain;
    char base[URL_BYTES_MAX]; /* without a slash at the end */
    struct link_pause pause;
};

void link_http_pause(struct link_http *http, const struct link_pause *pause) {
    http->pause = *pause;
}

static void away(const struct link_http *http) {
    if (http->pause.away != NULL)
        http->pause.away(http->pause.context);
}

static void back(const struct link_http *http) {
    if (http->pause.back != NULL)
        http->pause.back(http->pause.context);
}

/* "127.0.0.1", "localhost", "[::1]", with or without a port. */
static bool is_loopback(struct view host) {
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t size = strlen(names[i]);

        if (host.size >= size && memcmp(host.data, names[i], size) == 0 &&
            (host.size == size || host.data[size] == ':'))
            return true;
    }
    return false;
}

static enum rc read_url(struct link_http *http, struct view url, struct err *err) {
    static const char secure[] = "https://", plain[] = "http://";
    size_t scheme;

    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.size--;
    if (url.size >= sizeof(secure) && memcmp(url.data, secure, sizeof(secure) - 1) == 0) {
        scheme = sizeof(secure) - 1;
    } else if (url.size >= sizeof(plain) && memcmp(url.data, plain, sizeof(plain) - 1) == 0) {
        scheme = sizeof(plain) - 1;
        http->plain = true;
    } else {
        return err_set(err, RC_INVALID, "server %.*s: give a URL such as https://host:8443",
                       VIEW_PRINT(url));
    }
    if (url.size >= sizeof(http->base) || memchr(url.data, '\0', url.size) != NULL ||
        memchr(url.data + scheme, '/', url.size - scheme) != NULL)
        return err_set(err, RC_INVALID, "server: the URL has a path or is too long");
    if (http->plain && !is_loopback(view_slice(url, scheme, url.size - scheme)))
        return err_set(err, RC_INVALID,
                       "server %.*s: plain http is for this machine only; use https",
                       VIEW_PRINT(url));
    memcpy(http->base, url.data, url.size);
    http->base[url.size] = '\0';
    return RC_OK;
}

static enum rc open_client(struct link_http *http, enum httpc_trust trust, struct err *err) {
    const struct facts *facts = http->tablet == NULL ? NULL : tablet_facts(http->tablet);
    struct httpc_options options;
    struct buf pins;
    enum rc rc;

    httpc_options_default(&options);
    buf_init(&pins, PINS_USED_MAX * (TLS_PIN_TEXT_BYTES + 1));
    options.trust = trust;
    if (trust == HTTPC_UNPINNED)
        options.total_timeout_ms = ENROL_TIMEOUT_MS;
    for (uint32_t i = 0; trust == HTTPC_PINNED && i < facts->pin_count && i < PINS_USED_MAX; i++) {
        char text[TLS_PIN_TEXT_BYTES];

        tls_pin_text(facts->pins[i], text);
        buf_addf(&pins, "%s%s", i == 0 ? "" : ";", text);
    }
    rc = buf_check(&pins, "the server's keys", err);
    if (rc == RC_OK && trust == HTTPC_PINNED) {
        options.pins = buf_text(&pins);
        if (pins.size == 0)
            rc = err_set(err, RC_DENIED,
                         "the county has named no TLS key; it runs without TLS, use http");
    }
    if (rc == RC_OK)
        rc = httpc_open(&options, &http->client, err);
    buf_release(&pins);
    return rc;
}

static enum rc make_url(const struct link_http *http, const char *path, char *out, size_t size,
                        struct err *err) {
    int written = snprintf(out, size, "%s%s", http->base, path);

    if (written < 0 || (size_t)written >= size)
        return err_set(err, RC_INVALID, "server: the URL is too long");
    return RC_OK;
}

/* ---- keys that have changed ---- */

static enum rc take_keys(struct link_http *http, struct view body, struct err *err) {
    const struct facts *known = tablet_facts(http->tablet);
    struct facts facts;
    struct key_list list;
    struct arena arena;
    enum rc rc = tablet_regain(http->tablet, err);

    if (rc != RC_OK)
        return rc;
    arena_init(&arena, KEYS_BYTES_MAX * 2);
    rc = key_list_read(body, known->county_sign_public, &arena, &list, err);
    if (rc == RC_OK && list.serial < known->key_serial)
        rc = err_set(err, RC_DENIED,
                     "the server shows an old list of keys; it is not the county's, or restored");
    if (rc == RC_OK)
        rc = tablet_begin(http->tablet, err);
    if (rc == RC_OK) {
        facts = *known;
        facts.key_serial = list.serial;
        facts.pin_count = list.pin_count;
        facts.pins = list.pins;
        rc = tablet_put_facts(http->tablet, &facts, err);
        if (rc == RC_OK)
            rc = tablet_notice(http->tablet, NOTICE_PINS, 0, list.serial, err);
        if (rc == RC_OK)
            rc = tablet_commit(http->tablet, err);
        else
            tablet_rollback(http->tablet);
    }
    arena_release(&arena);
    return rc;
}

static enum rc renew_keys(struct link_http *http, struct link_result *result, struct err *err) {
    struct link_http look = {.tablet = NULL};
    struct httpc_result got = {.status = 0};
    struct buf body;
    char url[URL_BYTES_MAX + 64];
    enum rc rc;

    memcpy(look.base, http->base, sizeof(look.base));
    buf_init(&body, KEYS_BYTES_MAX);
    rc = make_url(http, "/v1/keys", url, sizeof(url), err);
    if (rc == RC_OK)
        rc = open_client(&look, HTTPC_UNPINNED, err);
    if (rc == RC_OK) {
        away(http);
        rc = httpc_get(look.client, url, &body, &got, err);
        back(http);
    }
    result->bytes_up += got.bytes_up;
    result->bytes_down += got.bytes_down;
    if (rc == RC_OK && got.status != 200)
        rc = err_set(err, RC_NETWORK, "the server answered with status %d instead of its keys",
                     got.status);
    if (rc == RC_OK)
        rc = take_keys(http, buf_view(&body), err);
    httpc_close(look.client);
    buf_release(&body);
    if (rc == RC_OK) {
        httpc_close(http->client);
        http->client = NULL;
        rc = open_client(http, HTTPC_PINNED, err);
    }
    return rc;
}

/* ---- the exchange ---- */

static enum rc send_once(struct link_http *http, const char *url, struct view body,
                         struct buf *answer, struct link_result *result, bool *mismatch,
                         struct err *err) {
    struct httpc_result got = {.status = 0, .retry_after_s = -1};
    enum rc rc;

    away(http);
    rc = httpc_post(http->client, url, body, NULL, answer, &got, err);
    back(http);
    result->status = got.status;
    result->retry_after_s = got.retry_after_s;
    result->bytes_up += got.bytes_up;
    result->bytes_down += got.bytes_down;
    *mismatch = got.pin_mismatch;
    return rc;
}

static enum rc http_exchange(void *context, const char *path, struct view body, struct buf *answer,
                             struct link_result *result, struct err *err) {
    struct link_http *http = context;
    char url[URL_BYTES_MAX + 64];
    bool mismatch = false;
    enum rc rc = make_url(http, path, url, sizeof(url), err);

    if (rc == RC_OK)
        rc = send_once(http, url, body, answer, result, &mismatch, err);
    if (!mismatch || http->tablet == NULL)
        return rc;
    err_clear(err);
    rc = renew_keys(http, result, err);
    return rc != RC_OK ? rc : send_once(http, url, body, answer, result, &mismatch, err);
}

static enum rc make(struct tablet *tablet, struct view server, struct link_http **out,
                    struct err *err) {
    struct link_http *http = calloc(1, sizeof(*http));
    enum rc rc;

    *out = NULL;
    if (http == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    http->tablet = tablet;
    http->link = (struct link){.context = http, .exchange = http_exchange};
    rc = read_url(http, server, err);
    if (rc == RC_OK)
        rc = open_client(http,
                         http->plain      ? HTTPC_PLAIN
                         : tablet == NULL ? HTTPC_UNPINNED
                                          : HTTPC_PINNED,
                         err);
    if (rc != RC_OK) {
        link_http_close(http);
        http = NULL;
    }
    *out = http;
    return rc;
}

enum rc link_http_open(struct tablet *tablet, struct view server, struct link_http **out,
                       struct err *err) {
    return make(tablet, server.size == 0 ? tablet_server(tablet) : server, out, err);
}

enum rc link_http_first(struct view server, struct link_http **out, struct err *err) {
    return make(NULL, server, out, err);
}

struct link *link_http_link(struct link_http *http) {
    return &http->link;
}

void link_http_close(struct link_http *http) {
    if (http == NULL)
        return;
    httpc_close(http->client);
    free(http);
}
