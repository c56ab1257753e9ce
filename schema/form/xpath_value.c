/* The values of expressions (xpath.h) as text, number and truth. */
#include "schema/form/xpath.h"

#include <math.h>

bool xpath_to_bool(const struct xpath_value *value) {
    switch (value->type) {
    case XPATH_BOOL:
        return value->boolean;
    case XPATH_NUMBER:
        return value->number.value != 0 && !isnan(value->number.value);
    case XPATH_TEXT:
        return value->text.size > 0;
    case XPATH_NODES:
        break;
    }
    return value->count > 0;
}
