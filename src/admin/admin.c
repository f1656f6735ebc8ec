#include "admin/admin.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/admin_clients.h"
#include "admin/pages.h"
#include "base/alloc.h"
#include "base/log.h"
#include "proxy/event_drop.h"
#include "proxy/proxy.h"

/* One listening socket. */
struct entrance {
    struct evconnlistener *listener; /* of `http` once it is bound */
    struct event *resume;            /* a timer, pending while it pauses */
};

struct admin {
    struct evhttp *http;
    struct admin_view view;
    struct entrance *entrances;
    size_t entrance_count;
    struct admin_clients clients;
    struct event *look; /* a timer: who keeps a place for too long? */
};

/* evhttp puts itself in the place of a listener's context: so its error callback finds the one of this process here. */
static struct admin *running;

/* ---- requests */

static const char *path_of(struct evhttp_request *request)
{
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

    return path ? path : "";
}

static enum page_method method_of(struct evhttp_request *request)
{
    enum evhttp_cmd_type command = evhttp_request_get_command(request);

    return command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD ? PAGE_READ : PAGE_OTHER;
}

/* evhttp sends the body that it is given, to whatever request: a HEAD gets the length of it alone (RFC 9110 9.3.2). */
static bool take_body_away(struct evhttp_request *request, struct evbuffer *body)
{
    size_t len = evbuffer_get_length(body);
    char text[24];

    if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
        return true;
    snprintf(text, sizeof text, "%zu", len);
    return evbuffer_drain(body, len) == 0 &&
           evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length", text) == 0;
}

static bool add_headers(struct evhttp_request *request, const struct page *page)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    return evhttp_add_header(headers, "Content-Type", page->content_type) == 0 &&
           evhttp_add_header(headers, "Cache-Control", "no-store") == 0 &&
           (page->status != 405 || evhttp_add_header(headers, "Allow", "GET, HEAD") == 0);
}

static void note_client(struct admin *admin, struct evhttp_request *request)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(request);

    if (connection)
        admin_clients_asked(&admin->clients, (int)bufferevent_getfd(evhttp_connection_get_bufferevent(connection)),
                            proxy_now());
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct admin *admin = context;
    struct evbuffer *body = evbuffer_new();
    struct page page;

    note_client(admin, request);
    if (body && pages_answer(&admin->view, method_of(request), path_of(request), body, &page) &&
        add_headers(request, &page) && take_body_away(request, body))
        evhttp_send_reply(request, page.status, page.reason, body);
    else
        evhttp_send_error(request, 500, "out of memory");
    if (body)
        evbuffer_free(body);
}

static struct evhttp *new_http(struct event_base *base, struct admin *admin)
{
    struct evhttp *http = evhttp_new(base);

    if (!http)
        return NULL;
    evhttp_set_max_headers_size(http, MAX_ADMIN_HEADERS_LEN);
    evhttp_set_max_body_size(http, MAX_ADMIN_BODY_LEN);
    evhttp_set_timeout(http, ADMIN_CLIENT_TIMEOUT);
    /* All of them, so that what is not allowed gets 405 and not "not implemented". */
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                         EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_gencb(http, on_request, admin);
    return http;
}

/* ---- sockets */

static void on_resume(evutil_socket_t fd, short what, void *context)
{
    struct entrance *entrance = context;
    (void)fd, (void)what;

    (void)evconnlistener_enable(entrance->listener);
}

/*
 * Without a descriptor for it the client stays in the queue: an evconnlistener would try again at once, for ever. Those
 * that have waited longest make room meanwhile.
 */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    static const struct timeval pause = {0, ADMIN_ACCEPT_PAUSE};
    (void)context;

    if (running)
        admin_clients_make_room(&running->clients, proxy_now());
    for (size_t i = 0; running && i < running->entrance_count; i++)
        if (running->entrances[i].listener == listener && event_add(running->entrances[i].resume, &pause) == 0)
            (void)evconnlistener_disable(listener);
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    struct admin *admin = context;
    (void)fd, (void)what;

    admin_clients_end_late(&admin->clients, proxy_now());
}

