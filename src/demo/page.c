#include "demo/page.h"

#include "demo/facts.h"
#include "demo/ladder.h"
#include "demo/offered.h"
#include "demo/print.h"
#include "demo/style.h"

static void print_head(struct writer *out, const char *title)
{
    print_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
                    "<meta name=\"color-scheme\" content=\"light dark\"/><title>");
    print_text(out, title);
    print_text(out, "</title>\n<style>");
    print_text(out, style_sheet);
    print_text(out, "</style></head>\n");
}

/* A gate in a wall with battlements, and the name. */
static void print_brand(struct writer *out)
{
    print_text(out, "<div class=\"brand\"><svg viewBox=\"0 0 26 26\" aria-hidden=\"true\">"
                    "<path fill-rule=\"evenodd\" d=\"M2 24V4h4v3h3V4h3v3h2V4h3v3h3V4h4v20h-6v-7a5 5 0 0 0-10 0v7z\"/>"
                    "</svg>sallyport</div>\n");
}

/* ---- the top: what happened, in one line */

static void print_chip(struct writer *out, const char *text)
{
    if (!text)
        return;
    print_text(out, "<li>");
    print_html(out, text);
    print_text(out, "</li>");
}

static void print_top(struct writer *out, const struct handshake_view *view, const struct flights *flights)
{
    const struct tls_outcome *outcome = &view->outcome;
    const char *version = fact_version(outcome);

    print_brand(out);
    print_text(out, "<h1>your handshake</h1>\n<p class=\"lead\">This page came to you through a ");
    print_text(out, version ? version : "TLS");
    print_text(out, " handshake that sallyport and your client made a moment ago. This is how it went.</p>\n"
                    "<ul class=\"chips\">");
    print_chip(out, version);
    print_chip(out, outcome->is_resumed ? "resumed" : NULL);
    print_chip(out, fact_cipher(outcome));
    print_chip(out, fact_group(outcome));
    print_chip(out, fact_signature(outcome));
    if (flights->count) {
        print_text(out, "<li>");
        print_duration(out, flights->total);
        print_text(out, "</li>");
    }
    print_text(out, "</ul>\n");
}

/* A resumed connection does not tell under which certificate its ticket was given. */
static const char *notice_of(const struct handshake_view *view)
{
    if (view->is_development_certificate)
        return "This is the demo backend behind the development certificate.</b> Neither is meant for others: ";
    if (view->outcome.is_resumed)
        return "This is the demo backend.</b> What is missing is ";
    return "This is the demo backend.</b> The certificate is yours already; what is missing is ";
}

static void print_notice(struct writer *out, const struct handshake_view *view)
{
    print_text(out, "<p class=\"notice\"><b>");
    print_text(out, notice_of(view));
    print_text(out, view->is_development_certificate ? "<a href=\"#serve\">put your own service here</a>.</p>\n"
                                                     : "<a href=\"#serve\">a service of your own</a>.</p>\n");
}

/* ---- the facts */

static void print_facts(struct writer *out, const struct handshake_view *view)
{
    print_text(out, "<section class=\"card\"><h2>What was agreed</h2><dl>\n");
    for (size_t i = 0; i < FACT_COUNT; i++) {
        print_format(out, "<dt>%s</dt><dd><p class=\"value\">", facts[i].label);
        facts[i].print_value(out, view);
        print_text(out, "</p><p class=\"why\">");
        facts[i].print_sentence(out, view);
        print_text(out, "</p></dd>\n");
    }
    print_text(out, "</dl></section>\n");
}

/* ---- the flights */

static void print_shares(struct writer *out, const struct flights *flights)
{
    uint64_t percent = flights->total ? flights->own * 100 / flights->total : 0;

    print_format(out,
                 "<svg class=\"share\" aria-hidden=\"true\"><rect class=\"rest\" width=\"100%%\" height=\"10\"/>"
                 "<rect class=\"own\" width=\"%llu%%\" height=\"10\"/></svg>\n<p class=\"shares\">",
                 (unsigned long long)percent);
    print_text(out, "Of ");
    print_duration(out, flights->total);
    print_text(out, ", sallyport worked ");
    print_duration(out, flights->own);
    print_text(out, "; the rest was the network and your client. ");
    print_text(out, "Your client sent ");
    print_number(out, flights->client_len);
    print_text(out, " bytes of messages, sallyport ");
    print_number(out, flights->server_len);
    print_text(out, ".</p>\n");
}

