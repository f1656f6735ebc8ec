#include "demo/views.h"

#include <stdio.h>
#include <string.h>

#include "tls/iana.h"

void view_add(struct handshake_view *view, bool is_from_client, const char *what, size_t len, uint64_t at)
{
    struct tls_timeline *timeline = &view->timeline;
    timeline->entries[timeline->count++] = (struct tls_timeline_entry){is_from_client, what, len, at};
}

static void set_text(char *field, size_t capacity, const char *text)
{
    snprintf(field, capacity, "%s", text);
}

static struct handshake_view connected(uint16_t suite, uint16_t group, uint16_t scheme)
{
    struct handshake_view view = {.connection_id = 7};

    view.outcome = (struct tls_outcome){
        .stage = TLS_STAGE_CONNECTED,
        .version = TLS_1_3,
        .suite = tls_suite_find(suite),
        .group = tls_group_find(group),
        .scheme = tls_signature_scheme_find(scheme),
    };
    set_text(view.client, sizeof view.client, "192.0.2.17:51234");
    return view;
}

static void offer(struct handshake_view *view)
{
    view->has_offered = true;
    view->offered = (struct tls_offered){
        .versions = {0x2a2a, 0x0304, 0x0303},
        .version_count = 3,
        .suites = {0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                   0x009c, 0x009d, 0x002f, 0x0035},
        .suite_count = 16,
        .groups = {0xcaca, 0x11ec, 0x001d, 0x0017, 0x0018},
        .group_count = 5,
        .schemes = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0xfe4d},
        .scheme_count = 9,
        .alpn = "h2,http/1.1",
    };
}

struct handshake_view view_of_browser(void)
{
    struct handshake_view view = connected(0x1301, 0x001d, 0x0403);
    const uint64_t start = 81234567;

    set_text(view.sni, sizeof view.sni, "localhost");
    set_text(view.certificate, sizeof view.certificate, "development");
    view.is_development_certificate = true;
    offer(&view);
    view.accepted_at = start - 210;
    view_add(&view, true, "ClientHello", 1754, start);
    view_add(&view, false, "ServerHello", 122, start + 412);
    view_add(&view, false, "ChangeCipherSpec", 1, start + 418);
    view_add(&view, false, "EncryptedExtensions", 6, start + 447);
    view_add(&view, false, "Certificate", 623, start + 455);
    view_add(&view, false, "CertificateVerify", 79, start + 1306);
    view_add(&view, false, "Finished", 36, start + 1324);
    view_add(&view, true, "ChangeCipherSpec", 1, start + 18730);
    view_add(&view, true, "Finished", 36, start + 18742);
    view.connected_at = start + 18790;
    return view;
}

struct handshake_view view_of_retry(void)
{
    struct handshake_view view = connected(0x1303, 0x0018, 0x0804);
    const uint64_t start = 5000;

    set_text(view.alpn, sizeof view.alpn, "http/1.1");
    set_text(view.certificate, sizeof view.certificate, "/etc/letsencrypt/live/example.com/fullchain.pem");
    view.outcome.is_hello_retried = true;
    view_add(&view, true, "ClientHello", 512, start);
    view_add(&view, false, "ServerHello", 88, start + 96);
    view_add(&view, false, "ChangeCipherSpec", 1, start + 99);
    view_add(&view, true, "ChangeCipherSpec", 1, start + 142000);
    view_add(&view, true, "ClientHello", 579, start + 142010);
    view_add(&view, false, "ServerHello", 187, start + 144200);
    view_add(&view, false, "EncryptedExtensions", 21, start + 144260);
    view_add(&view, false, "Certificate", 4012, start + 144290);
    view_add(&view, false, "CertificateVerify", 264, start + 147800);
    view_add(&view, false, "Finished", 36, start + 147830);
    view_add(&view, true, "Finished", 36, start + 290100);
    view.connected_at = start + 290160;
    view_add(&view, true, "KeyUpdate", 5, start + 1290160);
    view_add(&view, false, "KeyUpdate", 5, start + 1290200);
    return view;
}

static struct handshake_view connected_12(uint16_t suite, uint16_t group, uint16_t scheme)
{
    struct handshake_view view = connected(suite, group, scheme);

    view.outcome.version = TLS_1_2;
    set_text(view.certificate, sizeof view.certificate, "example");
    view_add(&view, true, "ClientHello", 212, 100);
    view_add(&view, false, "ServerHello", 81, 300);
    return view;
}

/* RFC 5077 3.1: NewSessionTicket comes before our ChangeCipherSpec. */
static void finish_12(struct handshake_view *view)
{
    view_add(view, true, "ChangeCipherSpec", 1, 20000);
    view_add(view, true, "Finished", 16, 20000);
    view_add(view, false, "NewSessionTicket", 210, 20200);
    view_add(view, false, "ChangeCipherSpec", 1, 20200);
    view_add(view, false, "Finished", 16, 20200);
    view->connected_at = 20250;
}

struct handshake_view view_of_tls12(void)
{
    struct handshake_view view = connected_12(0xc02f, 0x001d, 0x0804);

    view_add(&view, false, "Certificate", 900, 300);
    view_add(&view, false, "CertificateStatus", 480, 300);
    view_add(&view, false, "ServerKeyExchange", 300, 800);
    view_add(&view, false, "CertificateRequest", 58, 800);
    view_add(&view, false, "ServerHelloDone", 4, 800);
    view_add(&view, true, "Certificate", 7, 19900);
    view_add(&view, true, "ClientKeyExchange", 37, 19900);
    finish_12(&view);
    return view;
}

struct handshake_view view_of_rsa(void)
{
    struct handshake_view view = connected_12(0x009c, 0, 0);

