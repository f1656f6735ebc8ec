#include "admin/metrics.h"

#include <config.h>
#include <stdio.h>

#include "admin/exposition.h"
#include "admin/totals.h"
#include "crypto/crypto.h"
#include "tls/iana.h"

struct print {
    struct exposition exposition;
    struct totals totals;
    const struct board_facts *facts;
};

static const char *const role_names[BOARD_ROLES] = {
    [BOARD_MASTER] = "master", [BOARD_WORKER] = "worker",     [BOARD_KEYHOLDER] = "keyholder",
    [BOARD_ADMIN] = "admin",   [BOARD_RESOLVER] = "resolver",
};
static const char *const state_names[COUNTED_STATES] = {"handshaking", "connecting", "relaying", "closing"};
static const char *const version_names[COUNTED_VERSIONS] = {
    [COUNTED_TLS_1_2] = "TLSv1.2",
    [COUNTED_TLS_1_3] = "TLSv1.3",
};
static const char *const resumed_words[COUNTED_KINDS] = {[COUNTED_FULL] = "false", [COUNTED_RESUMED] = "true"};

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
    for (size_t i = 0; i < p->facts->certificate_count; i++) {
        const struct board_certificate *one = &p->facts->certificates[i];
        exposition_time(x,
                        LABELS({"listener", one->listener}, {"certificate", one->file}, {"name", one->name},
                               {"serial", one->serial}),
                        one->not_after);
    }
    exposition_family(x, "sallyport_certificates_left_out", METRIC_GAUGE,
                      "Certificates that are served and not shown above, for there are too many.");
    exposition_value(x, NO_LABELS, p->facts->certificates_left_out);
}

/* ---- by listener */

typedef void print_listener(struct print *p, const char *name, size_t index);

static void print_listeners(struct print *p, const char *family, enum metric_type type, const char *help,
                            print_listener *print)
{
    exposition_family(&p->exposition, family, type, help);
    for (size_t i = 0; i < MAX_COUNTED_LISTENERS; i++)
        if (p->facts->listeners[i][0])
            print(p, p->facts->listeners[i], i);
}

static const struct listener_counters *listener_at(const struct print *p, size_t index)
{
    return &p->totals.model->listeners[index];
}

static void print_accepted(struct print *p, const char *name, size_t index)
{
    exposition_value(&p->exposition, LABELS({"listener", name}),
                     totals_count(&p->totals, &listener_at(p, index)->accepted));
}

static void print_silent(struct print *p, const char *name, size_t index)
{
    exposition_value(&p->exposition, LABELS({"listener", name}),
                     totals_count(&p->totals, &listener_at(p, index)->silent));
}

static void print_open(struct print *p, const char *name, size_t index)
{
    for (int state = 0; state < COUNTED_STATES; state++)
        exposition_value(&p->exposition, LABELS({"listener", name}, {"state", state_names[state]}),
                         totals_gauge(&p->totals, &p->totals.model->gauges.connections[index][state]));
}

static void print_handshakes(struct print *p, const char *name, size_t index)
{
    for (int version = 0; version < COUNTED_VERSIONS; version++)
        for (int kind = 0; kind < COUNTED_KINDS; kind++)
            exposition_value(
                &p->exposition,
                LABELS({"listener", name}, {"version", version_names[version]}, {"resumed", resumed_words[kind]}),
                totals_count(&p->totals, &listener_at(p, index)->handshakes[version][kind]));
}

/* Of the hundreds of pairs only those that happened. */
static void print_failures(struct print *p, const char *name, size_t index)
{
    for (int stage = 0; stage < COUNTED_STAGES; stage++)
        for (int why = 1; why < WHY_COUNT; why++) {
            uint64_t count = totals_count(&p->totals, &listener_at(p, index)->failures[stage][why]);
            if (count > 0)
                exposition_value(&p->exposition,
                                 LABELS({"listener", name}, {"stage", tls_stage_name((enum tls_stage)stage)},
                                        {"reason", why_name((enum why)why)}),
                                 count);
        }
}

static void print_durations(struct print *p, const char *name, size_t index)
{
    for (int kind = 0; kind < COUNTED_KINDS; kind++) {
        struct histogram sum = totals_histogram(&p->totals, &listener_at(p, index)->handshake[kind]);
        exposition_histogram(&p->exposition, LABELS({"listener", name}, {"resumed", resumed_words[kind]}), &sum);
    }
}

static void print_negotiated_one(struct print *p, const char *listener, const char *kind, const char *name,
                                 const uint64_t *counter)
{
    uint64_t count = totals_count(&p->totals, counter);

    if (count > 0)
        exposition_value(&p->exposition, LABELS({"listener", listener}, {"kind", kind}, {"name", name}), count);
}

static void print_negotiated(struct print *p, const char *name, size_t index)
{
    const struct listener_counters *counters = listener_at(p, index);

    for (size_t i = 0; i < MAX_COUNTED_SUITES && tls_suites[i].code; i++)
        print_negotiated_one(p, name, "suite", tls_suites[i].name, &counters->suites[i]);
    for (size_t i = 0; i < MAX_COUNTED_GROUPS && tls_groups[i].code; i++)
        print_negotiated_one(p, name, "group", tls_groups[i].name, &counters->groups[i]);
    for (size_t i = 0; i < MAX_COUNTED_SCHEMES && tls_signature_schemes[i].code; i++)
        print_negotiated_one(p, name, "signature", tls_signature_schemes[i].name, &counters->schemes[i]);
}

