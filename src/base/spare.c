#include "base/spare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/secret.h"

/*
 * Sizes go up in steps of malloc(3)'s own, so that nothing is larger for being kept. A burst of connections that end
 * together leaves half a megabyte at most.
 */
enum { STEP = 16, MAX_LEN = 16 * 1024, MAX_KEPT_OF_A_SIZE = 64, MAX_KEPT_BYTES = 512 * 1024 };

/* Stands in memory that is kept; all behind it is zero. */
struct spare {
    struct spare *next;
    const void *mark; /* of what is kept; see give_again() */
};
_Static_assert(sizeof(struct spare) <= STEP, "the smallest size holds it");

struct shelf {
    struct spare *first;
    unsigned count;
};

static struct shelf shelves[MAX_LEN / STEP + 1]; /* by steps */
static size_t kept_bytes;

static size_t steps_of(size_t len)
{
    return len ? (len + STEP - 1) / STEP : 1;
}

void *spare_take(size_t len)
{
    size_t steps = steps_of(len);
    struct spare *spare = steps < ARRAY_LEN(shelves) ? shelves[steps].first : NULL;

    if (!memory_keeps())
        return memory_new(len);
    if (!spare)
        return memory_new(steps * STEP);
    shelves[steps].first = spare->next;
    shelves[steps].count--;
    kept_bytes -= steps * STEP;
    *spare = (struct spare){NULL, NULL};
    return spare;
}

/* What is given back twice would have two owners. Only what has the mark is looked for: it may be there by chance. */
static void refuse_second_giving(const struct shelf *shelf, const struct spare *given)
{
    if (given->mark != shelves)
        return;
    for (const struct spare *spare = shelf->first; spare; spare = spare->next)
        if (spare == given)
            abort();
}

static bool has_room(size_t steps)
{
    return steps < ARRAY_LEN(shelves) && shelves[steps].count < MAX_KEPT_OF_A_SIZE &&
           kept_bytes + steps * STEP <= MAX_KEPT_BYTES;
}

static void keep(struct shelf *shelf, struct spare *spare)
{
    *spare = (struct spare){shelf->first, shelves};
    shelf->first = spare;
    shelf->count++;
}

void spare_give(void *at, size_t len)
{
    size_t steps = steps_of(len);

    if (!at)
        return;
    if (memory_keeps() && steps < ARRAY_LEN(shelves))
        refuse_second_giving(&shelves[steps], at);
    memory_wipe(at, len);
    if (!memory_keeps() || !has_room(steps)) {
        memory_free(at);
        return;
    }
    kept_bytes += steps * STEP;
    keep(&shelves[steps], at);
}
