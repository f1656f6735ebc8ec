#include "cli/options.h"

#include "cli/environment.h"
#include "config/nearest.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

enum { LONG_ONLY = 256 }; /* above every letter */

struct option_row {
    int letter; /* or LONG_ONLY and more */
    const char *name;
    const char *argument; /* NULL: takes none */
    const char *help;
};

enum { OPTION_CERT = LONG_ONLY, OPTION_KEY, OPTION_PROFILE, OPTION_ALPN, OPTION_SEND_PROXY, OPTION_LISTENER };

static const struct option_row rows[] = {
    {'c', "config", "FILE", "run with this configuration, see sallyport.conf(5)"},
    {'t', "check", NULL, "check the configuration, its certificates and keys, and run nothing"},
    {'T', "dump", NULL, "check the configuration and print it with every default"},
    {'V', "version", NULL, "print versions, build options and who serves which algorithm"},
    {'h', "help", NULL, "print this text"},
    {'q', "quiet", NULL, "log errors and warnings only"},
    {'d', "debug", NULL, "log everything"},
    {'f', "listen", "ADDRESS", "accept connections here: :8443, 127.0.0.1:8443, [::1]:8443, unix:/path"},
    {'b', "backend", "ADDRESS", "and relay them there: host:port or unix:/path (without it: a demo page)"},
    {OPTION_CERT, "cert", "FILE", "with this certificate (without it: a self-signed one for development)"},
    {OPTION_KEY, "key", "FILE", "and its private key, unless the certificate's file holds it"},
    {OPTION_PROFILE, "profile", "WORD", "what clients may agree on: modern (TLS 1.3 alone) or intermediate"},
    {OPTION_ALPN, "alpn", "NAMES", "offer these protocols, the preferred one first: h2,http/1.1"},
    {OPTION_SEND_PROXY, "send-proxy", "WORD", "tell the backend the client's address: v1 or v2"},
    {OPTION_LISTENER, "listener", "NAME", "explain: which listener answers, where there are several"},
};

enum { ROWS = ARRAY_LEN(rows) };

struct parse {
    struct options *options;
    char *fault;
};

static bool wrong(struct parse *parse, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

static bool wrong(struct parse *parse, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parse->fault, OPTIONS_FAULT_LEN, format, args);
    va_end(args);
    return false;
}

static const struct option_row *row_of(int letter)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].letter == letter)
            return &rows[i];
    return NULL;
}

/* Help and version are always welcome; two other verbs contradict each other. */
static bool set_verb(struct parse *parse, enum cli_verb verb)
{
    enum cli_verb *chosen = &parse->options->verb;

    if (*chosen == VERB_EXPLAIN && verb < VERB_VERSION)
        return wrong(parse, "-t and -T do not go with explain");
    if (*chosen != VERB_RUN && verb < VERB_VERSION && *chosen < VERB_VERSION && *chosen != verb)
        return wrong(parse, "-t and -T do not go together");
    if (verb > *chosen)
        *chosen = verb;
    return true;
}

static bool set_listener(struct parse *parse, const char *name)
{
    if (parse->options->verb != VERB_EXPLAIN)
        return wrong(parse, "--listener goes with explain alone");
    if (parse->options->listener)
        return wrong(parse, "there can be one --listener only");
    parse->options->listener = name;
    return true;
}

static bool set_log_level(struct parse *parse, enum log_level level)
{
    if (parse->options->has_log_level && parse->options->log_level != level)
        return wrong(parse, "-q and -d do not go together");
    parse->options->has_log_level = true;
    parse->options->log_level = level;
    return true;
}

static bool set_config_file(struct parse *parse, const char *path)
{
    if (parse->options->config_file)
        return wrong(parse, "there can be one -c only");
    parse->options->config_file = path;
    return true;
}

static bool set_one_line(struct parse *parse, int letter, enum one_line_option option, const char *value)
{
    const struct option_row *row = row_of(letter);
    const char *fault = one_line_take(&parse->options->one_line, option, value);

    return !fault || wrong(parse, "--%s: '%.200s' %s", row->name, value, fault);
}

static bool take(struct parse *parse, int letter, const char *value)
{
    switch (letter) {
    case 'c':
        return set_config_file(parse, value);
    case 't':
        return set_verb(parse, VERB_CHECK);
    case 'T':
        return set_verb(parse, VERB_DUMP);
    case 'V':
        return set_verb(parse, VERB_VERSION);
    case 'h':
        return set_verb(parse, VERB_HELP);
    case 'q':
        return set_log_level(parse, LOG_LEVEL_WARNING);
    case 'd':
        return set_log_level(parse, LOG_LEVEL_DEBUG);
    case 'f':
        return set_one_line(parse, letter, ONE_LINE_LISTEN, value);
    case 'b':
        return set_one_line(parse, letter, ONE_LINE_BACKEND, value);
    case OPTION_CERT:
        return set_one_line(parse, letter, ONE_LINE_CERTIFICATE, value);
    case OPTION_KEY:
        return set_one_line(parse, letter, ONE_LINE_KEY, value);
    case OPTION_LISTENER:
        return set_listener(parse, value);
    case OPTION_PROFILE:
        return set_one_line(parse, letter, ONE_LINE_PROFILE, value);
    case OPTION_ALPN:
        return set_one_line(parse, letter, ONE_LINE_ALPN, value);
    default:
        return set_one_line(parse, letter, ONE_LINE_SEND_PROXY, value);
    }
}

