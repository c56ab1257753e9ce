/* Binary search in the tables that base/embed.c makes. */
#include "base/asset.h"

/* The first index whose name is not below the key. */
static size_t lower_bound(const struct asset_table *table, const char *key) {
    size_t low = 0;
    size_t high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(table->items[middle].name, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct asset *asset_find(const struct asset_table *table, const char *name) {
    size_t index = lower_bound(table, name);

    if (index == table->count || strcmp(table->items[index].name, name) != 0)
        return NULL;
    return &table->items[index];
}

size_t asset_first(const struct asset_table *table, const char *prefix) {
    size_t index = lower_bound(table, prefix);

    if (index == table->count || strncmp(table->items[index].name, prefix, strlen(prefix)) != 0)
        return table->count;
    return index;
}
