#include "config/documents.h"

#include "config/quantity.h"

#include <stdio.h>

enum { COMMENT_COLUMNS = 100 };

struct block {
    char *text;
    size_t len;
};

static void put(struct block *block, const char *text)
{
    block->len += (size_t)snprintf(block->text + block->len, DOCUMENT_BLOCK_LEN - block->len, "%s", text);
}

static struct block block_of(char text[DOCUMENT_BLOCK_LEN])
{
    text[0] = 0;
    return (struct block){text, 0};
}

/* Words of a comment, broken where a line is full. */
static void put_comment(struct block *block, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        put(block, column == 0 ? "# " : column + len + 1 > COMMENT_COLUMNS ? "\n# " : " ");
        column = column == 0 || column + len + 1 > COMMENT_COLUMNS ? 2 + len : column + 1 + len;
        put(block, word);
        text += len + strspn(text + len, " ");
    }
    put(block, "\n");
}

static const char *shown_value(const struct option *option)
{
    return option->default_text && *option->default_text ? option->default_text : option->example;
}

static void put_choices(struct block *block, const struct option *option)
{
    for (const struct option_choice *choice = option->choices; choice && choice->word; choice++) {
        put(block, choice == option->choices ? "" : choice[1].word ? ", " : " or ");
        put(block, choice->word);
    }
}

static void put_range(struct block *block, const struct option *option)
{
    char text[QUANTITY_LEN];

    put(block, quantity_text(option, option->min, text));
    put(block, " to ");
    put(block, quantity_text(option, option->max, text));
}

/* What may be written, in words: "logfmt or json", "1ms to 1d". */
static void put_form(struct block *block, const struct option *option)
{
    if (option->choices)
        put_choices(block, option);
    else if (option->type <= OPTION_COUNT)
        put_range(block, option);
    else if (option_is_list(option))
        put(block, "may be repeated");
}

const char *document_in_conf(const struct option *option, char text[DOCUMENT_BLOCK_LEN])
{
    char comment[1024];
    struct block block = block_of(text), form = block_of((char[DOCUMENT_BLOCK_LEN]){0});

    put_form(&form, option);
    snprintf(comment, sizeof comment, "%s%s%s%s.%s", option->help, form.len ? " (" : "", form.text, form.len ? ")" : "",
             option->is_required ? " Required." : "");
    put_comment(&block, comment);
    put(&block, option->default_text || option->is_apart ? "#" : "");
    put(&block, option->key);
    put(&block, " = ");
    put(&block, shown_value(option));
    put(&block, "\n");
    return text;
}

/* A hyphen that is typed is \- in roff, and no line may begin with a dot or a quote. */
static void put_roff(struct block *block, const char *text)
{
    for (; *text; text++) {
        if (*text == '-')
            put(block, "\\-");
        else if (*text == '\'')
            put(block, "\\(aq");
        else
            put(block, (const char[]){*text, 0});
    }
}

const char *document_in_manual(const struct option *option, char text[DOCUMENT_BLOCK_LEN])
{
    struct block block = block_of(text), form = block_of((char[DOCUMENT_BLOCK_LEN]){0});

    put_form(&form, option);
    put(&block, ".TP\n.B ");
    put_roff(&block, option->key);
    put(&block, "\n");
    put_roff(&block, option->help);
    put(&block, ".\n");
    if (form.len) {
        form.text[0] =
            (char)(form.text[0] >= 'a' && form.text[0] <= 'z' && !option->choices ? form.text[0] - 32 : form.text[0]);
        put(&block, option->choices ? "One of " : "");
        put_roff(&block, form.text);
        put(&block, ".\n");
    }
    if (option->is_required)
        put(&block, "Required.\n");
    else if (option->default_text && *option->default_text) {
        put(&block, "Default: ");
        put_roff(&block, option->default_text);
        put(&block, ".\n");
    } else {
        put(&block, "Default: none.\n");
    }
    return text;
}
