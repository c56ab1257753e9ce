/* address.c: see address.h. A slot holds one moment, until which the address owes something: the
 * leaky bucket in its shortest form. */
#include "syncd/desk/address.h"

#include "base/crypt.h"

#include <arpa/inet.h>

#define IPV4_BYTES 4u
#define BLOCK      8u /* of IPv6, what one household has */
#define OWES_MOST  ((ADDRESS_FREE + 1) * ADDRESS_COST_MS)

/* A moment further away than anybody is held up is of a clock that was put back since. */
static int64_t owed_ms(const struct address_slot *slot, int64_t now_ms) {
    int64_t owed = slot == NULL ? 0 : slot->owes_until_ms - now_ms;

    return owed < 0 || owed > OWES_MOST ? 0 : owed;
}

/* What counts of an address; 0: there is none. */
static size_t significant(const char *address, uint8_t out[16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (inet_pton(AF_INET, address, out) == 1)
        return IPV4_BYTES;
    if (inet_pton(AF_INET6, address, out) != 1)
        return 0;
    if (memcmp(out, mapped, sizeof(mapped)) != 0)
        return BLOCK;
    memmove(out, out + sizeof(mapped), IPV4_BYTES);
    return IPV4_BYTES;
}

/* Keyed, so that nobody chooses which slot he shares. */
static bool hash_of(const struct keys *keys, const char *address, struct view name,
                    uint8_t hash[32]) {
    uint8_t bytes[16] = {0};
    size_t size = address == NULL ? 0 : significant(address, bytes);
    struct buf text;

    if (size == 0)
        return false;
    buf_init(&text, 16u + 65536u);
    buf_add(&text, bytes, size);
    buf_add_view(&text, name);
    crypt_mac(keys->index_key, name.size == 0 ? "yg address" : "yg address of", buf_view(&text),
              hash);
    buf_release(&text);
    return true;
}

static const struct address_slot *find(const struct address_limit *limit, const uint8_t hash[32]) {
    const struct address_slot *set = limit->slots[hash[8] % ADDRESS_SETS];

    for (size_t i = 0; i < ADDRESS_WAYS; i++)
        if (memcmp(set[i].hash, hash, sizeof(set[i].hash)) == 0)
            return &set[i];
    return NULL;
}

int64_t address_wait_ms(const struct address_limit *limit, const struct keys *keys,
                        const char *address, int64_t now_ms) {
    uint8_t hash[32];
    int64_t wait_ms;

    if (!hash_of(keys, address, (struct view){0}, hash))
        return 0;
    wait_ms = owed_ms(find(limit, hash), now_ms) - (ADDRESS_FREE - 1) * ADDRESS_COST_MS;
    return wait_ms > 0 ? wait_ms : 0;
}

void address_failed(struct address_limit *limit, const struct keys *keys, const char *address,
                    int64_t now_ms) {
    struct address_slot *slot, *set;
    uint8_t hash[32];

    if (!hash_of(keys, address, (struct view){0}, hash))
        return;
    set = limit->slots[hash[8] % ADDRESS_SETS];
    slot = (struct address_slot *)(uintptr_t)find(limit, hash);
    for (size_t i = 0; slot == NULL && i < ADDRESS_WAYS; i++)
        if (set[i].owes_until_ms == 0)
            slot = &set[i];
    if (slot == NULL) {
        slot = &set[0];
        for (size_t i = 1; i < ADDRESS_WAYS; i++)
            if (set[i].owes_until_ms < slot->owes_until_ms)
                slot = &set[i];
    }
    if (memcmp(slot->hash, hash, sizeof(slot->hash)) != 0) {
        memcpy(slot->hash, hash, sizeof(slot->hash));
        slot->owes_until_ms = 0;
    }
    slot->owes_until_ms = now_ms + owed_ms(slot, now_ms) + ADDRESS_COST_MS;
    if (slot->owes_until_ms > now_ms + OWES_MOST)
        slot->owes_until_ms = now_ms + OWES_MOST;
}

void address_welcome(struct address_limit *limit, const struct keys *keys, const char *address,
                     struct view name) {
    uint8_t hash[32];

    if (name.size > 0 && hash_of(keys, address, name, hash))
        memcpy(limit->known[(hash[8] | (size_t)hash[9] << 8) % ADDRESS_KNOWN], hash, 8);
}

bool address_is_known(const struct address_limit *limit, const struct keys *keys,
                      const char *address, struct view name) {
    uint8_t hash[32];

    return name.size > 0 && hash_of(keys, address, name, hash) &&
           memcmp(limit->known[(hash[8] | (size_t)hash[9] << 8) % ADDRESS_KNOWN], hash, 8) == 0;
}
