#include "config/fill.h"

#include "config/address.h"
#include "config/expand.h"
#include "config/ini_lines.h"
#include "config/nearest.h"
#include "config/network.h"
#include "config/quantity.h"

/* One option being filled. */
struct fill {
    struct document *document;
    const struct option *option;
    void *target;
    const char *text; /* expanded */
    struct config_place place;
};

static void tell_fault(struct fill *fill, const char *fault)
{
    report_error(fill->document->report, fill->place.line, "%s: '%s' %s", fill->option->key, fill->text, fault);
}

static void fill_number(struct fill *fill)
{
    char text[2 * QUANTITY_LEN];
    const char *fault = quantity_parse(fill->option, fill->text, fill->target, text);

    if (fault)
        tell_fault(fill, fault);
}

static void fill_choice(struct fill *fill)
{
    struct nearest nearest = nearest_to(fill->text);
    char known[256] = "", hint[NEAREST_HINT_LEN];

    for (const struct option_choice *choice = fill->option->choices; choice->word; choice++) {
        if (strcmp(choice->word, fill->text) == 0) {
            *(int *)fill->target = choice->value;
            return;
        }
        nearest_offer(&nearest, choice->word);
        strcat(strcat(known, *known ? ", " : ""), choice->word); /* the schema's own words fit */
    }
    report_error(fill->document->report, fill->place.line, "%s: '%s' is not one of %s%s", fill->option->key, fill->text,
                 known, nearest_hint(&nearest, hint));
}

static struct config_value value_of(const struct fill *fill)
{
    return (struct config_value){fill->text, fill->place};
}

static void append_text(struct fill *fill)
{
    struct config_list *list = fill->target;

    list->values[list->count++] = value_of(fill);
}

static void append_address(struct fill *fill)
{
    struct config_address_list *list = fill->target;
    enum address_use use = fill->option->type == OPTION_LISTEN_ADDRESS ? ADDRESS_TO_LISTEN : ADDRESS_TO_CONNECT;
    struct config_address address = {.place = fill->place};
    char fault[ADDRESS_FAULT_LEN];

    switch (address_parse(fill->document->arena, fill->text, use, &address, fault)) {
    case ADDRESS_OK:
        list->values[list->count++] = address;
        break;
    case ADDRESS_WRONG:
        tell_fault(fill, fault);
        break;
    case ADDRESS_NO_MEMORY:
        report_no_memory(fill->document->report);
        break;
    }
}

static void append_network(struct fill *fill)
{
    struct config_network_list *list = fill->target;
    struct config_network network = {.place = fill->place};
    char text[NETWORK_FAULT_LEN];
    const char *fault = network_parse(fill->text, &network, text);

    if (fault)
        tell_fault(fill, fault);
    else
        list->values[list->count++] = network;
}

#define BLANKS " \t"
#define WORD_ENDS "," BLANKS

/* Commas or blanks are between words; nothing is not a word. As the end of a sentence; NULL: there is none. */
static const char *words_fault(const char *text)
{
    static const char fault[] = "has an empty name beside a comma";

    for (text += strspn(text, BLANKS); *text;) {
        if (*text == ',')
            return fault;
        text += strcspn(text, WORD_ENDS);
        text += strspn(text, BLANKS);
        if (*text != ',')
            continue;
        text += 1 + strspn(text + 1, BLANKS);
        if (!*text)
            return fault;
    }
    return NULL;
}

static size_t count_words(const char *text)
{
    size_t count = 0;

    for (text += strspn(text, WORD_ENDS); *text; text += strspn(text, WORD_ENDS)) {
        count++;
        text += strcspn(text, WORD_ENDS);
    }
    return count;
}

static void append_words(struct fill *fill)
{
    const char *at = fill->text + strspn(fill->text, WORD_ENDS);

    while (*at) {
        size_t len = strcspn(at, WORD_ENDS);
        fill->text = arena_copy(fill->document->arena, bytes_of(at, len));
        if (!fill->text) {
            report_no_memory(fill->document->report);
            return;
        }
        append_text(fill);
        at += len + strspn(at + len, WORD_ENDS);
    }
}

static void fill_value(struct fill *fill)
{
    switch (fill->option->type) {
    case OPTION_TIME:
    case OPTION_SIZE:
    case OPTION_COUNT:
        fill_number(fill);
        break;
    case OPTION_CHOICE:
        fill_choice(fill);
        break;
    case OPTION_TEXT:
        *(struct config_value *)fill->target = value_of(fill);
        break;
    case OPTION_TEXTS:
        append_text(fill);
        break;
    case OPTION_WORDS:
        append_words(fill);
        break;
    case OPTION_LISTEN_ADDRESS:
    case OPTION_SERVER_ADDRESS:
        append_address(fill);
        break;
    case OPTION_NETWORK:
        append_network(fill);
        break;
    }
}