    view_add(&view, false, "Certificate", 900, 300);
    view_add(&view, false, "ServerHelloDone", 4, 300);
    view_add(&view, true, "ClientKeyExchange", 262, 19900);
    finish_12(&view);
    return view;
}

static void resume(struct handshake_view *view)
{
    view->outcome.is_resumed = true;
    view->certificate[0] = 0;
    set_text(view->sni, sizeof view->sni, "localhost");
}

struct handshake_view view_of_ticket13(void)
{
    struct handshake_view view = connected(0x1301, 0x001d, 0);

    resume(&view);
    view_add(&view, true, "ClientHello", 754, 100);
    view_add(&view, false, "ServerHello", 128, 400);
    view_add(&view, false, "EncryptedExtensions", 6, 410);
    view_add(&view, false, "Finished", 36, 420);
    view_add(&view, true, "Finished", 36, 20000);
    view.connected_at = 20050;
    return view;
}

static void show_certificate(struct handshake_view *view)
{
    view->is_client_verified = true;
    set_text(view->client_certificate, sizeof view->client_certificate, "CN=alice,O=Example");
}

/* RFC 5077 3.1, Figure 2: our Finished comes first. The suite is one of the classic exchange, which did not take place.
 */
struct handshake_view view_of_ticket12(void)
{
    struct handshake_view view = connected_12(0x009c, 0, 0);

    resume(&view);
    show_certificate(&view);
    view_add(&view, false, "ChangeCipherSpec", 1, 400);
    view_add(&view, false, "Finished", 16, 400);
    view_add(&view, true, "ChangeCipherSpec", 1, 20000);
    view_add(&view, true, "Finished", 16, 20000);
    view.connected_at = 20050;
    return view;
}

struct handshake_view view_of_client(void)
{
    struct handshake_view view = connected(0x1301, 0x001d, 0x0403);

    show_certificate(&view);
    set_text(view.certificate, sizeof view.certificate, "example");
    view_add(&view, true, "ClientHello", 754, 100);
    view_add(&view, false, "ServerHello", 122, 400);
    view_add(&view, false, "CertificateRequest", 58, 410);
    view_add(&view, false, "CompressedCertificate", 500, 410);
    view_add(&view, false, "Finished", 36, 420);
    view_add(&view, true, "Certificate", 600, 20000);
    view_add(&view, true, "CertificateVerify", 79, 20000);
    view_add(&view, true, "Finished", 36, 20000);
    view.connected_at = 20050;
    return view;
}

struct handshake_view view_of_nothing(void)
{
    return (struct handshake_view){0};
}

struct handshake_view view_of_hostility(const char *text)
{
    struct handshake_view view = view_of_browser();

    set_text(view.sni, sizeof view.sni, text);
    set_text(view.alpn, sizeof view.alpn, text);
    set_text(view.certificate, sizeof view.certificate, text);
    set_text(view.client, sizeof view.client, text);
    view.is_client_verified = true;
    set_text(view.client_certificate, sizeof view.client_certificate, text);
    set_text(view.offered.alpn, sizeof view.offered.alpn, text);
    return view;
}

static void fill(char *field, size_t capacity, char with)
{
    memset(field, with, capacity - 1);
    field[capacity - 1] = 0;
}

/* '"' is the longest in HTML, a backslash in JSON: the callers take both. */
struct handshake_view view_of_everything(void)
{
    struct handshake_view view = connected(0x1303, 0x0018, 0x0806);

    view.outcome.is_hello_retried = true;
    view.connection_id = view.connected_at = UINT64_MAX;
    view.is_development_certificate = true;
    fill(view.sni, sizeof view.sni, '"');
    fill(view.alpn, sizeof view.alpn, '\\');
    fill(view.certificate, sizeof view.certificate, '"');
    fill(view.client, sizeof view.client, '\x80');
    view.is_client_verified = true;
    fill(view.client_certificate, sizeof view.client_certificate, '"');
    view.has_offered = true;
    fill(view.offered.alpn, sizeof view.offered.alpn, '\\');
    for (size_t i = 0; i < MAX_OFFERED; i++) {
        view.offered.versions[i] = (uint16_t)(0xeeff - i);
        view.offered.suites[i] = 0xcca9; /* the longest name there is */
        view.offered.groups[i] = 0x6399;
        view.offered.schemes[i] = 0x0603;
    }
    view.offered.version_count = view.offered.suite_count = MAX_OFFERED;
    view.offered.group_count = view.offered.scheme_count = MAX_OFFERED;
    for (size_t i = 0; i < MAX_TIMELINE; i++)
        view_add(&view, i % 2 == 0, "bad_certificate_status_response", SIZE_MAX, i * (UINT64_MAX / MAX_TIMELINE));
    view.timeline.entries[1].what = "ServerHello";
    view.timeline.entries[3].what = "ServerHello";
    return view;
}

bool view_by_name(const char *name, struct handshake_view *out)
{
    if (strcmp(name, "browser") == 0)
        *out = view_of_browser();
    else if (strcmp(name, "retry") == 0)
        *out = view_of_retry();
    else if (strcmp(name, "tls12") == 0)
        *out = view_of_tls12();
    else if (strcmp(name, "rsa") == 0)
        *out = view_of_rsa();
    else if (strcmp(name, "ticket13") == 0)
        *out = view_of_ticket13();
    else if (strcmp(name, "ticket12") == 0)
        *out = view_of_ticket12();
    else if (strcmp(name, "client") == 0)
        *out = view_of_client();
    else if (strcmp(name, "nothing") == 0)
        *out = view_of_nothing();
    else if (strcmp(name, "hostility") == 0)
        *out = view_of_hostility("</title><script>alert('\"&\\\r\n\x80\xff\x01')</script>");
    else if (strcmp(name, "everything") == 0)
        *out = view_of_everything();
    else
        return false;
    return true;
}
