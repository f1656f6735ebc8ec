#include "proxy/harness.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/disk.h"
#include "base/log.h"

static void tell(void *context, const char *finding)
{
    (void)context;
    ck_abort_msg("%s", finding);
}

static const struct config_findings findings = {tell, NULL};

int harness_listen(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

void harness_init(struct harness *h)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as in every process that serves (daemon/spawn.c) */
    *h = (struct harness){.backend_listener = -1, .client = -1, .peer = -1};
    ck_assert_int_eq(pipe(h->log_pipe), 0);
    ck_assert_int_eq(fcntl(h->log_pipe[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(h->log_pipe[1], F_SETFL, O_NONBLOCK), 0);
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_DEBUG, h->log_pipe[1]);
    h->address = (struct config_address){.text = "127.0.0.1:0", .host = "127.0.0.1"};
    h->listen = (struct config_listen){
        .name = "web",
        .addresses = {&h->address, 1},
        .client_hello_timeout = 10 * 1000000,
        .handshake_timeout = 10 * 1000000,
        .idle_timeout = 30 * 1000000,
    };
    h->servers[0] = (struct config_address){.text = "first", .host = "127.0.0.1"};
    h->servers[1] = (struct config_address){.text = "second", .host = "127.0.0.1"};
    h->backend = (struct config_backend){.name = "app", .servers = {h->servers, 1}, .connect_timeout = 30 * 1000000};
    h->backend_listener = harness_listen(&h->servers[0].port);
    h->settings = proxy_default_settings();
    h->settings.max_connections = 64;
}

void harness_use_unix_backend(struct harness *h)
{
    static char path[100];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    close(h->backend_listener);
    snprintf(h->directory, sizeof h->directory, "/tmp/sallyport-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(h->directory));
    snprintf(path, sizeof path, "%s/backend", h->directory);
    h->servers[0] = (struct config_address){.text = "unix", .is_unix = true, .path = path};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    h->backend_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(h->backend_listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(h->backend_listener, 64), 0);
}

void harness_start(struct harness *h)
{
    struct tls_policy *policy = tls_policy_new(random_system(), NULL, NULL);
    struct backend *backend = backend_new(&h->backend, disk_for(PURPOSE_LOOK), findings);

    ck_assert_ptr_nonnull(policy);
    ck_assert_ptr_nonnull(backend);
    ck_assert_int_eq(setenv("EVENT_EPOLL_USE_CHANGELIST", "yes", 1), 0); /* as in a worker */
    h->base = event_base_new();
    h->keyring = keyring_new();
    h->proxy = proxy_new(h->base, h->keyring, h->settings);
    h->listener = listener_new(h->proxy, &h->listen, policy, backend);
    ck_assert_ptr_nonnull(h->listener);
    h->sockets = listen_sockets_open(&(struct config){.listens = &h->listen, .listen_count = 1}, disk_for(PURPOSE_LOOK),
                                     NULL, NULL, findings);
    ck_assert_ptr_nonnull(h->sockets);
    for (size_t i = 0; i < h->sockets->count; i++)
        ck_assert(listener_add_socket(h->listener, dup(h->sockets->sockets[i].fd)));
    ck_assert(listener_start(h->listener));
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void harness_free(struct harness *h)
{
    char path[128];

    close_if_open(h->client);
    close_if_open(h->peer);
    close_if_open(h->backend_listener);
    HARNESS_WAIT(h, h->proxy->connection_count == 0);
    ck_assert_uint_eq(pool_bytes_in_use(h->proxy->pool), 0);
    proxy_free(h->proxy);
    listener_free(h->listener);
    listen_sockets_free(h->sockets);
    keyring_free(h->keyring);
    event_base_free(h->base);
    close(h->log_pipe[0]);
    close(h->log_pipe[1]);
    if (h->directory[0]) {
        snprintf(path, sizeof path, "%s/backend", h->directory);
        unlink(path);
        rmdir(h->directory);
    }
}

static void on_wait_over(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
}

void harness_turn(struct harness *h, int wait_ms)
{
    struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000};
    struct event *over = event_new(h->base, -1, 0, on_wait_over, NULL);

    ck_assert_ptr_nonnull(over);
    ck_assert_int_eq(event_add(over, &wait), 0);
    ck_assert_int_ge(event_base_loop(h->base, EVLOOP_ONCE), 0);
    event_free(over); /* left behind it would be a turn of its own later, and they would add up */
}

static void bind_to(int fd, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
}

int harness_connect(struct harness *h)
{
    return harness_connect_from(h, NULL);
}

int harness_connect_from(struct harness *h, const char *from)
{
    static const int on = 1;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int fd;

    ck_assert_int_eq(getsockname(h->sockets->sockets[0].fd, (struct sockaddr *)&address, &len), 0);
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a unix socket has nothing to delay */
    if (from)
        bind_to(fd, from);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

void harness_open_client(struct harness *h)
{
    h->client = harness_connect(h);
}

bool harness_accept(struct harness *h)
{
    h->peer = accept4(h->backend_listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return h->peer >= 0;
}

void harness_establish(struct harness *h)
{
    harness_open_client(h);
    harness_send(h, h->client, "H", 1);
    harness_expect(h, h->client, "S", 1);
    HARNESS_WAIT(h, harness_accept(h));
}

void harness_send(struct harness *h, int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t end = proxy_now() + HARNESS_PATIENCE_MS * 1000;

    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        ck_assert_msg(sent > 0 || errno == EAGAIN, "send: %s", strerror(errno));
        ck_assert_msg(proxy_now() < end, "sending takes too long");
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        }
        harness_turn(h, 0);
    }
}

void harness_expect(struct harness *h, int fd, const void *bytes, size_t len)
{
    static uint8_t got[1 << 16];
    size_t have = 0;
    uint64_t end = proxy_now() + HARNESS_PATIENCE_MS * 1000;

    ck_assert_uint_le(len, sizeof got);
    while (have < len) {
        ssize_t more = recv(fd, got + have, len - have, 0);
        ck_assert_msg(more > 0 || (more < 0 && errno == EAGAIN), "after %zu of %zu bytes: %s", have, len,
                      more == 0 ? "end of file" : strerror(errno));
        ck_assert_msg(proxy_now() < end, "only %zu of %zu bytes came", have, len);
        have += more > 0 ? (size_t)more : 0;
        harness_turn(h, 0);
    }
    ck_assert_mem_eq(got, bytes, len);
}

enum harness_end harness_end_of(int fd)
{
    uint8_t byte;
    ssize_t len = recv(fd, &byte, 1, 0);

    ck_assert_msg(len <= 0, "a byte %02x came where an end was expected", byte);
    if (len == 0)
        return HARNESS_EOF;
    return errno == EAGAIN ? HARNESS_OPEN : HARNESS_RESET;
}

void harness_reset(int fd)
{
    static const struct linger at_once = {1, 0};

    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

const char *harness_log(struct harness *h)
{
    ssize_t len = read(h->log_pipe[0], h->log + h->log_len, sizeof h->log - 1 - h->log_len);

    if (len > 0)
        h->log_len += (size_t)len;
    h->log[h->log_len] = 0;
    return h->log;
}

void harness_expect_log(struct harness *h, const char *part)
{
    HARNESS_WAIT(h, strstr(harness_log(h), part) != NULL || (ck_assert_msg(h->log_len < sizeof h->log - 1, "full"), 0));
}
