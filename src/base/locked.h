/*
 * locked.h: memory that is neither swapped nor dumped: that of a whole process, for one that has nothing but secrets,
 * or a piece of it.
 *
 * Keys are in many places: in objects of ours, in the numbers of the libraries below, on the stack while they work. So
 * it is not the secrets that are locked but all that the process can write. Its heap is one piece, large enough from
 * the beginning that it never grows.
 */
#ifndef BASE_LOCKED_H
#define BASE_LOCKED_H

#include "base/attributes.h"
#include "base/bytes.h"

/*
 * Before the first secret: from here on every allocation of the process, of libraries too, comes from one heap that has
 * `len` bytes to give, whatever its size. False: they are not to be had.
 */
MUST_CHECK bool locked_reserve(size_t len);

/*
 * After it, and while /proc can be read: before the process gives up its rights. Locks every private page that the
 * process can write, and takes it out of core dumps. What is locked stays so until the process ends; what it maps later
 * is not.
 */
struct locked_memory {
    size_t locked, unlocked; /* bytes; what RLIMIT_MEMLOCK did not allow is unlocked */
    int error;               /* of the first that failed; 0: none */
};
struct locked_memory locked_apply(void);

/* ---- in a process that is not locked as a whole */

/* All pages that it touches. False with errno set: they are as they were. */
MUST_CHECK bool locked_range(void *at, size_t len);

/*
 * The pages of a file in memory (memfd), for all who map it, as long as it is held here. Who holds it sees nothing of
 * it: it is mapped without the right to read it. Zeroed: nothing is held.
 */
struct locked_file {
    void *at; /* NULL: nothing is held */
    size_t len;
};
MUST_CHECK bool locked_file_hold(struct locked_file *file, int fd); /* False with errno set */
void locked_file_let_go(struct locked_file *file);

#endif
