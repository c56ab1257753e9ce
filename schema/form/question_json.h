/* question_json.h: a question of a form as JSON, for a screen that asks it: the tablet's draft and
 * the county's preview say it alike. docs/api.md tells what stands where. */
#ifndef YG_SCHEMA_FORM_QUESTION_JSON_H
#define YG_SCHEMA_FORM_QUESTION_JSON_H

#include "base/json.h"
#include "schema/form/engine.h"

/* Adds the members of one stop (engine_ask has filled it). Only what says something is written: a
 * member that is missing is false, 0 or empty. says_error: whether what is wrong is told. */
void question_json(struct json *item, const struct question *question, bool is_sensitive,
                   bool says_error);
/* "language", the one in use, and "languages", if the form has any. */
void question_json_languages(struct json *object, const struct engine *engine);

#endif
