/* Functions of chance. With a seed, randomize() gives the order that ODK gives: the generator of
 * Park and Miller (1988) and a shuffle from the end. */
#include "schema/form/xpath_function.h"

#include <math.h>

static enum rc random_bytes(struct run *run, const struct expression *call, void *out,
                            size_t size) {
    if (run->host->random == NULL)
        return call_unsupported(run, call);
    run->host->random(run->host->user, out, size);
    return RC_OK;
}

/* 53 random bits as 0 <= x < 1. */
FUNCTION(function_random) {
    uint64_t bits = 0;

    (void)focus;
    if (random_bytes(run, call, &bits, sizeof(bits)) != RC_OK)
        return run->err->rc;
    return give_double((double)(bits >> 11) / 9007199254740992.0, value);
}

/* A seed that is a text and no number is its SHA-256, of which the first eight bytes count. */
static enum rc text_seed(struct run *run, struct view text, int64_t *seed) {
    uint64_t bits = 0;
    struct buf hash;

    *seed = 0;
    if (text.size == 0 || run->host->digest == NULL)
        return RC_OK;
    buf_init(&hash, 64);
    if (run->host->digest(run->host->user, view_text("SHA-256"), text, &hash))
        for (size_t i = 0; i < 8 && i < hash.size; i++)
            bits = bits << 8 | hash.data[i];
    buf_release(&hash);
    memcpy(seed, &bits, sizeof(*seed));
    return RC_OK;
}

static enum rc read_seed(struct run *run, const struct expression *call, const struct focus *focus,
                         int64_t *seed) {
    struct xpath_value argument;
    struct xpath_number number;
    struct view text;

    if (call->operand_count < 2) {
        uint32_t bits = 0;

        if (random_bytes(run, call, &bits, sizeof(bits)) != RC_OK)
            return run->err->rc;
        *seed = bits;
        return RC_OK;
    }
    if (run_evaluate(run, call->operands[1], focus, &argument) != RC_OK ||
        value_to_number(run, &argument, &number) != RC_OK)
        return run->err->rc;
    if (fabs(number.value) < 9e18) { /* not NaN either */
        *seed = (int64_t)number.value;
        return RC_OK;
    }
    if (value_to_text(run, &argument, &text) != RC_OK)
        return run->err->rc;
    return text_seed(run, text, seed);
}

#define PARK_MILLER INT64_C(2147483647)

FUNCTION(function_randomize) {
    struct xpath_value nodes;
    int64_t seed = 0;

    if (argument_nodes(run, call, 0, focus, &nodes) != RC_OK ||
        read_seed(run, call, focus, &seed) != RC_OK || run_spend(run, nodes.count) != RC_OK)
        return run->err->rc;
    seed %= PARK_MILLER;
    if (seed <= 0)
        seed += PARK_MILLER - 1;
    for (uint32_t left = nodes.count; left > 0; left--) {
        struct xml_node *swap = nodes.nodes[left - 1];
        uint32_t chosen;

        seed = seed * 16807 % PARK_MILLER;
        chosen = (uint32_t)((double)(seed - 1) / (double)(PARK_MILLER - 1) * left);
        if (chosen >= left) /* seed 0 has no place here, but nothing may be read outside */
            chosen = left - 1;
        nodes.nodes[left - 1] = nodes.nodes[chosen];
        nodes.nodes[chosen] = swap;
    }
    *value = nodes;
    return RC_OK;
}

/* Version 4, or as many letters and digits as are asked for. */
FUNCTION(function_uuid) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct xpath_number length;
    uint8_t bytes[256];
    char text[256];
    size_t count;

    if (call->operand_count == 0) {
        char hex[33];

        if (random_bytes(run, call, bytes, 16) != RC_OK)
            return run->err->rc;
        bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
        hex_encode(view_of(bytes, 16), hex);
        count = (size_t)snprintf(text, sizeof(text), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                                 hex + 12, hex + 16, hex + 20);
    } else {
        if (argument_number(run, call, 0, focus, &length) != RC_OK)
            return run->err->rc;
        count = length.value >= 1 ? (length.value > 255 ? 255 : (size_t)length.value) : 0;
        if (random_bytes(run, call, bytes, count) != RC_OK)
            return run->err->rc;
        for (size_t i = 0; i < count; i++)
            text[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    }
    value->text = arena_view(run->arena, view_of(text, count));
    return value->text.data == NULL ? run_no_memory(run) : give_text(run, value->text, value);
}
