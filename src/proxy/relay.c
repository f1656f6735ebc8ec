#include "proxy/relay.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proxy/counting.h"
#include "proxy/limits.h"

enum io_kind { IO_MOVED, IO_BLOCKED, IO_END, IO_RESET };

struct io {
    enum io_kind kind;
    size_t len;
};

static bool is_ready(const struct connection *c, unsigned ports)
{
    return c->tls && (tls_ready(c->tls) & ports) != 0;
}

static size_t total_len(const struct iovec *spans, int count)
{
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += spans[i].iov_len;
    return len;
}

static enum io_kind kind_of_error(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? IO_BLOCKED : IO_RESET;
}

/* After a short read the socket was empty a moment ago: the event loop tells when it no longer is. */
static struct io read_into(struct endpoint *from, const struct iovec *spans, int count)
{
    ssize_t len = readv(from->fd, spans, count);

    if (len > 0) {
        from->can_read = (size_t)len == total_len(spans, count);
        return (struct io){IO_MOVED, (size_t)len};
    }
    from->can_read = false;
    return (struct io){len == 0 ? IO_END : kind_of_error(errno), 0};
}

/* The end of the stream follows at once, and then shares a segment with the last text. */
static ssize_t send_all_but_the_end(int fd, const struct iovec *spans, int count)
{
    size_t sent = 0;

    for (int i = 0; i < count; i++) {
        ssize_t len = send(fd, spans[i].iov_base, spans[i].iov_len, MSG_NOSIGNAL | MSG_MORE);
        if (len < 0)
            return sent > 0 ? (ssize_t)sent : len;
        sent += (size_t)len;
        if ((size_t)len < spans[i].iov_len)
            break;
    }
    return (ssize_t)sent;
}

enum what_follows { MORE_FOLLOWS, END_FOLLOWS };

/*
 * Not by sendmsg(2), which whoever meets clients may not call (daemon/rights_calls.c), for it hands on descriptors,
 * too. SIGPIPE is ignored (daemon/spawn.c).
 */
static struct io write_from(struct endpoint *to, struct iovec *spans, int count, enum what_follows next)
{
    ssize_t len = next == END_FOLLOWS ? send_all_but_the_end(to->fd, spans, count) : writev(to->fd, spans, count);

    if (len >= 0) {
        to->can_write = (size_t)len == total_len(spans, count);
        return (struct io){IO_MOVED, (size_t)len};
    }
    to->can_write = false;
    return (struct io){kind_of_error(errno), 0};
}

