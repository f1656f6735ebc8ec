/* quantity.h: numbers with a unit: `10s`, `500ms`, `64k`. */
#ifndef CONFIG_QUANTITY_H
#define CONFIG_QUANTITY_H

#include "config/schema.h"

enum { QUANTITY_LEN = 64 };

/* An option of type OPTION_TIME, OPTION_SIZE or OPTION_COUNT: NULL, or what is wrong as the end of a sentence. */
MUST_CHECK const char *quantity_parse(const struct option *option, const char *text, uint64_t *out,
                                      char fault[2 * QUANTITY_LEN]);

/* As quantity_parse() takes it, in the largest unit that leaves no rest. Answers `text`. */
const char *quantity_text(const struct option *option, uint64_t value, char text[QUANTITY_LEN]);

#endif
