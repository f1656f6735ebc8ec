#include "proxy/connecting.h"

#include <errno.h>

#include "base/log.h"
#include "proxy/closing.h"
#include "proxy/counting.h"
#include "proxy/limits.h"
#include "proxy/proxy_protocol.h"

/* The kernel's words for it make nobody think of ports. */
static const char *words_of(int error)
{
    return error == EADDRNOTAVAIL ? "no local port is left for this server, or no local address reaches it"
                                  : strerror(error);
}

/* Without a server where none was tried. */
static void log_backend_failure(struct connection *c, const char *error)
{
    const struct backend *backend = listener_backend(c->listener);
    const struct backend_server *server = backend_server_of(backend, &c->attempt);
    struct log_line line;
    uint32_t suppressed;

    if (!log_limit_allows(&c->proxy->limit_backend, proxy_now(), MAX_LOG_LINES_PER_SECOND, 1000 * 1000, &suppressed)) {
        count_one(&c->proxy->counters->lines_suppressed);
        proxy_tell_suppressed_later(c->proxy);
        return;
    }
    log_begin(&line, LOG_LEVEL_WARNING, "backend_failed");
    log_number(&line, "id", (int64_t)c->ticket.id);
    log_text(&line, "backend", backend->name);
    if (server)
        log_text(&line, "server", server->text);
    log_text(&line, "error", error);
    if (suppressed)
        log_number(&line, "suppressed", suppressed);
    log_end(&line);
}

static void note_backend_failure(struct connection *c, const char *error, enum why why)
{
    counting_backend_failed(c, why);
    log_backend_failure(c, error);
}

/* Before the first byte of the client; its length is bounded by MAX_PROXY_HEADER_LEN. */
static bool prepare_header(struct connection *c)
{
    const struct backend *backend = listener_backend(c->listener);
    uint8_t space[MAX_PROXY_HEADER_LEN];
    struct writer header = writer_of(space, sizeof space);
    struct socket_address server;
    struct proxy_protocol_facts facts = {&c->peer.any, &server.any, tls_outcome(c->tls)};

    if (backend->send_proxy == CONFIG_SEND_PROXY_NONE)
        return true;
    if (!address_of_socket(c->client.fd, &server))
        facts.server = NULL;
    if (backend->send_proxy == CONFIG_SEND_PROXY_V1)
        proxy_protocol_write_v1(&facts, &header);
    else
        proxy_protocol_write_v2(&facts, &header);
    return writer_ok(&header) && buffer_append(&c->header, c->proxy->pool, writer_view(&header));
}

static void begin_relaying(struct connection *c)
{
    struct backend *backend = listener_backend(c->listener);

    counting_enter(c, CONNECTION_RELAYING);
    c->active_at = c->backend_at = proxy_now();
    c->backend.can_write = true;
    backend_worked(backend, &c->attempt);
    counting_backend_connected(c);
    if (!prepare_header(c))
        tls_abort(c->tls, WHY_NO_MEMORY);
}

static void copy_text(char *to, size_t size, struct bytes from)
{
    size_t len = from.len < size ? from.len : size - 1;

    memcpy(to, from.at ? from.at : (const uint8_t *)"", from.at ? len : 0);
    to[from.at ? len : 0] = 0;
}

static void copy_client(struct handshake_view *view, const struct client_identity *client)
{
    view->is_client_verified = client != NULL;
    if (client)
        copy_text(view->client_certificate, sizeof view->client_certificate,
                  bytes_of_string(client->subject[0] ? client->subject : client->names));
}

/* The demo backend is about to accept: by then it must find us by our port. */
static void publish_handshake(struct connection *c)
{
    const struct tls_outcome *outcome = tls_outcome(c->tls);
    struct socket_address own;
    struct handshake_view *view;

    if (!c->entry || !address_of_socket(c->backend.fd, &own))
        return;
    view = &c->entry->view;
    view->connection_id = c->ticket.id;
    view->outcome = *outcome;
    view->outcome.client = NULL; /* dies with the connection, the view may outlive it */
    view->outcome.sni = view->outcome.alpn = bytes_of(NULL, 0);
    view->outcome.credential = NULL;
    copy_text(view->sni, sizeof view->sni, outcome->sni);
    copy_text(view->alpn, sizeof view->alpn, outcome->alpn);
    if (outcome->credential)
        copy_text(view->certificate, sizeof view->certificate,
                  bytes_of_string(tls_credential_label(outcome->credential)));
    copy_client(view, outcome->client);
    view->is_development_certificate = strcmp(view->certificate, CONFIG_CERTIFICATE_DEVELOPMENT) == 0;
    address_format(&c->peer.any, sizeof c->peer, view->client);
    view->accepted_at = c->accepted_at;
    view->connected_at = c->handshake_at;
    handshake_entry_publish(c->entry, ntohs(own.v4.sin_port));
}

