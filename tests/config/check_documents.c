/*
 * The example file and the manual say what the schema says: every option, its default and its help.
 *
 * After a change of the schema `./check_documents conf` and `./check_documents manual` print the blocks to paste.
 */
#include "config/config.h"

#include "config/documents.h"
#include "config/heard.h"
#include "support/check_run.h"

#include <dirent.h>
#include <stdlib.h>

static struct heard heard;

static char *read_path(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 256 * 1024);

    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_lt(fread(text, 1, 256 * 1024 - 1, file), 256 * 1024 - 1);
    fclose(file);
    return text;
}

static const char *path_of(const char *name)
{
    static char path[4096];
    const char *srcdir = getenv("srcdir");

    snprintf(path, sizeof path, "%s/%s", srcdir ? srcdir : ".", name);
    return path;
}

static char *read_source(const char *name)
{
    return read_path(path_of(name));
}

static unsigned count_of(const char *text, const char *block)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, block)); at += strlen(block))
        count++;
    return count;
}

static bool is_option_line(const char *line)
{
    line += *line == '#';
    return *line >= 'a' && *line <= 'z' && strspn(line, "abcdefghijklmnopqrstuvwxyz-") == strcspn(line, " =\n") &&
           strchr(line, '=') && strchr(line, '=') < line + strcspn(line, "\n");
}

START_TEST(the_example_file_shows_every_option_with_its_help_and_default)
{
    char *conf = read_source("conf/sallyport.conf"), block[DOCUMENT_BLOCK_LEN];
    const struct option *option;
    unsigned lines = 0, options = 0;

    for (; (option = option_at(options)); options++)
        ck_assert_msg(count_of(conf, document_in_conf(option, block)) == 1, "missing:\n%s", block);
    for (char *line = strtok(conf, "\n"); line; line = strtok(NULL, "\n"))
        lines += is_option_line(line);
    ck_assert_uint_eq(lines, options);
    free(conf);
}
END_TEST

static struct config *parse(const char *text)
{
    struct config *config = config_parse("conf", bytes_of_string(text), heard_by(&heard));

    ck_assert_msg(config != NULL, "%s", heard.text);
    ck_assert_str_eq(heard.text, "");
    return config;
}

START_TEST(the_example_file_is_a_configuration)
{
    char *conf = read_source("conf/sallyport.conf");

    config_free(parse(conf));
    free(conf);
}
END_TEST

/* With every '#' taken from before an option, in place. */
static void uncomment(char *text)
{
    char *to = text;

    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n") + (strchr(line, '\n') != NULL);
        bool is_option = line[0] == '#' && is_option_line(line);
        memmove(to, line + is_option, len - is_option);
        to += len - is_option;
        line += len;
    }
    *to = 0;
}

START_TEST(the_example_file_with_every_option_taken_in_is_a_configuration)
{
    char *conf = read_source("conf/sallyport.conf");
    struct config *config;

    uncomment(conf);
    config = parse(conf);
    ck_assert_uint_eq(config->listens[0].keys.count, 1);
    ck_assert_uint_eq(config->listens[0].alpn.count, 2);
    config_free(config);
    free(conf);
}
END_TEST

/* What is shown as a default is what an option has when it is not written. */
START_TEST(taking_a_default_in_changes_nothing)
{
    char *conf = read_source("conf/sallyport.conf");
    struct config *config, *again;
    uint8_t first[16384], second[16384];
    struct writer before = writer_of(first, sizeof first), after = writer_of(second, sizeof second);

    config = parse(conf);
    uncomment(conf);
    again = parse(conf);
    /* shown by example: their default is an empty list */
    again->general.ticket_keys.count = again->listens[0].alpn.count = again->listens[0].suites.count = 0;
    again->admin.addresses.count = 0;
    again->listens[0].groups.count = again->listens[0].signature_algorithms.count = 0;
    again->listens[0].client_cas.count = again->listens[0].client_crls.count = again->listens[0].ocsp_staples.count = 0;
    again->listens[0].trusted_sources.count = again->listens[0].cert_dirs.count = 0;
    config_dump(config, &before);
    config_dump(again, &after);
    ck_assert(writer_ok(&before) && bytes_equal(writer_view(&before), writer_view(&after)));
    config_free(config);
    config_free(again);
    free(conf);
}
END_TEST

START_TEST(the_ready_examples_are_configurations)
{
    DIR *directory = opendir(path_of("conf/examples"));
    struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(directory);
    while ((entry = readdir(directory))) {
        char path[512];
        struct config *config;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "conf/examples/%s", entry->d_name);
        config = config_load(path_of(path), heard_by(&heard));
        ck_assert_msg(config != NULL && heard.count == 0, "%s", heard.text);
        config_free(config);
        count++;
    }
    closedir(directory);
    ck_assert_uint_ge(count, 4);
}
END_TEST

START_TEST(the_manual_lists_every_option_in_the_order_of_the_schema)
{
    char *manual = read_source("man/sallyport.conf.5"), block[DOCUMENT_BLOCK_LEN];
    const char *at = manual;
    const struct option *option;

    for (size_t i = 0; (option = option_at(i)); i++) {
        ck_assert_msg(count_of(manual, document_in_manual(option, block)) == 1, "missing:\n%s", block);
        at = strstr(at, block);
        ck_assert_msg(at != NULL, "out of order: %s", option->key);
    }
    free(manual);
}
END_TEST

START_TEST(the_manual_lists_no_option_that_does_not_exist)
{
    char *manual = read_source("man/sallyport.conf.5");
    const char *from = strstr(manual, ".SH OPTIONS"), *to = from ? strstr(from, ".SH FILES") : NULL;
    unsigned options = 0;

    ck_assert(from && to);
    while (option_at(options))
        options++;
    manual[to - manual] = 0;
    ck_assert_uint_eq(count_of(from, ".TP\n"), options);
    free(manual);
}
END_TEST

static int print_blocks(const char *(*document)(const struct option *, char *))
{
    char block[DOCUMENT_BLOCK_LEN];
    const struct option *option;

    for (size_t i = 0; (option = option_at(i)); i++)
        printf("%s%s", document(option, block), document == document_in_conf ? "\n" : "");
    return 0;
}

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        the_example_file_shows_every_option_with_its_help_and_default,
        the_example_file_is_a_configuration,
        the_example_file_with_every_option_taken_in_is_a_configuration,
        taking_a_default_in_changes_nothing,
        the_ready_examples_are_configurations,
        the_manual_lists_every_option_in_the_order_of_the_schema,
        the_manual_lists_no_option_that_does_not_exist,
    };
    if (argc > 1)
        return print_blocks(strcmp(argv[1], "conf") == 0 ? document_in_conf : document_in_manual);
    return check_run("documents", tests, ARRAY_LEN(tests));
}
