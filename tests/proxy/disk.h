/* disk.h: the supply of a test that reads files and resolves names. */
#ifndef TESTS_PROXY_DISK_H
#define TESTS_PROXY_DISK_H

#include "proxy/supply.h"

/* Good until the next call. */
static inline const struct supply *disk_for(enum purpose purpose)
{
    static struct supply supply;

    supply = supply_of_disk(purpose);
    return &supply;
}

#endif
