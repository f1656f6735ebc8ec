/*
 * The shim for BoringSSL's test runner (its ssl/test/PORTING.md): our engine, server side, over a blocking socket.
 *
 * What the client sends comes back with every byte turned round. A failure is told on standard error by its reason, its
 * alert and, for an alert that came, the alert's name; config.json maps the runner's words to ours.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bogo/decisions.h"
#include "bogo/exporter.h"
#include "bogo/policy.h"
#include "crypto/crypto.h"
#include "support/alloc_fault.h"
#include "tls/iana.h"
#include "tls/policy_types.h"
#include "tls/server13.h"
#include "tls/tls.h"
#include "tls/ticket_keys.h"
#include "tls/tls_types.h"

static struct shim shim;
static struct pool *pool;

/* ---- the socket */

static int connect_to_runner(const struct options *options)
{
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)options->port), .sin6_addr = in6addr_loopback};
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)options->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(options->is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    uint64_t id = strtoull(options->shim_id ? options->shim_id : "0", NULL, 10);
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(id >> (8 * i));
    if (fd < 0 ||
        connect(fd, options->is_ipv6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                options->is_ipv6 ? sizeof v6 : sizeof v4) != 0 ||
        write(fd, bytes, sizeof bytes) != sizeof bytes) {
        perror("connect");
        exit(EXIT_SHIM_FAILED);
    }
    return fd;
}

/* As the proxy does it: or unread bytes would turn the close into a reset that overtakes the alert. */
static void close_lingering(int fd)
{
    char scrap[4096];

    shutdown(fd, SHUT_WR);
    while (read(fd, scrap, sizeof scrap) > 0)
        ;
    close(fd);
}

/* ---- the pump */

static void answer_keys(struct tls *tls)
{
    const struct tls_key_holder holder = shim_holder(&shim);
    const struct tls_key_request *request;
    uint8_t answer[MAX_KEY_ANSWER_LEN];

    while ((request = tls_key_wanted(tls))) {
        size_t len = 0;
        bool is_ok = tls_key_perform(request, &holder, answer, &len);
        tls_key_done(tls, is_ok, bytes_of(answer, len));
    }
}

static bool flush(struct tls *tls, int fd)
{
    struct iovec span;

    while (tls_wire_view(tls, &span, 1) == 1) {
        ssize_t len = write(fd, span.iov_base, span.iov_len);
        if (len <= 0)
            return false;
        tls_wire_consume(tls, (size_t)len);
    }
    return true;
}

/* Text goes back with every byte turned round. */
static bool echo(struct tls *tls, int fd)
{
    struct iovec from, to;

    while (tls_plain_view(tls, &from, 1) == 1) {
        size_t len;
        if (!flush(tls, fd))
            return false;
        if (tls_plain_space(tls, &to, 1) != 1)
            return tls_outcome(tls)->why == WHY_NONE; /* closed by us already */
        len = from.iov_len < to.iov_len ? from.iov_len : to.iov_len;
        for (size_t i = 0; i < len; i++)
            ((uint8_t *)to.iov_base)[i] = ((const uint8_t *)from.iov_base)[i] ^ 0xff;
        tls_plain_commit(tls, len);
        tls_plain_consume(tls, len);
    }
    return flush(tls, fd);
}

static bool read_once(struct tls *tls, int fd)
{
    struct iovec span;
    ssize_t len;

    if (tls_wire_space(tls, &span, 1) != 1)
        return false;
    len = read(fd, span.iov_base, span.iov_len);
    tls_wire_commit(tls, len > 0 ? (size_t)len : 0);
    if (len <= 0)
        tls_wire_end(tls);
    return len > 0;
}

/* ---- what was expected of the handshake */

static bool has_complained;

/* What was not expected is no failure that any case asks for. */
static bool complain(const char *what)
{
    has_complained = true;
    fprintf(stderr, "EXPECTATION: %s\n", what);
    return false;
}

