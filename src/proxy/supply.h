/*
 * supply.h: what a configuration names and does not hold: files, and the addresses behind host names.
 *
 * Whoever builds a policy or a backend is handed one. supply_of_disk() goes to the disk, for -t, and asks for a name at
 * once; who loads a configuration takes files of the disk and what is known of names (daemon/resolving.h); a process
 * that serves is handed what was loaded (daemon/generation.h), so that it opens no file and asks no name server, and so
 * that all processes see the same bytes.
 */
#ifndef PROXY_SUPPLY_H
#define PROXY_SUPPLY_H

#include "proxy/address.h"
#include "proxy/file_bytes.h"
#include "proxy/purpose.h"

enum supply_kind {
    SUPPLY_CERTIFICATE, /* may hold its private key as well */
    SUPPLY_PUBLIC,      /* CAs, CRLs, staples */
    SUPPLY_KEY,
    SUPPLY_TICKET_KEY,
    SUPPLY_DIRECTORY, /* no file: what directory_find_credentials() finds in it */
    SUPPLY_CANDIDATE, /* a file that may hold a certificate or a key; not kept, unless it is under another kind */
    SUPPLY_PAIRS,     /* of a directory, made: the paths of its certificates and of their keys */
};

struct supply {
    /* As file_read(). */
    bool (*read)(void *context, enum supply_kind kind, const char *path, size_t max_len, struct file_bytes *out,
                 const char **fault);
    /* As address_resolve() to connect to. */
    size_t (*resolve)(void *context, const struct config_address *address, struct socket_address *out, size_t max,
                      const char **fault);
    /* Takes note of bytes that were made, not read; read() finds them under `name`. NULL: nobody wants to know. */
    bool (*keep)(void *context, enum supply_kind kind, const char *name, struct bytes contents);
    void *context;
    enum purpose purpose;
    bool is_patient; /* it will be read again soon: what is on its way into a directory is waited for */
};

struct supply supply_of_disk(enum purpose purpose);

MUST_CHECK bool supply_read(const struct supply *supply, enum supply_kind kind, const char *path, size_t max_len,
                            struct file_bytes *out, const char **fault);
MUST_CHECK size_t supply_resolve(const struct supply *supply, const struct config_address *address,
                                 struct socket_address *out, size_t max, const char **fault);
MUST_CHECK bool supply_keep(const struct supply *supply, enum supply_kind kind, const char *name,
                            struct bytes contents);

#endif
