#include "admin/metrics.h"

#include <config.h>
#include <stdio.h>

#include "admin/metrics_print.h"
#include "crypto/crypto.h"

static const char *const role_names[BOARD_ROLES] = {
    [BOARD_MASTER] = "master", [BOARD_WORKER] = "worker",     [BOARD_KEYHOLDER] = "keyholder",
    [BOARD_ADMIN] = "admin",   [BOARD_RESOLVER] = "resolver",
};

/* ---- the whole */

/* "libsodium 1.0.18, OpenSSL 3.0.17, mbedTLS 2.28.3": the first that has a primitive serves it. */
static void write_providers(char *text, size_t size)
{
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; crypto_provider_name(i) && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "", crypto_provider_name(i));
}

static void print_build(struct print *p)
{
    char providers[256];

    write_providers(providers, sizeof providers);
    exposition_family(&p->exposition, "sallyport_build_info", METRIC_GAUGE, "The build that runs; always 1.");
    exposition_value(&p->exposition, LABELS({"version", PACKAGE_VERSION}, {"crypto", providers}), 1);
    exposition_family(&p->exposition, "process_start_time_seconds", METRIC_GAUGE,
                      "When it was started, in seconds since 1970.");
    exposition_time(&p->exposition, NO_LABELS, p->facts->started_at);
    exposition_family(&p->exposition, "sallyport_ready", METRIC_GAUGE, "1 while new connections are wanted.");
    exposition_value(&p->exposition, NO_LABELS, p->facts->state == BOARD_READY);
}

static void print_configuration(struct print *p)
{
    struct exposition *x = &p->exposition;

    exposition_family(x, "sallyport_config_generation", METRIC_GAUGE, "The number of the configuration in force.");
    exposition_value(x, NO_LABELS, p->facts->generation);
    exposition_family(x, "sallyport_config_reloads_total", METRIC_COUNTER, "Reloads by what became of them.");
    exposition_value(x, LABELS({"result", "applied"}), p->facts->reloads_applied);
    exposition_value(x, LABELS({"result", "refused"}), p->facts->reloads_refused);
    exposition_family(x, "sallyport_config_last_reload_successful", METRIC_GAUGE,
                      "0 while an older configuration goes on because the last one was refused.");
    exposition_value(x, NO_LABELS, p->facts->is_last_reload_good != 0);
    exposition_family(x, "sallyport_config_last_reload_success_timestamp_seconds", METRIC_GAUGE,
                      "When the configuration in force was put in force, in seconds since 1970.");
    exposition_time(x, NO_LABELS, p->facts->loaded_at);
}

static void print_processes(struct print *p)
{
    const struct board_processes *processes = p->facts->processes;
    struct exposition *x = &p->exposition;

    exposition_family(x, "sallyport_processes", METRIC_GAUGE, "Processes that are there.");
    for (int role = 0; role < BOARD_ROLES; role++)
        exposition_value(x, LABELS({"role", role_names[role]}), processes[role].alive);
    exposition_family(x, "sallyport_processes_started_total", METRIC_COUNTER, "Processes that were started.");
    for (int role = 0; role < BOARD_ROLES; role++)
        exposition_value(x, LABELS({"role", role_names[role]}), processes[role].started);
    exposition_family(x, "sallyport_processes_crashed_total", METRIC_COUNTER, "Processes that ended unasked.");
    for (int role = 0; role < BOARD_ROLES; role++)
        exposition_value(x, LABELS({"role", role_names[role]}), processes[role].crashed);
}