/* What a variable brings in obeys the rules of what is written: so `-T` can always write it. */
static MUST_CHECK bool expand_entry(struct document *document, struct document_entry *entry)
{
    const struct option *option = entry->option;
    const char *fault;

    entry->text = expand_text(document->arena, document->report, entry->line, entry->text);
    if (!entry->text)
        return false;
    fault = ini_value_fault(option->key, entry->text);
    if (!fault && !*entry->text && !option->takes_empty)
        fault = "is empty";
    if (!fault && option->type == OPTION_WORDS)
        fault = words_fault(entry->text);
    if (fault)
        report_error(document->report, entry->line, "the value of '%s' %s", option->key, fault);
    return !fault;
}

/* An entry whose text is of no use has none any more. */
static void expand_entries(struct document *document, const struct document_section *section)
{
    for (struct document_entry *entry = section->entries; entry; entry = entry->next)
        if (!expand_entry(document, entry))
            entry->text = NULL;
}

static size_t count_values(const struct document_section *section, const struct option *option)
{
    size_t count = 0;

    for (const struct document_entry *entry = section->entries; entry; entry = entry->next)
        if (entry->option == option && entry->text)
            count += option->type == OPTION_WORDS ? count_words(entry->text) : 1;
    return count;
}

static MUST_CHECK bool make_room(struct document *document, const struct option *option, void *target, size_t count)
{
    struct config_list *texts = target;
    struct config_address_list *addresses = target;
    struct config_network_list *networks = target;

    if (option->type == OPTION_NETWORK)
        return (networks->values = arena_new(document->arena, count, sizeof *networks->values)) != NULL;
    if (option->type == OPTION_TEXTS || option->type == OPTION_WORDS)
        return (texts->values = arena_new(document->arena, count, sizeof *texts->values)) != NULL;
    return (addresses->values = arena_new(document->arena, count, sizeof *addresses->values)) != NULL;
}

static void fill_entry(struct document *document, const struct document_entry *entry, uint8_t *object)
{
    struct fill fill = {
        .document = document,
        .option = entry->option,
        .target = object + entry->option->offset,
        .text = entry->text,
        .place = report_place(document->report, entry->line),
    };
    if (fill.text)
        fill_value(&fill);
}

static void fill_default(struct document *document, const struct option *option, uint8_t *object)
{
    struct fill fill = {
        .document = document,
        .option = option,
        .target = object + option->offset,
        .text = option->default_text,
        .place = report_place(document->report, 0),
    };
    if (fill.text)
        fill_value(&fill);
}

static void fill_missing(struct document *document, const struct document_section *section, const struct option *option,
                         uint8_t *object)
{
    if (section && document_find(section, option))
        return;
    if (!option->is_required)
        fill_default(document, option, object);
    else if (!section->is_damaged) /* else it may be what was told already */
        report_error(document->report, section->line, "[%s %s] has no '%s'", section_schemas[section->kind].kind,
                     section->name, option->key);
}

static void fill_missing_options(struct document *document, const struct document_section *section,
                                 enum section_kind kind, uint8_t *object)
{
    const struct option *option;

    for (size_t i = 0; (option = option_at(i)); i++)
        if (option->section == kind)
            fill_missing(document, section, option, object);
}

static MUST_CHECK bool make_rooms(struct document *document, const struct document_section *section, uint8_t *object)
{
    const struct option *option;

    for (size_t i = 0; (option = option_at(i)); i++)
        if (option->section == section->kind && option_is_list(option) &&
            !make_room(document, option, object + option->offset, count_values(section, option))) {
            report_no_memory(document->report);
            return false;
        }
    return true;
}

/* In the order of the file, so that findings come in that order too. */
static void fill_entries(struct document *document, const struct document_section *section, uint8_t *object)
{
    expand_entries(document, section);
    if (!make_rooms(document, section, object))
        return;
    for (const struct document_entry *entry = section->entries; entry; entry = entry->next)
        fill_entry(document, entry, object);
}

void fill_section(struct document *document, const struct document_section *section, enum section_kind kind,
                  void *object)
{
    if (section)
        fill_entries(document, section, object);
    fill_missing_options(document, section, kind, object);
}
