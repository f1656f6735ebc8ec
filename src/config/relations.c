#include "config/relations.h"

#include "config/address.h"
#include "config/nearest.h"
#include "config/quantity.h"

static void join_backend(const struct config *config, struct config_listen *listen, struct report *report)
{
    const char *name = listen->backend_name.text;
    struct nearest nearest;
    char hint[NEAREST_HINT_LEN];

    if (!name || strcmp(name, CONFIG_BACKEND_DEMO) == 0)
        return;
    nearest = nearest_to(name);
    for (size_t i = 0; i < config->backend_count; i++) {
        if (strcmp(config->backends[i].name, name) == 0) {
            listen->backend = &config->backends[i];
            return;
        }
        nearest_offer(&nearest, config->backends[i].name);
    }
    nearest_offer(&nearest, CONFIG_BACKEND_DEMO);
    report_error(report, listen->backend_name.place.line, "there is no [backend %s]%s", name,
                 nearest_hint(&nearest, hint));
}

static void check_development(const struct config_listen *listen, struct report *report)
{
    const struct config_list *certificates = &listen->certificates;

    for (size_t i = 0; i < certificates->count; i++) {
        const struct config_value *certificate = &certificates->values[i];
        if (strcmp(certificate->text, CONFIG_CERTIFICATE_DEVELOPMENT) != 0)
            continue;
        if (certificates->count > 1)
            report_error(report, certificate->place.line, "certificate: 'development' stands alone or not at all");
        if (listen->keys.count != 0)
            report_error(report, listen->keys.values[0].place.line, "key: 'development' brings its own key");
        return;
    }
}

/* Asked for, and nobody to be believed. */
static void check_client_certificates(const struct config_listen *listen, struct report *report)
{
    bool is_asked = listen->client_certificate != CONFIG_CLIENT_CERTIFICATE_NONE;

    if (is_asked && listen->client_cas.count == 0)
        report_error(report, listen->place.line,
                     "[listen %s] asks for client certificates: add 'client-ca = FILE', whose clients are believed",
                     listen->name);
}

static void check_rsa_key_exchange(const struct config_listen *listen, struct report *report)
{
    if (listen->has_rsa_key_exchange && listen->profile == CONFIG_PROFILE_MODERN && listen->suites.count == 0)
        report_error(report, listen->place.line,
                     "[listen %s] has rsa-key-exchange = yes, which is of TLS 1.2, and profile = modern, which is TLS "
                     "1.3 alone",
                     listen->name);
}

static const struct document_entry *find_general(const struct document *document, const struct option *option)
{
    for (const struct document_section *section = document->sections; section; section = section->next)
        if (section->kind == SECTION_SALLYPORT)
            return document_find(section, option);
    return NULL;
}

/* At the line of the one that is written, for the other may be a default. 0: told already that it is no time. */
static void check_ticket_keys(const struct config_general *general, const struct document *document)
{
    const struct option *issues = option_find(SECTION_SALLYPORT, "ticket-key-issues");
    const struct option *accepts = option_find(SECTION_SALLYPORT, "ticket-key-accepts");
    const struct document_entry *written = find_general(document, issues), *other = find_general(document, accepts);
    char issues_text[QUANTITY_LEN], accepts_text[QUANTITY_LEN];
    unsigned line = written ? written->line : other ? other->line : 0;

    if (general->ticket_key_accepts >= general->ticket_key_issues || general->ticket_key_accepts == 0)
        return;
    report_error(document->report, line,
                 "ticket-key-issues (%s%s) is longer than ticket-key-accepts (%s%s): tickets would be sealed that "
                 "nobody opens",
                 quantity_text(issues, general->ticket_key_issues, issues_text), written ? "" : ", the default",
                 quantity_text(accepts, general->ticket_key_accepts, accepts_text), other ? "" : ", the default");
}

/* Only the earlier deadline counts, so a longer client-hello-timeout is one that was meant otherwise. */
static void check_timeouts(const struct config_listen *listen, struct report *report)
{
    if (listen->client_hello_timeout > listen->handshake_timeout)
        report_warning(report, listen->place.line,
                       "[listen %s] has a client-hello-timeout longer than its handshake-timeout, which ends it first",
                       listen->name);
}

/* Keys from files do not age. Of our own a ticket gets the time that its key has left, however long it may live. */
static void check_ticket_lifetime(const struct config *config, const struct config_listen *listen,
                                  struct report *report)
{
    const struct config_general *general = &config->general;

    if (general->ticket_keys.count == 0 && listen->session_tickets > 0 &&
        listen->ticket_lifetime > general->ticket_key_accepts)
        report_warning(report, listen->place.line,
                       "[listen %s] has a ticket-lifetime longer than ticket-key-accepts, which ends its tickets first",
                       listen->name);
}

static void compare_addresses(const struct config_address *address, const struct config_address *earlier,
                              struct report *report)
{
    if (address_collides(address, earlier))
        report_error(report, address->place.line, "address: '%s' is already taken by '%s' in line %u", address->text,
                     earlier->text, earlier->place.line);
}

static void check_addresses(const struct config *config, size_t listen, struct report *report)
{
    const struct config_address_list *list = &config->listens[listen].addresses;

    for (size_t i = 0; i < list->count && !report_is_full(report); i++) {
        for (size_t other = 0; other < listen; other++)
            for (size_t j = 0; j < config->listens[other].addresses.count; j++)
                compare_addresses(&list->values[i], &config->listens[other].addresses.values[j], report);
        for (size_t j = 0; j < i; j++)
            compare_addresses(&list->values[i], &list->values[j], report);
    }
}

static void check_use(const struct config *config, const struct config_backend *backend, struct report *report)
{
    for (size_t i = 0; i < config->listen_count; i++)
        if (config->listens[i].backend == backend)
            return;
    report_warning(report, backend->place.line, "no [listen NAME] uses [backend %s]", backend->name);
}

/* Only a configuration that is used is worth a word on what is odd about it. */
static void look_for_oddities(const struct config *config, struct report *report)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        check_timeouts(&config->listens[i], report);
        check_ticket_lifetime(config, &config->listens[i], report);
    }
    for (size_t i = 0; i < config->backend_count; i++)
        check_use(config, &config->backends[i], report);
}

void relations_check(struct config *config, const struct document *document)
{
    struct report *report = document->report;

    for (size_t i = 0; i < config->listen_count; i++) {
        join_backend(config, &config->listens[i], report);
        check_development(&config->listens[i], report);
        check_client_certificates(&config->listens[i], report);
        check_rsa_key_exchange(&config->listens[i], report);
        check_addresses(config, i, report);
    }
    check_ticket_keys(&config->general, document);
    if (config->listen_count == 0 && report_is_clean(report)) /* else it may have been refused */
        report_error(report, 0, "there is no [listen NAME]");
    if (report_is_clean(report))
        look_for_oddities(config, report);
}
