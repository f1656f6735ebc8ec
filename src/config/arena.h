/* arena.h: memory that is given back all at once, with the configuration it was taken for. */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include "base/attributes.h"
#include "base/bytes.h"

/* One allocation an object, chained: AddressSanitizer sees a step over the edge of each. Zero is empty. */
struct arena {
    struct arena_piece *newest;
};

/* Zeroed memory, or NULL. */
MUST_CHECK void *arena_new(struct arena *arena, size_t count, size_t len);

/* A copy that ends with a zero byte, or NULL. */
MUST_CHECK char *arena_copy(struct arena *arena, struct bytes text);
void arena_free(struct arena *arena);

#endif