static bool check_names(const struct tls_outcome *outcome, const struct options *options)
{
    if (options->expect_server_name && !bytes_equal(outcome->sni, bytes_of_string(options->expect_server_name)))
        return complain("the server name is another one");
    return !options->expects_no_server_name || outcome->sni.len == 0 || complain("there is a server name");
}

/* In the order of the options, the default one being the last that was added. */
static bool is_credential_expected(const struct tls_credential *credential, const struct options *options)
{
    int expected = options->expect_credential;

    if (expected == NO_EXPECTATION || !credential)
        return true;
    return credential->index == (expected == DEFAULT_CREDENTIAL ? options->credential_count : expected);
}

static bool check_algorithms(const struct tls_outcome *outcome, const struct options *options)
{
    if (options->expect_curve >= 0 && outcome->group && outcome->group->code != options->expect_curve)
        return complain("the group is another one");
    if (options->expect_suite >= 0 && outcome->suite->code != options->expect_suite)
        return complain("the suite is another one");
    return is_credential_expected(outcome->credential, options) || complain("the certificate is another one");
}

static bool check_handshake(struct tls *tls, const struct options *options, bool is_second)
{
    const struct tls_outcome *outcome = tls_outcome(tls);
    bool should_resume = is_second && !options->expects_session_miss;

    if (outcome->is_resumed != should_resume)
        return complain(should_resume ? "the session was not resumed" : "the session was resumed");
    if (options->expects_extended_master_secret && outcome->version == TLS_1_2 && !outcome->is_extended_master_secret)
        return complain("no extended master secret");
    if (options->expects_hrr && !outcome->is_hello_retried)
        return complain("no HelloRetryRequest");
    if (options->expects_no_hrr && outcome->is_hello_retried)
        return complain("a HelloRetryRequest");
    return check_algorithms(outcome, options) && check_names(outcome, options);
}

/* ---- one connection */

static void tell_failure(const struct tls *tls)
{
    const struct tls_outcome *outcome = tls_outcome(tls);
    uint8_t alert = why_alert(outcome->why);

    fprintf(stderr, "why=%s alert=%s", why_name(outcome->why), alert == ALERT_NONE ? "none" : tls_alert_name(alert));
    if (outcome->has_alert_received)
        fprintf(stderr, " received=%s",
                tls_alert_name(outcome->alert_received) ? tls_alert_name(outcome->alert_received) : "unknown");
    if (outcome->client_result != CHAIN_OK)
        fprintf(stderr, " chain=%s", chain_result_name((enum chain_result)outcome->client_result));
    fputc('\n', stderr);
}

static bool is_clean_end(const struct tls *tls, const struct options *options)
{
    if (tls_outcome(tls)->why != WHY_NONE) {
        tell_failure(tls);
        /* A fault of ours is no refusal, whatever the case expects to be refused. */
        return why_alert(tls_outcome(tls)->why) == ALERT_INTERNAL_ERROR && complain("a fault of ours");
    }
    if (tls_outcome(tls)->client_end == TLS_CLIENT_CLOSE_NOTIFY)
        return true;
    /* The runner ends many of its cases without a close_notify; only where it is asked for is that a failure. */
    return !options->checks_close_notify || complain("the client sent no close_notify");
}

/* The runner reads it before it sends anything, and tells whether it is what it has itself. */
static bool send_exported(struct tls *tls, const struct options *options)
{
    const char *context = options->has_export_context ? options->export_context : NULL;
    size_t len = (size_t)options->exports;
    struct iovec to;

    if (options->exports == 0)
        return true;
    if (tls_outcome(tls)->version != TLS_1_2)
        return complain("keying material is exported of TLS 1.2 alone");
    if (tls_plain_space(tls, &to, 1) != 1 || to.iov_len < len ||
        !exporter12(options->export_label, context, to.iov_base, len))
        return complain("no keying material");
    tls_plain_commit(tls, len);
    return true;
}

