#include "config/config.h"

#include "base/alloc.h"
#include "base/writer.h"
#include "config/ini_lines.h"
#include "config/quantity.h"
#include "config/schema.h"

static void write_text(struct writer *out, const char *text)
{
    write_bytes(out, bytes_of_string(text));
}

static void write_line(struct writer *out, const char *key, const char *value)
{
    write_text(out, key);
    write_text(out, *value ? " = " : " =");
    for (; *value; value++)
        write_text(out, *value == '$' ? "$$" : (const char[]){*value, 0});
    write_text(out, "\n");
}

bool config_write_line(struct writer *out, const char *key, const char *value, const char **fault)
{
    *fault = ini_value_fault(key, value);
    if (!*fault)
        write_line(out, key, value);
    return !*fault;
}

static const char *choice_word(const struct option *option, int value)
{
    const struct option_choice *choice = option->choices;

    while (choice[1].word && choice->value != value)
        choice++;
    return choice->word;
}

static void dump_texts(struct writer *out, const struct option *option, const struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        write_line(out, option->key, list->values[i].text);
    if (list->count == 0 && option->takes_empty)
        write_line(out, option->key, "");
}

static void dump_addresses(struct writer *out, const struct option *option, const struct config_address_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        write_line(out, option->key, list->values[i].text);
}

static void dump_networks(struct writer *out, const struct option *option, const struct config_network_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        write_line(out, option->key, list->values[i].text);
}

static void dump_option(struct writer *out, const struct option *option, const void *value)
{
    char text[QUANTITY_LEN];

    if (option->note) {
        write_text(out, "# ");
        write_text(out, option->note);
        write_text(out, "\n");
    }
    switch (option->type) {
    case OPTION_TIME:
    case OPTION_SIZE:
    case OPTION_COUNT:
        write_line(out, option->key, quantity_text(option, *(const uint64_t *)value, text));
        break;
    case OPTION_CHOICE:
        write_line(out, option->key, choice_word(option, *(const int *)value));
        break;
    case OPTION_TEXT:
        write_line(out, option->key, ((const struct config_value *)value)->text);
        break;
    case OPTION_TEXTS:
    case OPTION_WORDS:
        dump_texts(out, option, value);
        break;
    case OPTION_LISTEN_ADDRESS:
    case OPTION_SERVER_ADDRESS:
        dump_addresses(out, option, value);
        break;
    case OPTION_NETWORK:
        dump_networks(out, option, value);
        break;
    }
}

static void dump_section(struct writer *out, enum section_kind kind, const char *name, const void *object)
{
    const struct option *option;

    write_text(out, kind == SECTION_SALLYPORT ? "[" : "\n[");
    write_text(out, section_schemas[kind].kind);
    write_text(out, *name ? " " : "");
    write_text(out, name);
    write_text(out, "]\n");
    for (size_t i = 0; (option = option_at(i)); i++)
        if (option->section == kind)
            dump_option(out, option, (const uint8_t *)object + option->offset);
}

void config_dump(const struct config *config, struct writer *out)
{
    dump_section(out, SECTION_SALLYPORT, "", &config->general);
    for (size_t i = 0; i < config->listen_count; i++)
        dump_section(out, SECTION_LISTEN, config->listens[i].name, &config->listens[i]);
    for (size_t i = 0; i < config->backend_count; i++)
        dump_section(out, SECTION_BACKEND, config->backends[i].name, &config->backends[i]);
    dump_section(out, SECTION_ADMIN, "", &config->admin);
}

enum { FIRST_DUMP_LEN = 64 * 1024, MAX_DUMP_LEN = 64 * 1024 * 1024 };

static MUST_CHECK char *dump_within(const struct config *config, size_t len)
{
    char *text = memory_new(len + 1);
    struct writer out = writer_of((uint8_t *)text, text ? len : 0);

    config_dump(config, &out);
    if (writer_ok(&out))
        return text;
    memory_free(text);
    return NULL;
}

char *config_dump_new(const struct config *config)
{
    char *text = NULL;

    for (size_t len = FIRST_DUMP_LEN; !text && len <= MAX_DUMP_LEN; len *= 4)
        text = dump_within(config, len);
    return text;
}
