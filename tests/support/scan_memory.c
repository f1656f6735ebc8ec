/*
 * scan_memory.c: `scan_memory PID FILE...` looks in the memory of a process for the secrets of the files, each written
 * in hexadecimal digits on a line of its own, and prints in how many places it found one. 0: none was found, 1: some,
 * 2: it cannot tell.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/memory_scan.h"

enum { MAX_SECRETS = 64 };

static uint8_t storage[MAX_SECRETS][MEMORY_SCAN_MAX_LEN];
static struct bytes secrets[MAX_SECRETS];
static size_t count;

static int value_of(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

static bool take_line(const char *line)
{
    size_t len = 0;

    if (count == MAX_SECRETS)
        return false;
    while (isxdigit((unsigned char)line[0]) && isxdigit((unsigned char)line[1]) && len < MEMORY_SCAN_MAX_LEN) {
        storage[count][len++] = (uint8_t)(value_of(line[0]) * 16 + value_of(line[1]));
        line += 2;
    }
    secrets[count] = bytes_of(storage[count], len);
    return secrets[count++].len >= 8 && line[0] == '\n'; /* shorter ones are found everywhere */
}

static bool take_file(const char *path)
{
    char line[2 * MEMORY_SCAN_MAX_LEN + 2];
    FILE *file = fopen(path, "re");
    bool is_ok = file != NULL;

    while (is_ok && fgets(line, sizeof line, file))
        is_ok = take_line(line);
    if (file)
        fclose(file);
    return is_ok;
}

int main(int argc, char **argv)
{
    long found;

    for (int i = 2; i < argc; i++)
        if (!take_file(argv[i])) {
            fprintf(stderr, "%s: no lines of 8 or more bytes in hexadecimal\n", argv[i]);
            return 2;
        }
    if (count == 0) {
        fputs("usage: scan_memory PID FILE...\n", stderr);
        return 2;
    }
    found = memory_scan((pid_t)atol(argv[1]), secrets, count);
    if (found < 0) {
        perror(argv[1]);
        return 2;
    }
    printf("%ld\n", found);
    return found > 0;
}
