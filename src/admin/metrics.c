#include "admin/metrics.h"

#include <stdio.h>

#include "admin/metrics_print.h"
#include "tls/iana.h"

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

/* ---- of handshakes, whatever their listener */

static const char *const work_names[COUNTED_WORKS] = {
    [COUNTED_PROTOCOL_WORK] = "handshake",
    [COUNTED_KEY_WORK] = "key_operation",
};

static void print_work(struct print *p)
{
    exposition_family(&p->exposition, "sallyport_handshake_cpu_seconds_total", METRIC_COUNTER,
                      "What workers computed for handshakes; keys of keyholders are in process_cpu_seconds_total.");
    for (int i = 0; i < COUNTED_WORKS; i++)
        exposition_seconds(&p->exposition, LABELS({"op", work_names[i]}),
                           totals_count(&p->totals, &p->totals.model->cpu[i]));
}

/* Codes without a name, which clients may make up, come to one. */
static void print_alerts(struct print *p)
{
    uint64_t others = 0;

    exposition_family(&p->exposition, "sallyport_alerts_received_total", METRIC_COUNTER,
                      "Connections that a client ended with an alert, by its name.");
    for (int code = 0; code < COUNTED_ALERTS; code++) {
        uint64_t count = totals_count(&p->totals, &p->totals.model->alerts[code]);
        const char *name = tls_alert_name((uint8_t)code);

        others += name ? 0 : count;
        if (name && count > 0)
            exposition_value(&p->exposition, LABELS({"alert", name}), count);
    }
    if (others > 0)
        exposition_value(&p->exposition, LABELS({"alert", "other"}), others);
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

    metrics_print_whole(&print);
    metrics_print_listeners(&print);
    metrics_print_servers(&print);
    print_keys(&print);
    print_tickets(&print);
    print_work(&print);
    print_alerts(&print);
    print_rows(&print);
    return exposition_ok(&print.exposition);
}
