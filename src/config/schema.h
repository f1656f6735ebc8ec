/*
 * schema.h: one row an option. Parsing, ranges, `-T`, the check of the example file and the manual's list all read
 * this table; a new option is a row here and a member of its struct in config.h.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/config.h"

enum section_kind { SECTION_SALLYPORT, SECTION_LISTEN, SECTION_BACKEND, SECTION_ADMIN, SECTION_KINDS };

struct section_schema {
    const char *kind;
    bool is_named; /* [listen NAME]; without a name there can be one only */
    const char *help;
};

enum option_type {
    OPTION_TIME,           /* uint64_t, microseconds */
    OPTION_SIZE,           /* uint64_t, bytes */
    OPTION_COUNT,          /* uint64_t */
    OPTION_CHOICE,         /* int, one of `choices` */
    OPTION_TEXT,           /* struct config_value */
    OPTION_TEXTS,          /* struct config_list, one a line */
    OPTION_WORDS,          /* struct config_list, several a line, between commas or blanks */
    OPTION_LISTEN_ADDRESS, /* struct config_address_list */
    OPTION_SERVER_ADDRESS, /* struct config_address_list */
    OPTION_NETWORK,        /* struct config_network_list, one a line */
};

struct option_choice {
    const char *word; /* NULL ends the list */
    int value;
};

/* Numbers: `min` to `max`, or 0 where `takes_zero`, or the word that stands for 0. */
struct option {
    enum section_kind section;
    const char *key;
    enum option_type type;
    bool is_required;
    bool takes_zero;
    const char *zero_word; /* how 0 is written; NULL: as a number */
    bool takes_empty;      /* OPTION_WORDS: "alpn =" is none, and no default is meant */
    uint64_t min, max;
    const struct option_choice *choices;
    const char *default_text; /* NULL: required, or an empty list */
    const char *example;      /* for what has no default */
    bool is_apart;            /* the example file shows it behind a '#': most do without it */
    const char *help;         /* one sentence, without a dot */
    const char *note;         /* for `-T`: stands behind a '#' above the option; NULL: none */
    size_t offset;            /* in the struct of its section */
};

extern const struct section_schema section_schemas[SECTION_KINDS];

/* What other programs call what `key` is here: for a hint alone, it is not taken. */
struct option_synonym {
    const char *word; /* NULL ends the list; '_' stands for '-' as well */
    const char *key;
};
extern const struct option_synonym option_synonyms[];

/* In the order in which they are shown. NULL past the last. */
const struct option *option_at(size_t index);

/* NULL when the section has no such option. */
const struct option *option_find(enum section_kind section, const char *key);

/* NULL: `key` is no synonym, or of nothing that the section has. */
const struct option *option_find_synonym(enum section_kind section, const char *key);

/* Whether a second line adds to the first instead of contradicting it. */
bool option_is_list(const struct option *option);

#endif
