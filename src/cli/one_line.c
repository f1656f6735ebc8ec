#include "cli/one_line.h"

static const char *const keys[ONE_LINE_OPTIONS] = {
    [ONE_LINE_LISTEN] = "address",          [ONE_LINE_BACKEND] = "server",
    [ONE_LINE_CERTIFICATE] = "certificate", [ONE_LINE_KEY] = "key",
    [ONE_LINE_PROFILE] = "profile",         [ONE_LINE_ALPN] = "alpn",
    [ONE_LINE_SEND_PROXY] = "send-proxy",   [ONE_LINE_ADMIN] = "address",
    [ONE_LINE_DRAIN_DELAY] = "drain-delay", [ONE_LINE_DRAIN_TIMEOUT] = "drain-timeout",
};

const char *one_line_key(enum one_line_option option)
{
    return keys[option];
}

const char *one_line_section(enum one_line_option option)
{
    switch (option) {
    case ONE_LINE_BACKEND:
    case ONE_LINE_SEND_PROXY:
        return "backend";
    case ONE_LINE_ADMIN:
        return "admin";
    case ONE_LINE_DRAIN_DELAY:
    case ONE_LINE_DRAIN_TIMEOUT:
        return "sallyport";
    default:
        return "listen";
    }
}

static struct writer *writer_for(struct one_line *one_line, enum one_line_option option)
{
    if (option == ONE_LINE_ADMIN)
        return &one_line->admin;
    if (option == ONE_LINE_DRAIN_DELAY || option == ONE_LINE_DRAIN_TIMEOUT)
        return &one_line->general;
    return option == ONE_LINE_BACKEND || option == ONE_LINE_SEND_PROXY ? &one_line->backend : &one_line->listen;
}

void one_line_init(struct one_line *one_line)
{
    *one_line = (struct one_line){.is_used = false};
    one_line->general = writer_of(one_line->general_text, sizeof one_line->general_text);
    one_line->listen = writer_of(one_line->listen_text, sizeof one_line->listen_text);
    one_line->backend = writer_of(one_line->backend_text, sizeof one_line->backend_text);
    one_line->admin = writer_of(one_line->admin_text, sizeof one_line->admin_text);
}

const char *one_line_take(struct one_line *one_line, enum one_line_option option, const char *value)
{
    struct writer *out = writer_for(one_line, option);
    const char *fault;

    one_line->has[option] = one_line->is_used = true;
    if (!*value)
        return "is empty";
    if (!config_write_line(out, keys[option], value, &fault))
        return fault;
    return writer_ok(out) ? NULL : "is one too many";
}

const char *one_line_check(const struct one_line *one_line)
{
    const bool *has = one_line->has;

    if (one_line->is_used && !has[ONE_LINE_LISTEN])
        return "-b, --cert, --key, --profile, --alpn and --send-proxy need -f";
    if (has[ONE_LINE_KEY] && !has[ONE_LINE_CERTIFICATE])
        return "--key needs --cert";
    if (has[ONE_LINE_SEND_PROXY] && !has[ONE_LINE_BACKEND])
        return "--send-proxy needs -b";
    return NULL;
}

static void write_text(struct writer *out, const char *text)
{
    write_bytes(out, bytes_of_string(text));
}

void one_line_write(const struct one_line *one_line, struct writer *out)
{
    bool has_backend = one_line->has[ONE_LINE_BACKEND];

    if (one_line->has[ONE_LINE_DRAIN_DELAY] || one_line->has[ONE_LINE_DRAIN_TIMEOUT])
        write_text(out, "[sallyport]\n");
    write_bytes(out, writer_view(&one_line->general));
    write_text(out, "[listen main]\n");
    write_bytes(out, writer_view(&one_line->listen));
    if (!one_line->has[ONE_LINE_CERTIFICATE])
        write_text(out, "certificate = " CONFIG_CERTIFICATE_DEVELOPMENT "\n");
    write_text(out, has_backend ? "backend = main\n[backend main]\n" : "backend = " CONFIG_BACKEND_DEMO "\n");
    write_bytes(out, writer_view(&one_line->backend));
    if (one_line->has[ONE_LINE_ADMIN])
        write_text(out, "[admin]\n");
    write_bytes(out, writer_view(&one_line->admin));
}

struct config *one_line_load(const struct one_line *one_line, struct config_findings findings)
{
    uint8_t text[MAX_ONE_LINE_TEXT_LEN];
    struct writer out = writer_of(text, sizeof text);

    one_line_write(one_line, &out);
    return config_parse(CONFIG_NAME_COMMAND_LINE, writer_view(&out), findings);
}
