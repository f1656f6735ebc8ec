#include "config/schema.h"

#include "base/log.h"

#define MS UINT64_C(1000)
#define SECONDS (1000 * MS)
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)
#define MIB (UINT64_C(1024) * 1024)

const struct section_schema section_schemas[SECTION_KINDS] = {
    [SECTION_SALLYPORT] = {"sallyport", false, "what concerns the whole process"},
    [SECTION_LISTEN] = {"listen", true, "where clients arrive, and what they are shown"},
    [SECTION_BACKEND] = {"backend", true, "where their plaintext goes"},
    [SECTION_ADMIN] = {"admin", false, "where health, readiness and metrics can be asked for"},
};

static const struct option_choice log_formats[] = {
    {"logfmt", CONFIG_LOG_LOGFMT},
    {"json", CONFIG_LOG_JSON},
    {NULL, 0},
};

static const struct option_choice log_levels[] = {
    {"error", LOG_LEVEL_ERROR}, {"warning", LOG_LEVEL_WARNING}, {"notice", LOG_LEVEL_NOTICE},
    {"info", LOG_LEVEL_INFO},   {"debug", LOG_LEVEL_DEBUG},     {NULL, 0},
};

static const struct option_choice socket_modes[] = {
    {"0600", 0600},
    {"0660", 0660},
    {"0666", 0666},
    {NULL, 0},
};

static const struct option_choice unknown_snis[] = {
    {"default", CONFIG_UNKNOWN_SNI_DEFAULT},
    {"reject", CONFIG_UNKNOWN_SNI_REJECT},
    {NULL, 0},
};

static const struct option_choice on_truncations[] = {
    {"reset", CONFIG_ON_TRUNCATION_RESET},
    {"eof", CONFIG_ON_TRUNCATION_EOF},
    {NULL, 0},
};

static const struct option_choice yes_or_no[] = {
    {"yes", true},
    {"no", false},
    {NULL, 0},
};

static const struct option_choice on_or_off[] = {
    {"on", true},
    {"off", false},
    {NULL, 0},
};

static const struct option_choice profiles[] = {
    {"modern", CONFIG_PROFILE_MODERN},
    {"intermediate", CONFIG_PROFILE_INTERMEDIATE},
    {NULL, 0},
};

static const struct option_choice client_certificates[] = {
    {"none", CONFIG_CLIENT_CERTIFICATE_NONE},
    {"optional", CONFIG_CLIENT_CERTIFICATE_OPTIONAL},
    {"required", CONFIG_CLIENT_CERTIFICATE_REQUIRED},
    {NULL, 0},
};

static const struct option_choice pqs[] = {
    {"none", CONFIG_PQ_NONE},
    {"prefer", CONFIG_PQ_PREFER},
    {"require", CONFIG_PQ_REQUIRE},
    {NULL, 0},
};

static const struct option_choice send_proxies[] = {
    {"none", CONFIG_SEND_PROXY_NONE},
    {"v1", CONFIG_SEND_PROXY_V1},
    {"v2", CONFIG_SEND_PROXY_V2},
    {NULL, 0},
};

static const struct option_choice sandboxes[] = {
    {"on", CONFIG_SANDBOX_ON},
    {"best-effort", CONFIG_SANDBOX_BEST_EFFORT},
    {"off", CONFIG_SANDBOX_OFF},
    {NULL, 0},
};

#define GENERAL(member) SECTION_SALLYPORT, .offset = offsetof(struct config_general, member)
#define LISTEN(member) SECTION_LISTEN, .offset = offsetof(struct config_listen, member)
#define BACKEND(member) SECTION_BACKEND, .offset = offsetof(struct config_backend, member)
#define ADMIN(member) SECTION_ADMIN, .offset = offsetof(struct config_admin, member)

