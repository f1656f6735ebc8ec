/*
 * config.h: an INI file becomes a struct config, or a list of errors with file and line.
 *
 * One row of schema.c describes an option: from it come parsing, ranges, defaults, `-T`, the check of the example
 * file and the man page's list. This folder knows no suites, groups or certificates: a value that another layer
 * has to judge keeps its file and line, and config_complain() reports it exactly as the parser would.
 *
 * A struct config is built whole or not at all and never changes afterwards.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/writer.h"

/* Lives as long as the struct config it is part of. */
struct config_place {
    const char *file; /* as the user named it; "command line", "built in"; or a variable, CONFIG_VARIABLE_PREFIX */
    unsigned line;    /* 0: the option was not written, this is its default */
};

struct config_value {
    const char *text; /* after ${VAR} expansion; never NULL where the option has a default */
    struct config_place place;
};

struct config_list {
    struct config_value *values;
    size_t count;
};

/* `host:port`, `[::1]:443`, `*:443`, `:443`, `unix:/path`, or `systemd:NAME`. */
struct config_address {
    struct config_place place;
    const char *text; /* as written */
    bool is_unix;
    const char *host; /* NULL for `*`; a name or a numeric address without brackets */
    uint16_t port;
    const char *path;   /* of a unix socket */
    const char *socket; /* the name of sockets that the service manager opened; NULL: it is for us to bind */
};

enum { CONFIG_MAX_SOCKET_NAME = 63 };

struct config_address_list {
    struct config_address *values;
    size_t count;
};

/* CIDR: 10.0.0.0/8, 2001:db8::/32; an address alone is a network of one. */
struct config_network {
    struct config_place place;
    const char *text; /* as written */
    bool is_v6;
    uint8_t address[16]; /* of IPv4 the first four */
    uint8_t prefix_len;  /* bits */
};

struct config_network_list {
    struct config_network *values;
    size_t count;
};

/* `address` in network order, 4 or 16 bytes. */
bool config_network_has(const struct config_network *network, bool is_v6, const uint8_t *address);

enum config_log_format { CONFIG_LOG_LOGFMT, CONFIG_LOG_JSON };
enum config_unknown_sni { CONFIG_UNKNOWN_SNI_DEFAULT, CONFIG_UNKNOWN_SNI_REJECT };
enum config_on_truncation { CONFIG_ON_TRUNCATION_RESET, CONFIG_ON_TRUNCATION_EOF };
enum config_profile { CONFIG_PROFILE_MODERN, CONFIG_PROFILE_INTERMEDIATE };
enum config_client_certificate {
    CONFIG_CLIENT_CERTIFICATE_NONE,
    CONFIG_CLIENT_CERTIFICATE_OPTIONAL,
    CONFIG_CLIENT_CERTIFICATE_REQUIRED
};
enum config_pq { CONFIG_PQ_NONE, CONFIG_PQ_PREFER, CONFIG_PQ_REQUIRE };
enum config_send_proxy { CONFIG_SEND_PROXY_NONE, CONFIG_SEND_PROXY_V1, CONFIG_SEND_PROXY_V2 };

enum config_sandbox { CONFIG_SANDBOX_ON, CONFIG_SANDBOX_BEST_EFFORT, CONFIG_SANDBOX_OFF };

/* Of our own as many are held; the next one pushes out the oldest, however long that would have opened tickets. */
enum { CONFIG_MAX_OWN_TICKET_KEYS = 8 };

/*
 * What a connection takes: one that is silent, libraries' part and the relay's two halves included, and at most, with
 * storage for a full transfer in both directions. Storage is lent only while bytes are on their way.
 */
enum { CONFIG_IDLE_CONNECTION_LEN = 16 * 1024, CONFIG_BUSY_CONNECTION_LEN = 160 * 1024 };

/* Below this not even a few transfers have room. */
enum { CONFIG_MIN_STORAGE_LEN = 4 * 1024 * 1024 };

/* Times are in microseconds, sizes in bytes. */
struct config_general {
    int log_format;        /* an enum config_log_format */
    int log_level;         /* an enum log_level of base/log.h */
    uint64_t workers;      /* 0: one for each processor that may be used */
    int has_key_isolation; /* a bool */
    uint64_t keyholders;   /* 0: one for two workers */
    uint64_t drain_delay, drain_timeout;
    uint64_t resolve_interval;      /* 0: a name that has resolved is not asked for again */
    uint64_t max_connections;       /* 0: as many as the descriptors and memory_limit allow */
    uint64_t memory_limit;          /* of all workers; 0: none */
    struct config_list ticket_keys; /* files; empty: made and rotated by the process itself */
    uint64_t ticket_key_issues, ticket_key_accepts;
    struct config_value user, key_user, group; /* names, numbers or CONFIG_AUTO */
    struct config_value chroot;                /* an absolute path or CONFIG_CHROOT_EMPTY */
    int sandbox;                               /* an enum config_sandbox */
    int is_watching;                           /* a bool: files that change are read again */
};

