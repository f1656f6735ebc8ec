#include "proxy/directory.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

/* ---- one directory */

static bool add_path(struct directory *out, const char *path)
{
    char **grown = memory_resize(out->paths, (out->count + 1) * sizeof(char *));

    if (!grown)
        return false;
    out->paths = grown;
    grown[out->count] = memory_copy_string(path);
    return grown[out->count] && ++out->count;
}

static const char *read_names(DIR *dir, const char *path, struct directory *out)
{
    const struct dirent *entry;
    char full[PATH_MAX];

    while (errno = 0, (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(full, sizeof full, "%s/%s", path, entry->d_name) >= (int)sizeof full)
            return strerror(ENAMETOOLONG);
        if (!add_path(out, full))
            return "out of memory";
    }
    return errno ? strerror(errno) : NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool directory_read(const char *path, struct directory *out, const char **fault)
{
    DIR *dir = opendir(path);

    *out = (struct directory){NULL, 0};
    if (!dir) {
        *fault = strerror(errno);
        return false;
    }
    *fault = read_names(dir, path, out);
    closedir(dir);
    if (*fault)
        directory_free(out);
    else if (out->count > 0)
        qsort(out->paths, out->count, sizeof *out->paths, compare);
    return !*fault;
}

void directory_free(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        memory_free(directory->paths[i]);
    memory_free(directory->paths);
    *directory = (struct directory){NULL, 0};
}

/* ---- what may be of use in it */

bool directory_may_hold_credentials(const char *path)
{
    static const char *const endings[] = {".pem", ".crt", ".cer", ".key"};
    size_t len = strlen(path);

    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (len > 4 && strcmp(path + len - 4, endings[i]) == 0)
            return true;
    return false;
}

void directory_put_string(struct writer *out, const char *string)
{
    write_bytes(out, bytes_of((const uint8_t *)string, strlen(string) + 1));
}

const char *directory_next_string(struct bytes *rest)
{
    size_t len = rest->len > 0 ? strnlen((const char *)rest->at, rest->len) : 0;
    const char *string = (const char *)rest->at;

    if (len == rest->len)
        return NULL;
    *rest = bytes_of(rest->at + len + 1, rest->len - len - 1);
    return string;
}

/* `levels`: how many there are below. A link that leads nowhere is told by whoever reads it. */
static void put_found(const struct directory *directory, int levels, struct writer *out)
{
    struct directory below;
    struct stat status;
    const char *fault;

    for (size_t i = 0; i < directory->count; i++) {
        const char *path = directory->paths[i];
        bool is_there = stat(path, &status) == 0;
        if (is_there && S_ISDIR(status.st_mode)) {
            if (levels == 0 || !directory_read(path, &below, &fault))
                continue;
            put_found(&below, levels - 1, out);
            directory_free(&below);
        } else if ((!is_there || S_ISREG(status.st_mode)) && directory_may_hold_credentials(path)) {
            directory_put_string(out, path);
        }
    }
}

bool directory_find_credentials(const char *path, size_t max_len, struct file_bytes *out, const char **fault)
{
    struct directory directory;
    struct writer paths;

    *out = (struct file_bytes){0};
    if (!directory_read(path, &directory, fault))
        return false;
    out->at = memory_new(max_len + 1);
    out->capacity = out->at ? max_len + 1 : 0;
    paths = writer_of(out->at, out->at ? max_len : 0);
    put_found(&directory, 1, &paths);
    directory_free(&directory);
    *fault = out->at ? writer_ok(&paths) ? NULL : "it holds too many files" : "out of memory";
    out->len = writer_view(&paths).len;
    if (*fault)
        file_wipe(out);
    return !*fault;
}
