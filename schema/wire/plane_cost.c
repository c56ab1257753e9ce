/* plane_cost.c: see plane_cost.h. */
#include "schema/wire/plane_cost.h"

#include "base/err.h"

void histogram_add(struct histogram *histogram, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        histogram->counts[bytes[i]]++;
    histogram->total += (uint32_t)size;
}

/* log2(1 + i / 64) in 1/256 bits. */
static const uint8_t log_fraction[64] = {
    0,   6,   11,  17,  22,  28,  33,  38,  44,  49,  54,  59,  63,  68,  73,  78,
    82,  87,  92,  96,  100, 105, 109, 113, 118, 122, 126, 130, 134, 138, 142, 146,
    150, 154, 157, 161, 165, 169, 172, 176, 179, 183, 186, 190, 193, 197, 200, 203,
    207, 210, 213, 216, 220, 223, 226, 229, 232, 235, 238, 241, 244, 247, 250, 253};

uint64_t cost_log(uint32_t x) {
    uint32_t whole = 0;
    uint32_t fraction;

    if (x < 2)
        return 0;
    while (x >> whole > 1)
        whole++;
    fraction = (uint32_t)(((uint64_t)x << 6 >> whole) & 63);
    return (uint64_t)x * (whole * 256 + log_fraction[fraction]);
}

uint64_t histogram_cost(const struct histogram *histogram) {
    uint64_t cost = cost_log(histogram->total);
    uint64_t whole = (uint64_t)histogram->total * COST_BYTE;
    uint64_t low = (uint64_t)histogram->total * COST_BIT;
    uint32_t distinct = 0;

    for (size_t i = 0; i < 256; i++) {
        if (histogram->counts[i] > 0) {
            distinct++;
            cost -= cost_log(histogram->counts[i]);
        }
    }
    /* A literal costs a bit at least; runs are shorter than that, but not as short as Shannon. */
    if (distinct > 1 && cost < low)
        cost = low / 5 + cost * 4 / 5;
    cost += distinct * COST_SYMBOL;
    return cost < whole ? cost : whole;
}

#define LANE_COST (60u * COST_BYTE / 4)

/* What a plane adds to a lane that holds others. */
static uint64_t cost_added(const struct histogram *lane, const struct histogram *plane) {
    uint64_t cost = cost_log(lane->total + plane->total) - cost_log(lane->total);
    uint64_t known = 0;

    for (size_t i = 0; i < 256; i++) {
        if (plane->counts[i] == 0)
            continue;
        if (lane->counts[i] == 0)
            cost += COST_SYMBOL;
        known += cost_log(lane->counts[i] + plane->counts[i]) - cost_log(lane->counts[i]);
    }
    cost = cost > known ? cost - known : 0;
    return lane->total == 0 ? cost + LANE_COST : cost;
}

static void put(struct histogram *lane, const struct histogram *plane, bool take_out) {
    for (size_t i = 0; i < 256; i++)
        lane->counts[i] += take_out ? 0 - plane->counts[i] : plane->counts[i];
    lane->total += take_out ? 0 - plane->total : plane->total;
}

uint32_t cost_lanes(const struct histogram *planes, uint32_t count, uint32_t lane_max,
                    struct histogram *lane_scratch, uint8_t *lanes) {
    uint32_t used = 0;

    memset(lane_scratch, 0, lane_max * sizeof(*lane_scratch));
    for (unsigned pass = 0; pass < 3; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            uint64_t best = UINT64_MAX;

            if (pass > 0)
                put(&lane_scratch[lanes[i]], &planes[i], true);
            for (uint32_t lane = 0; lane < lane_max; lane++) {
                uint64_t cost = cost_added(&lane_scratch[lane], &planes[i]);

                if (cost < best) {
                    best = cost;
                    lanes[i] = (uint8_t)lane;
                }
                if (lane_scratch[lane].total == 0)
                    break; /* all empty lanes are alike */
            }
            put(&lane_scratch[lanes[i]], &planes[i], false);
        }
    }
    /* Lanes that have become empty close up. */
    for (uint32_t lane = 0; lane < lane_max; lane++) {
        if (lane_scratch[lane].total == 0)
            continue;
        for (uint32_t i = 0; i < count; i++) {
            if (lanes[i] == lane)
                lanes[i] = (uint8_t)used;
        }
        used++;
    }
    return used;
}
