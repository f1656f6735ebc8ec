#include "config/config.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE_LEN = 1024 * 1024 };

/* Room for what the system says. */
enum { FAULT_LEN = 128 };

static const char *system_fault(char text[FAULT_LEN])
{
    snprintf(text, FAULT_LEN, "cannot be read: %s", strerror(errno));
    return text;
}

static const char *fault_of_file(int fd, char fault[FAULT_LEN])
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return system_fault(fault);
    if (S_ISDIR(status.st_mode))
        return "is a directory";
    if (!S_ISREG(status.st_mode))
        return "is not a regular file";
    return status.st_size > MAX_FILE_LEN ? "is larger than 1 MiB" : NULL;
}

/* Reads on until the end or one byte more than is allowed: a file may grow while it is read. */
static const char *read_all(int fd, uint8_t *text, size_t *len, char fault[FAULT_LEN])
{
    ssize_t got;

    *len = 0;
    while (*len <= MAX_FILE_LEN && (got = read(fd, text + *len, MAX_FILE_LEN + 1 - *len)) != 0) {
        if (got > 0)
            *len += (size_t)got;
        else if (errno != EINTR)
            return system_fault(fault);
    }
    return *len > MAX_FILE_LEN ? "is larger than 1 MiB" : NULL;
}

static struct config *load_from(int fd, const char *path, struct config_findings findings)
{
    struct config_place place = {path, 0};
    struct config *config = NULL;
    uint8_t *text = memory_new(MAX_FILE_LEN + 1);
    char words[FAULT_LEN];
    const char *fault = text ? fault_of_file(fd, words) : "out of memory";
    size_t len = 0;

    if (!fault)
        fault = read_all(fd, text, &len, words);
    if (fault)
        config_complain(findings, &place, "%s", fault);
    else
        config = config_parse(path, bytes_of(text, len), findings);
    memory_free(text);
    return config;
}

struct config *config_load(const char *path, struct config_findings findings)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not stop us here */
    struct config *config;

    if (fd < 0) {
        char words[FAULT_LEN];
        config_complain(findings, &(struct config_place){path, 0}, "%s", system_fault(words));
        return NULL;
    }
    config = load_from(fd, path, findings);
    close(fd);
    return config;
}
