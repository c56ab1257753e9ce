/* Attached lists become what a form expects of them: root/item, a child element for each column.
 *
 * Of a CSV file the first row names the columns. Of GeoJSON, each feature is an item: its geometry
 * as ODK writes points, its id, its properties. */
#include "base/csv.h"
#include "base/json.h"
#include "base/text.h"
#include "schema/form/model_build.h"

struct list {
    struct arena *arena;
    struct xml_node *document, *root;
    uint32_t rows;
};

static bool list_begin(struct list *list, struct arena *arena) {
    *list = (struct list){.arena = arena, .document = xml_document_new(arena)};
    list->root = xml_element_new(arena, view_of("", 0), view_of("", 0), view_text("root"));
    if (list->document == NULL || list->root == NULL)
        return false;
    xml_append(list->document, list->root);
    return true;
}

static struct xml_node *list_item(struct list *list) {
    struct xml_node *item =
        xml_element_new(list->arena, view_of("", 0), view_of("", 0), view_text("item"));

    list->rows++;
    if (item != NULL)
        xml_append(list->root, item);
    return item;
}

/* The element shares the name's memory with its column. */
static bool list_cell(struct list *list, struct xml_node *item, struct view name,
                      struct view value) {
    struct xml_node *cell = arena_alloc(list->arena, sizeof(*cell)), *text;

    if (cell == NULL)
        return false;
    cell->kind = XML_ELEMENT;
    cell->name = name;
    xml_append(item, cell);
    if (value.size == 0)
        return true;
    text = xml_text_new(list->arena, value);
    if (text != NULL)
        xml_append(cell, text);
    return text != NULL;
}

static enum rc list_end(const struct list *list, struct xml_node **document, struct err *err) {
    if (arena_check(list->arena, "the attached list", err) != RC_OK)
        return err->rc;
    *document = list->document;
    return RC_OK;
}

static enum rc too_long(struct err *err) {
    return err_set(err, RC_LIMIT, "an attached list of more than %u rows", MODEL_ROWS_MAX);
}

/* ---- CSV ---- */

static enum rc read_rows(struct csv *csv, struct list *list, struct err *err) {
    struct csv_row row;
    struct view *names = NULL;
    size_t column_count = 0;

    for (;;) {
        struct xml_node *item;

        if (csv_next(csv, &row, err) != RC_OK)
            return err->rc;
        if (row.count == 0)
            return RC_OK;
        if (names == NULL) {
            column_count = row.count;
            names = arena_array(list->arena, column_count, sizeof(*names));
            if (names == NULL)
                return RC_OK; /* list_end tells */
            for (size_t i = 0; i < column_count; i++)
                names[i] = arena_view(list->arena, text_trim(row.cells[i]));
            continue;
        }
        if (list->rows >= MODEL_ROWS_MAX)
            return too_long(err);
        item = list_item(list);
        if (item == NULL)
            return RC_OK;
        for (size_t i = 0; i < column_count; i++)
            if (names[i].size > 0 &&
                !list_cell(list, item, names[i], i < row.count ? row.cells[i] : view_of("", 0)))
                return RC_OK;
    }
}

enum rc list_from_csv(struct view bytes, struct arena *arena, struct xml_node **document,
                      struct err *err) {
    struct list list;
    struct csv *csv = NULL;
    enum rc rc;

    if (!list_begin(&list, arena))
        return list_end(&list, document, err);
    if (csv_open(bytes, CSV_LIMITS_DEFAULT, &csv, err) != RC_OK)
        return err->rc;
    rc = read_rows(csv, &list, err);
    csv_close(csv);
    return rc == RC_OK ? list_end(&list, document, err) : rc;
}

/* ---- GeoJSON ---- */

static void add_number(const struct json *number, struct buf *out) {
    buf_add_view(out, json_number_text(number));
}

/* [longitude, latitude, altitude] as "latitude longitude altitude accuracy". */
static void add_point(const struct json *position, struct buf *out) {
    add_number(json_at(position, 1), out);
    buf_add_u8(out, ' ');
    add_number(json_at(position, 0), out);
    if (json_type(json_at(position, 2)) == JSON_NUMBER) {
        buf_add_u8(out, ' ');
        add_number(json_at(position, 2), out);
    } else {
        buf_add_text(out, " 0");
    }
    buf_add_text(out, " 0");
}

static void add_geometry(const struct json *geometry, struct buf *out) {
    const struct json *coordinates = json_get(geometry, "coordinates");
    struct view type = json_text(json_get(geometry, "type"));

    if (view_is(type, "Point")) {
        add_point(coordinates, out);
        return;
    }
    if (view_is(type, "Polygon"))
        coordinates = json_first(coordinates);
    else if (!view_is(type, "LineString"))
        return;
    for (const struct json *point = json_first(coordinates); point != NULL;
         point = json_next(point)) {
        if (point != json_first(coordinates))
            buf_add_text(out, "; ");
        add_point(point, out);
    }
}

static bool add_scalar(struct list *list, struct xml_node *item, const char *key,
                       const struct json *value) {
    struct view name = arena_view(list->arena, view_text(key));
    bool flag;

    if (json_type(value) == JSON_NUMBER)
        return list_cell(list, item, name, json_number_text(value));
    if (json_bool(value, &flag))
        return list_cell(list, item, name, view_text(flag ? "true" : "false"));
    return list_cell(list, item, name, json_text(value));
}

static bool add_feature(struct list *list, const struct json *feature, struct buf *geometry) {
    const struct json *properties = json_get(feature, "properties");
    struct xml_node *item = list_item(list);

    if (item == NULL)
        return false;
    buf_clear(geometry);
    add_geometry(json_get(feature, "geometry"), geometry);
    if (geometry->failed != RC_OK ||
        !list_cell(list, item, view_text("geometry"), buf_view(geometry)))
        return false;
    if (json_get(feature, "id") != NULL && json_get(properties, "id") == NULL &&
        !add_scalar(list, item, "id", json_get(feature, "id")))
        return false;
    for (const struct json *property = json_first(properties); property != NULL;
         property = json_next(property))
        if (!add_scalar(list, item, json_key(property), property))
            return false;
    return true;
}

enum rc list_from_geojson(struct view bytes, struct arena *arena, struct xml_node **document,
                          struct err *err) {
    struct json_limits limits = {.bytes = MODEL_ATTACHMENT_BYTES, .depth = 64};
    struct json *json = NULL;
    struct list list;
    struct buf geometry;
    enum rc rc = RC_OK;

    if (json_parse(bytes, limits, &json, err) != RC_OK)
        return err->rc;
    buf_init(&geometry, MODEL_ATTACHMENT_BYTES);
    if (json_type(json_get(json, "features")) != JSON_ARRAY) {
        rc = err_set(err, RC_INVALID, "a GeoJSON file needs a collection of features");
    } else if (list_begin(&list, arena)) {
        for (const struct json *feature = json_first(json_get(json, "features"));
             feature != NULL && rc == RC_OK; feature = json_next(feature)) {
            if (list.rows >= MODEL_ROWS_MAX)
                rc = too_long(err);
            else if (!add_feature(&list, feature, &geometry))
                break;
        }
    }
    if (rc == RC_OK)
        rc = buf_check(&geometry, "a geometry", err);
    buf_release(&geometry);
    json_free(json);
    return rc == RC_OK ? list_end(&list, document, err) : rc;
}
