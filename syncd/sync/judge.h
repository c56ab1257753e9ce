/* judge.h: may this change be admitted? Where it was made, by whom, and what merge.h says; asked
 * when it arrives (admit.h), and again when it waits in quarantine and something has changed
 * (quarantine.h). */
#ifndef YG_SYNCD_SYNC_JUDGE_H
#define YG_SYNCD_SYNC_JUDGE_H

#include "syncd/sync/scope.h"

struct admit_source {
    const struct stored_device *device; /* whose batch it is; NULL: the server's own */
    uint64_t carrier;                   /* the device that brought it, 0 if its own */
    int64_t offset_ms;                  /* of the device's clock, as last measured */
    uint32_t told_count;                /* what the device says that it was told of its names */
    const struct told *told;
    /* Filled by admit_batch: */
    const struct past_scopes *former; /* of the device */
    uint64_t actor;                   /* as the device calls itself, also where it is a fork */
};

/* A change that is not sane is VERDICT_MALFORMED, whatever else may be said of it. A change of a
 * form that is not published here is admitted, if nothing else speaks against it. Of
 * the frame, area and audience matter. */
enum rc judge_change(struct work *work, const struct change *change, const uint8_t signed_hash[32],
                     const struct work_record *record, const struct frame *frame,
                     const struct admit_source *source, uint8_t *verdict, struct err *err);

/* Merges an admitted change into its record; *verdict becomes VERDICT_TOO_LARGE when there is no
 * room. time_ms: the corrected time. Of the frame, area and audience matter. */
enum rc judge_merge(struct work *work, const struct change *change, const struct frame *frame,
                    int64_t time_ms, struct work_record *record, uint8_t *verdict, struct err *err);

/* Whether the record is of this area's feed: before this step it lived there, or it is new and came
 * there; while nobody knows where it began, the frame's area counts. (Its author may have written
 * under another area meanwhile, after a move that was not admitted.) */
bool judge_lives_in(const struct work_record *record, uint64_t area, uint64_t frame_area);
/* All areas of which that holds; frame_area must outlive them. */
const uint64_t *judge_areas(const struct work_record *record, const uint64_t *frame_area,
                            uint32_t *count);

#endif
