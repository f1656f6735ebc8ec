/*
 * told.h: the findings of a configuration, kept for the test that provoked them.
 */
#ifndef TESTS_PROXY_TOLD_H
#define TESTS_PROXY_TOLD_H

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "support/check_run.h"

static char told[1 << 14];
static size_t told_count; /* without warnings: the keys of tests/data are open to all */

static inline void told_hear(void *context, const char *finding)
{
    size_t len = strlen(told);

    (void)context;
    snprintf(told + len, sizeof told - len, "%s\n", finding);
    told_count += strstr(finding, CONFIG_WARNING_PREFIX) == NULL;
}

static const struct config_findings findings = {told_hear, NULL};

static inline void told_forget(void)
{
    told[0] = 0;
    told_count = 0;
}

static inline void expect_told(const char *part)
{
    ck_assert_msg(strstr(told, part) != NULL, "'%s' is not in:\n%s", part, told);
}

static inline void expect_not_told(const char *part)
{
    ck_assert_msg(strstr(told, part) == NULL, "'%s' is in:\n%s", part, told);
}

#endif
