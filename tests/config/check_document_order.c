/*
 * The example file, the manual and `-T` have the sections of the schema, with its words, and in each the options of
 * that section in its order. That every option is there with its help and default is in check_documents.c.
 */
#include "config/config.h"

#include "config/heard.h"
#include "config/schema.h"
#include "support/check_run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_TEXT = 256 * 1024 };

static char *read_source(const char *name)
{
    char path[4096];
    const char *srcdir = getenv("srcdir");
    char *text = calloc(1, MAX_TEXT);
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", srcdir ? srcdir : ".", name);
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_lt(fread(text, 1, MAX_TEXT - 1, file), MAX_TEXT - 1);
    fclose(file);
    return text;
}

/* The first place in `text` where `line` begins a line; a leading '#' counts as none. */
static const char *find_line(const char *text, const char *line)
{
    size_t len = strlen(line);

    for (const char *at = text; *at; at += strcspn(at, "\n") + (strchr(at, '\n') != NULL)) {
        if (strncmp(at, line, len) == 0 || (*at == '#' && strncmp(at + 1, line, len) == 0))
            return at;
    }
    return NULL;
}

/* How a document begins the line of a section and of an option, and what stands behind the name of the latter. */
struct form {
    const char *section, *option, *behind_option;
};

static const struct form ini = {"[", "", " = "}, roff = {".SS [", ".B ", "\n"};

/* Sections by the lines that begin them, and in each its options by theirs, each found behind the one before. */
static void assert_order(const char *text, const struct form *form)
{
    const struct option *option;
    const char *header = NULL, *at = text, *end;
    enum section_kind kind = SECTION_KINDS;
    char line[256];

    for (size_t i = 0; (option = option_at(i)); i++) {
        if (option->section != kind) {
            kind = option->section;
            snprintf(line, sizeof line, "%s%s", form->section, section_schemas[kind].kind);
            at = header = find_line(at, line);
            ck_assert_msg(header != NULL, "no section that begins '%s'", line);
        }
        snprintf(line, sizeof line, "%s%s%s", form->option, option->key, form->behind_option);
        at = find_line(at, line);
        ck_assert_msg(at != NULL, "'%s' is not behind the option before it", line);
        end = find_line(header + 1, form->section);
        ck_assert_msg(!end || at < end, "'%s' is in another section", line);
    }
}

static unsigned count_lines(const char *text, const char *line)
{
    unsigned count = 0;

    for (const char *at = text; (at = find_line(at, line)); at++)
        count++;
    return count;
}

START_TEST(the_example_file_has_the_options_in_the_order_of_the_schema)
{
    char *conf = read_source("conf/sallyport.conf");

    assert_order(conf, &ini);
    free(conf);
}
END_TEST

/* "# What concerns the whole process." somewhere in the comment above "[sallyport]". */
START_TEST(the_example_file_says_of_each_section_what_the_schema_says)
{
    char *conf = read_source("conf/sallyport.conf");

    for (size_t i = 0; i < SECTION_KINDS; i++) {
        char line[256], words[256];
        const char *header, *help;
        snprintf(line, sizeof line, "[%s", section_schemas[i].kind);
        snprintf(words, sizeof words, "# %s.", section_schemas[i].help);
        words[2] = (char)toupper((unsigned char)words[2]);
        header = find_line(conf, line);
        help = find_line(conf, words);
        ck_assert_msg(header && help && help < header, "%s: %s", line, words);
        ck_assert_msg(!memmem(help, (size_t)(header - help), "\n\n", 2), "%s stands apart from its words", line);
        ck_assert_uint_eq(count_lines(conf, words), 1);
    }
    free(conf);
}
END_TEST

START_TEST(the_manual_has_the_sections_with_the_words_of_the_schema_and_their_options_below)
{
    char *manual = read_source("man/sallyport.conf.5"), line[256];
    const char *options = strstr(manual, ".SH OPTIONS");

    ck_assert_ptr_nonnull(options);
    for (size_t i = 0; i < SECTION_KINDS; i++) {
        const struct section_schema *section = &section_schemas[i];
        snprintf(line, sizeof line, ".SS [%s%s]: %s\n", section->kind, section->is_named ? " NAME" : "", section->help);
        ck_assert_msg(find_line(options, line) != NULL, "missing: %s", line);
    }
    ck_assert_uint_eq(count_lines(options, ".SS ["), SECTION_KINDS);
    free(manual);
}
END_TEST

/* With every '#' taken from before an option. */
static void uncomment(char *text)
{
    const struct option *option;

    for (size_t i = 0; (option = option_at(i)); i++) {
        char line[256];
        char *at;
        snprintf(line, sizeof line, "\n#%s = ", option->key);
        while ((at = strstr(text, line)))
            at[1] = ' '; /* and the blank goes below */
        snprintf(line, sizeof line, "\n %s = ", option->key);
        while ((at = strstr(text, line)))
            memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
}

/* Of the example file with everything taken in: -T shows every option that the file and the manual show. */
START_TEST(the_dump_shows_every_option_in_the_order_of_the_schema)
{
    static struct heard heard;
    static uint8_t text[64 * 1024];
    struct writer out = writer_of(text, sizeof text - 1);
    char *conf = read_source("conf/sallyport.conf");
    struct config *config;

    uncomment(conf);
    config = config_parse("conf", bytes_of_string(conf), heard_by(&heard));
    ck_assert_msg(config != NULL, "%s", heard.text);
    config_dump(config, &out);
    ck_assert(writer_ok(&out));
    assert_order((const char *)text, &ini);
    config_free(config);
    free(conf);
}
END_TEST

START_TEST(the_manual_has_the_options_in_the_section_of_the_schema)
{
    char *manual = read_source("man/sallyport.conf.5"), *to = manual;

    for (const char *from = manual; *from; from++) /* a hyphen that is typed is \- there */
        if (!(from[0] == '\\' && from[1] == '-'))
            *to++ = *from;
    *to = 0;
    assert_order(strstr(manual, ".SH OPTIONS"), &roff);
    free(manual);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_example_file_has_the_options_in_the_order_of_the_schema,
        the_example_file_says_of_each_section_what_the_schema_says,
        the_manual_has_the_sections_with_the_words_of_the_schema_and_their_options_below,
        the_manual_has_the_options_in_the_section_of_the_schema,
        the_dump_shows_every_option_in_the_order_of_the_schema,
    };
    return check_run("document_order", tests, ARRAY_LEN(tests));
}
