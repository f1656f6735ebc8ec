#include "explain/explain.h"

#include "base/alloc.h"
#include "cli/source.h"
#include "cli/verbs.h"
#include "proxy/policy.h"

#include <errno.h>
#include <string.h>

enum { FIRST_FILE_LEN = 64 * 1024 };

struct file {
    uint8_t *at;
    size_t len, capacity;
};

/* NULL, or why not. */
static const char *grow(struct file *file)
{
    size_t capacity = file->capacity ? 2 * file->capacity : FIRST_FILE_LEN;
    uint8_t *at = memory_resize(file->at, capacity);

    if (!at)
        return "out of memory";
    file->at = at;
    file->capacity = capacity;
    return NULL;
}

static const char *read_stream(FILE *in, struct file *file)
{
    const char *fault = NULL;

    while (!fault && !feof(in)) {
        if (file->len == file->capacity)
            fault = grow(file);
        else
            file->len += fread(file->at + file->len, 1, file->capacity - file->len, in);
        if (ferror(in))
            fault = strerror(errno);
        if (file->len > MAX_EXPLAIN_FILE_LEN)
            fault = "is larger than 64 MiB";
    }
    return fault;
}

static MUST_CHECK bool read_file(const char *path, struct file *file)
{
    bool is_standard_input = strcmp(path, "-") == 0;
    FILE *in = is_standard_input ? stdin : fopen(path, "rbe");
    const char *fault = in ? read_stream(in, file) : strerror(errno);

    if (in && !is_standard_input)
        fclose(in);
    if (fault)
        cli_tell("%s: %s", path, fault);
    return !fault;
}

/* NULL after telling which ones there are. */
static const struct config_listen *find_listen(const struct config *config, const char *name)
{
    if (!name && config->listen_count == 1)
        return &config->listens[0];
    for (size_t i = 0; name && i < config->listen_count; i++)
        if (strcmp(config->listens[i].name, name) == 0)
            return &config->listens[i];
    if (name)
        cli_tell("there is no listener '%s'", name);
    else
        cli_tell("there are several listeners, --listener says which one answers");
    for (size_t i = 0; i < config->listen_count; i++)
        cli_tell("  --listener %s", config->listens[i].name);
    return NULL;
}

static int exit_code_of(enum explain_end end)
{
    switch (end) {
    case EXPLAIN_GOES_ON:
        return CLI_EXIT_OK;
    case EXPLAIN_REFUSED:
        return CLI_EXIT_REFUSED;
    case EXPLAIN_NOTHING:
        return CLI_EXIT_FAILURE;
    case EXPLAIN_FAILED:
        break;
    }
    cli_tell("out of memory");
    return CLI_EXIT_FAILURE;
}

static int explain_to(const struct options *options, const struct config_listen *listen,
                      const struct tls_policy *policy)
{
    struct file file = {0};
    int code = CLI_EXIT_FAILURE;

    if (read_file(options->file, &file))
        code = exit_code_of(explain_file(bytes_of(file.at, file.len), policy, listen->name, stdout));
    memory_free(file.at);
    return code;
}

static int explain(const struct options *options, const struct config *config)
{
    const struct config_listen *listen = find_listen(config, options->listener);
    struct supply supply = supply_of_disk(PURPOSE_LOOK);
    struct keyring *keyring;
    struct tls_policy *policy;
    int code = CLI_EXIT_CONFIG;

    if (!listen)
        return CLI_EXIT_USAGE;
    keyring = keyring_new();
    if (!keyring) {
        cli_tell("out of memory");
        return CLI_EXIT_FAILURE;
    }
    policy = policy_build(listen, &supply, keyring, cli_findings);
    if (policy)
        code = explain_to(options, listen, policy);
    tls_policy_unref(policy);
    keyring_free(keyring);
    return code;
}

int verb_explain(const struct options *options)
{
    return source_use(options, explain);
}
