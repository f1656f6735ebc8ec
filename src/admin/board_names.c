#include "admin/board_file.h"

#include <stdio.h>
#include <string.h>

#include "proxy/backend.h"
#include "proxy/listener.h"
#include "tls/policy.h"

#define OTHERS "(others)"

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

/* As it would stand on the board: cut. */
static bool is_named(const char *place, size_t size, const char *name)
{
    return place[0] != 0 && strncmp(place, name, size - 1) == 0;
}

static uint16_t find_listener(const struct board_facts *facts, const char *name)
{
    uint16_t i = 0;

    while (i < MAX_COUNTED_LISTENERS - 1 && !is_named(facts->listeners[i], MAX_BOARD_NAME_LEN, name))
        i++;
    return i;
}

static uint16_t find_server(const struct board_facts *facts, const char *backend, const char *server)
{
    uint16_t i = 0;

    while (i < MAX_COUNTED_SERVERS - 1 && !(is_named(facts->servers[i].backend, MAX_BOARD_NAME_LEN, backend) &&
                                            strncmp(facts->servers[i].server, server, MAX_BOARD_SERVER_LEN - 1) == 0))
        i++;
    return i;
}

/* The first place stands for no protocol. */
static uint8_t find_protocol(const struct board_facts *facts, const char *protocol)
{
    uint8_t i = COUNTED_NO_PROTOCOL + 1;

    while (i < MAX_COUNTED_PROTOCOLS - 1 && !is_named(facts->protocols[i], MAX_BOARD_PROTOCOL_LEN, protocol))
        i++;
    return i;
}

uint16_t board_listener_index(const struct board_facts *facts, const char *listener)
{
    return find_listener(facts, listener);
}

uint16_t board_server_index(const struct board_facts *facts, const char *backend, const char *server)
{
    return find_server(facts, backend, server);
}

void board_place_listener(const struct board_facts *facts, struct listener *listener)
{
    struct backend *backend = listener_backend(listener);

    const struct config_list *alpn = &listener_config(listener)->alpn;

    listener_count_as(listener, find_listener(facts, listener_config(listener)->name));
    for (size_t i = 0; i < alpn->count; i++)
        listener_count_protocol_as(listener, i, find_protocol(facts, alpn->values[i].text));
    for (uint32_t i = 0; i < backend->server_count; i++)
        backend->servers[i].counted_as = find_server(facts, backend->name, backend->servers[i].text);
}

static void add_listener(struct board_facts *facts, const char *name)
{
    size_t i = find_listener(facts, name);

    if (i < MAX_COUNTED_LISTENERS - 1)
        return;
    for (i = 0; i < MAX_COUNTED_LISTENERS - 1 && facts->listeners[i][0]; i++)
        ;
    copy_text(facts->listeners[i], MAX_BOARD_NAME_LEN, i < MAX_COUNTED_LISTENERS - 1 ? name : OTHERS);
}

static void add_server(struct board_facts *facts, const char *backend, const char *server)
{
    size_t i = find_server(facts, backend, server);
    bool has_place;

    if (i < MAX_COUNTED_SERVERS - 1)
        return;
    for (i = 0; i < MAX_COUNTED_SERVERS - 1 && facts->servers[i].backend[0]; i++)
        ;
    has_place = i < MAX_COUNTED_SERVERS - 1;
    copy_text(facts->servers[i].backend, MAX_BOARD_NAME_LEN, has_place ? backend : OTHERS);
    copy_text(facts->servers[i].server, MAX_BOARD_SERVER_LEN, has_place ? server : OTHERS);
}

static void add_protocol(struct board_facts *facts, const char *protocol)
{
    size_t i = find_protocol(facts, protocol);

    if (i < MAX_COUNTED_PROTOCOLS - 1)
        return;
    for (i = COUNTED_NO_PROTOCOL + 1; i < MAX_COUNTED_PROTOCOLS - 1 && facts->protocols[i][0]; i++)
        ;
    copy_text(facts->protocols[i], MAX_BOARD_PROTOCOL_LEN, i < MAX_COUNTED_PROTOCOLS - 1 ? protocol : OTHERS);
}

static void add_backend(struct board_facts *facts, const struct config_listen *listen)
{
    const struct config_backend *backend = listen->backend;

    if (!backend)
        add_server(facts, CONFIG_BACKEND_DEMO, CONFIG_BACKEND_DEMO);
    for (size_t i = 0; backend && i < backend->servers.count; i++)
        add_server(facts, backend->name, backend->servers.values[i].text);
}

