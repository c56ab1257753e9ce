/* The table of functions: name, number of arguments, code. */
#include "schema/form/xpath_function.h"

#define MANY FUNCTION_MANY

static const struct function functions[] = {
    /* XPath 1.0 */
    {"last", 0, 0, function_last},
    {"position", 0, 1, function_position},
    {"count", 1, 1, function_count},
    {"id", 1, 1, function_id},
    {"local-name", 0, 1, function_local_name},
    {"namespace-uri", 0, 1, function_namespace_uri},
    {"name", 0, 1, function_name},
    {"string", 0, 1, function_string},
    {"concat", 0, MANY, function_concat},
    {"starts-with", 2, 2, function_starts_with},
    {"contains", 2, 2, function_contains},
    {"substring-before", 2, 2, function_substring_before},
    {"substring-after", 2, 2, function_substring_after},
    {"substring", 2, 3, function_substring},
    {"string-length", 0, 1, function_string_length},
    {"normalize-space", 0, 1, function_normalize_space},
    {"translate", 3, 3, function_translate},
    {"boolean", 1, 1, function_boolean},
    {"not", 1, 1, function_not},
    {"true", 0, 0, function_true},
    {"false", 0, 0, function_false},
    {"lang", 1, 1, function_lang},
    {"number", 0, 1, function_number},
    {"sum", 1, 1, function_sum},
    {"floor", 1, 1, function_floor},
    {"ceiling", 1, 1, function_ceiling},
    {"round", 1, 2, function_round},
    /* logic and choices */
    {"if", 3, 3, function_if},
    {"coalesce", 1, MANY, function_coalesce},
    {"once", 1, 1, function_once},
    {"boolean-from-string", 1, 1, function_boolean_from_string},
    {"checklist", 2, MANY, function_checklist},
    {"weighted-checklist", 2, MANY, function_weighted_checklist},
    {"selected", 2, 2, function_selected},
    {"selected-at", 2, 2, function_selected_at},
    {"count-selected", 1, 1, function_count_selected},
    {"jr:choice-name", 2, 2, function_choice_name},
    {"jr:itext", 1, 1, function_itext},
    /* nodes */
    {"current", 0, 0, function_current},
    {"instance", 1, 1, function_instance},
    {"pulldata", 4, 4, function_pulldata},
    {"indexed-repeat", 3, 7, function_indexed_repeat},
    {"count-non-empty", 1, 1, function_count_non_empty},
    {"randomize", 1, 2, function_randomize},
    {"version", 0, 0, function_version},
    /* texts */
    {"join", 1, MANY, function_join},
    {"substr", 2, 3, function_substr},
    {"ends-with", 2, 2, function_ends_with},
    {"regex", 2, 2, function_regex},
    {"base64-decode", 1, 1, function_base64_decode},
    {"digest", 2, 3, function_digest},
    /* numbers */
    {"int", 1, 1, function_int},
    {"abs", 1, 1, function_abs},
    {"min", 1, MANY, function_min},
    {"max", 1, MANY, function_max},
    {"pow", 2, 2, function_pow},
    {"pi", 0, 0, function_pi},
    {"sqrt", 1, 1, function_real},
    {"exp", 1, 1, function_real},
    {"exp10", 1, 1, function_real},
    {"log", 1, 1, function_real},
    {"log10", 1, 1, function_real},
    {"sin", 1, 1, function_real},
    {"cos", 1, 1, function_real},
    {"tan", 1, 1, function_real},
    {"asin", 1, 1, function_real},
    {"acos", 1, 1, function_real},
    {"atan", 1, 1, function_real},
    {"atan2", 2, 2, function_atan2},
    /* dates */
    {"today", 0, 0, function_today},
    {"now", 0, 0, function_now},
    {"date", 1, 1, function_date},
    {"date-time", 1, 1, function_date},
    {"decimal-date-time", 1, 1, function_decimal_date_time},
    {"decimal-time", 1, 1, function_decimal_time},
    {"format-date", 2, 2, function_format_date},
    {"format-date-time", 2, 2, function_format_date},
    /* chance */
    {"random", 0, 0, function_random},
    {"uuid", 0, 1, function_uuid},
    /* places */
    {"area", 1, 1, function_area},
    {"enclosed-area", 1, 1, function_area},
    {"distance", 1, MANY, function_distance},
    {"geofence", 2, 2, function_geofence},
    {"intersects", 1, 1, function_intersects},
};

const struct function *function_find(struct view name) {
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (view_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

bool function_takes(const struct function *function, uint32_t count) {
    return count >= function->least && (function->most == MANY || count <= function->most);
}
