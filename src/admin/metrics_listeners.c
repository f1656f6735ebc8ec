#include "admin/metrics_print.h"
#include "tls/iana.h"

static const char *const state_names[COUNTED_STATES] = {"handshaking", "connecting", "relaying", "closing"};
static const char *const version_names[COUNTED_VERSIONS] = {
    [COUNTED_TLS_1_2] = "TLSv1.2",
    [COUNTED_TLS_1_3] = "TLSv1.3",
};
static const char *const resumed_words[COUNTED_KINDS] = {[COUNTED_FULL] = "false", [COUNTED_RESUMED] = "true"};

/* ---- by listener */

static const struct listener_counters *listener_at(const struct print *p, size_t index)
{
    return &p->totals.model->listeners[index];
}

static void print_accepted(struct print *p, const char *name, size_t index)
{
    exposition_value(&p->exposition, LABELS({"listener", name}),
                     totals_count(&p->totals, &listener_at(p, index)->accepted));
}

static void print_hellos(struct print *p, const char *name, size_t index)
{
    exposition_value(&p->exposition, LABELS({"listener", name}),
                     totals_count(&p->totals, &listener_at(p, index)->hellos));
}

/* Also those that nobody offers: that there is no client for it is what one asks. */
static void print_offers(struct print *p, const char *name, size_t index)
{
    for (size_t i = 0; i < MAX_COUNTED_GROUPS && tls_groups[i].code; i++)
        exposition_value(&p->exposition, LABELS({"listener", name}, {"group", tls_groups[i].name}),
                         totals_count(&p->totals, &listener_at(p, index)->offered_groups[i]));
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

static const char *protocol_name(const struct print *p, size_t index)
{
    if (index == COUNTED_NO_PROTOCOL)
        return "none";
    return index < MAX_COUNTED_PROTOCOLS - 1 && p->facts->protocols[index][0] ? p->facts->protocols[index] : "other";
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
    for (size_t i = 0; i < MAX_COUNTED_PROTOCOLS; i++)
        print_negotiated_one(p, name, "alpn", protocol_name(p, i), &counters->protocols[i]);
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

struct listener_family {
    const char *name;
    enum metric_type type;
    const char *help;
    void (*print)(struct print *p, const char *name, size_t index);
};

static const struct listener_family listener_families[] = {
    {"sallyport_connections_accepted_total", METRIC_COUNTER, "Connections that came in.", print_accepted},
    {"sallyport_connections_silent_total", METRIC_COUNTER,
     "Connections that left without a byte: health checks, scanners, browsers connecting ahead.", print_silent},
    {"sallyport_connections", METRIC_GAUGE, "Connections that are open, by what they are doing.", print_open},
    {"sallyport_hellos_total", METRIC_COUNTER, "ClientHellos that were understood, each connection's first.",
     print_hellos},
    {"sallyport_hello_offers_total", METRIC_COUNTER, "ClientHellos that offer the group, each connection's first.",
     print_offers},
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

static void print_by_listener(struct print *p, const struct listener_family *family)
{
    exposition_family(&p->exposition, family->name, family->type, family->help);
    for (size_t i = 0; i < MAX_COUNTED_LISTENERS; i++)
        if (p->facts->listeners[i][0])
            family->print(p, p->facts->listeners[i], i);
}

void metrics_print_listeners(struct print *p)
{
    for (size_t i = 0; i < ARRAY_LEN(listener_families); i++)
        print_by_listener(p, &listener_families[i]);
}

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

/* The newest word of any process; without one nothing is said. */
static void print_up(struct print *p, const struct board_server *server, size_t index)
{
    const struct server_counters *counters = &p->totals.model->servers[index];
    uint64_t worked = totals_latest(&p->totals, &counters->worked_at);
    uint64_t failed = totals_latest(&p->totals, &counters->failed_at);

    if (worked > 0 || failed > 0)
        exposition_value(&p->exposition, LABELS({"backend", server->backend}, {"server", server->server}),
                         worked >= failed);
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
    {"sallyport_backend_up", METRIC_GAUGE, "1 where the last attempt to connect to a server succeeded, else 0.",
     print_up},
    {"sallyport_backend_connections", METRIC_GAUGE, "Connections that a server has now.", print_relayed},
};

static void print_by_server(struct print *p, const struct server_family *family)
{
    exposition_family(&p->exposition, family->name, family->type, family->help);
    for (size_t i = 0; i < MAX_COUNTED_SERVERS; i++)
        if (p->facts->servers[i].backend[0])
            family->print(p, &p->facts->servers[i], i);
}

void metrics_print_servers(struct print *p)
{
    for (size_t i = 0; i < ARRAY_LEN(server_families); i++)
        print_by_server(p, &server_families[i]);
}
