#include <string.h>

#include "base/locked.h"
#include "base/log.h"
#include "daemon/keyholder.h"

enum {
    LIBRARIES_LEN = 2 * 1024 * 1024, /* tables of curves, numbers while they are worked with */
    WORKER_LEN = 640 * 1024,         /* of key_client.h: replies, and both lines when they are long */
    KEY_LEN_FACTOR = 16,             /* a key at work is that much longer than its file, in two libraries */
};

void keyholder_reserve_memory(size_t secrets_len, size_t workers)
{
    if (!locked_reserve(LIBRARIES_LEN + WORKER_LEN * workers + KEY_LEN_FACTOR * secrets_len))
        log_message(LOG_LEVEL_WARNING, "the keyholder has no heap of its own: some of its memory will not be locked");
}

void keyholder_lock_memory(void)
{
    struct locked_memory memory = locked_apply();

    if (memory.error)
        log_message(LOG_LEVEL_WARNING,
                    "%zu KiB of the keyholder's memory may be swapped out: %s (LimitMEMLOCK= of systemd, memlock of a "
                    "container)",
                    memory.unlocked / 1024, strerror(memory.error));
}
