/* tls.c: see tls.h. The only file that includes gnutls. */
#include "base/tls.h"

#include "base/crypt.h"

#include "base/words.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define VALID_SECONDS   ((int64_t)20 * 365 * 24 * 3600)
#define SERIAL_BYTES    16u
#define EARLIER_SECONDS 3600 /* so that a client whose clock is a little late is not puzzled */

/* what: a key of the catalogue. */
static enum rc tls_fail(const char *what, int result, struct err *err) {
    enum rc rc = result == GNUTLS_E_MEMORY_ERROR ? RC_NO_MEMORY : RC_INVALID;

    err_set(err, rc, "TLS: %s failed", words(err->lang, what));
    return err_detail(err, "gnutls %d: %s", result, gnutls_strerror(result));
}

/* Fills the certificate in: what it says, for whom, for how long. */
static int describe(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                    const char *common_name, int64_t now_ms) {
    unsigned char serial[32]; /* the key's own name: as rare as the key */
    size_t size = sizeof(serial);
    time_t now = (time_t)(now_ms / 1000);
    int result = gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, serial, &size);

    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x01); /* positive, and not zero */
    if (result >= 0)
        result = gnutls_x509_crt_set_version(certificate, 3);
    if (result >= 0)
        result = gnutls_x509_crt_set_serial(certificate, serial, SERIAL_BYTES);
    if (result >= 0)
        result = gnutls_x509_crt_set_activation_time(certificate, now - EARLIER_SECONDS);
    if (result >= 0)
        result = gnutls_x509_crt_set_expiration_time(certificate, now + (time_t)VALID_SECONDS);
    if (result >= 0) {
        result = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
                                               common_name, (unsigned)strlen(common_name));
    }
    if (result >= 0) {
        result =
            gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, common_name,
                                                 (unsigned)strlen(common_name), GNUTLS_FSAN_SET);
    }
    if (result >= 0)
        result = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);
    if (result >= 0)
        result = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (result >= 0)
        result = gnutls_x509_crt_set_key(certificate, key);
    return result;
}

enum rc tls_make(const char *common_name, int64_t now_ms, struct buf *certificate_pem,
                 struct buf *key_pem, struct err *err) {
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    gnutls_datum_t certificate_text = {NULL, 0};
    gnutls_datum_t key_text = {NULL, 0};
    enum rc rc = RC_OK;
    int result = gnutls_x509_privkey_init(&key);

    if (result >= 0) {
        result = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    }
    if (result >= 0)
        result = gnutls_x509_crt_init(&certificate);
    if (result >= 0)
        result = describe(certificate, key, common_name, now_ms);
    if (result >= 0)
        result = gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
    if (result >= 0)
        result = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &certificate_text);
    if (result >= 0) {
        result = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                   GNUTLS_PKCS_PLAIN, &key_text);
    }
    if (result < 0) {
        rc = tls_fail("making a key and its certificate", result, err);
        goto out;
    }
    buf_add(certificate_pem, certificate_text.data, certificate_text.size);
    buf_add(key_pem, key_text.data, key_text.size);
    rc = buf_check(certificate_pem, "TLS certificate", err);
    if (rc == RC_OK)
        rc = buf_check(key_pem, "TLS key", err);
out:
    if (key_text.data != NULL)
        gnutls_memset(key_text.data, 0, key_text.size);
    gnutls_free(key_text.data);
    gnutls_free(certificate_text.data);
    if (certificate != NULL)
        gnutls_x509_crt_deinit(certificate);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    return rc;
}

static void hash_key(gnutls_datum_t der, uint8_t pin[TLS_PIN_BYTES]) {
    struct crypt_sha256 hasher;

    crypt_sha256_init(&hasher);
    crypt_sha256_add(&hasher, der.data, der.size);
    crypt_sha256_end(&hasher, pin);
}

enum rc tls_pin(struct view certificate_pem, uint8_t pin[TLS_PIN_BYTES], struct err *err) {
    gnutls_x509_crt_t certificate = NULL;
    gnutls_pubkey_t key = NULL;
    gnutls_datum_t der = {NULL, 0};
    gnutls_datum_t pem = {NULL, 0};
    unsigned char *copy = NULL;
    enum rc rc = RC_OK;
    int result = 0;

    if (certificate_pem.size == 0 || certificate_pem.size > TLS_PEM_BYTES_MAX) {
        return err_set(err, RC_INVALID, "TLS certificate: %zu bytes is not a size of a certificate",
                       certificate_pem.size);
    }
    /* The library's view of bytes is not const. */
    copy = malloc(certificate_pem.size);
    if (copy == NULL)
        return tls_fail("reading the certificate", GNUTLS_E_MEMORY_ERROR, err);
    memcpy(copy, certificate_pem.data, certificate_pem.size);
    pem.data = copy;
    pem.size = (unsigned)certificate_pem.size;
    result = gnutls_x509_crt_init(&certificate);
    if (result >= 0)
        result = gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM);
    if (result >= 0)
        result = gnutls_pubkey_init(&key);
    if (result >= 0)
        result = gnutls_pubkey_import_x509(key, certificate, 0);
    if (result >= 0)
        result = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der);
    if (result >= 0)
        hash_key(der, pin);
    else
        rc = tls_fail("reading the certificate", result, err);
    gnutls_free(der.data);
    if (key != NULL)
        gnutls_pubkey_deinit(key);
    if (certificate != NULL)
        gnutls_x509_crt_deinit(certificate);
    free(copy);
    return rc;
}

void tls_pin_text(const uint8_t pin[TLS_PIN_BYTES], char text[TLS_PIN_TEXT_BYTES]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = text + 8;

    memcpy(text, "sha256//", 8);
    /* 32 bytes: ten groups of three, and one of two with one '='. */
    for (size_t i = 0; i < TLS_PIN_BYTES; i += 3) {
        bool last = i + 3 > TLS_PIN_BYTES;
        uint32_t group =
            (uint32_t)pin[i] << 16 | (uint32_t)pin[i + 1] << 8 | (last ? 0 : (uint32_t)pin[i + 2]);

        *out++ = digits[group >> 18 & 63];
        *out++ = digits[group >> 12 & 63];
        *out++ = digits[group >> 6 & 63];
        *out++ = last ? '=' : digits[group & 63];
    }
    *out = '\0';
}
