/* export_geo.c: positions, lines and outlines as GeoJSON (RFC 7946).
 *
 * A geopoint is "latitude longitude [altitude [accuracy]]"; a trace or shape has such points with
 * semicolons between. GeoJSON has longitude first, and outlines that end where they began. What
 * cannot be read is left out, as is a sensitive place as long as it is masked. */
#include "base/text.h"
#include "syncd/desk/export_table.h"

#define POINT_PARTS 4u

/* Adds [longitude, latitude, altitude]; false when it is no position. */
static bool add_point(struct view text, struct buf *out) {
    struct decimal parts[POINT_PARTS];
    char lat[DECIMAL_TEXT_BYTES], lon[DECIMAL_TEXT_BYTES], up[DECIMAL_TEXT_BYTES];
    uint32_t count = 0;
    struct view word;

    for (size_t at = 0; count < POINT_PARTS && (word = text_word(text, &at)).size > 0; count++)
        if (!decimal_parse(word, &parts[count]))
            return false;
    if (count < 2)
        return false;
    (void)decimal_format(parts[0], lat);
    (void)decimal_format(parts[1], lon);
    buf_addf(out, "[%s,%s", lon, lat);
    if (count > 2) {
        (void)decimal_format(parts[2], up);
        buf_addf(out, ",%s", up);
    }
    buf_add_text(out, "]");
    return true;
}

static bool add_points(struct view text, bool close, struct buf *out) {
    size_t first = out->size, first_end = 0;
    uint32_t count = 0;

    for (size_t start = 0; start < text.size;) {
        size_t end = start, before;

        while (end < text.size && text.data[end] != ';')
            end++;
        if (text_trim(view_slice(text, start, end - start)).size > 0) {
            buf_add_text(out, count == 0 ? "" : ",");
            before = out->size;
            if (!add_point(view_slice(text, start, end - start), out))
                return false;
            if (count++ == 0) {
                first = before;
                first_end = out->size;
            } else if (close && end + 1 >= text.size &&
                       view_equal(view_of(out->data + before, out->size - before),
                                  view_of(out->data + first, first_end - first))) {
                close = false; /* it is closed already */
            }
        }
        start = end + 1;
    }
    if (close && count > 2) {
        char again[3 * DECIMAL_TEXT_BYTES + 8];
        size_t size = first_end - first;

        memcpy(again, out->data + first, size);
        buf_add_text(out, ",");
        buf_add(out, again, size);
    }
    return count >= 2;
}

static bool add_geometry(const struct form_field *field, struct view text, struct buf *out) {
    if (field->type == FIELD_TYPE_GEOPOINT) {
        buf_add_text(out, "{\"type\":\"Point\",\"coordinates\":");
        if (!add_point(text, out))
            return false;
    } else if (view_is(field->xlsform_type, "geotrace")) {
        buf_add_text(out, "{\"type\":\"LineString\",\"coordinates\":[");
        if (!add_points(text, false, out))
            return false;
        buf_add_text(out, "]");
    } else {
        buf_add_text(out, "{\"type\":\"Polygon\",\"coordinates\":[[");
        if (!add_points(text, true, out))
            return false;
        buf_add_text(out, "]]");
    }
    buf_add_text(out, "}");
    return true;
}

static void add_properties(struct exporting *at, const struct seen_record *seen,
                           const struct cell *cell, const struct form_field *field) {
    struct json *json = json_object();
    char text[INSTANCE_TEXT_BYTES], area[AREA_TEXT_BYTES] = "", changed[TIME_TEXT_BYTES];
    const struct reading *reading = &seen->reading;

    dot_text(seen->stored.id, text);
    json_add_text(json, "id", text);
    if (!instance_is_root(cell->instance)) {
        instance_text(cell->instance, text);
        json_add_text(json, "instance", text);
    }
    if (reading->area_count > 0) {
        area_text(reading->areas[0], area);
        json_add_text(json, "area", area);
        json_add_view(json, "area_name",
                      succession_name(&at->seat->ledger->areas, reading->areas[0]));
    }
    json_add_view(json, "field", field->path);
    json_add_view(json, "title", seen->stored.title);
    time_text(seen->stored.changed_ms, changed);
    json_add_text(json, "changed", changed);
    json_print(json, false, &at->out);
    json_free(json);
}

static void add_feature(struct exporting *at, const struct seen_record *seen,
                        const struct cell *cell, const struct form_field *field,
                        const struct value *value) {
    size_t start = at->out.size;

    if (value->type != VALUE_TEXT)
        return;
    buf_add_text(&at->out, at->records == 0 ? "" : ",\n");
    buf_add_text(&at->out, "{\"type\":\"Feature\",\"geometry\":");
    if (!add_geometry(field, value->bytes, &at->out)) {
        at->out.size = start;
        return;
    }
    buf_add_text(&at->out, ",\"properties\":");
    add_properties(at, seen, cell, field);
    buf_add_text(&at->out, "}");
    at->records++; /* features are what is counted */
}

static bool is_place(const struct form_field *field) {
    return field->type == FIELD_TYPE_GEOPOINT || view_is(field->xlsform_type, "geotrace") ||
           view_is(field->xlsform_type, "geoshape");
}

enum rc export_features(struct exporting *at, const struct seen_record *seen, struct err *err) {
    const struct reading *reading = &seen->reading;

    for (uint32_t i = 0; i < reading->cell_count && reading->form != NULL; i++) {
        const struct cell *cell = &reading->cells[i];
        const struct form_field *field = form_field_by_number(reading->form, cell->field);

        if (field == NULL || !is_place(field) || !reading_shows(reading, cell->instance) ||
            (at->order->masked && answers_is_sensitive(field, cell->field)))
            continue;
        if (cell->kind == CELL_VALUE)
            add_feature(at, seen, cell, field, &cell->value);
        for (uint32_t j = 0; cell->kind == CELL_SET && j < cell->version_count; j++)
            add_feature(at, seen, cell, field, &cell->versions[j]->value);
    }
    return buf_check(&at->out, "a page of the export", err);
}
