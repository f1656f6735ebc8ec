#include "admin/pages.h"

#include <event2/buffer.h>

#include "admin/metrics.h"
#include "base/alloc.h"
#include "proxy/proxy.h"

/* Microseconds. The master ends a worker earlier than that: all of them so late means that it stands still, too. */
enum { MAX_SILENCE = 15 * 1000 * 1000 };

#define PLAIN "text/plain; charset=utf-8"

static const struct page ok = {200, "OK", PLAIN};
static const struct page not_found = {404, "Not Found", PLAIN};
static const struct page not_allowed = {405, "Method Not Allowed", PLAIN};
static const struct page unavailable = {503, "Service Unavailable", PLAIN};

static bool say(struct evbuffer *out, const char *text)
{
    return evbuffer_add_printf(out, "%s\n", text) >= 0;
}

/* Those that count for themselves are not seen, and taken for what they should be. */
static bool does_somebody_work(const struct board_facts *facts, const struct admin_view *view)
{
    uint64_t now = proxy_now(), seen = 0;

    for (size_t slot = 0; slot < facts->slot_count; slot++) {
        const struct counters *counters = facts->is_slot_live[slot] ? counters_map_look(view->counters, slot) : NULL;
        uint64_t beat = counters ? count_read(&counters->gauges.beat) : 0;
        if (beat != 0 && now < beat + MAX_SILENCE)
            return true;
        seen += beat != 0;
    }
    return seen < facts->processes[BOARD_WORKER].alive;
}

/* Alive: somebody serves clients, or is about to. A supervisor that starts it anew when it is not does no harm. */
static bool answer_health(const struct board_facts *facts, const struct admin_view *view, struct evbuffer *out,
                          struct page *page)
{
    bool is_there = facts->processes[BOARD_WORKER].alive > 0 || facts->state == BOARD_STARTING;
    bool is_alive = is_there && (facts->state == BOARD_STARTING || does_somebody_work(facts, view));

    *page = is_alive ? ok : unavailable;
    if (is_there && !is_alive)
        return say(out, "every worker process stands still");
    return say(out, is_alive ? "ok" : "no worker process is there");
}

static bool answer_ready(const struct board_facts *facts, const struct admin_view *view, struct evbuffer *out,
                         struct page *page)
{
    static const char *const words[BOARD_STATES] = {
        [BOARD_STARTING] = "starting",
        [BOARD_READY] = "ready",
        [BOARD_DRAINING] = "draining",
    };
    bool is_served = facts->processes[BOARD_WORKER].alive > 0;
    bool is_ready = facts->state == BOARD_READY && is_served;
    (void)view;

    *page = is_ready ? ok : unavailable;
    if (facts->state == BOARD_READY && !is_served)
        return say(out, "no worker process is there");
    return say(out, facts->state < BOARD_STATES ? words[facts->state] : "unknown");
}

static bool answer_metrics(const struct board_facts *facts, const struct admin_view *view, struct evbuffer *out,
                           struct page *page)
{
    *page = ok;
    page->content_type = METRICS_CONTENT_TYPE;
    return metrics_print(facts, view->counters, out);
}

static const struct row {
    const char *path;
    bool (*answer)(const struct board_facts *facts, const struct admin_view *view, struct evbuffer *out,
                   struct page *page);
} rows[] = {
    {"/healthz", answer_health},
    {"/readyz", answer_ready},
    {"/metrics", answer_metrics},
};

static const struct row *find_row(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].path, path) == 0)
            return &rows[i];
    return NULL;
}

/* A board that its writer left in the middle of a change is no sign of health. */
static bool answer_from_board(const struct row *row, const struct admin_view *view, struct evbuffer *out,
                              struct page *page)
{
    struct board_facts *facts = memory_new(sizeof *facts); /* large for a stack */
    bool is_ok = facts != NULL;

    if (is_ok && board_read(view->board, facts)) {
        is_ok = row->answer(facts, view, out, page);
    } else if (is_ok) {
        *page = unavailable;
        is_ok = say(out, "the master process does not finish what it writes");
    }
    memory_free(facts);
    return is_ok;
}

bool pages_answer(const struct admin_view *view, enum page_method method, const char *path, struct evbuffer *out,
                  struct page *page)
{
    const struct row *row = find_row(path);

    *page = row ? not_allowed : not_found;
    if (!row)
        return say(out, "there are /healthz, /readyz and /metrics");
    if (method != PAGE_READ)
        return say(out, "GET and HEAD only");
    return answer_from_board(row, view, out, page);
}
