/*
 * fuzz_config.c: any bytes as a configuration file.
 *
 * Refused with at least one finding, each of them one line of printable text; or taken, and then what -T prints is
 * taken too and prints the same again.
 */
#include "config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DUMP_LEN = 4 * 1024 * 1024 };

struct heard {
    unsigned errors;
};

/* "fuzz:12: warning: ...": a value may contain the word too. */
static bool is_warning(const char *finding)
{
    return strncmp(strchr(finding, ' ') + 1, CONFIG_WARNING_PREFIX, strlen(CONFIG_WARNING_PREFIX)) == 0;
}

static void hear(void *context, const char *finding)
{
    struct heard *heard = context;

    for (const char *at = finding; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            abort();
    heard->errors += !is_warning(finding);
}

static struct config *parse(struct bytes text)
{
    struct heard heard = {0};
    struct config *config = config_parse("fuzz", text, (struct config_findings){hear, &heard});

    if (!config && heard.errors == 0)
        abort(); /* refused without a word */
    return config;
}

static struct bytes dump(const struct config *config, uint8_t *storage)
{
    struct writer out = writer_of(storage, MAX_DUMP_LEN);

    config_dump(config, &out);
    if (!writer_ok(&out))
        abort();
    return writer_view(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first[MAX_DUMP_LEN], second[MAX_DUMP_LEN];
    struct config *config, *again;

    setenv("A", "127.0.0.1:80", 1);
    setenv("B", "", 1);
    setenv("C", " x # \"y\" $ \x01", 1);
    setenv("D", "$", 1);
    config = parse(bytes_of(data, size));
    if (!config)
        return 0;
    again = parse(dump(config, first));
    if (!again || !bytes_equal(dump(config, first), dump(again, second)))
        abort();
    config_free(config);
    config_free(again);
    return 0;
}