static bool watch_clients(struct admin *admin, struct event_base *base)
{
    static const struct timeval often = {ADMIN_CLIENTS_LOOK, 0};

    admin_clients_begin(&admin->clients);
    admin->look = event_new(base, -1, EV_PERSIST, on_look, admin);
    return admin->look && event_add(admin->look, &often) == 0;
}

/* Takes over `fd`. */
static bool open_entrance(struct admin *admin, struct event_base *base, int fd)
{
    struct entrance *entrance = &admin->entrances[admin->entrance_count];

    entrance->listener = evconnlistener_new(base, NULL, admin, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!entrance->listener) {
        close(fd);
        return false;
    }
    entrance->resume = evtimer_new(base, on_resume, entrance);
    if (!entrance->resume || !evhttp_bind_listener(admin->http, entrance->listener)) {
        event_drop(entrance->resume);
        evconnlistener_free(entrance->listener);
        return false;
    }
    evconnlistener_set_error_cb(entrance->listener, on_accept_error);
    admin->entrance_count++;
    return true;
}

struct admin *admin_new(struct event_base *base, struct admin_view view, const int *fds, size_t fd_count)
{
    struct admin *admin = memory_new(sizeof *admin);
    bool is_open = admin != NULL;

    if (admin) {
        admin->view = view;
        admin->http = new_http(base, admin);
        admin->entrances = memory_new_array(fd_count + 1, sizeof *admin->entrances);
        is_open = admin->http && admin->entrances;
    }
    for (size_t i = 0; i < fd_count; i++) {
        if (is_open)
            is_open = open_entrance(admin, base, fds[i]);
        else
            close(fds[i]);
    }
    if (is_open && watch_clients(admin, base)) {
        running = admin;
        return admin;
    }
    admin_free(admin);
    return NULL;
}

void admin_free(struct admin *admin)
{
    if (!admin)
        return;
    running = NULL;
    event_drop(admin->look);
    for (size_t i = 0; i < admin->entrance_count; i++)
        event_free(admin->entrances[i].resume);
    if (admin->http)
        evhttp_free(admin->http); /* and the listeners it is bound to */
    memory_free(admin->entrances);
    memory_free(admin);
}

/* ---- a process of its own */

struct hearing {
    struct event_base *base;
    struct admin_parent parent;
};

static void on_control(evutil_socket_t fd, short what, void *context)
{
    const struct hearing *hearing = context;
    (void)fd, (void)what;

    if (!hearing->parent.hear(hearing->parent.context))
        event_base_loopbreak(hearing->base);
}

static void ignore_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

    for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
}

/* Clients cost descriptors: with this limit they cannot have more than their share of the machine's. */
static void limit_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < MAX_ADMIN_DESCRIPTORS ? limit.rlim_max : MAX_ADMIN_DESCRIPTORS;
    limit.rlim_max = limit.rlim_cur;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* to less is always allowed */
}

static bool serve(struct event_base *base, struct admin_view view, const int *fds, size_t fd_count,
                  struct admin_parent parent)
{
    struct hearing hearing = {base, parent};
    struct admin *admin = admin_new(base, view, fds, fd_count);
    struct event *told = event_new(base, parent.control, EV_READ | EV_PERSIST, on_control, &hearing);
    bool is_ok = admin && told && event_add(told, NULL) == 0 && event_base_dispatch(base) >= 0;

    admin_free(admin);
    event_drop(told);
    return is_ok;
}

struct event_base *admin_prepare(void)
{
    ignore_signals();
    limit_descriptors();
    return event_base_new();
}

bool admin_run(struct event_base *base, struct admin_view view, const int *fds, size_t fd_count,
               struct admin_parent parent)
{
    bool is_ok = serve(base, view, fds, fd_count, parent);

    event_base_free(base);
    return is_ok;
}
