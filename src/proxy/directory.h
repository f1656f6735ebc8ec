/*
 * directory.h: what lies in a directory, in the order of the names: hidden files are left out, as ls(1) does.
 */
#ifndef PROXY_DIRECTORY_H
#define PROXY_DIRECTORY_H

#include "base/writer.h"
#include "proxy/file_bytes.h"

/* NULL-terminated paths, each the directory's own and a name. */
struct directory {
    char **paths;
    size_t count;
};

/* False with the reason in `fault`, and then there is nothing to free. */
MUST_CHECK bool directory_read(const char *path, struct directory *out, const char **fault);
void directory_free(struct directory *directory);

/* Whether its name says that it may hold a certificate or a private key: .pem, .crt, .cer, .key. */
bool directory_may_hold_credentials(const char *path);

/* Strings, each with its final NUL, one behind the other: another one, and the next one of the rest (NULL: no more). */
void directory_put_string(struct writer *out, const char *string);
const char *directory_next_string(struct bytes *rest);

/*
 * The files in it, and in its subdirectories, whose names say so: paths, as such strings.
 * Links are followed; what is neither a file nor a directory is left out. False with the reason in `fault`: also for
 * more than `max_len` bytes of paths. A subdirectory that cannot be read counts as empty.
 */
MUST_CHECK bool directory_find_credentials(const char *path, size_t max_len, struct file_bytes *out,
                                           const char **fault);

#endif
