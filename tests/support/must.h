/*
 * must.h: what a test's own machinery takes for granted. A failure here is the machinery's, not the tested code's.
 */
#ifndef SUPPORT_MUST_H
#define SUPPORT_MUST_H

#include <stdbool.h>
#include <stdlib.h>

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

#endif
