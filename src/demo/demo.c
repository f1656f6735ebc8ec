#include "demo/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "demo/json.h"
#include "demo/page.h"
#include "demo/visitors.h"
#include "proxy/handshake_view.h"

enum {
    MAX_REQUEST_HEADERS_LEN = 8 * 1024,
    MAX_REQUEST_BODY_LEN = 4 * 1024,
    IDLE_TIMEOUT = 30, /* seconds */
    DEMO_BACKLOG = 128,
    MAX_VISITORS = 512,
    MAX_SILENCE = 60, /* seconds; also for who sends a byte now and then */
};

struct demo {
    struct evhttp *http;
    struct visitors *visitors;
    uint16_t port;
};

/* ---- answers */

struct answer {
    int code;
    const char *phrase, *type;
    struct writer body;
};

static const char type_html[] = "text/html; charset=utf-8";
static const char type_json[] = "application/json";
static const char type_text[] = "text/plain; charset=utf-8";

static void set(struct answer *answer, int code, const char *phrase, const char *type)
{
    answer->code = code;
    answer->phrase = phrase;
    answer->type = type;
}

static void answer_page(struct answer *answer, const struct handshake_view *view)
{
    if (view) {
        set(answer, HTTP_OK, "OK", type_html);
        page_print(&answer->body, view);
        return;
    }
    set(answer, HTTP_NOTFOUND, "Not Found", type_html);
    page_print_message(&answer->body, "no handshake here",
                       "This connection did not come through sallyport, so there is no handshake to show. Open the "
                       "address that sallyport printed when it started, with https.");
}

static void answer_json(struct answer *answer, const struct handshake_view *view)
{
    if (view) {
        set(answer, HTTP_OK, "OK", type_json);
        json_print(&answer->body, view);
        return;
    }
    set(answer, HTTP_NOTFOUND, "Not Found", type_json);
    json_print_error(&answer->body, "this connection did not come through sallyport");
}

static void answer_health(struct answer *answer, const struct handshake_view *view)
{
    (void)view;
    set(answer, HTTP_OK, "OK", type_text);
    write_bytes(&answer->body, BYTES_OF_LITERAL("ok\n"));
}

static void answer_unknown_path(struct answer *answer, const struct handshake_view *view)
{
    (void)view;
    set(answer, HTTP_NOTFOUND, "Not Found", type_html);
    page_print_message(
        &answer->body, "nothing here",
        "This is sallyport&#39;s demo backend. It has one page, <a href=\"/\">your handshake</a>, and the "
        "same for programs, <a href=\"/handshake.json\">/handshake.json</a>.");
}

static void answer_method(struct answer *answer)
{
    set(answer, HTTP_BADMETHOD, "Method Not Allowed", type_html);
    page_print_message(&answer->body, "only to be read",
                       "This is sallyport&#39;s demo backend: it answers GET and HEAD. "
                       "See <a href=\"/\">your handshake</a>.");
}

static const struct route {
    const char *path;
    void (*answer)(struct answer *answer, const struct handshake_view *view); /* NULL: no handshake found */
} routes[] = {
    {"/", answer_page},
    {"/handshake.json", answer_json},
    {"/healthz", answer_health},
};

/* ---- requests */

/*
 * The port alone would let a local user look at a stranger's handshake, from the same port of another loopback
 * address: only what comes from 127.0.0.1, like the proxy, is looked up.
 */
static bool find_view(struct evhttp_connection *connection, struct handshake_view *view)
{
    const struct sockaddr *address = evhttp_connection_get_addr(connection);
    struct sockaddr_in from;

    if (!address || address->sa_family != AF_INET)
        return false;
    memcpy(&from, address, sizeof from);
    return from.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && handshake_view_find(ntohs(from.sin_port), view);
}

static const struct route *find_route(struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

    for (size_t i = 0; path && i < ARRAY_LEN(routes); i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

static void make_answer(struct evhttp_request *request, struct answer *answer)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(request);
    const struct route *route = find_route(request);
    struct handshake_view view;

    if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD)
        answer_method(answer);
    else if (!route)
        answer_unknown_path(answer, NULL);
    else
        route->answer(answer, find_view(evhttp_request_get_connection(request), &view) ? &view : NULL);
}