uint32_t endpoint_unsent(const struct endpoint *endpoint)
{
    int unsent = 0;

    return ioctl(endpoint->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0 ? (uint32_t)unsent : 0;
}

/* ---- the client's side */

static void end_client_input(struct connection *c, enum io_kind kind)
{
    c->client.has_ended_in = true;
    if (kind == IO_RESET)
        c->client.is_reset = c->client.has_ended_out = true;
    tls_wire_end(c->tls);
}

static bool has_said_goodbye(const struct connection *c)
{
    return c->tls && tls_outcome(c->tls)->client_end == TLS_CLIENT_CLOSE_NOTIFY && !c->client.has_ended_in;
}

/* RFC 8446 6.1: what comes after close_notify is ignored; that the client is gone altogether is not. */
static bool watch_after_close_notify(struct connection *c)
{
    uint8_t scrap[4096];
    struct iovec span = {scrap, sizeof scrap};
    struct io io;

    if (!c->client.can_read)
        return false;
    io = read_into(&c->client, &span, 1);
    if (io.kind == IO_END || io.kind == IO_RESET)
        end_client_input(c, io.kind);
    return io.kind != IO_BLOCKED;
}

static bool pull_from_client(struct connection *c)
{
    struct iovec spans[MAX_SPANS];
    struct io io;
    int count;

    if (has_said_goodbye(c))
        return watch_after_close_notify(c);
    if (!c->client.can_read || c->client.has_ended_in || !is_ready(c, TLS_WIRE_IN))
        return false;
    count = tls_wire_space(c->tls, spans, MAX_SPANS);
    if (count == 0)
        return false;
    io = read_into(&c->client, spans, count);
    if (io.kind == IO_MOVED)
        c->active_at = proxy_now(); /* before the engine spends its time on it */
    tls_wire_commit(c->tls, io.len);
    if (io.kind == IO_END || io.kind == IO_RESET)
        end_client_input(c, io.kind);
    return io.kind != IO_BLOCKED;
}

/* Nothing can be sent any more, but what the client sent before it left may still be in the socket: read on. */
static void lose_client_output(struct connection *c)
{
    c->client.is_reset = c->client.has_ended_out = true;
    c->client.can_read = true;
}

/* blocked_at: since when the client has taken nothing of what is there for it. */
static void note_client_progress(struct connection *c, bool has_moved)
{
    uint64_t now = proxy_now();

    if (has_moved)
        c->active_at = now;
    if (c->client.can_write) {
        c->blocked_at = 0;
    } else if (has_moved || c->blocked_at == 0) {
        c->blocked_at = now;
        c->looks = 0;
        c->unsent = endpoint_unsent(&c->client);
    }
}

/* The kernel calls a socket writable when a third of its queue is free: to a slow client that may take minutes. */
bool relay_client_took_some(struct connection *c)
{
    uint32_t unsent = endpoint_unsent(&c->client);
    bool has_taken = unsent < c->unsent;

    c->unsent = unsent;
    if (!has_taken)
        return false;
    c->active_at = c->blocked_at = proxy_now();
    c->looks = 0;
    return true;
}

bool relay_backend_took_some(struct connection *c)
{
    uint32_t unsent = c->backend.fd >= 0 ? endpoint_unsent(&c->backend) : 0;
    bool has_taken = unsent != 0 && unsent != c->backend_unsent;

    c->backend_unsent = unsent;
    if (has_taken)
        c->active_at = proxy_now();
    return has_taken;
}

static bool push_to_client(struct connection *c)
{
    struct iovec spans[MAX_SPANS];
    struct io io;
    int count;

    if (!is_ready(c, TLS_WIRE_OUT))
        return false;
    count = tls_wire_view(c->tls, spans, MAX_SPANS);
    if (c->client.has_ended_out) {
        tls_wire_consume(c->tls, total_len(spans, count)); /* nobody is left to read it */
        return true;
    }
    if (!c->client.can_write)
        return false;
    io = write_from(&c->client, spans, count, c->backend.has_ended_in ? END_FOLLOWS : MORE_FOLLOWS);
    if (io.kind == IO_RESET) {
        lose_client_output(c);
        return true;
    }
    note_client_progress(c, io.len > 0);
    tls_wire_consume(c->tls, io.len);
    return io.len > 0;
}

/* ---- the backend's side */

static void lose_backend_output(struct connection *c, int error)
{
    c->backend.has_ended_out = true;
    c->backend.can_read = true; /* its answer may have come before it stopped reading */
    if (error != EPIPE)
        c->backend.is_reset = true; /* EPIPE: its end of file came first, and ends its answer properly */
}

static bool push_header(struct connection *c)
{
    struct bytes header = buffer_view(&c->header);
    struct iovec span = {(void *)header.at, header.len};
    struct io io = write_from(&c->backend, &span, 1, MORE_FOLLOWS);

    if (io.kind == IO_RESET) {
        lose_backend_output(c, errno);
        buffer_drop(&c->header, c->proxy->pool);
        return true;
    }
    buffer_consume(&c->header, c->proxy->pool, io.len);
    return io.len > 0;
}

static bool push_to_backend(struct connection *c)
{
    struct iovec spans[MAX_SPANS];
    struct io io;
    int count;

    if (c->state != CONNECTION_RELAYING || (!c->backend.can_write && !c->backend.has_ended_out))
        return false;
    if (buffer_len(&c->header) > 0)
        return push_header(c);
    if (!is_ready(c, TLS_PLAIN_OUT))
        return false;
    count = tls_plain_view(c->tls, spans, MAX_SPANS);
    if (c->backend.has_ended_out) {
        tls_plain_consume(c->tls, total_len(spans, count)); /* it stopped reading: its answer may still be coming */
        return true;
    }
    io = write_from(&c->backend, spans, count, MORE_FOLLOWS);
    if (io.kind == IO_RESET) {
        lose_backend_output(c, errno);
        return true;
    }
    if (io.len > 0)
        c->active_at = proxy_now();
    c->bytes_in += io.len;
    counting_in(c, io.len);
    tls_plain_consume(c->tls, io.len);
    return io.len > 0;
}

static void end_backend_input(struct connection *c, enum io_kind kind)
{
    c->backend.has_ended_in = true;
    if (kind == IO_END && !c->backend.is_reset) {
        tls_close(c->tls);
        return;
    }
    c->backend.is_reset = c->backend.has_ended_out = true;
    tls_abort(c->tls, WHY_BACKEND_RESET);
}

/*
 * In RELAYING the one question to the key service, asked or to be asked, is about tickets. They go in front of the
 * first text: a client that has what it came for leaves, and behind it they would find nobody. But nobody waits long
 * for what he can do without.
 */
static bool goes_behind_tickets(const struct connection *c)
{
    return c->state == CONNECTION_RELAYING && c->bytes_out == 0 && (c->is_key_asked || is_ready(c, TLS_KEY));
}

bool relay_holds_text(const struct connection *c)
{
    return c->text_held_at && goes_behind_tickets(c) && proxy_now() - c->text_held_at < MAX_TICKET_DELAY;
}

/* There is some. */
static bool hold_text(struct connection *c)
{
    if (!c->text_held_at && goes_behind_tickets(c))
        c->text_held_at = proxy_now();
    if (!relay_holds_text(c))
        return false;
    key_service_hurry(c->proxy->keys);
    return true;
}

static bool pull_from_backend(struct connection *c)
{
    struct iovec spans[MAX_SPANS];
    struct io io;
    int count;

    if (c->state != CONNECTION_RELAYING || !c->backend.can_read || c->backend.has_ended_in ||
        !is_ready(c, TLS_PLAIN_IN) || hold_text(c))
        return false;
    count = tls_plain_space(c->tls, spans, MAX_SPANS);
    if (count == 0)
        return false;
    io = read_into(&c->backend, spans, count);
    tls_plain_commit(c->tls, io.len);
    if (io.kind == IO_BLOCKED)
        return false;
    if (io.kind != IO_MOVED)
        end_backend_input(c, io.kind);
    else
        c->active_at = proxy_now();
    c->bytes_out += io.len;
    counting_out(c, io.len);
    return true;
}

void relay_pump(struct connection *c)
{
    bool has_moved = true;

    for (int round = 0; round < MAX_PUMP_ROUNDS && has_moved; round++) {
        has_moved = pull_from_client(c);
        has_moved = push_to_backend(c) || has_moved;
        has_moved = pull_from_backend(c) || has_moved;
        has_moved = push_to_client(c) || has_moved;
    }
    if (c->state == CONNECTION_RELAYING && c->active_at > c->proxy->budget.relayed_at)
        c->proxy->budget.relayed_at = c->active_at;
}

bool relay_flush_client(struct connection *c)
{
    while (push_to_client(c))
        ;
    return is_ready(c, TLS_WIRE_OUT) && !c->client.has_ended_out;
}

bool relay_discard_client(struct connection *c)
{
    uint8_t scrap[4096];

    for (size_t turn = 0; turn < MAX_LINGER_BYTES && (c->is_clean || c->lingered < MAX_LINGER_BYTES);
         turn += sizeof scrap) {
        ssize_t len = read(c->client.fd, scrap, sizeof scrap);
        if (len <= 0)
            return len == 0 || kind_of_error(errno) == IO_RESET;
        if (c->lingered < MAX_LINGER_BYTES)
            c->lingered += (uint32_t)len;
    }
    return c->lingered >= MAX_LINGER_BYTES && !(c->is_clean && endpoint_unsent(&c->client) > 0);
}

short relay_client_interest(const struct connection *c)
{
    short interest = 0;

    if ((!c->client.has_ended_in && is_ready(c, TLS_WIRE_IN)) || has_said_goodbye(c))
        interest |= EV_READ;
    if (!c->client.has_ended_out && is_ready(c, TLS_WIRE_OUT))
        interest |= EV_WRITE;
    return interest;
}

short relay_backend_interest(const struct connection *c)
{
    short interest = 0;

    if (c->state == CONNECTION_CONNECTING)
        return EV_WRITE;
    if (!c->backend.has_ended_in && is_ready(c, TLS_PLAIN_IN) && !relay_holds_text(c))
        interest |= EV_READ;
    if (!c->backend.has_ended_out && (buffer_len(&c->header) > 0 || is_ready(c, TLS_PLAIN_OUT)))
        interest |= EV_WRITE;
    return interest;
}
