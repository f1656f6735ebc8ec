#include "config/quantity.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* The largest first. A unit named "" makes numbers without one acceptable. */
static const struct unit time_units[] = {
    {"d", UINT64_C(86400000000)}, {"h", UINT64_C(3600000000)}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}, {NULL, 0},
};

static const struct unit size_units[] = {
    {"g", 1024 * 1024 * 1024}, {"m", 1024 * 1024}, {"k", 1024}, {"", 1}, {NULL, 0},
};

static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(const struct option *option)
{
    if (option->type == OPTION_TIME)
        return time_units;
    return option->type == OPTION_SIZE ? size_units : count_units;
}

static const char *form_of(const struct option *option)
{
    if (option->type == OPTION_TIME)
        return "is no time: a number and ms, s, m, h or d";
    return option->type == OPTION_SIZE ? "is no size: a number, or a number and k, m or g" : "is no number";
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

const char *quantity_text(const struct option *option, uint64_t value, char text[QUANTITY_LEN])
{
    const struct unit *unit = units_of(option);

    while (unit[1].name && (value == 0 || value % unit->factor != 0))
        unit++;
    if (value == 0)
        snprintf(text, QUANTITY_LEN, "%s", option->zero_word ? option->zero_word : "0");
    else
        snprintf(text, QUANTITY_LEN, "%" PRIu64 "%s", value / unit->factor, unit->name);
    return text;
}

/* False when the number does not fit. */
static MUST_CHECK bool parse_digits(const char *text, size_t len, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++)
        if (__builtin_mul_overflow(*out, UINT64_C(10), out) ||
            __builtin_add_overflow(*out, (uint64_t)(text[i] - '0'), out))
            return false;
    return true;
}

static const char *explain_range(const struct option *option, char fault[2 * QUANTITY_LEN])
{
    char min[QUANTITY_LEN], max[QUANTITY_LEN];

    snprintf(fault, 2 * QUANTITY_LEN, "is out of range: %.40s to %.40s%s%.20s", quantity_text(option, option->min, min),
             quantity_text(option, option->max, max), option->takes_zero || option->zero_word ? ", or " : "",
             option->zero_word    ? option->zero_word
             : option->takes_zero ? "0"
                                  : "");
    return fault;
}

const char *quantity_parse(const struct option *option, const char *text, uint64_t *out, char fault[2 * QUANTITY_LEN])
{
    size_t digits = strspn(text, "0123456789");
    const struct unit *unit = find_unit(units_of(option), text + digits);

    if (option->zero_word && strcmp(text, option->zero_word) == 0) {
        *out = 0;
        return NULL;
    }
    if (digits == 0 || (!unit && text[digits] != 0))
        return form_of(option);
    if (!parse_digits(text, digits, out))
        return explain_range(option, fault);
    if (*out == 0 && option->takes_zero)
        return NULL;
    if (*out != 0 && !unit) {
        snprintf(fault, 2 * QUANTITY_LEN, "has no unit: %.20ss would be seconds", text);
        return fault;
    }
    if (*out == 0 || __builtin_mul_overflow(*out, unit->factor, out) || *out < option->min || *out > option->max)
        return explain_range(option, fault);
    return NULL;
}
