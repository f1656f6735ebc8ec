/* test_files.h: where the certificates and keys of tests/data are. */
#ifndef TESTS_PROXY_TEST_FILES_H
#define TESTS_PROXY_TEST_FILES_H

#include <stdio.h>
#include <stdlib.h>

enum { TEST_PATH_LEN = 4096 };

/* "p256.key" -> its path; one of four buffers in turn. */
static inline const char *test_file(const char *name)
{
    static char paths[4][TEST_PATH_LEN];
    static int next;
    const char *top = getenv("top_srcdir");
    char *path = paths[next++ % 4];

    snprintf(path, TEST_PATH_LEN, "%s/tests/data/certificates/%s", top ? top : "..", name);
    return path;
}

#endif