static void print_flights(struct writer *out, const struct flights *flights)
{
    print_text(out, "<section class=\"card flights\"><h2>The flights</h2>\n"
                    "<p>Who sent what, how big and when: the times count from the first byte, measured at "
                    "sallyport.</p>\n");
    if (flights->count == 0) {
        print_text(out, "<p>No timeline was kept for this connection.</p></section>\n");
        return;
    }
    print_text(out, "<ul class=\"legend\"><li><i class=\"open\"></i>readable on the way</li>"
                    "<li><i class=\"sealed\"></i>encrypted</li>"
                    "<li><i class=\"filler\"></i>without meaning</li></ul>\n");
    ladder_print(out, flights);
    print_shares(out, flights);
    print_text(out, "</section>\n");
}

/* ---- what was offered */

static void print_offered_list(struct writer *out, const struct offered_list *list)
{
    char name[OFFERED_NAME_LEN];

    print_format(out, "<div class=\"offer\"><h3>%s</h3><ul>", list->label);
    for (size_t i = 0; i < list->count; i++) {
        bool is_chosen = list->chosen != 0 && list->codes[i] == list->chosen;
        print_text(out, is_chosen ? "<li class=\"chosen\">" : "<li>");
        print_html(out, offered_name(list, i, name));
        print_text(out, "</li>");
    }
    print_text(out, list->count ? "</ul></div>\n" : "<li>none</li></ul></div>\n");
}

static void print_offered(struct writer *out, const struct handshake_view *view)
{
    struct offered_list lists[OFFERED_LISTS];

    if (!view->has_offered)
        return;
    offered_read(view, lists);
    print_text(out, "<details class=\"card\"><summary>What your client offered</summary>"
                    "<p>In its own order; what was chosen is marked. GREASE is noise that browsers mix in on purpose, "
                    "so that servers stay used to the unknown.</p>\n");
    for (size_t i = 0; i < OFFERED_LISTS; i++)
        print_offered_list(out, &lists[i]);
    print_text(out, "<div class=\"offer\"><h3>Application protocols</h3><ul><li>");
    print_html(out, view->offered.alpn[0] ? view->offered.alpn : "none");
    print_text(out, "</li></ul></div></details>\n");
}

/* ---- how to go on */

static const char serve_your_own[] =
    "<section class=\"card\" id=\"serve\"><h2>Serve your own</h2>\n"
    "<p>In the configuration file, three lines and the names of their sections:</p>\n"
    "<pre>[listen web]\naddress = *:443\n"
    "<b>certificate = /etc/letsencrypt/live/example.com/fullchain.pem</b>\n"
    "<b>key = /etc/letsencrypt/live/example.com/privkey.pem</b>\n"
    "backend = app\n\n[backend app]\n"
    "<b>server = 127.0.0.1:8080</b></pre>\n"
    "<p>Or without a file, in one line:</p>\n"
    "<pre>sallyport -f :8443 -b 127.0.0.1:8080 --cert fullchain.pem --key privkey.pem</pre>\n"
    "<p>The development certificate is never used once a certificate is configured, and this page is gone once a "
    "backend is.</p></section>\n";

static void print_foot(struct writer *out, const struct handshake_view *view)
{
    print_format(out, "<footer><span>connection %llu from ", (unsigned long long)view->connection_id);
    print_html(out, view->client[0] ? view->client : "somewhere");
    print_text(out, "</span><span>for programs: <a href=\"/handshake.json\">/handshake.json</a></span></footer>\n");
}

void page_print(struct writer *out, const struct handshake_view *view)
{
    struct flights flights;

    flights_read(view, &flights);
    print_head(out, "your handshake");
    print_text(out, "<body><main>\n");
    print_top(out, view, &flights);
    print_notice(out, view);
    print_text(out, "<div class=\"columns\">\n");
    print_facts(out, view);
    print_flights(out, &flights);
    print_text(out, "</div>\n");
    print_offered(out, view);
    print_text(out, serve_your_own);
    print_foot(out, view);
    print_text(out, "</main></body></html>\n");
}

void page_print_message(struct writer *out, const char *headline, const char *sentence)
{
    print_head(out, headline);
    print_text(out, "<body><main class=\"alone\">\n");
    print_brand(out);
    print_text(out, "<h1>");
    print_text(out, headline);
    print_text(out, "</h1>\n<p class=\"lead\">");
    print_text(out, sentence);
    print_text(out, "</p>\n</main></body></html>\n");
}
