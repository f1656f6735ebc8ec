#include "daemon/files_seen.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proxy/directory.h"

enum { MAX_LINKS = 40 }; /* as the kernel has it */

struct look {
    struct files_seen *seen;
    size_t file_room, directory_room;
    bool is_ok;
};

/* ---- what is noted */

static void *grown(void *list, size_t count, size_t *room, size_t len)
{
    size_t wanted = *room ? 2 * *room : 16;

    if (count < *room)
        return list;
    list = memory_resize(list, wanted * len);
    if (list)
        *room = wanted;
    return list;
}

static void note_file(struct look *look, const char *path, const struct stat *status, int error)
{
    struct files_seen *seen = look->seen;
    struct file_seen *files = grown(seen->files, seen->count, &look->file_room, sizeof *files);

    look->is_ok = look->is_ok && files;
    if (!files)
        return;
    seen->files = files;
    files[seen->count] = (struct file_seen){.path = memory_copy_string(path), .error = error};
    look->is_ok = look->is_ok && files[seen->count].path;
    if (!files[seen->count].path)
        return;
    if (error == 0) {
        files[seen->count].mode = status->st_mode;
        files[seen->count].device = status->st_dev;
        files[seen->count].inode = status->st_ino;
        files[seen->count].size = status->st_size;
        files[seen->count].modified = status->st_mtim;
        files[seen->count].changed = status->st_ctim;
    }
    seen->count++;
}

static void note_directory(struct look *look, const char *path)
{
    struct files_seen *seen = look->seen;
    char **directories = seen->directories;

    if (seen->directory_count > 0 && strcmp(directories[seen->directory_count - 1], path) == 0)
        return;
    directories = grown(directories, seen->directory_count, &look->directory_room, sizeof *directories);
    look->is_ok = look->is_ok && directories;
    if (!directories)
        return;
    seen->directories = directories;
    directories[seen->directory_count] = memory_copy_string(path);
    look->is_ok = look->is_ok && directories[seen->directory_count];
    if (directories[seen->directory_count])
        seen->directory_count++;
}

/* ---- the way of a path */

struct way {
    char at[PATH_MAX];   /* a directory without links on its way; "" is the root */
    char rest[PATH_MAX]; /* still to go */
    int links;
};

static const char *directory_of(const struct way *way)
{
    return *way->at ? way->at : "/";
}

static void begin_at(struct way *way, const char *path)
{
    if (*path == '/')
        way->at[0] = 0;
    (void)snprintf(way->rest, sizeof way->rest, "%s", path); /* whoever does not fit was refused */
}

/* Takes the next name off the rest. False: there is none. */
static bool next_name(struct way *way, char name[NAME_MAX + 1])
{
    size_t from = strspn(way->rest, "/"), len = strcspn(way->rest + from, "/");

    if (len == 0 || len > NAME_MAX)
        return false;
    memcpy(name, way->rest + from, len);
    name[len] = 0;
    memmove(way->rest, way->rest + from + len, strlen(way->rest + from + len) + 1);
    return true;
}

/* Goes on where the link `path` points to. False: nowhere that we could follow it to. */
static bool follow(struct way *way, const char *path)
{
    char target[PATH_MAX], whole[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof target - 1);

    if (len < 0 || ++way->links > MAX_LINKS)
        return false;
    target[len] = 0;
    if (snprintf(whole, sizeof whole, "%s/%s", target, way->rest) >= (int)sizeof whole)
        return false;
    begin_at(way, whole);
    return true;
}

/*
 * The directories in which a change could make the path lead elsewhere: those of its links, and the last one, up to
 * which it leads. That a directory between them is renamed is seen by the slow look alone.
 */
