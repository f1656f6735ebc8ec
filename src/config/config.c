#include "config/config.h"

#include "base/alloc.h"
#include "config/document.h"
#include "config/fill.h"
#include "config/relations.h"

/* What a struct config is inside. */
struct owner {
    struct config config; /* first: one pointer serves both */
    struct arena arena;
    unsigned references; /* beside the first one */
};

static size_t count_sections(const struct document *document, enum section_kind kind)
{
    size_t count = 0;

    for (const struct document_section *section = document->sections; section; section = section->next)
        count += section->kind == kind;
    return count;
}

static MUST_CHECK bool make_room(struct config *config, struct document *document)
{
    size_t listens = count_sections(document, SECTION_LISTEN), backends = count_sections(document, SECTION_BACKEND);

    config->listens = arena_new(document->arena, listens, sizeof *config->listens);
    config->backends = arena_new(document->arena, backends, sizeof *config->backends);
    if (!config->listens || !config->backends)
        report_no_memory(document->report);
    return config->listens && config->backends;
}

static void build_listen(struct config *config, struct document *document, const struct document_section *section)
{
    struct config_listen *listen = &config->listens[config->listen_count++];

    listen->name = section->name;
    listen->place = report_place(document->report, section->line);
    fill_section(document, section, SECTION_LISTEN, listen);
}

static void build_backend(struct config *config, struct document *document, const struct document_section *section)
{
    struct config_backend *backend = &config->backends[config->backend_count++];

    backend->name = section->name;
    backend->place = report_place(document->report, section->line);
    fill_section(document, section, SECTION_BACKEND, backend);
}

static void build(struct config *config, struct document *document)
{
    if (!make_room(config, document))
        return;
    for (const struct document_section *section = document->sections; section; section = section->next) {
        if (section->kind == SECTION_SALLYPORT)
            fill_section(document, section, SECTION_SALLYPORT, &config->general);
        else if (section->kind == SECTION_ADMIN)
            fill_section(document, section, SECTION_ADMIN, &config->admin);
        else if (section->kind == SECTION_LISTEN)
            build_listen(config, document, section);
        else
            build_backend(config, document, section);
    }
    if (count_sections(document, SECTION_SALLYPORT) == 0)
        fill_section(document, NULL, SECTION_SALLYPORT, &config->general);
    if (count_sections(document, SECTION_ADMIN) == 0)
        fill_section(document, NULL, SECTION_ADMIN, &config->admin);
    relations_check(config, document);
}

static struct config *parse(struct bytes text, struct report report)
{
    struct owner *owner = memory_new(sizeof *owner);
    struct document document;
    const char *file = owner ? arena_copy(&owner->arena, bytes_of_string(report.file)) : NULL;

    if (file) {
        report.file = file;
        document_parse(&document, text, &owner->arena, &report);
        build(&owner->config, &document);
    } else {
        report_no_memory(&report);
    }
    report_close(&report);
    if (report_is_clean(&report))
        return &owner->config;
    config_free(owner ? &owner->config : NULL);
    return NULL;
}

struct config *config_parse(const char *name, struct bytes text, struct config_findings findings)
{
    return parse(text, (struct report){.findings = findings, .file = name});
}

struct config *config_parse_variables(struct bytes text, const struct config_variable *variables,
                                      struct config_findings findings)
{
    struct report report = {
        .findings = findings, .file = CONFIG_NAME_ENVIRONMENT, .variables = variables, .text = text};

    return parse(text, report);
}

struct config *config_ref(struct config *config)
{
    ((struct owner *)config)->references++;
    return config;
}

void config_free(struct config *config)
{
    struct owner *owner = (struct owner *)config;

    if (!owner)
        return;
    if (owner->references > 0) {
        owner->references--;
        return;
    }
    arena_free(&owner->arena);
    memory_free(owner);
}
