#include "config/expand.h"

#include "base/writer.h"

#include <stdlib.h>

/* `NAME` or `NAME:-default`, without the braces. */
struct variable {
    char name[128];
    struct bytes fallback;
    bool has_fallback;
};

static bool is_name_byte(char c, bool is_first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!is_first && c >= '0' && c <= '9');
}

static MUST_CHECK bool read_variable(struct bytes inside, struct variable *out)
{
    const char *at = (const char *)inside.at;
    size_t len = 0;

    while (len < inside.len && is_name_byte(at[len], len == 0))
        len++;
    if (len == 0 || len >= sizeof out->name)
        return false;
    memcpy(out->name, at, len);
    out->name[len] = 0;
    out->has_fallback = inside.len >= len + 2 && memcmp(at + len, ":-", 2) == 0;
    if (out->has_fallback)
        out->fallback = bytes_of(at + len + 2, inside.len - len - 2);
    return out->has_fallback || len == inside.len;
}

static MUST_CHECK bool write_variable(struct report *report, unsigned line, struct bytes inside, struct writer *out)
{
    struct variable variable = {.has_fallback = false};
    const char *value;

    if (!read_variable(inside, &variable)) {
        report_error(report, line, "'${%.*s}' is not ${NAME} or ${NAME:-default}", (int)inside.len, inside.at);
        return false;
    }
    value = getenv(variable.name);
    if (variable.has_fallback && (!value || !*value)) {
        write_bytes(out, variable.fallback);
    } else if (value) {
        write_bytes(out, bytes_of_string(value));
    } else {
        report_error(report, line, "the environment has no %s; ${%s:-default} would say what to use then",
                     variable.name, variable.name);
        return false;
    }
    return true;
}

/* What stands at a dollar sign. Answers what follows it, or NULL. */
static MUST_CHECK const char *expand_dollar(struct report *report, unsigned line, const char *dollar,
                                            struct writer *out)
{
    const char *end;

    if (dollar[1] == '$') {
        write_u8(out, '$');
        return dollar + 2;
    }
    end = dollar[1] == '{' ? strchr(dollar, '}') : NULL;
    if (dollar[1] != '{') {
        report_error(report, line, "a '$' begins ${NAME}; a dollar sign itself is written '$$'");
        return NULL;
    }
    if (!end) {
        report_error(report, line, "'${' has no closing '}'");
        return NULL;
    }
    return write_variable(report, line, bytes_of(dollar + 2, (size_t)(end - dollar - 2)), out) ? end + 1 : NULL;
}

char *expand_text(struct arena *arena, struct report *report, unsigned line, const char *text)
{
    uint8_t storage[MAX_EXPANDED_LEN];
    struct writer out = writer_of(storage, sizeof storage);
    char *copy;

    while (*text) {
        size_t plain = strcspn(text, "$");
        write_bytes(&out, bytes_of(text, plain));
        text += plain;
        if (*text && !(text = expand_dollar(report, line, text, &out)))
            return NULL;
    }
    if (!writer_ok(&out)) {
        report_error(report, line, "the value has more than %d bytes once its variables are filled in",
                     MAX_EXPANDED_LEN);
        return NULL;
    }
    copy = arena_copy(arena, writer_view(&out));
    if (!copy)
        report_no_memory(report);
    return copy;
}
