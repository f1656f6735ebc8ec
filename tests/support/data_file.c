#include "support/data_file.h"

#include <stdio.h>
#include <stdlib.h>

const char *data_file_path(const char *name)
{
    static char path[4096];
    const char *srcdir = getenv("srcdir"); /* automake sets it for every test */

    snprintf(path, sizeof path, "%s/tests/data/%s", srcdir ? srcdir : ".", name);
    return path;
}

struct bytes data_file_read_path(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *contents = NULL;
    size_t len = 0, part;
    char block[4096];

    if (!file) {
        perror(path);
        abort();
    }
    do {
        part = fread(block, 1, sizeof block, file);
        contents = realloc(contents, len + part + 1);
        if (!contents)
            abort();
        memcpy(contents + len, block, part);
        len += part;
    } while (part != 0);
    fclose(file);
    contents[len] = 0;
    return bytes_of(contents, len);
}

struct bytes data_file_read(const char *name)
{
    return data_file_read_path(data_file_path(name));
}

void data_file_free(struct bytes contents)
{
    free((void *)contents.at);
}
