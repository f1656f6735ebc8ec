/* nearest.h: "did you mean ...?": the known name that is the fewest typing mistakes away. */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include "base/attributes.h"
#include "base/bytes.h"

struct nearest {
    const char *wanted;
    const char *name; /* NULL: nothing comes near enough to be meant */
    unsigned mistakes;
};

struct nearest nearest_to(const char *wanted);

/* `name` must outlive `nearest`. Of equally near names the first offered stays. */
void nearest_offer(struct nearest *nearest, const char *name);

enum { NEAREST_HINT_LEN = 128 };

/* ", did you mean 'address'?" or "". Answers `text`. */
const char *nearest_hint(const struct nearest *nearest, char text[NEAREST_HINT_LEN]);

#endif
