/* webapi_page.c: the files of the pages, from a table that the build embeds; see webapi.h. */
#include "base/crypt.h"
#include "base/webapi.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES 256u

static const char *type_of(const char *name) {
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(dot, types[i].end) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* The path as a name of the table; false: it cannot be one. */
static bool name_of(const struct http_request *request, char name[NAME_BYTES], bool *is_place) {
    size_t size = 0;

    *is_place = true;
    name[0] = '\0';
    for (size_t i = 0; i < request->segment_count; i++) {
        int added = snprintf(name + size, NAME_BYTES - size, "%s%s", i == 0 ? "" : "/",
                             request->segments[i]);

        if (strchr(request->segments[i], '.') != NULL)
            *is_place = false;
        if (strchr(request->segments[i], '/') != NULL || added < 0 ||
            (size_t)added >= NAME_BYTES - size - sizeof(".gz"))
            return false;
        size += (size_t)added;
    }
    return true;
}

/* "gzip, br;q=0.9": whether gzip is among them and not refused. */
static bool takes_gzip(const struct http_request *request) {
    const char *at = http_request_header(request, "Accept-Encoding");

    while (at != NULL && *at != '\0') {
        size_t size;

        at += strspn(at, ", \t");
        size = strcspn(at, ",; \t");
        if (size == 4 && strncasecmp(at, "gzip", 4) == 0) {
            at += size + strspn(at + size, " \t");
            return !(strncmp(at, ";q=0", 4) == 0 &&
                     strspn(at + 4, ".0") == strcspn(at + 4, ", \t"));
        }
        at += strcspn(at, ",");
    }
    return false;
}

static const struct asset *packed_of(const struct asset_table *table, const char *name) {
    char packed[NAME_BYTES];

    snprintf(packed, sizeof(packed), "%.*s.gz", (int)(NAME_BYTES - sizeof(".gz")), name);
    return asset_find(table, packed);
}

static void tag_of(const struct asset *asset, char tag[2 * CRYPT_HASH_BYTES + 3]) {
    uint8_t hash[CRYPT_HASH_BYTES];
    size_t at = 0;

    crypt_hash("yg page", view_of(asset->data, asset->size), hash);
    tag[at++] = '"';
    for (size_t i = 0; i < sizeof(hash) / 2; i++, at += 2)
        snprintf(tag + at, 3, "%02x", hash[i]);
    tag[at++] = '"';
    tag[at] = '\0';
}

enum rc webapi_page(const struct asset_table *table, struct http_exchange *exchange,
                    struct err *err) {
    const struct http_request *request = &exchange->request;
    struct http_response *response = &exchange->response;
    const char *known = http_request_header(request, "If-None-Match");
    const struct asset *asset = NULL, *packed;
    char name[NAME_BYTES], tag[2 * CRYPT_HASH_BYTES + 3];
    bool is_place;
    enum rc rc;

    if (name_of(request, name, &is_place)) {
        asset = asset_find(table, name);
        if (asset == NULL && is_place) {
            snprintf(name, sizeof(name), "index.html");
            asset = asset_find(table, name);
        }
    }
    if (asset == NULL)
        return err_set(err, RC_NOT_FOUND, "address: there is nothing here");
    packed = packed_of(table, name);
    if (packed != NULL && takes_gzip(request))
        asset = packed;
    tag_of(asset, tag);
    rc = http_response_header(response, "Cache-Control", "no-cache", err);
    if (rc == RC_OK)
        rc = http_response_header(response, "ETag", tag, err);
    if (rc == RC_OK && packed != NULL)
        rc = http_response_header(response, "Vary", "Accept-Encoding", err);
    if (rc == RC_OK && known != NULL && strstr(known, tag) != NULL) {
        response->status = 304;
        return RC_OK;
    }
    if (rc == RC_OK && asset == packed)
        rc = http_response_header(response, "Content-Encoding", "gzip", err);
    response->content_type = type_of(name);
    response->body_static = view_of(asset->data, asset->size);
    return rc;
}
