/* Functions of numbers. What can stay exact does (xpath_number.c). */
#include "schema/form/xpath_function.h"

#include <math.h>

FUNCTION(function_number) {
    struct xpath_value argument;
    struct xpath_number number;
    enum rc rc = RC_OK;

    if (call->operand_count == 0)
        rc = give_nodes(run, &focus->node, 1, &argument);
    else
        rc = run_evaluate(run, call->operands[0], focus, &argument);
    if (rc == RC_OK)
        rc = value_to_number(run, &argument, &number);
    if (rc != RC_OK)
        return rc;
    /* The number of a date has its time as a fraction, but people are shown whole days. */
    number.whole = number.dated;
    return give_number(number, value);
}

static enum rc rounded(struct run *run, const struct expression *call, const struct focus *focus,
                       enum rounding rounding, struct xpath_value *value) {
    struct xpath_number number;
    enum rc rc = argument_number(run, call, 0, focus, &number);

    return rc != RC_OK ? rc : give_number(number_round(number, rounding, 0), value);
}

FUNCTION(function_int) {
    return rounded(run, call, focus, ROUND_TOWARD_ZERO, value);
}

FUNCTION(function_floor) {
    return rounded(run, call, focus, ROUND_FLOOR, value);
}

FUNCTION(function_ceiling) {
    return rounded(run, call, focus, ROUND_CEILING, value);
}

/* Halves go away from zero, as people round and ODK does; XPath's own go up. */
FUNCTION(function_round) {
    struct xpath_number number, places = number_of_int(0);
    enum rc rc = argument_number(run, call, 0, focus, &number);

    if (rc == RC_OK && call->operand_count > 1)
        rc = argument_number(run, call, 1, focus, &places);
    if (rc != RC_OK)
        return rc;
    if (isnan(places.value))
        return give_double(NAN, value);
    places.value = places.value > 18 ? 18 : places.value < -18 ? -18 : places.value;
    return give_number(number_round(number, ROUND_HALF_AWAY, (int32_t)places.value), value);
}

FUNCTION(function_abs) {
    struct xpath_number number;
    enum rc rc = argument_number(run, call, 0, focus, &number);

    return rc != RC_OK ? rc : give_number(number.value < 0 ? number_negate(number) : number, value);
}

/* A node of a set as number. */
static enum rc node_number(struct run *run, const struct xml_node *node,
                           struct xpath_number *number) {
    struct xpath_value value = {.type = XPATH_TEXT};
    enum rc rc = node_text(run, node, &value.text);

    return rc != RC_OK ? rc : value_to_number(run, &value, number);
}

FUNCTION(function_sum) {
    struct xpath_value nodes;
    struct xpath_number sum = number_of_int(0);
    enum rc rc = argument_nodes(run, call, 0, focus, &nodes);

    for (uint32_t i = 0; rc == RC_OK && i < nodes.count; i++) {
        struct xpath_number number;

        rc = node_number(run, nodes.nodes[i], &number);
        if (rc == RC_OK)
            rc = run_spend(run, 1);
        sum = number_operate(OPERATION_ADD, sum, number);
    }
    return rc != RC_OK ? rc : give_number(sum, value);
}

/* sign 1: the greatest, -1: the least. Of nothing, or with something that is no number: NaN. */
static enum rc extreme(struct run *run, const struct expression *call, const struct focus *focus,
                       int sign, struct xpath_value *value) {
    struct texts texts = {0};
    struct xpath_number found = number_of_double(NAN);
    enum rc rc = arguments_texts(run, call, 0, focus, &texts);

    for (uint32_t i = 0; rc == RC_OK && i < texts.count; i++) {
        struct xpath_value text = {.type = XPATH_TEXT, .text = texts.items[i]};
        struct xpath_number number;
        bool ordered;

        rc = value_to_number(run, &text, &number);
        if (rc != RC_OK)
            break;
        if (isnan(number.value))
            return give_double(NAN, value);
        if (i == 0 || number_compare(number, found, &ordered) * sign > 0)
            found = number;
    }
    return rc != RC_OK ? rc : give_number(found, value);
}

FUNCTION(function_min) {
    return extreme(run, call, focus, -1, value);
}

FUNCTION(function_max) {
    return extreme(run, call, focus, 1, value);
}

/* A small whole power of an exact number is exact. */
static struct xpath_number power(struct xpath_number base, double exponent) {
    struct xpath_number result = number_of_int(1);

    if (!base.exact || exponent != floor(exponent) || exponent < 0 || exponent > 64)
        return number_of_double(pow(base.value, exponent));
    for (int i = 0; i < (int)exponent; i++)
        result = number_operate(OPERATION_MULTIPLY, result, base);
    return result.exact ? result : number_of_double(pow(base.value, exponent));
}

FUNCTION(function_pow) {
    struct xpath_number base, exponent;
    enum rc rc = argument_number(run, call, 0, focus, &base);

    if (rc == RC_OK)
        rc = argument_number(run, call, 1, focus, &exponent);
    return rc != RC_OK ? rc : give_number(power(base, exponent.value), value);
}

FUNCTION(function_pi) {
    (void)run;
    (void)call;
    (void)focus;
    return give_double(3.14159265358979323846, value);
}

FUNCTION(function_atan2) {
    struct xpath_number y, x;
    enum rc rc = argument_number(run, call, 0, focus, &y);

    if (rc == RC_OK)
        rc = argument_number(run, call, 1, focus, &x);
    return rc != RC_OK ? rc : give_double(atan2(y.value, x.value), value);
}

static double ten_to(double exponent) {
    return pow(10, exponent);
}

static const struct {
    const char *name;
    double (*compute)(double);
} reals[] = {
    {"sqrt", sqrt}, {"exp", exp}, {"exp10", ten_to}, {"log", log},   {"log10", log10}, {"sin", sin},
    {"cos", cos},   {"tan", tan}, {"asin", asin},    {"acos", acos}, {"atan", atan},
};

FUNCTION(function_real) {
    struct xpath_number number;
    enum rc rc = argument_number(run, call, 0, focus, &number);

    if (rc != RC_OK)
        return rc;
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++)
        if (view_is(call->text, reals[i].name))
            return give_double(reals[i].compute(number.value), value);
    return call_unsupported(run, call);
}
