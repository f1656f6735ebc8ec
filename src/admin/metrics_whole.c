#include <config.h>
#include <stdio.h>
#include <time.h>

#include "admin/metrics_print.h"
#include "crypto/crypto.h"

static const char *const role_names[BOARD_ROLES] = {
    [BOARD_MASTER] = "master", [BOARD_WORKER] = "worker",     [BOARD_KEYHOLDER] = "keyholder",
    [BOARD_ADMIN] = "admin",   [BOARD_RESOLVER] = "resolver",
};

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
                      "When sallyport was started, in seconds since 1970.");
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

/* What memory is in use is not known of those that cannot see /proc. */
static void print_use(struct print *p)
{
    const struct board_processes *processes = p->facts->processes;
    struct exposition *x = &p->exposition;

    exposition_family(x, "process_cpu_seconds_total", METRIC_COUNTER,
                      "What processes computed, those that have ended included.");
    for (int role = 0; role < BOARD_ROLES; role++)
        exposition_seconds(x, LABELS({"role", role_names[role]}), processes[role].cpu);
    exposition_family(x, "process_resident_memory_bytes", METRIC_GAUGE,
                      "What processes hold of the machine's memory; what they share counts for each of them.");
    for (int role = 0; role < BOARD_ROLES; role++)
        if (processes[role].resident > 0)
            exposition_value(x, LABELS({"role", role_names[role]}), processes[role].resident);
}

/* ---- what expires */

static void print_certificate(struct print *p, const struct board_certificate *one, int64_t time)
{
    exposition_time(
        &p->exposition,
        LABELS({"listener", one->listener}, {"certificate", one->file}, {"name", one->name}, {"serial", one->serial}),
        time);
}

static void print_certificates(struct print *p)
{
    const struct board_certificates *certificates = &p->facts->certificates;
    struct exposition *x = &p->exposition;

    exposition_family(x, "sallyport_certificate_not_after_timestamp_seconds", METRIC_GAUGE,
                      "When a certificate that is served expires, in seconds since 1970.");
    for (size_t i = 0; i < certificates->count; i++)
        print_certificate(p, &certificates->list[i], certificates->list[i].not_after);
    exposition_family(x, "sallyport_certificates_left_out", METRIC_GAUGE,
                      "Certificates that are served and have no metric of their expiry, for there are too many.");
    exposition_value(x, NO_LABELS, certificates->left_out);
    exposition_family(x, "sallyport_ocsp_staple_not_after_timestamp_seconds", METRIC_GAUGE,
                      "When the OCSP response of a certificate expires, in seconds since 1970.");
    for (size_t i = 0; i < certificates->count; i++)
        if (certificates->list[i].staple_not_after)
            print_certificate(p, &certificates->list[i], certificates->list[i].staple_not_after);
}

static void print_crls(struct print *p)
{
    const struct board_certificates *certificates = &p->facts->certificates;

    exposition_family(&p->exposition, "sallyport_crl_not_after_timestamp_seconds", METRIC_GAUGE,
                      "When the first CA of a listener is without a current CRL, in seconds since 1970.");
    for (size_t i = 0; i < certificates->crl_count; i++)
        exposition_time(&p->exposition, LABELS({"listener", certificates->crls[i].listener}),
                        certificates->crls[i].not_after);
}

/* Of our own none is older than what it is made of. -1: it is not known. */
static int64_t ticket_key_age(const struct board_facts *facts, int64_t now)
{
    int64_t issues = (int64_t)facts->ticket_key_issues;
    int64_t born = issues > 0 ? now - now % issues : facts->ticket_key_file_time;

    if (issues > 0 && born < facts->started_at)
        born = facts->started_at;
    return born > 0 && born <= now ? now - born : -1;
}

static void print_ticket_key(struct print *p)
{
    int64_t age = ticket_key_age(p->facts, (int64_t)time(NULL));

    exposition_family(&p->exposition, "sallyport_ticket_key_age_seconds", METRIC_GAUGE,
                      "Age of the key that seals session tickets; of one from a file, that of the file.");
    if (age >= 0)
        exposition_time(&p->exposition, NO_LABELS, age);
}

void metrics_print_whole(struct print *p)
{
    print_build(p);
    print_configuration(p);
    print_processes(p);
    print_use(p);
    print_certificates(p);
    print_crls(p);
    print_ticket_key(p);
}