static void print_certificates(struct print *p)
{
    struct exposition *x = &p->exposition;

    exposition_family(x, "sallyport_certificate_not_after_timestamp_seconds", METRIC_GAUGE,
                      "When a certificate that is served expires, in seconds since 1970.");
    for (size_t i = 0; i < p->facts->certificates.count; i++) {
        const struct board_certificate *one = &p->facts->certificates.list[i];
        exposition_time(x,
                        LABELS({"listener", one->listener}, {"certificate", one->file}, {"name", one->name},
                               {"serial", one->serial}),
                        one->not_after);
    }
    exposition_family(x, "sallyport_certificates_left_out", METRIC_GAUGE,
                      "Certificates that are served and not shown above, for there are too many.");
    exposition_value(x, NO_LABELS, p->facts->certificates.left_out);
}

/* ---- by what is asked of keys */

static const char *const operation_names[TLS_KEY_OPERATIONS] = {
    [TLS_KEY_SIGN_CERTIFICATE_VERIFY_13] = "sign_certificate_verify",
    [TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12] = "sign_server_key_exchange",
    [TLS_KEY_DERIVE_MASTER_SECRET_12] = "derive_master_secret",
    [TLS_KEY_SEAL_TICKET] = "seal_ticket",
    [TLS_KEY_OPEN_TICKET] = "open_ticket",
};
static const char *const ticket_words[COUNTED_TICKET_RESULTS] = {
    [TICKET_OPENED] = "opened",   [TICKET_OPENED_OLD] = "opened_old", [TICKET_UNKNOWN] = "unknown",
    [TICKET_INVALID] = "invalid", [TICKET_FAILED] = "failed",
};

static void print_keys(struct print *p)
{
    const struct key_counters *keys = p->totals.model->keys;
    struct exposition *x = &p->exposition;

    exposition_family(x, "sallyport_key_operations_total", METRIC_COUNTER, "What was asked of keys, and answered.");
    for (int i = 0; i < TLS_KEY_OPERATIONS; i++) {
        exposition_value(x, LABELS({"operation", operation_names[i]}, {"result", "ok"}),
                         totals_count(&p->totals, &keys[i].done));
        exposition_value(x, LABELS({"operation", operation_names[i]}, {"result", "failed"}),
                         totals_count(&p->totals, &keys[i].failed));
    }
    exposition_family(x, "sallyport_key_operation_duration_seconds", METRIC_HISTOGRAM,
                      "How long the answer took, waiting in line included.");
    for (int i = 0; i < TLS_KEY_OPERATIONS; i++) {
        struct histogram sum = totals_histogram(&p->totals, &keys[i].wait);
        exposition_histogram(x, LABELS({"operation", operation_names[i]}), &sum);
    }
}

static void print_tickets(struct print *p)
{
    exposition_family(&p->exposition, "sallyport_tickets_total", METRIC_COUNTER,
                      "Tickets that clients brought, by what became of them; those that open may still not fit.");
    for (int i = 0; i < COUNTED_TICKET_RESULTS; i++)
        exposition_value(&p->exposition, LABELS({"result", ticket_words[i]}),
                         totals_count(&p->totals, &p->totals.model->tickets_opened[i]));
}

/* ---- rows of counters.def */

static void print_rows(struct print *p)
{
    struct counters_row row;
    char name[96];

    for (size_t i = 0; counters_row_at(i, &row); i++) {
        const uint8_t *at = (const uint8_t *)p->totals.model + row.offset;
        snprintf(name, sizeof name, "sallyport_%s_total", row.name);
        exposition_family(&p->exposition, name, METRIC_COUNTER, row.help);
        exposition_value(&p->exposition, NO_LABELS, totals_count(&p->totals, (const uint64_t *)(const void *)at));
    }
}

bool metrics_print(const struct board_facts *facts, const struct counters_map *counters, struct evbuffer *out)
{
    struct print print = {exposition_to(out), totals_of(facts, counters), facts};

    print_build(&print);
    print_configuration(&print);
    print_processes(&print);
    print_certificates(&print);
    metrics_print_listeners(&print);
    metrics_print_servers(&print);
    print_keys(&print);
    print_tickets(&print);
    print_rows(&print);
    return exposition_ok(&print.exposition);
}
