#include "explain/print_hello.h"

#include "explain/text.h"
#include "tls/iana.h"

static void print_session_id(FILE *out, struct bytes session_id)
{
    text_label(out, "session id");
    if (session_id.len)
        text_print_hex(out, session_id);
    else
        fputs("none", out);
    fputc('\n', out);
}

static void print_compression(FILE *out, struct bytes methods)
{
    text_label(out, "compression");
    for (size_t i = 0; i < methods.len; i++)
        fprintf(out, methods.at[i] ? "%smethod %u" : "%snone", i ? ", " : "", methods.at[i]);
    fputc('\n', out);
}

static void print_extension_line(FILE *out, const struct extension *extension)
{
    const char *name = tls_extension_name(extension->type);

    if (name)
        fprintf(out, "    %s (%u): ", name, extension->type);
    else if (tls_is_grease(extension->type))
        fprintf(out, "    GREASE (0x%04x): ", extension->type);
    else
        fprintf(out, "    unknown (%u): ", extension->type);
    print_extension(out, extension);
    fputc('\n', out);
}

static void print_extensions(FILE *out, struct bytes block)
{
    struct reader r = reader_of(block);
    struct extension extension;

    text_label(out, "extensions");
    if (!block.at) {
        fputs("none\n", out);
        return;
    }
    fprintf(out, "%zu bytes\n", block.len);
    while (extension_next(&r, &extension))
        print_extension_line(out, &extension);
    if (!read_end(&r))
        fprintf(out, "    ... and %zu bytes that are no extension\n", reader_left(&r));
}

void print_hello(FILE *out, const struct client_hello *ch)
{
    if (!ch->random.at)
        return;
    text_label(out, "legacy version");
    text_print_code(out, ch->legacy_version, tls_version_name);
    fputc('\n', out);
    text_label(out, "random");
    text_print_hex(out, ch->random);
    fputc('\n', out);
    if (!ch->session_id.at)
        return;
    print_session_id(out, ch->session_id);
    if (!ch->cipher_suites.at)
        return;
    text_label(out, "cipher suites");
    text_print_codes(out, ch->cipher_suites, tls_suite_name);
    fputc('\n', out);
    if (!ch->compression_methods.at)
        return;
    print_compression(out, ch->compression_methods);
    print_extensions(out, ch->extensions);
}
