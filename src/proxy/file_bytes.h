/*
 * file_bytes.h: small files as a whole, read with read(2) and written so that they are there whole or not at all.
 */
#ifndef PROXY_FILE_BYTES_H
#define PROXY_FILE_BYTES_H

#include <sys/types.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct file_bytes {
    uint8_t *at; /* from memory_new(); NULL when nothing was read */
    size_t len;
    size_t capacity;
    mode_t mode;     /* of the file */
    int64_t changed; /* when it last was, in seconds since 1970; 0: that is not known */
};

/*
 * False with the reason in `fault`, a string that stays valid until the next call: also for more than `max_len`, and
 * for what is no regular file. `changed` is there all the same. Never waits for anybody.
 */
MUST_CHECK bool file_read(const char *path, size_t max_len, struct file_bytes *out, const char **fault);
struct bytes file_view(const struct file_bytes *file);
void file_wipe(struct file_bytes *file); /* wipes all of it and frees */

/* Into a new file beside `path`, which then takes its place. False with errno set. */
MUST_CHECK bool file_write(const char *path, mode_t mode, struct bytes contents);

/* Makes the directory and what is missing above it, all with 0700. False with errno set. */
MUST_CHECK bool directory_make(const char *path);

#endif
