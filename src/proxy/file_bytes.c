#include "proxy/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"

/* -1 with errno set, or how many bytes there were; never more than `capacity`. */
static ssize_t read_all(int fd, uint8_t *at, size_t capacity)
{
    size_t len = 0;

    while (len < capacity) {
        ssize_t more = read(fd, at + len, capacity - len);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return more < 0 ? -1 : (ssize_t)len;
        len += (size_t)more;
    }
    return (ssize_t)len;
}

/* The storage is taken at once in full size: growing it would leave copies of a key behind. */
static const char *read_open_file(int fd, size_t max_len, struct file_bytes *out)
{
    struct stat status;
    ssize_t len;

    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return strerror(EISDIR);
    if (!S_ISREG(status.st_mode)) /* a pipe that nobody writes to, a terminal, a device without an end */
        return "it is no regular file";
    out->at = memory_new(max_len + 1);
    if (!out->at)
        return "out of memory";
    out->capacity = max_len + 1;
    out->mode = status.st_mode;
    out->changed = (int64_t)status.st_ctim.tv_sec;
    len = read_all(fd, out->at, out->capacity);
    if (len < 0)
        return strerror(errno);
    out->len = (size_t)len;
    return out->len > max_len ? "the file is too large" : NULL;
}

/* Of a link that leads nowhere, its own. */
static int64_t last_change(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 || lstat(path, &status) == 0 ? (int64_t)status.st_ctim.tv_sec : 0;
}

bool file_read(const char *path, size_t max_len, struct file_bytes *out, const char **fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not stop us here */

    *out = (struct file_bytes){0};
    *fault = fd < 0 ? strerror(errno) : read_open_file(fd, max_len, out);
    if (fd >= 0)
        close(fd);
    if (!*fault)
        return true;
    file_wipe(out);
    out->changed = last_change(path);
    return false;
}

struct bytes file_view(const struct file_bytes *file)
{
    return bytes_of(file->at, file->len);
}

void file_wipe(struct file_bytes *file)
{
    memory_wipe(file->at, file->capacity);
    memory_free(file->at);
    *file = (struct file_bytes){0};
}

static bool write_all(int fd, struct bytes contents)
{
    while (contents.len > 0) {
        ssize_t len = write(fd, contents.at, contents.len);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return false;
        contents = bytes_of(contents.at + len, contents.len - (size_t)len);
    }
    return fsync(fd) == 0;
}

bool file_write(const char *path, mode_t mode, struct bytes contents)
{
    char fresh[PATH_MAX];
    bool is_ok;
    int fd;

    if (snprintf(fresh, sizeof fresh, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof fresh) {
        errno = ENAMETOOLONG;
        return false;
    }
    (void)!unlink(fresh); /* of an earlier process with our number that was killed halfway */
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return false;
    is_ok = write_all(fd, contents);
    is_ok = close(fd) == 0 && is_ok;
    if (is_ok && rename(fresh, path) == 0)
        return true;
    int error = errno;
    (void)!unlink(fresh);
    errno = error;
    return false;
}

bool directory_make(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}