/* Without a descriptor for the backend, one that only waits in a handshake has to give up its own. */
static bool makes_room(struct connection *c, int error)
{
    return (error == EMFILE || error == ENFILE) && proxy_shed_one(c->proxy);
}

static enum backend_connect_result connect_itself(struct connection *c, int *error)
{
    const struct backend *backend = listener_backend(c->listener);
    enum backend_connect_result result = backend_connect(backend, &c->attempt, &c->backend.fd, error);

    /* No address is bound before connect(), so the kernel may use one port for many servers (reliability D06). */
    count_more(&c->proxy->counters->backend_ports_exhausted, result == BACKEND_FAILED && *error == EADDRNOTAVAIL);
    if (result == BACKEND_FAILED && makes_room(c, *error))
        result = backend_connect(backend, &c->attempt, &c->backend.fd, error);
    return result;
}

static enum backend_connect_result ask_connector(struct connection *c, int *error)
{
    struct proxy *proxy = c->proxy;
    const struct socket_address *address = backend_address_of(listener_backend(c->listener), &c->attempt);

    proxy->last_question += proxy->last_question == UINT32_MAX ? 2 : 1;
    c->question = proxy->last_question;
    if (proxy->connector.ask(proxy->connector.context, address, (struct proxy_question){c->ticket, c->question}))
        return BACKEND_CONNECTING;
    *error = errno;
    return BACKEND_FAILED;
}

static enum backend_connect_result connect_once(struct connection *c, int *error)
{
    const struct socket_address *address = backend_address_of(listener_backend(c->listener), &c->attempt);

    c->question = 0;
    c->is_asked_again = false;
    if (address->any.sa_family == AF_UNIX && c->proxy->connector.ask)
        return ask_connector(c, error);
    return connect_itself(c, error);
}

/* There was nowhere to connect to: no attempt at a server was made. */
static void give_up_unresolved(struct connection *c)
{
    log_backend_failure(c, why_sentence(WHY_BACKEND_UNRESOLVED));
    tls_abort(c->tls, WHY_BACKEND_UNRESOLVED);
}

/* Goes on to the next place to try; `why` is what to say when there is none left. */
static void try_backends(struct connection *c, enum why why)
{
    int error = 0;

    counting_enter(c, CONNECTION_CONNECTING);
    while (backend_next(listener_backend(c->listener), &c->attempt)) {
        c->state_at = proxy_now();
        switch (connect_once(c, &error)) {
        case BACKEND_CONNECTED:
            publish_handshake(c);
            begin_relaying(c);
            return;
        case BACKEND_CONNECTING:
            publish_handshake(c);
            return;
        case BACKEND_FAILED:
            why = WHY_BACKEND_REFUSED;
            note_backend_failure(c, words_of(error), why);
        }
    }
    if (c->attempt.servers_tried > 0)
        tls_abort(c->tls, why);
    else
        give_up_unresolved(c);
}

static void give_up_server(struct connection *c, const char *error, enum why why)
{
    note_backend_failure(c, error, why);
    endpoint_close(&c->backend);
    try_backends(c, why);
}

void connecting_begin(struct connection *c)
{
    try_backends(c, WHY_BACKEND_REFUSED);
}

void connecting_resume(struct connection *c)
{
    int error = backend_connect_error(c->backend.fd);

    if (error == 0)
        begin_relaying(c);
    else
        give_up_server(c, words_of(error), WHY_BACKEND_REFUSED);
}

/* What was lost on its way, for want of a descriptor here, is asked for once more in the place of a handshake. */
static bool asks_again(struct connection *c, int *error)
{
    if (c->is_asked_again || !makes_room(c, EMFILE))
        return false;
    c->is_asked_again = true;
    return ask_connector(c, error) == BACKEND_CONNECTING;
}

void connecting_answer(struct connection *c, int fd, int error)
{
    bool is_lost = fd < 0 && error == 0;

    c->question = 0;
    c->backend.fd = fd;
    if (fd >= 0) {
        begin_relaying(c);
        return;
    }
    if (is_lost)
        error = EMFILE;
    if (!is_lost || !asks_again(c, &error))
        give_up_server(c, words_of(error), WHY_BACKEND_REFUSED);
}

void connecting_expire(struct connection *c)
{
    give_up_server(c, "no answer in time", WHY_BACKEND_TIMEOUT);
}