/* clang-format off */
static const struct option options[] = {
    {GENERAL(log_format), .key = "log-format", .type = OPTION_CHOICE, .choices = log_formats,
     .default_text = "logfmt",
     .help = "How a log line is written: key=value pairs or one JSON object"},
    {GENERAL(log_level), .key = "log-level", .type = OPTION_CHOICE, .choices = log_levels,
     .default_text = "info",
     .help = "The least important lines that are written"},
    {GENERAL(workers), .key = "workers", .type = OPTION_COUNT, .min = 1, .max = 64, .zero_word = "auto",
     .default_text = "auto",
     .help = "How many processes serve clients; auto is one for each processor that may be used"},
    {GENERAL(has_key_isolation), .key = "key-isolation", .type = OPTION_CHOICE, .choices = on_or_off,
     .default_text = "on",
     .help = "Private keys and ticket keys are in processes of their own, which no byte of a client reaches; off is for "
             "measuring what that costs"},
    {GENERAL(keyholders), .key = "keyholders", .type = OPTION_COUNT, .min = 1, .max = 32, .zero_word = "auto",
     .default_text = "auto",
     .help = "How many processes have the keys; auto is one for two workers"},
    {GENERAL(drain_delay), .key = "drain-delay", .type = OPTION_TIME, .min = 1 * MS, .max = 1 * HOURS,
     .takes_zero = true, .default_text = "0",
     .help = "How long new connections are still taken after the order to stop, until balancers look elsewhere; 0 is not at "
             "all"},
    {GENERAL(drain_timeout), .key = "drain-timeout", .type = OPTION_TIME, .min = 1 * MS, .max = 24 * HOURS,
     .takes_zero = true, .default_text = "30s",
     .help = "How long open connections may finish after the order to stop; 0 closes them at once. systemd is told, and "
             "waits as long, whatever TimeoutStopSec says"},
    {GENERAL(resolve_interval), .key = "resolve-interval", .type = OPTION_TIME, .min = 1 * SECONDS, .max = 24 * HOURS,
     .takes_zero = true, .default_text = "30s",
     .help = "How often the names of servers are asked for again, to follow addresses that change; 0 is not at all, once "
             "a name has resolved"},
    {GENERAL(max_connections), .key = "max-connections", .type = OPTION_COUNT, .min = 1, .max = 10000000,
     .takes_zero = true, .default_text = "0",
     .help = "How many connections are held at a time, shared out evenly among the workers; 0 is as many as open files "
             "and memory-limit carry"},
    {GENERAL(memory_limit), .key = "memory-limit", .type = OPTION_SIZE, .min = 16 * MIB, .max = UINT64_C(1) << 40,
     .takes_zero = true, .default_text = "0",
     .help = "Memory for connections and what they transfer, shared out evenly among the workers; new ones are let go "
             "before it is used up; 0 is no limit"},
    {GENERAL(ticket_keys), .key = "ticket-key", .type = OPTION_TEXTS, .is_apart = true,
     .example = "/etc/sallyport/ticket.key",
     .help = "File of 48 random bytes that seals session tickets, for machines that share them; the first one seals, "
             "at most 2^32 before it is replaced, all open; without any, the process makes and rotates keys"},
    {GENERAL(ticket_key_issues), .key = "ticket-key-issues", .type = OPTION_TIME, .min = 1 * SECONDS,
     .max = 7 * 24 * HOURS, .default_text = "4h",
     .help = "How long a ticket key of our own seals new tickets"},
    {GENERAL(ticket_key_accepts), .key = "ticket-key-accepts", .type = OPTION_TIME, .min = 1 * SECONDS,
     .max = 14 * 24 * HOURS, .default_text = "8h",
     .help = "How long a ticket key of our own opens them, from its birth, then it is wiped; at most 8 are held, so "
             "newer ones may push it out after 8 times ticket-key-issues"},
    {GENERAL(user), .key = "user", .type = OPTION_TEXT, .default_text = CONFIG_AUTO,
     .example = "_sallyport",
     .help = "Whom the processes that meet clients run as when started as root, a name or a number; auto is "
             "_sallyport, or nobody where there is none"},
    {GENERAL(key_user), .key = "key-user", .type = OPTION_TEXT, .default_text = CONFIG_AUTO,
     .example = "_sallyport-key",
     .help = "The same for the processes that hold the private keys; auto is _sallyport-key, or the other user"},
    {GENERAL(group), .key = "group", .type = OPTION_TEXT, .default_text = CONFIG_AUTO,
     .example = "_sallyport",
     .help = "The only group that is kept when started as root; auto is the user's own"},
    {GENERAL(chroot), .key = "chroot", .type = OPTION_TEXT, .default_text = CONFIG_CHROOT_EMPTY,
     .example = "/var/lib/sallyport/empty",
     .help = "The root directory of the processes that meet clients or hold keys, when started as root; empty is one "
             "that stands on no disk and holds nothing"},
    {GENERAL(sandbox), .key = "sandbox", .type = OPTION_CHOICE, .choices = sandboxes, .default_text = "on",
     .help = "Root directory, Landlock and system call filter: on refuses to start without, best-effort takes what "
             "there is and tells what is missing"},
    {GENERAL(is_watching), .key = "watch-files", .type = OPTION_CHOICE, .choices = yes_or_no, .default_text = "yes",
     .help = "Certificates, keys, CAs, CRLs, OCSP responses and ticket keys that change on disk are read again by "
             "themselves; this file is not, HUP is for it"},

    {LISTEN(addresses), .key = "address", .type = OPTION_LISTEN_ADDRESS, .is_required = true,
     .example = "*:443",
     .help = "Where to accept connections: host:port, [::1]:443, *:443, :443, unix:/path, or systemd:NAME for sockets "
             "that the service manager opened"},
    {LISTEN(certificates), .key = "certificate", .type = OPTION_TEXTS,
     .example = "/etc/ssl/certs/ssl-cert-snakeoil.pem",
     .help = "PEM file with a certificate and its intermediates; the first one is for clients that name no host; "
             "'development' makes one for trying out"},
    {LISTEN(keys), .key = "key", .type = OPTION_TEXTS,
     .example = "/etc/ssl/private/ssl-cert-snakeoil.key",
     .help = "PEM file with a private key; it finds its certificate by the public key, not by the order of lines"},
    {LISTEN(cert_dirs), .key = "cert-dir", .type = OPTION_TEXTS, .is_apart = true,
     .example = "/etc/letsencrypt/live",
     .help = "Directory whose certificates are served under the names in them, each with the key that lies beside it; "
             "also one directory below; in place of 'certificate' or beside it"},
    {LISTEN(backend_name), .key = "backend", .type = OPTION_TEXT, .is_required = true,
     .example = "app",
     .help = "The [backend NAME] that gets the plaintext; 'demo' is built in and shows the handshake"},
    {LISTEN(alpn), .key = "alpn", .type = OPTION_WORDS, .takes_empty = true, .default_text = "",
     .example = "h2, http/1.1",
     .help = "Application protocols of the backend, the preferred one first; without any the extension is ignored"},
    {LISTEN(unknown_sni), .key = "unknown-sni", .type = OPTION_CHOICE, .choices = unknown_snis,
     .default_text = "default",
     .help = "A client names a host that no certificate has: it is shown the first certificate, or an alert"},
    {LISTEN(profile), .key = "profile", .type = OPTION_CHOICE, .choices = profiles,
     .default_text = "intermediate",
     .help = "Versions, suites, groups and signatures as Mozilla's guidelines 6.0 have them; modern is TLS 1.3 alone",
     .note = "Mozilla's guidelines 6.0, of 2026-04-06"},
    {LISTEN(suites), .key = "suites", .type = OPTION_WORDS, .default_text = "",
     .example = "TLS_AES_128_GCM_SHA256, ECDHE-ECDSA-AES128-GCM-SHA256",
     .help = "Cipher suites in place of the profile's, by their IANA or OpenSSL names; the versions follow from them; "
             "on a processor without AES instructions the profile's are those of ChaCha20 alone"},
    {LISTEN(groups), .key = "groups", .type = OPTION_WORDS, .default_text = "",
     .example = "X25519MLKEM768, x25519, secp256r1",
     .help = "Key exchange groups in place of the profile's, the preferred one first"},
    {LISTEN(pq), .key = "pq", .type = OPTION_CHOICE, .choices = pqs,
     .default_text = "none",
     .help = "Post-quantum groups (X25519MLKEM768) beyond their place in the list: prefer costs clients that know one "
             "and sent a share of another a round trip, require refuses all others, and TLS 1.2"},
    {LISTEN(signature_algorithms), .key = "signature-algorithms", .type = OPTION_WORDS, .default_text = "",
     .example = "ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256",
     .help = "Signature schemes in place of the profile's, for our signatures and for those of clients"},
    {LISTEN(has_rsa_key_exchange), .key = "rsa-key-exchange", .type = OPTION_CHOICE, .choices = yes_or_no,
     .default_text = "no",
     .help = "The classic RSA key exchange of TLS 1.2 too: no forward secrecy, for old clients that have nothing else"},
    {LISTEN(client_certificate), .key = "client-certificate", .type = OPTION_CHOICE, .choices = client_certificates,
     .default_text = "none",
     .help = "Whether clients are asked for a certificate; with optional, one that is shown must still be good"},
    {LISTEN(client_cas), .key = "client-ca", .type = OPTION_TEXTS, .is_apart = true,
     .example = "/etc/sallyport/client-ca.pem",
     .help = "PEM file of the CAs whose clients are believed"},
    {LISTEN(client_crls), .key = "client-crl", .type = OPTION_TEXTS, .is_apart = true,
     .example = "/etc/sallyport/client-ca.crl",
     .help = "PEM file of revocation lists; with any there, every CA in a client's chain needs a current one"},
    {LISTEN(ocsp_staples), .key = "ocsp-staple", .type = OPTION_TEXTS, .is_apart = true,
     .example = "/etc/sallyport/site.ocsp",
     .help = "File with an OCSP response in DER, sent until it expires; it finds its certificate"},
    {LISTEN(session_tickets), .key = "session-tickets", .type = OPTION_COUNT, .min = 1, .max = 2, .takes_zero = true,
     .default_text = "2",
     .help = "How many tickets follow a full TLS 1.3 handshake (TLS 1.2 has one); 0 switches resumption off"},
    {LISTEN(ticket_lifetime), .key = "ticket-lifetime", .type = OPTION_TIME, .min = 1 * SECONDS,
     .max = 7 * 24 * HOURS, .default_text = "8h",
     .help = "How long a ticket is good; never longer than the client's certificate, nor than the key that opens it"},
    {LISTEN(has_dynamic_records), .key = "dynamic-record-size", .type = OPTION_CHOICE, .choices = yes_or_no,
     .default_text = "yes",
     .help = "Small records at first and after a pause, so that the client can begin with the first segment"},
    {LISTEN(has_certificate_compression), .key = "certificate-compression", .type = OPTION_CHOICE,
     .choices = yes_or_no, .default_text = "yes",
     .help = "Certificates are sent compressed to clients that take it (RFC 8879)"},
    {LISTEN(on_truncation), .key = "on-truncation", .type = OPTION_CHOICE, .choices = on_truncations,
     .default_text = "reset",
     .help = "A client goes away without close_notify: the backend sees a reset, or an ordinary end"},
    {LISTEN(client_hello_timeout), .key = "client-hello-timeout", .type = OPTION_TIME, .min = 10 * MS,
     .max = 10 * MINUTES, .default_text = "5s",
     .help = "How long after connecting the ClientHello must be complete"},
    {LISTEN(handshake_timeout), .key = "handshake-timeout", .type = OPTION_TIME, .min = 10 * MS,
     .max = 10 * MINUTES, .default_text = "10s",
     .help = "How long after connecting the handshake must be complete"},
    {LISTEN(idle_timeout), .key = "idle-timeout", .type = OPTION_TIME, .min = 10 * MS, .max = 30 * 24 * HOURS,
     .takes_zero = true, .default_text = "1h",
     .help = "How long a connection may be silent in both directions; 0 is for ever"},
    {LISTEN(trusted_sources), .key = "trusted-source", .type = OPTION_NETWORK, .is_apart = true,
     .example = "10.0.0.0/8",
     .help = "Network of balancers or gateways that many clients share: when handshakes come faster than they can be "
             "done each other source is held to its share"},

    {BACKEND(servers), .key = "server", .type = OPTION_SERVER_ADDRESS, .is_required = true,
     .example = "127.0.0.1:8080",
     .help = "Where to connect to: host:port, [::1]:8080 or unix:/path; several take turns"},
    {BACKEND(connect_timeout), .key = "connect-timeout", .type = OPTION_TIME, .min = 10 * MS,
     .max = 10 * MINUTES, .default_text = "3s",
     .help = "How long a server may take to accept the connection before the next one is tried"},
    {BACKEND(send_proxy), .key = "send-proxy", .type = OPTION_CHOICE, .choices = send_proxies,
     .default_text = "none",
     .help = "Tells the server the client's address by the PROXY protocol, v2 also name, ALPN, version and suite"},

    {ADMIN(addresses), .key = "address", .type = OPTION_LISTEN_ADDRESS, .is_apart = true,
     .example = "unix:/run/sallyport/admin.sock",
     .help = "Where /healthz, /readyz and /metrics answer over HTTP: unix:/path, or a port of this machine alone, "
             "127.0.0.1:9100 or [::1]:9100; without any, nowhere"},
    {ADMIN(mode), .key = "mode", .type = OPTION_CHOICE, .choices = socket_modes,
     .default_text = "0600",
     .help = "Who may connect to its unix sockets: their owner, its group too, or every user of the machine"},
};
/* clang-format on */

