/* tls.h: the door to GnuTLS: makes the server's TLS key and computes pins. The TLS on the wire
 * is done by httpd.h and httpc.h. */
#ifndef YG_BASE_TLS_H
#define YG_BASE_TLS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

#define TLS_PIN_BYTES      32
#define TLS_PIN_TEXT_BYTES 53   /* "sha256//" + 44 of base64 + NUL */
#define TLS_PEM_BYTES_MAX  8192 /* of a certificate or a key */

/* Makes an ECDSA P-256 key and a self-signed certificate for common_name, valid from an hour
 * before now_ms for 20 years; nobody of ours trusts the dates. Appends both as PEM. The
 * caller wipes key_pem. The key comes from GnuTLS's own
 * generator, not from struct env: tests cannot foresee it. */
enum rc tls_make(const char *common_name, int64_t now_ms, struct buf *certificate_pem,
                 struct buf *key_pem, struct err *err);

/* SHA-256 of the SubjectPublicKeyInfo of the first certificate in the PEM: what curl pins. */
enum rc tls_pin(struct view certificate_pem, uint8_t pin[TLS_PIN_BYTES], struct err *err);

/* The same in curl's words: "sha256//BASE64=". Several are joined by ';'. */
void tls_pin_text(const uint8_t pin[TLS_PIN_BYTES], char text[TLS_PIN_TEXT_BYTES]);

#endif