static const struct {
    const char *name, *value;
} fixed_headers[] = {
    {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                                "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
};

/* False when out of memory: an answer without one of its headers is not sent. */
MUST_CHECK static bool add_headers(struct evhttp_request *request, const struct answer *answer)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char len[24];

    evutil_snprintf(len, sizeof len, "%zu", writer_view(&answer->body).len);
    for (size_t i = 0; i < ARRAY_LEN(fixed_headers); i++)
        if (evhttp_add_header(headers, fixed_headers[i].name, fixed_headers[i].value) != 0)
            return false;
    if (answer->code == HTTP_BADMETHOD && evhttp_add_header(headers, "Allow", "GET, HEAD") != 0)
        return false;
    return evhttp_add_header(headers, "Content-Type", answer->type) == 0 &&
           evhttp_add_header(headers, "Content-Length", len) == 0;
}

/* RFC 9110 9.3.2: a HEAD is answered as a GET, with its Content-Length, but without the content. */
static void send_answer(struct evhttp_request *request, const struct answer *answer)
{
    struct evbuffer *body = evbuffer_new();
    struct bytes text = writer_view(&answer->body);
    bool is_head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;

    if (body && writer_ok(&answer->body) && add_headers(request, answer) &&
        (is_head || evbuffer_add(body, text.at, text.len) == 0))
        evhttp_send_reply(request, answer->code, answer->phrase, body);
    else
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    if (body)
        evbuffer_free(body);
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct demo *demo = context;
    struct answer answer = {0};
    uint8_t *storage = memory_new(MAX_PAGE_LEN);

    visitors_note_request(demo->visitors, request);
    if (!storage) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return;
    }
    answer.body = writer_of(storage, MAX_PAGE_LEN);
    make_answer(request, &answer);
    send_answer(request, &answer);
    memory_free(storage);
}

static struct bufferevent *on_accept(struct event_base *base, void *context)
{
    struct demo *demo = context;

    (void)base;
    return visitors_admit(demo->visitors);
}

/* ---- life cycle */

int demo_listen(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, DEMO_BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static struct evconnlistener *take_socket(struct event_base *base, int fd, uint16_t *port)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    struct evconnlistener *listener = NULL;

    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!listener) {
        close(fd);
        return NULL;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

/* All methods come to on_request(), which refuses in words of ours what is not to be read. */
static void configure(struct demo *demo)
{
    evhttp_set_allowed_methods(demo->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                               EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
                                               EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
    evhttp_set_max_headers_size(demo->http, MAX_REQUEST_HEADERS_LEN);
    evhttp_set_max_body_size(demo->http, MAX_REQUEST_BODY_LEN);
    evhttp_set_timeout(demo->http, IDLE_TIMEOUT);
    evhttp_set_bevcb(demo->http, on_accept, demo);
    evhttp_set_gencb(demo->http, on_request, demo);
}

struct demo *demo_new(struct event_base *base, int socket)
{
    struct demo *demo = memory_new(sizeof *demo);
    struct evconnlistener *listener;

    if (!demo) {
        close(socket);
        return NULL;
    }
    listener = take_socket(base, socket, &demo->port);
    demo->visitors =
        listener ? visitors_new(base, listener, (struct visitor_limits){MAX_VISITORS, MAX_SILENCE, 1000}) : NULL;
    demo->http = demo->visitors ? evhttp_new(base) : NULL;
    if (!demo->http || !evhttp_bind_listener(demo->http, listener)) {
        if (listener)
            evconnlistener_free(listener); /* evhttp owns it only once bound */
        demo_free(demo);
        return NULL;
    }
    configure(demo);
    return demo;
}

void demo_free(struct demo *demo)
{
    if (!demo)
        return;
    if (demo->http)
        evhttp_free(demo->http);
    visitors_free(demo->visitors);
    memory_free(demo);
}

uint16_t demo_port(const struct demo *demo)
{
    return demo->port;
}
