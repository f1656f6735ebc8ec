#include "cli/environment.h"

#include "cli/one_line.h"
#include "config/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PREFIX CONFIG_VARIABLE_PREFIX

enum { PREFIX_LEN = sizeof PREFIX - 1, MAX_ITEM_LEN = 512 };

static const struct variable {
    const char *name;
    enum one_line_option option;
    bool is_list;            /* commas separate its values; ALPN's are the configuration's own */
    const char *alternative; /* where it must be set: what else it can say than an address or a file */
} variables[] = {
    {PREFIX "LISTEN", ONE_LINE_LISTEN, true, "':8443' is a usual one"},
    {PREFIX "BACKEND", ONE_LINE_BACKEND, true, "'" CONFIG_BACKEND_DEMO "' is the built-in demonstration"},
    {PREFIX "CERT", ONE_LINE_CERTIFICATE, true, "'" CONFIG_CERTIFICATE_DEVELOPMENT "' makes a self-signed one"},
    {PREFIX "KEY", ONE_LINE_KEY, true, NULL},
    {PREFIX "PROFILE", ONE_LINE_PROFILE, false, NULL},
    {PREFIX "ALPN", ONE_LINE_ALPN, false, NULL},
    {PREFIX "SEND_PROXY", ONE_LINE_SEND_PROXY, false, NULL},
    {PREFIX "ADMIN", ONE_LINE_ADMIN, true, NULL},
    {PREFIX "DRAIN_DELAY", ONE_LINE_DRAIN_DELAY, false, NULL},
    {PREFIX "DRAIN_TIMEOUT", ONE_LINE_DRAIN_TIMEOUT, false, NULL},
};

const char *environment_name(size_t index)
{
    return index < ARRAY_LEN(variables) ? variables[index].name : NULL;
}

static struct config_place place_of(const char *name)
{
    return (struct config_place){name, 0};
}

/* NULL when it is not set, or empty. */
static const char *value_of(const struct variable *variable)
{
    const char *value = getenv(variable->name);

    return value && *value ? value : NULL;
}

static bool is_known(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        if (strlen(variables[i].name) == len && memcmp(variables[i].name, name, len) == 0)
            return true;
    return false;
}

/* Kubernetes puts these into the pods beside a Service of the name "sallyport". */
static bool is_service_link(const char *name)
{
    return strncmp(name, PREFIX "PORT", PREFIX_LEN + 4) == 0 || strncmp(name, PREFIX "SERVICE_", PREFIX_LEN + 8) == 0;
}

/* Which one `entry`, "NAME=value", seems to have meant; NULL: none. Its name without the value goes to `name`. */
static const char *misspelt(const char *entry, char name[MAX_ITEM_LEN])
{
    size_t len = strcspn(entry, "=");
    struct nearest nearest;

    if (strncmp(entry, PREFIX, PREFIX_LEN) != 0 || is_known(entry, len) || is_service_link(entry))
        return NULL;
    snprintf(name, MAX_ITEM_LEN, "%.*s", (int)len, entry);
    nearest = nearest_to(name + PREFIX_LEN); /* the prefix is alike in all, and would make all alike */
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        nearest_offer(&nearest, variables[i].name + PREFIX_LEN);
    return nearest.name ? nearest.name - PREFIX_LEN : NULL;
}

bool environment_is_used(void)
{
    char name[MAX_ITEM_LEN];

    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        if (value_of(&variables[i]))
            return true;
    for (char **entry = environ; entry && *entry; entry++)
        if (misspelt(*entry, name))
            return true;
    return false;
}

static MUST_CHECK bool check_names(struct config_findings findings)
{
    bool is_good = true;
    char name[MAX_ITEM_LEN];

    for (char **entry = environ; entry && *entry; entry++) {
        const char *meant = misspelt(*entry, name);
        struct config_place place = place_of(name);
        if (meant)
            config_complain(findings, &place, "unknown variable, did you mean %s?", meant);
        is_good = is_good && !meant;
    }
    return is_good;
}

/* A demonstration is what a line without a backend has. */
static bool is_demo(const struct variable *variable, const char *item)
{
    return variable->option == ONE_LINE_BACKEND && strcmp(item, CONFIG_BACKEND_DEMO) == 0;
}

static MUST_CHECK bool take_item(struct one_line *line, const struct variable *variable, struct bytes item,
                                 struct config_findings findings)
{
    struct config_place place = place_of(variable->name);
    char text[MAX_ITEM_LEN];
    const char *fault;

    snprintf(text, sizeof text, "%.*s", (int)item.len, item.at); /* what is cut is too long for a line as well */
    if (is_demo(variable, text))
        return true;
    fault = one_line_take(line, variable->option, text);
    if (fault)
        config_complain(findings, &place, "'%.200s' %s", text, fault);
    return !fault;
}

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && *text.at == ' ')
        text = bytes_of(text.at + 1, text.len - 1);
    while (text.len > 0 && text.at[text.len - 1] == ' ')
        text.len--;
    return text;
}

static MUST_CHECK bool take(struct one_line *line, const struct variable *variable, struct config_findings findings)
{
    const char *at = value_of(variable);
    bool is_good = true;

    while (at) {
        size_t len = variable->is_list ? strcspn(at, ",") : strlen(at);
        is_good = take_item(line, variable, trim(bytes_of(at, len)), findings) && is_good;
        at = at[len] ? at + len + 1 : NULL;
    }
    return is_good;
}

/* Every fault is told, not only the first. */
static MUST_CHECK bool take_all(struct one_line *line, struct config_findings findings)
{
    bool is_good = true;

    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const struct variable *variable = &variables[i];
        struct config_place place = place_of(variable->name);
        if (variable->alternative && !value_of(variable)) {
            config_complain(findings, &place, "is not set; %s", variable->alternative);
            is_good = false;
        }
        is_good = take(line, variable, findings) && is_good;
    }
    if (line->has[ONE_LINE_SEND_PROXY] && !line->has[ONE_LINE_BACKEND]) {
        config_complain(findings, &(struct config_place){PREFIX "SEND_PROXY", 0}, "needs a backend to tell");
        is_good = false;
    }
    return is_good;
}

static struct config *load(const struct one_line *line, struct config_findings findings)
{
    struct config_variable names[ARRAY_LEN(variables) + 1] = {{NULL, NULL, NULL}};
    uint8_t text[MAX_ONE_LINE_TEXT_LEN];
    struct writer out = writer_of(text, sizeof text);

    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        names[i] = (struct config_variable){one_line_section(variables[i].option), one_line_key(variables[i].option),
                                            variables[i].name};
    one_line_write(line, &out);
    return config_parse_variables(writer_view(&out), names, findings);
}

struct config *environment_load(struct config_findings findings)
{
    static struct one_line line; /* too large for comfort on a stack */
    bool is_good = check_names(findings);

    one_line_init(&line);
    return take_all(&line, findings) && is_good ? load(&line, findings) : NULL;
}
