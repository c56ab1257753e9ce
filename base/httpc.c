/* httpc.c: see httpc.h. The only file that includes curl. */
#include "base/httpc.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define PIN_TEXT_BYTES 52u /* "sha256//" and 44 of base64 */

struct httpc {
    CURL *easy;
    struct httpc_options options;
    char *pins; /* NULL unless HTTPC_PINNED */
    char error[CURL_ERROR_SIZE];
};

/* What the callbacks of one request share. */
struct transfer {
    struct buf *answer;
    uint64_t bytes_up;
    uint64_t bytes_down;
};

void httpc_options_default(struct httpc_options *options) {
    *options = (struct httpc_options){
        .trust = HTTPC_PINNED,
        .pins = NULL,
        .connect_timeout_ms = 15000,
        .total_timeout_ms = 600000,
        .low_speed_bytes_s = 10,
        .low_speed_time_s = 60,
    };
}

/* Curl ignores a pin that it cannot read, and then lets nobody in or everybody: look first. */
static bool pins_well_formed(const char *pins) {
    const char *at = pins;

    for (;;) {
        size_t size = strcspn(at, ";");

        if (size != PIN_TEXT_BYTES || strncmp(at, "sha256//", 8) != 0 ||
            strspn(at + 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") !=
                43 ||
            at[51] != '=')
            return false;
        if (at[size] == '\0')
            return true;
        at += size + 1;
    }
}

enum rc httpc_open(const struct httpc_options *options, struct httpc **out_client,
                   struct err *err) {
    struct httpc *client = NULL;

    *out_client = NULL;
    if (options->trust == HTTPC_PINNED &&
        (options->pins == NULL || !pins_well_formed(options->pins)))
        return err_set(err, RC_INVALID, "server pins: missing or not of the form sha256//BASE64");
    if (options->trust != HTTPC_PINNED && options->pins != NULL)
        return err_set(err, RC_INVALID, "server pins: given to a client that would not check them");
    /* Counts its calls and is thread-safe in the curl we require; undone in httpc_close. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, RC_NO_MEMORY, "network: the HTTP library does not start");
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        curl_global_cleanup();
        return err_set(err, RC_NO_MEMORY, "network: out of memory");
    }
    client->options = *options;
    client->options.pins = NULL;
    client->easy = curl_easy_init();
    client->pins = options->pins == NULL ? NULL : strdup(options->pins);
    if (client->easy == NULL || (options->pins != NULL && client->pins == NULL)) {
        httpc_close(client);
        return err_set(err, RC_NO_MEMORY, "network: out of memory");
    }
    *out_client = client;
    return RC_OK;
}

void httpc_close(struct httpc *client) {
    if (client == NULL)
        return;
    curl_easy_cleanup(client->easy);
    curl_global_cleanup();
    free(client->pins);
    free(client);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;

    buf_add(transfer->answer, bytes, size * count);
    return transfer->answer->failed == RC_OK ? size * count : 0;
}

/* The only place where curl shows every byte of HTTP exactly once, whatever becomes of it. */
static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t size, void *context) {
    struct transfer *transfer = context;

    (void)easy;
    (void)bytes;
    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
        transfer->bytes_up += size;
    else if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN)
        transfer->bytes_down += size;
    return 0;
}

/* Appends to a list of headers; on lack of memory frees it. */
static bool list_add(struct curl_slist **list, const char *header) {
    struct curl_slist *longer = curl_slist_append(*list, header);

    if (longer == NULL) {
        curl_slist_free_all(*list);
        *list = NULL;
        return false;
    }
    *list = longer;
    return true;
}

static enum rc make_headers(const struct httpc_request *request, struct curl_slist **list,
                            struct err *err) {
    struct buf line;
    bool added = list_add(list, "Accept:") && list_add(list, "Expect:");

    if (request->header_count > HTTPC_HEADERS_MAX)
        return err_set(err, RC_INVALID, "request: more than %d headers", HTTPC_HEADERS_MAX);
    for (size_t i = 0; added && i < request->header_count; i++) {
        if (strpbrk(request->headers[i], "\r\n") != NULL ||
            strchr(request->headers[i], ':') == NULL)
            return err_set(err, RC_INVALID, "request: header %zu is malformed", i);
        added = list_add(list, request->headers[i]);
    }
    buf_init(&line, 256);
    buf_add_text(&line, "Content-Type:");
    if (request->content_type != NULL)
        buf_addf(&line, " %s", request->content_type);
    added = added && list_add(list, buf_text(&line)) && line.failed == RC_OK;
    buf_release(&line);
    return added ? RC_OK : err_set(err, RC_NO_MEMORY, "network: out of memory");
}

/* All settings of one request. Every option here is one that curl 7.88 knows, so that the only
 * possible failure is lack of memory; the first one is kept. */