static bool explain_long(struct parse *parse, const char *word)
{
    char name[64];
    struct nearest nearest = nearest_to(name);

    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (size_t i = 0; i < ROWS; i++)
        nearest_offer(&nearest, rows[i].name);
    if (!nearest.name)
        return wrong(parse, "unknown option '--%s'", name);
    return wrong(parse, "unknown option '--%s', did you mean '--%s'?", name, nearest.name);
}

/* getopt_long(3) answered '?': an unknown letter or name, or a value where there is none. */
static bool explain(struct parse *parse, char **argv)
{
    const struct option_row *row = row_of(optopt);

    if (row && (optopt >= LONG_ONLY || !row->argument))
        return wrong(parse, "--%s takes no value", row->name);
    if (optopt)
        return wrong(parse, "unknown option '-%c'", optopt);
    return explain_long(parse, argv[optind - 1] + 2);
}

static void make_tables(char letters[2 * ROWS + 3], struct option names[ROWS + 1])
{
    strcpy(letters, "+:"); /* stop at what is no option; tell a missing value from an unknown option */
    for (size_t i = 0; i < ROWS; i++) {
        names[i] =
            (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL, rows[i].letter};
        if (rows[i].letter < LONG_ONLY)
            strcat(strncat(letters, &(char){(char)rows[i].letter}, 1), rows[i].argument ? ":" : "");
    }
    names[ROWS] = (struct option){.name = NULL};
}

static bool read_options(struct parse *parse, int argc, char **argv)
{
    struct option names[ROWS + 1];
    char letters[2 * ROWS + 3];
    int letter;

    make_tables(letters, names);
    optind = 0; /* begin anew, whoever called getopt before */
    opterr = 0;
    while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (letter == '?')
            return explain(parse, argv);
        if (letter == ':')
            return wrong(parse, "%s needs a value: %s", argv[optind - 1], row_of(optopt)->argument);
        if (!take(parse, letter, optarg))
            return false;
    }
    if (parse->options->verb == VERB_EXPLAIN && optind < argc)
        parse->options->file = argv[optind++];
    if (optind < argc)
        return wrong(parse, "'%.200s' is no option", argv[optind]);
    return true;
}

/* The one verb that is a word, for it takes a file as well. */
static bool begins_with_explain(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "explain") == 0;
}

bool options_parse(int argc, char **argv, struct options *options, char fault[OPTIONS_FAULT_LEN])
{
    struct parse parse = {options, fault};
    const char *missing;

    memset(options, 0, sizeof *options);
    one_line_init(&options->one_line);
    if (begins_with_explain(argc, argv)) {
        options->verb = VERB_EXPLAIN;
        argc--;
        argv++;
    }
    if (!read_options(&parse, argc, argv))
        return false;
    if (options->verb >= VERB_VERSION)
        return true;
    if (options->verb == VERB_EXPLAIN && !options->file)
        return wrong(&parse, "explain needs a file, or - for standard input");
    missing = one_line_check(&options->one_line);
    if (missing)
        return wrong(&parse, "%s", missing);
    if (options->config_file && options->one_line.is_used)
        return wrong(&parse, "-c and the options that stand for a file do not go together");
    return true;
}

void options_print_usage(FILE *out)
{
    fputs("usage: sallyport [-c FILE | -f ADDRESS [-b ADDRESS] [--cert FILE [--key FILE]] ...] [-t | -T] [-q | -d]\n"
          "       sallyport explain [-c FILE | -f ADDRESS ...] [--listener NAME] FILE|-\n"
          "A TLS-terminating reverse proxy. Without -c and -f it does what the environment says, and without that it "
          "serves\na demonstration on https://127.0.0.1:8443/.\n"
          "explain decodes a captured ClientHello (records, hex text, pcap, pcapng) and says what a listener "
          "answers.\n\n",
          out);
    for (size_t i = 0; i < ROWS; i++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        if (rows[i].letter < LONG_ONLY)
            fprintf(out, "  -%c, %-19s %s\n", rows[i].letter, left, rows[i].help);
        else
            fprintf(out, "      %-19s %s\n", left, rows[i].help);
    }
    fputs("\nEnvironment, in place of the options of the same names:\n", out);
    for (size_t i = 0; environment_name(i); i++)
        fprintf(out, "  %s\n", environment_name(i));
    fputs("\nExit status: 0 ended as told, 1 failure, 2 wrong options, 3 refused (explain), 78 faulty configuration.\n",
          out);
}
