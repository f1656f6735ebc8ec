/* document.h: sections and their entries as they stand in the file: names are known, values not yet looked at. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include "config/arena.h"
#include "config/report.h"
#include "config/schema.h"

/* Bounds on what has to be compared with each other. */
enum { MAX_SECTIONS = 1000, MAX_ENTRIES = 10000 };

struct document_entry {
    struct document_entry *next;
    const struct option *option;
    const char *text; /* as written */
    unsigned line;
};

struct document_section {
    struct document_section *next;
    enum section_kind kind;
    const char *name;
    unsigned line;
    bool is_damaged; /* a line of it was refused: what seems to be missing may stand there */
    unsigned errors_before;
    struct document_entry *entries;
    struct document_entry **end;
};

struct document {
    struct arena *arena;
    struct report *report;
    struct document_section *sections;
    struct document_section **end;
    struct document_section *current; /* NULL after a header that was refused */
    bool has_header;
    unsigned section_count, entry_count;
};

/* Reads all of `text`; everything found is told. The document lives in `arena`. */
void document_parse(struct document *document, struct bytes text, struct arena *arena, struct report *report);

/* NULL if there is none. */
const struct document_entry *document_find(const struct document_section *section, const struct option *option);

#endif
