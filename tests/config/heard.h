/* heard.h: what config_findings told, kept for a test to look at. */
#ifndef TESTS_CONFIG_HEARD_H
#define TESTS_CONFIG_HEARD_H

#include "config/config.h"

#include <stdio.h>

struct heard {
    unsigned count;
    char text[16384]; /* each finding ends with a newline */
};

static inline void heard_take(void *context, const char *finding)
{
    struct heard *heard = context;
    size_t len = strlen(heard->text);

    heard->count++;
    snprintf(heard->text + len, sizeof heard->text - len, "%s\n", finding);
}

static inline struct config_findings heard_by(struct heard *heard)
{
    *heard = (struct heard){.count = 0};
    return (struct config_findings){heard_take, heard};
}

#endif
