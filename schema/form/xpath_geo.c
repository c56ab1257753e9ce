/* Functions of places: "latitude longitude altitude accuracy", joined by ";" in a line or area.
 *
 * The earth is a ball of 6,378,100 m, as in ODK, so that figures agree. Results are rounded to the
 * centimetre (square). */
#include "schema/form/xpath_function.h"

#include <math.h>

#define RADIUS_M   6378100.0
#define DEGREE     (3.14159265358979323846 / 180.0)
#define POINTS_MAX 100000u

struct point {
    double latitude, longitude; /* degrees */
};

struct points {
    struct point *items;
    uint32_t count;
    uint32_t capacity;
    bool bad; /* something was no place */
};

static enum rc add_point(struct run *run, struct points *points, struct view text) {
    struct point *slot;
    double numbers[2] = {NAN, NAN};
    size_t at = 0;

    for (int i = 0; i < 2; i++) {
        size_t start;

        while (at < text.size && strchr(" \t\r\n", text.data[at]) != NULL)
            at++;
        start = at;
        while (at < text.size && strchr(" \t\r\n", text.data[at]) == NULL)
            at++;
        numbers[i] = number_parse(view_slice(text, start, at - start)).value;
    }
    if (!(fabs(numbers[0]) <= 90 && fabs(numbers[1]) <= 180)) {
        points->bad = true;
        return RC_OK;
    }
    if (points->count == POINTS_MAX)
        return err_set(run->err, RC_LIMIT, "%s: more than %zu entries", "geo", (size_t)POINTS_MAX);
    slot = arena_push(run->arena, &points->items, &points->count, &points->capacity,
                      sizeof(*points->items));
    if (slot == NULL)
        return run_no_memory(run);
    *slot = (struct point){.latitude = numbers[0], .longitude = numbers[1]};
    return run_spend(run, 1);
}

static enum rc add_line(struct run *run, struct points *points, struct view text) {
    size_t at = 0;

    while (at < text.size) {
        size_t start = at;
        struct view part;

        while (at < text.size && text.data[at] != ';')
            at++;
        part = text_trim(view_slice(text, start, at - start));
        at++;
        if (part.size > 0 && add_point(run, points, part) != RC_OK)
            return run->err->rc;
    }
    return RC_OK;
}

/* All places of the arguments from first up to end. */
static enum rc read_points(struct run *run, const struct expression *call, uint32_t first,
                           const struct focus *focus, struct points *points) {
    struct texts texts = {0};
    enum rc rc = arguments_texts(run, call, first, focus, &texts);

    for (uint32_t i = 0; rc == RC_OK && i < texts.count; i++)
        rc = add_line(run, points, texts.items[i]);
    return rc;
}

static enum rc give_rounded(double number, struct xpath_value *value) {
    return give_number(number_round(number_of_double(number), ROUND_HALF_AWAY, 2), value);
}

/* The angle between two places, seen from the middle (haversine). */
static double angle(struct point a, struct point b) {
    double half_latitude = sin((b.latitude - a.latitude) * DEGREE / 2);
    double half_longitude = sin((b.longitude - a.longitude) * DEGREE / 2);
    double square = half_latitude * half_latitude + cos(a.latitude * DEGREE) *
                                                        cos(b.latitude * DEGREE) * half_longitude *
                                                        half_longitude;

    return 2 * atan2(sqrt(square), sqrt(square < 1 ? 1 - square : 0));
}

FUNCTION(function_distance) {
    struct points points = {0};
    double sum = 0;
    enum rc rc = read_points(run, call, 0, focus, &points);

    if (rc != RC_OK)
        return rc;
    if (points.bad)
        return give_double(NAN, value);
    for (uint32_t i = 1; i < points.count; i++)
        sum += angle(points.items[i - 1], points.items[i]) * RADIUS_M;
    return give_rounded(sum, value);
}

/* The ring closes itself. Fewer than three places enclose nothing. */
FUNCTION(function_area) {
    struct points points = {0};
    double sum = 0;
    enum rc rc = read_points(run, call, 0, focus, &points);

    if (rc != RC_OK)
        return rc;
    if (points.count < 3 || points.bad)
        return points.bad && points.count > 2 ? give_double(NAN, value) : give_double(0, value);
    for (uint32_t i = 0; i < points.count; i++) {
        struct point a = points.items[i];
        struct point b = points.items[i + 1 == points.count ? 0 : i + 1];

        sum += (b.longitude - a.longitude) * DEGREE *
               (2 + sin(a.latitude * DEGREE) + sin(b.latitude * DEGREE));
    }
    return give_rounded(fabs(sum * RADIUS_M * RADIUS_M / 2), value);
}

/* Whether the place lies in the area, which must be closed: its first place is its last. */
FUNCTION(function_geofence) {
    struct points area = {0}, place = {0};
    struct view text;
    bool inside = false;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc == RC_OK)
        rc = add_line(run, &place, text);
    if (rc == RC_OK)
        rc = read_points(run, call, 1, focus, &area);
    if (rc != RC_OK)
        return rc;
    if (place.count == 0 || place.bad || area.bad || area.count < 4 ||
        area.items[0].latitude != area.items[area.count - 1].latitude ||
        area.items[0].longitude != area.items[area.count - 1].longitude)
        return give_bool(false, value);
    for (uint32_t i = 1; i < area.count; i++) {
        struct point a = area.items[i - 1], b = area.items[i], p = place.items[0];

        if ((a.longitude > p.longitude) != (b.longitude > p.longitude) &&
            p.latitude < (b.latitude - a.latitude) * (p.longitude - a.longitude) /
                                 (b.longitude - a.longitude) +
                             a.latitude)
            inside = !inside;
    }
    return give_bool(inside, value);
}

/* On which side of the line from a to b the place p lies: its sign. */
static double side(struct point a, struct point b, struct point p) {
    return (b.longitude - a.longitude) * (p.latitude - a.latitude) -
           (b.latitude - a.latitude) * (p.longitude - a.longitude);
}

/* Whether two stretches cross each other; one that only touches does not cross. */
static bool cross(struct point a, struct point b, struct point c, struct point d) {
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/* Whether a line or the edge of an area crosses itself. */
FUNCTION(function_intersects) {
    struct points points = {0};
    bool found = false;
    enum rc rc = read_points(run, call, 0, focus, &points);

    for (uint32_t i = 1; rc == RC_OK && i < points.count && !found; i++) {
        rc = run_spend(run, i);
        for (uint32_t k = 1; k + 1 < i && !found; k++)
            found =
                cross(points.items[i - 1], points.items[i], points.items[k - 1], points.items[k]);
    }
    return rc != RC_OK ? rc : give_bool(found, value);
}