/* The way in for operators; none without an address. */
struct config_admin {
    struct config_address_list addresses; /* of this machine alone */
    int mode;                             /* of the file of a unix socket: 0600, 0660 or 0666 */
};

struct config_backend {
    const char *name;
    struct config_place place;
    struct config_address_list servers; /* round robin */
    uint64_t connect_timeout;
    int send_proxy; /* an enum config_send_proxy */
};

/* The words that stand for what is built in. */
#define CONFIG_CERTIFICATE_DEVELOPMENT "development"
#define CONFIG_BACKEND_DEMO "demo"
#define CONFIG_CHROOT_EMPTY "empty"
#define CONFIG_AUTO "auto"

struct config_listen {
    const char *name;
    struct config_place place;
    struct config_address_list addresses;
    struct config_list certificates; /* files, or CONFIG_CERTIFICATE_DEVELOPMENT alone */
    struct config_list keys;         /* files; a certificate file may hold its key, then none is needed */
    struct config_list cert_dirs;    /* directories with certificates and their keys */
    struct config_value backend_name;
    const struct config_backend *backend; /* NULL: CONFIG_BACKEND_DEMO */
    struct config_list alpn;
    int unknown_sni;                                         /* an enum config_unknown_sni */
    int profile;                                             /* an enum config_profile */
    struct config_list suites, groups, signature_algorithms; /* empty: those of the profile */
    int pq;                                                  /* an enum config_pq */
    int has_rsa_key_exchange;                                /* a bool, as the three below */
    int client_certificate;                                  /* an enum config_client_certificate */
    struct config_list client_cas, client_crls;              /* files */
    struct config_list ocsp_staples;                         /* files */
    uint64_t session_tickets;                                /* after a full handshake; 0: no resumption */
    uint64_t ticket_lifetime;
    int has_dynamic_records, has_certificate_compression;
    int on_truncation; /* an enum config_on_truncation */
    uint64_t client_hello_timeout, handshake_timeout, idle_timeout;
    struct config_network_list trusted_sources; /* no source's share is counted for them */
};

struct config {
    struct config_general general;
    struct config_admin admin;
    struct config_listen *listens;
    size_t listen_count;
    struct config_backend *backends;
    size_t backend_count;
};

/* Text that the command line stands for: its findings carry no line numbers. */
#define CONFIG_NAME_COMMAND_LINE "command line"
#define CONFIG_NAME_ENVIRONMENT "environment"

/*
 * Receives one finding a call: "sallyport.conf:12: unknown key 'adress', did you mean 'address'?". What does not
 * forbid using the configuration begins its sentence with CONFIG_WARNING_PREFIX.
 */
#define CONFIG_WARNING_PREFIX "warning: "
typedef void config_tell(void *context, const char *finding);

struct config_findings {
    config_tell *tell;
    void *context;
};

/* NULL after telling every error found (not only the first), up to 100. A regular file of at most 1 MiB. */
MUST_CHECK struct config *config_load(const char *path, struct config_findings findings);

/* The same from text in memory; `name` stands for the file in findings. */
MUST_CHECK struct config *config_parse(const char *name, struct bytes text, struct config_findings findings);

/* A variable of the environment that a value comes from stands in the place of a file, and has no lines. */
#define CONFIG_VARIABLE_PREFIX "SALLYPORT_"

/* Which variable the lines with a key, in sections of a kind, were made of. */
struct config_variable {
    const char *section, *key, *name; /* NULL ends the list; they live for ever */
};

/* The same from text made of variables, which findings name in place of a line. */
MUST_CHECK struct config *config_parse_variables(struct bytes text, const struct config_variable *variables,
                                                 struct config_findings findings);
struct config *config_ref(struct config *config);
void config_free(struct config *config); /* with the last reference; NULL is fine */

/* Tells a finding of another layer about a value, as "file:line: sentence". */
void config_complain(struct config_findings findings, const struct config_place *place, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same for what does not forbid using the configuration: "file:line: warning: sentence". */
void config_warn(struct config_findings findings, const struct config_place *place, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * Writes the line "key = value" so that config_parse() reads that very value. False, and nothing written, when no
 * line can hold it; `fault` then says why, as the end of a sentence. What did not fit sticks to `out`.
 */
MUST_CHECK bool config_write_line(struct writer *out, const char *key, const char *value, const char **fault);

/* `-T`: writes the effective configuration, defaults included, as a file that config_load() takes. */
void config_dump(const struct config *config, struct writer *out);

/* The same, in memory of its own that the caller frees: NUL-terminated; NULL when there is none. */
MUST_CHECK char *config_dump_new(const struct config *config);

#endif