static void note_way(struct look *look, const char *path)
{
    struct way way = {.at = ".", .links = 0};
    char name[NAME_MAX + 1], full[PATH_MAX];
    struct stat status;

    if (strlen(path) >= PATH_MAX)
        return;
    begin_at(&way, path);
    while (next_name(&way, name)) {
        bool is_last = way.rest[strspn(way.rest, "/")] == 0;
        if (snprintf(full, sizeof full, "%s/%s", way.at, name) >= (int)sizeof full)
            return;
        if (lstat(full, &status) != 0 || (is_last && !S_ISLNK(status.st_mode))) {
            note_directory(look, directory_of(&way));
            return;
        }
        if (S_ISLNK(status.st_mode)) {
            note_directory(look, directory_of(&way));
            if (!follow(&way, full))
                return;
        } else {
            memcpy(way.at, full, strlen(full) + 1);
        }
    }
}

static void see_file(struct look *look, const char *path)
{
    struct stat status;
    int error = stat(path, &status) == 0 ? 0 : errno;

    note_way(look, path);
    note_file(look, path, &status, error);
}

/* ---- all paths of a configuration */

static bool is_directory(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* `levels`: how many there are below. A directory that cannot be read says so when it is loaded. */
static void see_directory(struct look *look, const char *path, int levels)
{
    struct directory directory;
    const char *fault;

    note_way(look, path);
    if (is_directory(path))
        note_directory(look, path);
    if (!directory_read(path, &directory, &fault)) {
        note_file(look, path, NULL, ENOTDIR);
        return;
    }
    for (size_t i = 0; i < directory.count; i++) {
        if (is_directory(directory.paths[i])) {
            if (levels > 0)
                see_directory(look, directory.paths[i], levels - 1);
        } else if (directory_may_hold_credentials(directory.paths[i])) {
            see_file(look, directory.paths[i]);
        }
    }
    directory_free(&directory);
}

static void see_list(struct look *look, const struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->values[i].text, CONFIG_CERTIFICATE_DEVELOPMENT) != 0)
            see_file(look, list->values[i].text);
}

static void see_listen(struct look *look, const struct config_listen *listen)
{
    see_list(look, &listen->certificates);
    see_list(look, &listen->keys);
    see_list(look, &listen->client_cas);
    see_list(look, &listen->client_crls);
    see_list(look, &listen->ocsp_staples);
    for (size_t i = 0; i < listen->cert_dirs.count; i++)
        see_directory(look, listen->cert_dirs.values[i].text, 1);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_directories(struct files_seen *seen)
{
    size_t kept = 0;

    if (seen->directory_count == 0)
        return;
    qsort(seen->directories, seen->directory_count, sizeof *seen->directories, compare);
    for (size_t i = 1; i < seen->directory_count; i++)
        if (strcmp(seen->directories[kept], seen->directories[i]) == 0)
            memory_free(seen->directories[i]);
        else
            seen->directories[++kept] = seen->directories[i];
    seen->directory_count = kept + 1;
}

struct files_seen *files_seen_new(const struct config *config)
{
    struct look look = {memory_new(sizeof *look.seen), 0, 0, true};

    if (!look.seen)
        return NULL;
    see_list(&look, &config->general.ticket_keys);
    for (size_t i = 0; i < config->listen_count; i++)
        see_listen(&look, &config->listens[i]);
    sort_directories(look.seen);
    if (look.is_ok)
        return look.seen;
    files_seen_free(look.seen);
    return NULL;
}

void files_seen_free(struct files_seen *seen)
{
    if (!seen)
        return;
    for (size_t i = 0; i < seen->count; i++)
        memory_free(seen->files[i].path);
    for (size_t i = 0; i < seen->directory_count; i++)
        memory_free(seen->directories[i]);
    memory_free(seen->files);
    memory_free(seen->directories);
    memory_free(seen);
}

/* ---- comparing */

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same(const struct file_seen *a, const struct file_seen *b)
{
    return strcmp(a->path, b->path) == 0 && a->error == b->error && a->mode == b->mode && a->device == b->device &&
           a->inode == b->inode && a->size == b->size && is_same_time(a->modified, b->modified) &&
           is_same_time(a->changed, b->changed);
}

const char *files_seen_difference(const struct files_seen *earlier, const struct files_seen *now)
{
    for (size_t i = 0; i < now->count; i++)
        if (i >= earlier->count || !is_same(&earlier->files[i], &now->files[i]))
            return now->files[i].path;
    return earlier->count > now->count ? earlier->files[now->count].path : NULL;
}