static void print_ends(struct print *p, const char *name, size_t index)
{
    for (int why = 0; why < WHY_COUNT; why++) {
        uint64_t count = totals_count(&p->totals, &listener_at(p, index)->ends[why]);
        if (count > 0 || why == WHY_NONE)
            exposition_value(&p->exposition, LABELS({"listener", name}, {"reason", why_name((enum why)why)}), count);
    }
}

static void print_bytes(struct print *p, const char *name, size_t index)
{
    exposition_value(&p->exposition, LABELS({"listener", name}, {"direction", "in"}),
                     totals_count(&p->totals, &listener_at(p, index)->bytes_in));
    exposition_value(&p->exposition, LABELS({"listener", name}, {"direction", "out"}),
                     totals_count(&p->totals, &listener_at(p, index)->bytes_out));
}

static const struct listener_family {
    const char *name;
    enum metric_type type;
    const char *help;
    print_listener *print;
} listener_families[] = {
    {"sallyport_connections_accepted_total", METRIC_COUNTER, "Connections that came in.", print_accepted},
    {"sallyport_connections_silent_total", METRIC_COUNTER,
     "Connections that left without a byte: health checks, scanners, browsers connecting ahead.", print_silent},
    {"sallyport_connections", METRIC_GAUGE, "Connections that are open, by what they are doing.", print_open},
    {"sallyport_handshakes_total", METRIC_COUNTER, "Handshakes that succeeded.", print_handshakes},
    {"sallyport_handshake_failures_total", METRIC_COUNTER,
     "Handshakes that failed, by how far they got and the reason that the log names.", print_failures},
    {"sallyport_handshake_duration_seconds", METRIC_HISTOGRAM,
     "From the whole ClientHello to the client's verified Finished, the way to the client and back included.",
     print_durations},
    {"sallyport_negotiated_total", METRIC_COUNTER, "What handshakes that succeeded agreed on.", print_negotiated},
    {"sallyport_connections_ended_total", METRIC_COUNTER,
     "Connections that were served, by how they ended; none: in order.", print_ends},
    {"sallyport_bytes_total", METRIC_COUNTER, "Text from clients (in) and to clients (out), without TLS.", print_bytes},
};

/* ---- by server */

static void print_connects(struct print *p, const struct board_server *server, size_t index)
{
    const struct server_counters *counters = &p->totals.model->servers[index];

    exposition_value(&p->exposition,
                     LABELS({"backend", server->backend}, {"server", server->server}, {"result", "connected"}),
                     totals_count(&p->totals, &counters->connects));
    exposition_value(&p->exposition,
                     LABELS({"backend", server->backend}, {"server", server->server}, {"result", "refused"}),
                     totals_count(&p->totals, &counters->refused));
    exposition_value(&p->exposition,
                     LABELS({"backend", server->backend}, {"server", server->server}, {"result", "timeout"}),
                     totals_count(&p->totals, &counters->timeouts));
}

static void print_connect_times(struct print *p, const struct board_server *server, size_t index)
{
    struct histogram sum = totals_histogram(&p->totals, &p->totals.model->servers[index].connect);

    exposition_histogram(&p->exposition, LABELS({"backend", server->backend}, {"server", server->server}), &sum);
}

static void print_relayed(struct print *p, const struct board_server *server, size_t index)
{
    exposition_value(&p->exposition, LABELS({"backend", server->backend}, {"server", server->server}),
                     totals_gauge(&p->totals, &p->totals.model->gauges.relayed[index]));
}

static const struct server_family {
    const char *name;
    enum metric_type type;
    const char *help;
    void (*print)(struct print *p, const struct board_server *server, size_t index);
} server_families[] = {
    {"sallyport_backend_connects_total", METRIC_COUNTER, "Attempts to connect to a server, by their result.",
     print_connects},
    {"sallyport_backend_connect_duration_seconds", METRIC_HISTOGRAM, "How long attempts took that succeeded.",
     print_connect_times},
    {"sallyport_backend_connections", METRIC_GAUGE, "Connections that a server has now.", print_relayed},
};

static void print_servers(struct print *p, const struct server_family *family)
{
    exposition_family(&p->exposition, family->name, family->type, family->help);
    for (size_t i = 0; i < MAX_COUNTED_SERVERS; i++)
        if (p->facts->servers[i].backend[0])
            family->print(p, &p->facts->servers[i], i);
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
    for (size_t i = 0; i < ARRAY_LEN(listener_families); i++)
        print_listeners(&print, listener_families[i].name, listener_families[i].type, listener_families[i].help,
                        listener_families[i].print);
    for (size_t i = 0; i < ARRAY_LEN(server_families); i++)
        print_servers(&print, &server_families[i]);
    print_rows(&print);
    return exposition_ok(&print.exposition);
}