static CURLcode configure(struct httpc *client, const struct httpc_request *request,
                          struct curl_slist *headers, struct transfer *transfer) {
    CURL *easy = client->easy;
    const struct httpc_options *options = &client->options;
    const char *schemes = options->trust == HTTPC_PLAIN ? "http" : "https";
    CURLcode code = CURLE_OK;

#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
        code = curl_easy_setopt(easy, option, value);
    curl_easy_reset(easy); /* keeps connections and TLS sessions */
    SET(CURLOPT_ERRORBUFFER, client->error)
    SET(CURLOPT_URL, request->url)
    SET(CURLOPT_PROTOCOLS_STR, schemes)
    SET(CURLOPT_FOLLOWLOCATION, 0L)
    SET(CURLOPT_PROXY, "")
    SET(CURLOPT_NOPROXY, "*")
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED)
    SET(CURLOPT_NOSIGNAL, 1L)
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
    /* Not authorities and names but pins, see httpc.h; so do not load the authorities either. */
    SET(CURLOPT_SSL_VERIFYPEER, 0L)
    SET(CURLOPT_SSL_VERIFYHOST, 0L)
    SET(CURLOPT_CAINFO, NULL)
    SET(CURLOPT_CAPATH, NULL)
    SET(CURLOPT_PINNEDPUBLICKEY, client->pins)
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms)
    SET(CURLOPT_TIMEOUT_MS, (long)options->total_timeout_ms)
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)options->low_speed_bytes_s)
    SET(CURLOPT_LOW_SPEED_TIME, (long)options->low_speed_time_s)
    SET(CURLOPT_TCP_KEEPALIVE, 1L)
    SET(CURLOPT_HTTPHEADER, headers)
    SET(CURLOPT_WRITEFUNCTION, on_body)
    SET(CURLOPT_WRITEDATA, transfer)
    SET(CURLOPT_DEBUGFUNCTION, on_debug)
    SET(CURLOPT_DEBUGDATA, transfer)
    SET(CURLOPT_VERBOSE, 1L)
    if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L)
    } else if (strcmp(request->method, "GET") == 0) {
        SET(CURLOPT_HTTPGET, 1L)
    } else {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size)
        SET(CURLOPT_POSTFIELDS, request->body.size == 0 ? "" : (const char *)request->body.data)
        SET(CURLOPT_CUSTOMREQUEST, request->method)
    }
#undef SET
    return code;
}

/* What curl's code means for us. */
static enum rc transfer_fail(struct httpc *client, CURLcode code, const struct buf *answer,
                             struct httpc_result *result, struct err *err) {
    switch (code) {
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        result->pin_mismatch = true;
        err_set(err, RC_DENIED,
                "server: its TLS key is not one that the county has certified; somebody may stand "
                "between, use another network or ask the county");
        break;
    case CURLE_OUT_OF_MEMORY:
        err_set(err, RC_NO_MEMORY, "network: out of memory");
        break;
    case CURLE_WRITE_ERROR:
        return buf_check(answer, "answer of the server", err);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        err_set(err, RC_INVALID, "server address: malformed, or not %s",
                client->options.trust == HTTPC_PLAIN ? "http" : "https");
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
        err_set(err, RC_NETWORK,
                "server: its name is not known; check the network and the address");
        break;
    case CURLE_COULDNT_CONNECT:
        err_set(err, RC_NETWORK, "server: nobody answers there; check the network and the address");
        break;
    case CURLE_OPERATION_TIMEDOUT:
        err_set(err, RC_NETWORK, "server: too slow, gave up waiting; try again later");
        break;
    case CURLE_SSL_CONNECT_ERROR:
        err_set(err, RC_NETWORK, "server: the secure connection failed; try again later");
        break;
    default:
        err_set(err, RC_NETWORK, "server: the connection broke; try again later");
        break;
    }
    return err_detail(err, "curl %d: %s", (int)code,
                      client->error[0] != '\0' ? client->error : curl_easy_strerror(code));
}

static void read_result(struct httpc *client, struct httpc_result *result) {
    long status = 0;
    long connects = 0;
    curl_off_t seconds = 0;
    struct curl_header *header = NULL;

    if (curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        result->status = (int)status;
    if (curl_easy_getinfo(client->easy, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK)
        result->reused = connects == 0 && status != 0;
    if ((status == 429 || status == 503) &&
        curl_easy_header(client->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
        curl_easy_getinfo(client->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
        result->retry_after_s = (int64_t)seconds;
}

enum rc httpc_send(struct httpc *client, const struct httpc_request *request, struct buf *answer,
                   struct httpc_result *result, struct err *err) {
    struct transfer transfer = {.answer = answer};
    struct curl_slist *headers = NULL;
    size_t before = answer->size;
    enum rc rc = RC_OK;
    CURLcode code = CURLE_OK;

    *result = (struct httpc_result){.retry_after_s = -1};
    client->error[0] = '\0';
    rc = make_headers(request, &headers, err);
    if (rc != RC_OK)
        goto out;
    code = configure(client, request, headers, &transfer);
    if (code == CURLE_OK) {
        code = curl_easy_perform(client->easy);
        result->bytes_up = transfer.bytes_up;
        result->bytes_down = transfer.bytes_down;
        read_result(client, result);
    }
    if (code != CURLE_OK) {
        rc = transfer_fail(client, code, answer, result, err);
        answer->size = before < answer->size ? before : answer->size;
    }
out:
    curl_slist_free_all(headers);
    return rc;
}

enum rc httpc_post(struct httpc *client, const char *url, struct view body,
                   const char *content_type, struct buf *answer, struct httpc_result *result,
                   struct err *err) {
    struct httpc_request request = {
        .method = "POST", .url = url, .content_type = content_type, .body = body};

    return httpc_send(client, &request, answer, result, err);
}

enum rc httpc_get(struct httpc *client, const char *url, struct buf *answer,
                  struct httpc_result *result, struct err *err) {
    struct httpc_request request = {.method = "GET", .url = url};

    return httpc_send(client, &request, answer, result, err);
}
