#include "demo/json.h"

#include "demo/flights.h"
#include "demo/offered.h"
#include "demo/print.h"
#include "tls/iana.h"

/* Every field but the first begins with what ends the one before it. */
static void print_key(struct writer *out, const char *key)
{
    print_format(out, ",\n  \"%s\": ", key);
}

static void print_string(struct writer *out, const char *key, const char *value)
{
    print_key(out, key);
    if (value && value[0])
        print_json(out, value);
    else
        print_text(out, "null");
}

static void print_bool(struct writer *out, const char *key, bool value)
{
    print_key(out, key);
    print_text(out, value ? "true" : "false");
}

static void print_count(struct writer *out, const char *key, uint64_t value)
{
    print_key(out, key);
    print_format(out, "%llu", (unsigned long long)value);
}

static const char *name_protection(enum protection protection)
{
    static const char *const names[] = {
        [PROTECTION_NONE] = "none",
        [PROTECTION_HANDSHAKE_KEYS] = "handshake keys",
        [PROTECTION_APPLICATION_KEYS] = "application keys",
    };
    return names[protection];
}

static void print_message(struct writer *out, const struct flight_message *message)
{
    print_format(out, "{\"at_us\": %llu, \"from\": \"%s\", \"message\": ", (unsigned long long)message->at,
                 message->is_from_client ? "client" : "server");
    print_json(out, message->name);
    print_format(out, ", \"bytes\": %zu, \"encrypted\": ", message->len);
    print_json(out, name_protection(message->protection));
    print_text(out, "}");
}

static void print_timeline(struct writer *out, const struct flights *flights)
{
    print_key(out, "timeline");
    print_text(out, "[");
    for (size_t i = 0; i < flights->count; i++) {
        print_text(out, i ? ",\n    " : "\n    ");
        print_message(out, &flights->messages[i]);
    }
    print_text(out, flights->count ? "\n  ]" : "]");
}

static void print_offered_list(struct writer *out, const struct offered_list *list)
{
    char name[OFFERED_NAME_LEN];

    print_format(out, "\"%s\": [", list->key);
    for (size_t i = 0; i < list->count; i++) {
        print_text(out, i ? ", " : "");
        print_json(out, offered_name(list, i, name));
    }
    print_text(out, "]");
}

static void print_offered(struct writer *out, const struct handshake_view *view)
{
    struct offered_list lists[OFFERED_LISTS];

    print_key(out, "offered");
    if (!view->has_offered) {
        print_text(out, "null");
        return;
    }
    offered_read(view, lists);
    for (size_t i = 0; i < OFFERED_LISTS; i++) {
        print_text(out, i ? ",\n    " : "{\n    ");
        print_offered_list(out, &lists[i]);
    }
    print_text(out, ",\n    \"alpn\": ");
    print_json(out, view->offered.alpn);
    print_text(out, "\n  }");
}

static void print_agreed(struct writer *out, const struct handshake_view *view)
{
    const struct tls_outcome *outcome = &view->outcome;

    print_string(out, "version", tls_version_name(outcome->version));
    print_string(out, "suite", outcome->suite ? outcome->suite->name : NULL);
    print_string(out, "group", outcome->group ? outcome->group->name : NULL);
    print_string(out, "signature", outcome->scheme ? outcome->scheme->name : NULL);
    print_string(out, "sni", view->sni);
    print_string(out, "alpn", view->alpn);
    print_string(out, "certificate", view->certificate);
    print_bool(out, "is_development_certificate", view->is_development_certificate);
    print_string(out, "client_certificate", view->client_certificate);
    print_bool(out, "is_client_verified", view->is_client_verified);
    print_bool(out, "is_hello_retried", outcome->is_hello_retried);
    print_bool(out, "is_resumed", outcome->is_resumed);
}

static void print_sums(struct writer *out, const struct flights *flights)
{
    print_count(out, "handshake_us", flights->total);
    print_count(out, "server_us", flights->own);
    print_count(out, "client_bytes", flights->client_len);
    print_count(out, "server_bytes", flights->server_len);
}

void json_print(struct writer *out, const struct handshake_view *view)
{
    struct flights flights;

    flights_read(view, &flights);
    print_format(out, "{\n  \"connection\": %llu", (unsigned long long)view->connection_id);
    print_string(out, "client", view->client);
    print_agreed(out, view);
    print_sums(out, &flights);
    print_timeline(out, &flights);
    print_offered(out, view);
    print_text(out, "\n}\n");
}

void json_print_error(struct writer *out, const char *error)
{
    print_text(out, "{\"error\": ");
    print_json(out, error);
    print_text(out, "}\n");
}