/* Places are taken in their order, the last one when there is no other. */
static struct board_mark mark(const struct board_facts *facts)
{
    struct board_mark mark = {0, 0, COUNTED_NO_PROTOCOL + 1};

    while (mark.listeners < MAX_COUNTED_LISTENERS && facts->listeners[mark.listeners][0])
        mark.listeners++;
    while (mark.servers < MAX_COUNTED_SERVERS && facts->servers[mark.servers].backend[0])
        mark.servers++;
    while (mark.protocols < MAX_COUNTED_PROTOCOLS && facts->protocols[mark.protocols][0])
        mark.protocols++;
    return mark;
}

void board_forget_names(struct board *board, struct board_mark before)
{
    struct board_facts *facts = board_change(board);

    memset(&facts->listeners[before.listeners], 0,
           sizeof facts->listeners[0] * (MAX_COUNTED_LISTENERS - before.listeners));
    memset(&facts->servers[before.servers], 0, sizeof facts->servers[0] * (MAX_COUNTED_SERVERS - before.servers));
    memset(&facts->protocols[before.protocols], 0,
           sizeof facts->protocols[0] * (MAX_COUNTED_PROTOCOLS - before.protocols));
    board_end(board);
}

struct board_mark board_add_names(struct board *board, const struct config *config)
{
    struct board_facts *facts = board_change(board);
    struct board_mark before = mark(facts);

    for (size_t i = 0; i < config->listen_count; i++) {
        add_listener(facts, config->listens[i].name);
        add_backend(facts, &config->listens[i]);
        for (size_t j = 0; j < config->listens[i].alpn.count; j++)
            add_protocol(facts, config->listens[i].alpn.values[j].text);
    }
    board_end(board);
    return before;
}

/* ---- certificates */

static bool is_same_certificate(const struct board_certificate *a, const struct board_certificate *b)
{
    return strcmp(a->listener, b->listener) == 0 && strcmp(a->file, b->file) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->serial, b->serial) == 0;
}

static bool has_certificate(const struct board_certificates *certificates, const struct board_certificate *certificate)
{
    for (size_t i = 0; i < certificates->count; i++)
        if (is_same_certificate(&certificates->list[i], certificate))
            return true;
    return false;
}

static void add_certificate(struct board_certificates *certificates, const struct board_certificate *certificate)
{
    if (has_certificate(certificates, certificate))
        return;
    if (certificates->count < MAX_BOARD_CERTIFICATES)
        certificates->list[certificates->count++] = *certificate;
    else
        certificates->left_out++;
}

static void write_serial(const struct certificate_chain *chain, char text[MAX_BOARD_SERIAL_LEN])
{
    struct bytes serial = certificate_chain_serial(chain);
    size_t at = 0;

    text[0] = 0;
    for (size_t i = 0; i < serial.len && at + 3 < MAX_BOARD_SERIAL_LEN; i++, at += 2)
        snprintf(text + at, 3, "%02x", serial.at[i]);
}

static struct board_certificate describe(const char *listener, const struct tls_policy *policy, size_t index)
{
    const struct certificate_chain *chain = tls_policy_chain(policy, index);
    struct board_certificate out = {.not_after = certificate_chain_not_after(chain),
                                    .staple_not_after = tls_policy_staple_end(policy, index)};
    struct bytes name = bytes_of(NULL, 0);

    if (certificate_chain_name_count(chain) > 0)
        name = certificate_chain_name(chain, 0);
    copy_text(out.listener, sizeof out.listener, listener);
    copy_text(out.file, sizeof out.file, tls_policy_certificate_label(policy, index));
    snprintf(out.name, sizeof out.name, "%.*s", (int)name.len, name.len ? (const char *)name.at : "");
    write_serial(chain, out.serial);
    return out;
}

static void add_crls(struct board_certificates *certificates, const char *listener, const struct tls_policy *policy)
{
    struct board_crl *crl = &certificates->crls[certificates->crl_count];
    int64_t not_after;

    if (!tls_policy_crl_end(policy, &not_after) || certificates->crl_count == MAX_BOARD_CRLS)
        return;
    copy_text(crl->listener, sizeof crl->listener, listener);
    crl->not_after = not_after;
    certificates->crl_count++;
}

void board_add_certificates(struct board_certificates *certificates, const char *listener,
                            const struct tls_policy *policy)
{
    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++) {
        struct board_certificate certificate = describe(listener, policy, i);
        add_certificate(certificates, &certificate);
    }
    add_crls(certificates, listener, policy);
}
