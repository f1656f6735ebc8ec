#include "config/document.h"

#include "config/ini_lines.h"
#include "config/nearest.h"

#include <stdio.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

enum { TITLE_LEN = MAX_INI_SECTION + 3 };

/* "[listen web]" */
static const char *title_of(enum section_kind kind, const char *name, char text[TITLE_LEN])
{
    snprintf(text, TITLE_LEN, "[%s%s%s]", section_schemas[kind].kind, *name ? " " : "", name);
    return text;
}

static MUST_CHECK bool find_kind(struct document *document, unsigned line, const char *kind, enum section_kind *out)
{
    struct nearest nearest = nearest_to(kind);
    char hint[NEAREST_HINT_LEN];

    for (int i = 0; i < SECTION_KINDS; i++) {
        if (strcmp(section_schemas[i].kind, kind) == 0) {
            *out = (enum section_kind)i;
            return true;
        }
        nearest_offer(&nearest, section_schemas[i].kind);
    }
    report_error(document->report, line, "unknown section [%s]%s", kind, nearest_hint(&nearest, hint));
    return false;
}

static MUST_CHECK bool check_name(struct document *document, unsigned line, enum section_kind kind, const char *name)
{
    const char *word = section_schemas[kind].kind;

    if (section_schemas[kind].is_named && !*name)
        report_error(document->report, line, "[%s] needs a name: [%s NAME]", word, word);
    else if (!section_schemas[kind].is_named && *name)
        report_error(document->report, line, "[%s] takes no name", word);
    else if (strspn(name, NAME_BYTES) != strlen(name))
        report_error(document->report, line, "the name '%s' may contain letters, digits, '-', '_' and '.' only", name);
    else if (kind == SECTION_BACKEND && strcmp(name, CONFIG_BACKEND_DEMO) == 0)
        report_error(document->report, line, "[backend %s] is built in, choose another name", name);
    else
        return true;
    return false;
}

static MUST_CHECK bool is_new(struct document *document, unsigned line, enum section_kind kind, const char *name)
{
    char title[TITLE_LEN];

    for (const struct document_section *s = document->sections; s; s = s->next) {
        if (s->kind == kind && strcmp(s->name, name) == 0) {
            report_error(document->report, line, "%s is already in line %u", title_of(kind, name, title), s->line);
            return false;
        }
    }
    if (document->section_count == MAX_SECTIONS) {
        report_error(document->report, line, "more than %d sections", MAX_SECTIONS);
        return false;
    }
    return true;
}

static void add_section(struct document *document, unsigned line, enum section_kind kind, const char *name)
{
    struct document_section *section = arena_new(document->arena, 1, sizeof *section);

    if (!section || !(section->name = arena_copy(document->arena, bytes_of_string(name)))) {
        report_no_memory(document->report);
        return;
    }
    section->kind = kind;
    section->line = line;
    section->errors_before = document->report->errors;
    section->end = &section->entries;
    *document->end = section;
    document->end = &section->next;
    document->section_count++;
    document->current = section;
}

static void close_section(struct document *document)
{
    struct document_section *section = document->current;

    if (section)
        section->is_damaged = document->report->errors != section->errors_before;
    document->current = NULL;
}

static void take_section(void *context, unsigned line, const char *kind_word, const char *name)
{
    struct document *document = context;
    enum section_kind kind;

    document->has_header = true;
    close_section(document);
    if (kind_word && find_kind(document, line, kind_word, &kind) && check_name(document, line, kind, name) &&
        is_new(document, line, kind, name))
        add_section(document, line, kind, name);
}

/* The key may be right in another section or another program, or a mistake away from one that is right here. */
static void tell_unknown_key(struct document *document, unsigned line, const char *key)
{
    enum section_kind here = document->current->kind;
    struct nearest nearest = nearest_to(key);
    char hint[NEAREST_HINT_LEN];
    const struct option *option;

    for (size_t i = 0; (option = option_at(i)); i++) {
        if (option->section == here) {
            nearest_offer(&nearest, option->key);
        } else if (strcmp(option->key, key) == 0) {
            report_error(document->report, line, "'%s' belongs in [%s%s], not in [%s%s]", key,
                         section_schemas[option->section].kind,
                         section_schemas[option->section].is_named ? " NAME" : "", section_schemas[here].kind,
                         section_schemas[here].is_named ? " NAME" : "");
            return;
        }
    }
    option = option_find_synonym(here, key);
    if (option)
        nearest.name = option->key;
    report_error(document->report, line, "unknown key '%s'%s", key, nearest_hint(&nearest, hint));
}

static MUST_CHECK bool may_add(struct document *document, unsigned line, const struct option *option)
{
    const struct document_entry *first = option_is_list(option) ? NULL : document_find(document->current, option);

    if (first) {
        report_error(document->report, line, "'%s' is already in line %u", option->key, first->line);
        return false;
    }
    if (document->entry_count == MAX_ENTRIES) {
        report_error(document->report, line, "more than %d options", MAX_ENTRIES);
        close_section(document);
        return false;
    }
    return true;
}

static void add_entry(struct document *document, unsigned line, const struct option *option, const char *value)
{
    struct document_entry *entry = arena_new(document->arena, 1, sizeof *entry);

    if (!entry || !(entry->text = arena_copy(document->arena, bytes_of_string(value)))) {
        report_no_memory(document->report);
        return;
    }
    entry->option = option;
    entry->line = line;
    *document->current->end = entry;
    document->current->end = &entry->next;
    document->entry_count++;
}

static void take_entry(void *context, unsigned line, const char *key, const char *value)
{
    struct document *document = context;
    const struct option *option;

    if (!document->has_header)
        report_error(document->report, line, "'%s' stands before the first section", key);
    if (!document->current)
        return;
    option = option_find(document->current->kind, key);
    if (!option)
        tell_unknown_key(document, line, key);
    else if (may_add(document, line, option))
        add_entry(document, line, option, value);
}

void document_parse(struct document *document, struct bytes text, struct arena *arena, struct report *report)
{
    struct ini_events events = {take_section, take_entry, document};

    *document = (struct document){.arena = arena, .report = report};
    document->end = &document->sections;
    ini_lines_parse(text, &events, report);
    close_section(document);
}

const struct document_entry *document_find(const struct document_section *section, const struct option *option)
{
    for (const struct document_entry *entry = section->entries; entry; entry = entry->next)
        if (entry->option == option)
            return entry;
    return NULL;
}
