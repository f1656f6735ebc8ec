/*
 * replay_main.c: runs a fuzz target over its corpus, without libFuzzer.
 *
 * Arguments are files and directories; without any, the corpus of the target is tests/data/corpus/NAME in the
 * source tree, for a program called fuzz_NAME. A corpus without a file is a failure: it would prove nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    uint8_t *data;
    size_t len;

    if (!file || fstat(fileno(file), &status) != 0) {
        perror(path);
        return 1;
    }
    len = (size_t)status.st_size;
    data = malloc(len ? len : 1); /* exactly as long as the input, so that AddressSanitizer sees its end */
    if (!data || fread(data, 1, len, file) != len) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, len);
    free(data);
    replayed++;
    return 0;
}

static int replay(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int failures = 0;

    if (!directory)
        return replay_file(path);
    while ((entry = readdir(directory))) {
        char inner[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        failures += replay_file(inner);
    }
    closedir(directory);
    return failures;
}

static const char *own_corpus(const char *program)
{
    static char path[4096];
    const char *srcdir = getenv("srcdir"), *name = strrchr(program, '/');

    name = name ? name + 1 : program;
    if (strncmp(name, "fuzz_", 5) == 0)
        name += 5;
    snprintf(path, sizeof path, "%s/tests/data/corpus/%s", srcdir ? srcdir : ".", name);
    return path;
}

int main(int argc, char **argv)
{
    int failures = 0;

    if (argc < 2)
        failures += replay(own_corpus(argv[0]));
    for (int i = 1; i < argc; i++)
        failures += replay(argv[i]);
    printf("%u inputs replayed, %d unreadable\n", replayed, failures);
    return failures || replayed == 0;
}
