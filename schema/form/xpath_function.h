/* xpath_function.h: the functions of expressions, by the file that holds them. All have one shape:
 * call has the arguments, their number is right; the value goes to *value. What each does is said
 * in ODK's documentation of forms and in XPath 1.0, chapter 4; where it is not, in its file. */
#ifndef YG_SCHEMA_FORM_XPATH_FUNCTION_H
#define YG_SCHEMA_FORM_XPATH_FUNCTION_H

#include "schema/form/xpath_inside.h"

#define FUNCTION(name)                                                                             \
    enum rc name(struct run *run, const struct expression *call, const struct focus *focus,        \
                 struct xpath_value *value)

/* xpath_text.c */
FUNCTION(function_string);
FUNCTION(function_concat);
FUNCTION(function_join);
FUNCTION(function_starts_with);
FUNCTION(function_ends_with);
FUNCTION(function_contains);
FUNCTION(function_substring_before);
FUNCTION(function_substring_after);
FUNCTION(function_substring);
FUNCTION(function_substr);
FUNCTION(function_string_length);
FUNCTION(function_normalize_space);
FUNCTION(function_translate);
FUNCTION(function_regex);
FUNCTION(function_base64_decode);
FUNCTION(function_digest);

/* xpath_math.c */
FUNCTION(function_number);
FUNCTION(function_int);
FUNCTION(function_floor);
FUNCTION(function_ceiling);
FUNCTION(function_round);
FUNCTION(function_abs);
FUNCTION(function_sum);
FUNCTION(function_min);
FUNCTION(function_max);
FUNCTION(function_pow);
FUNCTION(function_pi);
FUNCTION(function_atan2);
FUNCTION(function_real); /* sqrt, exp, exp10, log, log10, sin, cos, tan, asin, acos, atan */

/* xpath_logic.c */
FUNCTION(function_boolean);
FUNCTION(function_boolean_from_string);
FUNCTION(function_not);
FUNCTION(function_true);
FUNCTION(function_false);
FUNCTION(function_if);
FUNCTION(function_coalesce);
FUNCTION(function_once);
FUNCTION(function_checklist);
FUNCTION(function_weighted_checklist);
FUNCTION(function_selected);
FUNCTION(function_selected_at);
FUNCTION(function_count_selected);

/* xpath_nodes.c */
FUNCTION(function_last);
FUNCTION(function_position);
FUNCTION(function_count);
FUNCTION(function_count_non_empty);
FUNCTION(function_id);
FUNCTION(function_name);
FUNCTION(function_local_name);
FUNCTION(function_namespace_uri);
FUNCTION(function_lang);
FUNCTION(function_current);
FUNCTION(function_instance);
FUNCTION(function_indexed_repeat);
FUNCTION(function_pulldata);
FUNCTION(function_itext);
FUNCTION(function_choice_name);
FUNCTION(function_version);

/* xpath_dates.c */
FUNCTION(function_today);
FUNCTION(function_now);
FUNCTION(function_date);
FUNCTION(function_decimal_date_time);
FUNCTION(function_decimal_time);
FUNCTION(function_format_date);

/* xpath_random.c */
FUNCTION(function_random);
FUNCTION(function_randomize);
FUNCTION(function_uuid);

/* xpath_geo.c */
FUNCTION(function_area);
FUNCTION(function_distance);
FUNCTION(function_geofence);
FUNCTION(function_intersects);

#endif
