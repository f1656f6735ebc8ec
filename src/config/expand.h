/*
 * expand.h: `${NAME}` and `${NAME:-default}` from the environment, `$$` for a dollar sign.
 *
 * As in the shell, the default stands in for a variable that is unset or empty. A variable that is unset and has no
 * default is an error, and so is a dollar sign that begins none of the three: a password or a pattern that contains
 * one is never changed in silence. What a variable holds is not expanded again.
 */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include "config/arena.h"
#include "config/report.h"

enum { MAX_EXPANDED_LEN = 4096 };

/* The expanded text, in `arena`; NULL after telling why not. */
MUST_CHECK char *expand_text(struct arena *arena, struct report *report, unsigned line, const char *text);

#endif