const struct option *option_at(size_t index)
{
    return index < ARRAY_LEN(options) ? &options[index] : NULL;
}

const struct option *option_find(enum section_kind section, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (options[i].section == section && strcmp(options[i].key, key) == 0)
            return &options[i];
    return NULL;
}

/* Of nginx, HAProxy, Apache, OpenSSL, stunnel and hitch. */
const struct option_synonym option_synonyms[] = {
    {"cert", "certificate"},
    {"cert-file", "certificate"},
    {"certificate-file", "certificate"},
    {"crt", "certificate"},
    {"pem-file", "certificate"},
    {"ssl-certificate", "certificate"},
    {"certificate-dir", "cert-dir"},
    {"certificate-directory", "cert-dir"},
    {"crt-dir", "cert-dir"},
    {"tls-certificate", "certificate"},
    {"key-file", "key"},
    {"private-key", "key"},
    {"ssl-certificate-key", "key"},
    {"bind", "address"},
    {"listen", "address"},
    {"port", "address"},
    {"accept", "address"},
    {"alpn-protos", "alpn"},
    {"alpn-protocols", "alpn"},
    {"min-version", "profile"},
    {"ssl-min-ver", "profile"},
    {"ssl-protocol", "profile"},
    {"ssl-protocols", "profile"},
    {"tls-protocols", "profile"},
    {"tls-version", "profile"},
    {"tls-versions", "profile"},
    {"versions", "profile"},
    {"cipher", "suites"},
    {"ciphers", "suites"},
    {"cipher-suite", "suites"},
    {"cipher-suites", "suites"},
    {"ciphersuites", "suites"},
    {"ssl-ciphers", "suites"},
    {"tls-ciphers", "suites"},
    {"curve", "groups"},
    {"curves", "groups"},
    {"ecdh-curve", "groups"},
    {"ecdhe", "groups"},
    {"ssl-ecdh-curve", "groups"},
    {"sigalgs", "signature-algorithms"},
    {"signature-schemes", "signature-algorithms"},
    {"signatures", "signature-algorithms"},
    {"client-auth", "client-certificate"},
    {"client-cert", "client-certificate"},
    {"client-verify", "client-certificate"},
    {"ssl-verify-client", "client-certificate"},
    {"verify-client", "client-certificate"},
    {"ca-file", "client-ca"},
    {"ssl-client-certificate", "client-ca"},
    {"crl-file", "client-crl"},
    {"ssl-crl", "client-crl"},
    {"ocsp", "ocsp-staple"},
    {"ssl-stapling-file", "ocsp-staple"},
    {"session-timeout", "ticket-lifetime"},
    {"ssl-session-timeout", "ticket-lifetime"},
    {"proxy-protocol", "send-proxy"},
    {"worker-processes", "workers"},
    {"nbproc", "workers"},
    {"nbthread", "workers"},
    {"maxconn", "max-connections"},
    {"ssl-session-ticket-key", "ticket-key"},
    {"uid", "user"},
    {"setuid", "user"},
    {"gid", "group"},
    {"setgid", "group"},
    {"max-memory", "memory-limit"},
    {"set-real-ip-from", "trusted-source"},
    {"trusted-ip", "trusted-source"},
    {"trusted-network", "trusted-source"},
    {"trusted-sources", "trusted-source"},
    {"whitelist", "trusted-source"},
    {NULL, NULL},
};

static bool is_same_word(const char *word, const char *key)
{
    for (; *word && *key; word++, key++)
        if (*word != (*key == '_' ? '-' : *key))
            return false;
    return *word == *key;
}

const struct option *option_find_synonym(enum section_kind section, const char *key)
{
    for (const struct option_synonym *synonym = option_synonyms; synonym->word; synonym++)
        if (is_same_word(synonym->word, key))
            return option_find(section, synonym->key);
    return NULL;
}

bool option_is_list(const struct option *option)
{
    return option->type >= OPTION_TEXTS;
}
