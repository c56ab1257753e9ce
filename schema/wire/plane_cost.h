/* plane_cost.h: what bytes will cost after compression, roughly. Internal to planes.
 *
 * Costs are in 1/256 bits. They follow Shannon with a charge for each distinct byte, because a
 * Huffman table has to say which bytes there are. Whole numbers only: the same input gives the same
 * bytes on every machine. */
#ifndef YG_SCHEMA_WIRE_PLANE_COST_H
#define YG_SCHEMA_WIRE_PLANE_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COST_BIT    256u
#define COST_BYTE   (8u * COST_BIT)
#define COST_SYMBOL (5u * COST_BIT) /* naming one distinct byte in a Huffman table */

struct histogram {
    uint32_t counts[256];
    uint32_t total;
};

void histogram_add(struct histogram *histogram, const uint8_t *bytes, size_t size);

/* x * log2(x) in 1/256 bits; 0 for 0. */
uint64_t cost_log(uint32_t x);

uint64_t histogram_cost(const struct histogram *histogram);

/* Assigns each histogram to one of at most lane_max lanes (0, 1, ...), so that the sum of costs is
 * small; lanes gives the choice for each. lane_scratch has lane_max histograms. Returns the number
 * of lanes used. */
uint32_t cost_lanes(const struct histogram *planes, uint32_t count, uint32_t lane_max,
                    struct histogram *lane_scratch, uint8_t *lanes);

#endif
