#include "config/relations.h"

#include <stdio.h>

#define MIB (UINT64_C(1024) * 1024)

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

/* A line that was refused may have been the one. */
static bool may_have_certificates(const struct document_section *section)
{
    return section->is_damaged || document_find(section, option_find(SECTION_LISTEN, "certificate")) ||
           document_find(section, option_find(SECTION_LISTEN, "cert-dir"));
}

static void check_has_certificates(const struct document *document)
{
    for (const struct document_section *section = document->sections; section; section = section->next)
        if (section->kind == SECTION_LISTEN && !may_have_certificates(section))
            report_error(document->report, section->line, "[listen %s] has no 'certificate' and no 'cert-dir'",
                         section->name);
}

static void check_development(const struct config_listen *listen, struct report *report)
{
    const struct config_list *certificates = &listen->certificates;

    for (size_t i = 0; i < certificates->count; i++) {
        const struct config_value *certificate = &certificates->values[i];
        if (strcmp(certificate->text, CONFIG_CERTIFICATE_DEVELOPMENT) != 0)
            continue;
        if (certificates->count > 1 || listen->cert_dirs.count > 0)
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

/* The two in words, at the line of the one that is written, for the other may be a default. */
struct ticket_key_times {
    char issues[2 * QUANTITY_LEN], accepts[2 * QUANTITY_LEN];
    unsigned issues_line, accepts_line; /* 0: not written */
};

static void say_time(const struct document *document, const char *key, uint64_t value, char text[2 * QUANTITY_LEN],
                     unsigned *line)
{
    const struct option *option = option_find(SECTION_SALLYPORT, key);
    const struct document_entry *written = find_general(document, option);
    char time[QUANTITY_LEN];

    *line = written ? written->line : 0;
    snprintf(text, 2 * QUANTITY_LEN, "%s%s", quantity_text(option, value, time), written ? "" : ", the default");
}

static struct ticket_key_times say_times(const struct config_general *general, const struct document *document)
{
    struct ticket_key_times times;

    say_time(document, "ticket-key-issues", general->ticket_key_issues, times.issues, &times.issues_line);
    say_time(document, "ticket-key-accepts", general->ticket_key_accepts, times.accepts, &times.accepts_line);
    return times;
}

static void say_size(const char *key, uint64_t value, char text[QUANTITY_LEN])
{
    quantity_text(option_find(SECTION_SALLYPORT, key), value, text);
}

static unsigned memory_limit_line(const struct document *document)
{
    const struct document_entry *written = find_general(document, option_find(SECTION_SALLYPORT, "memory-limit"));

    return written ? written->line : 0;
}

/* What connections take when they are silent must be there, or the limit of them is none. */
static void check_memory_limit(const struct config_general *general, const struct document *document)
{
    uint64_t least = general->max_connections * CONFIG_IDLE_CONNECTION_LEN + CONFIG_MIN_STORAGE_LEN;
    char limit[QUANTITY_LEN], needed[QUANTITY_LEN];

    if (general->memory_limit < option_find(SECTION_SALLYPORT, "memory-limit")->min || general->memory_limit >= least)
        return; /* none, or told already */
    say_size("memory-limit", general->memory_limit, limit);
    say_size("memory-limit", (least + MIB - 1) / MIB * MIB, needed);
    report_error(document->report, memory_limit_line(document),
                 "memory-limit (%s) does not carry max-connections (%llu) even when all are idle: that takes %s", limit,
                 (unsigned long long)general->max_connections, needed);
}

/* Nothing wrong with that: most connections are idle most of the time. */
static void check_memory_at_worst(const struct config_general *general, const struct document *document)
{
    uint64_t carried = general->memory_limit / CONFIG_BUSY_CONNECTION_LEN;
    char limit[QUANTITY_LEN];

    if (general->memory_limit == 0 || general->max_connections <= carried)
        return;
    say_size("memory-limit", general->memory_limit, limit);
    report_warning(
        document->report, memory_limit_line(document),
        "memory-limit (%s) carries %llu connections that all transfer at once, max-connections is %llu: past "
        "that, new ones are let go",
        limit, (unsigned long long)carried, (unsigned long long)general->max_connections);
}

/* 0: told already that it is no time. */
static void check_ticket_keys(const struct config_general *general, const struct document *document)
{
    struct ticket_key_times times;

    if (general->ticket_key_accepts >= general->ticket_key_issues || general->ticket_key_accepts == 0)
        return;
    times = say_times(general, document);
    report_error(document->report, times.issues_line ? times.issues_line : times.accepts_line,
                 "ticket-key-issues (%s) is longer than ticket-key-accepts (%s): tickets would be sealed that nobody "
                 "opens",
                 times.issues, times.accepts);
}

/* When newer keys may push out one of our own. */
static uint64_t pushed_out_after(const struct config_general *general)
{
    return CONFIG_MAX_OWN_TICKET_KEYS * general->ticket_key_issues;
}

static void check_ticket_key_count(const struct config_general *general, const struct document *document)
{
    struct ticket_key_times times;

    if (general->ticket_keys.count > 0 || general->ticket_key_accepts <= pushed_out_after(general))
        return;
    times = say_times(general, document);
    report_warning(document->report, times.accepts_line ? times.accepts_line : times.issues_line,
                   "ticket-key-accepts (%s) is longer than %d times ticket-key-issues (%s): at most %d keys are held, "
                   "so newer ones push it out before that",
                   times.accepts, CONFIG_MAX_OWN_TICKET_KEYS, times.issues, CONFIG_MAX_OWN_TICKET_KEYS);
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
    bool is_pushed_out = pushed_out_after(general) < general->ticket_key_accepts;

    if (general->ticket_keys.count == 0 && listen->session_tickets > 0 &&
        listen->ticket_lifetime > (is_pushed_out ? pushed_out_after(general) : general->ticket_key_accepts))
        report_warning(report, listen->place.line,
                       "[listen %s] has a ticket-lifetime longer than %s, which ends its tickets first", listen->name,
                       is_pushed_out ? "8 times ticket-key-issues" : "ticket-key-accepts");
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

/* Whoever can connect can read what the metrics tell: that is for this machine to decide, not for the network. */
static void check_admin_addresses(const struct config *config, struct report *report)
{
    const struct config_address_list *list = &config->admin.addresses;

    for (size_t i = 0; i < list->count; i++) {
        if (!address_is_local(&list->values[i]))
            report_error(report, list->values[i].place.line,
                         "[admin] address: '%s' is not of this machine alone: unix:/path, 127.0.0.1:port or [::1]:port",
                         list->values[i].text);
        for (size_t j = 0; j < i; j++)
            compare_addresses(&list->values[i], &list->values[j], report);
        for (size_t other = 0; other < config->listen_count; other++)
            for (size_t j = 0; j < config->listens[other].addresses.count; j++)
                compare_addresses(&list->values[i], &config->listens[other].addresses.values[j], report);
    }
}

static void check_use(const struct config *config, const struct config_backend *backend, struct report *report)
{
    for (size_t i = 0; i < config->listen_count; i++)
        if (config->listens[i].backend == backend)
            return;
    report_warning(report, backend->place.line, "no [listen NAME] uses [backend %s]", backend->name);
}

static void check_chroot(const struct config_general *general, struct report *report)
{
    const struct config_value *chroot = &general->chroot;

    if (chroot->text && chroot->text[0] != '/' && strcmp(chroot->text, CONFIG_CHROOT_EMPTY) != 0)
        report_error(report, chroot->place.line, "chroot: '%s' is neither 'empty' nor an absolute path", chroot->text);
}

/* Only a configuration that is used is worth a word on what is odd about it. */
static void look_for_oddities(const struct config *config, const struct document *document)
{
    struct report *report = document->report;

    check_ticket_key_count(&config->general, document);
    check_memory_at_worst(&config->general, document);
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
    check_has_certificates(document);
    check_admin_addresses(config, report);
    check_ticket_keys(&config->general, document);
    check_chroot(&config->general, report);
    check_memory_limit(&config->general, document);
    if (config->listen_count == 0 && report_is_clean(report)) /* else it may have been refused */
        report_error(report, 0, "there is no [listen NAME]");
    if (report_is_clean(report))
        look_for_oddities(config, document);
}