/* Once the handshake is done; false: it is not as it was expected to be. */
static bool begin_text(struct tls *tls, const struct options *options, bool is_second)
{
    if (!check_handshake(tls, options, is_second))
        return false;
    tls_send_tickets(tls);
    if (options->updates_keys && !server13_send_key_update(tls, UPDATE_NOT_REQUESTED))
        return false;
    if (!send_exported(tls, options))
        return false;
    if (options->shuts_down)
        tls_close(tls);
    return true;
}

static bool relay(struct tls *tls, int fd, const struct options *options, bool is_second)
{
    bool is_checked = false;

    for (;;) {
        answer_keys(tls);
        if (!flush(tls, fd))
            break;
        if (tls_is_connected(tls) && tls_outcome(tls)->why == WHY_NONE && !is_checked) {
            if (!begin_text(tls, options, is_second))
                return false;
            is_checked = true;
        }
        if (!echo(tls, fd) || (tls_ready(tls) & (TLS_OVER | TLS_PLAIN_END)) || !read_once(tls, fd))
            break;
    }
    answer_keys(tls);
    tls_close(tls);
    (void)!flush(tls, fd);
    return is_clean_end(tls, options) && (is_checked || complain("no handshake"));
}

static bool run_connection(const struct options *options, bool is_second)
{
    struct tls *tls;
    bool is_ok;
    int fd;

    shim.time += options->resumption_delay * is_second;
    /* A ticket is renewed when the key that sealed it seals no more. */
    if (options->ages_ticket_keys && is_second)
        shim.time += DEFAULT_TICKET_KEY_ISSUES;
    if (!shim_set_policy(&shim, options)) {
        shim_wipe_policy(&shim);
        return complain("no policy can be made of the options");
    }
    tls = tls_new(shim.policy, pool);
    fd = connect_to_runner(options);
    is_ok = tls && relay(tls, fd, options, is_second);
    tls_free(tls);
    shim_wipe_policy(&shim);
    close_lingering(fd);
    return is_ok;
}

/* "Malloc Tests": the n-th allocation of ours fails. 88 tells the runner that it did: go on with the next. */
static unsigned long allocation_to_fail(void)
{
    const char *text = getenv("MALLOC_NUMBER_TO_FAIL");

    return text ? strtoul(text, NULL, 10) + 1 : 0;
}

static bool run_all(int argc, char **argv)
{
    struct options options = options_read(argc, argv, 0);
    bool is_ok = crypto_start() && shim_set_ticket_keys(&shim) && (pool = pool_new(0)) != NULL;

    shim.time = (int64_t)time(NULL);
    /* Without the allocation that failed there may be no ticket: the runner does not come back then. */
    for (int i = 0; is_ok && !alloc_fault_fired() && i <= options.resume_count; i++) {
        struct options now = options_read(argc, argv, i);
        is_ok = run_connection(&now, i > 0);
    }
    ticket_keys_free(shim.tickets);
    pool_free(pool);
    return is_ok;
}

int main(int argc, char **argv)
{
    unsigned long fails_at = allocation_to_fail();
    bool is_ok;

    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-is-handshaker-supported") == 0) {
            puts("No");
            return 0;
        }
    }
    for (int i = 0; i < 2; i++)
        (void)options_read(argc, argv, i); /* what cannot be done is told before anything begins */
    alloc_fault_arm(fails_at);
    is_ok = run_all(argc, argv);
    if (!fails_at || !alloc_fault_fired())
        return is_ok ? 0 : has_complained ? EXIT_MUST_FAIL : EXIT_SHIM_FAILED;
    if (alloc_fault_live() != 0) {
        fprintf(stderr, "allocation %lu failed, and %ld others leak\n", fails_at, alloc_fault_live());
        return EXIT_SHIM_FAILED;
    }
    return EXIT_ALLOCATION_FAILED;
}
