#include "proxy/development_certificate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "proxy/limits.h"

enum { SECONDS_PER_DAY = 24 * 60 * 60 };

struct paths {
    char directory[PATH_MAX - 64];
    char certificate[PATH_MAX];
    char key[PATH_MAX];
};

static bool put_directory(struct paths *paths, const char *base, size_t base_len, const char *below)
{
    int len = snprintf(paths->directory, sizeof paths->directory, "%.*s%s", (int)base_len, base, below);

    return len > 0 && len < (int)sizeof paths->directory && paths->directory[0] == '/';
}

static bool find_directory(struct paths *paths)
{
    const char *state = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state) /* systemd.exec(5): several are separated by colons */
        return put_directory(paths, state, strcspn(state, ":"), "");
    if (xdg && *xdg)
        return put_directory(paths, xdg, strlen(xdg), "/sallyport");
    return home && *home && put_directory(paths, home, strlen(home), "/.local/state/sallyport");
}

static bool find_paths(struct paths *paths)
{
    if (!find_directory(paths))
        return false;
    snprintf(paths->certificate, sizeof paths->certificate, "%s/development-certificate.pem", paths->directory);
    snprintf(paths->key, sizeof paths->key, "%s/development-key.pem", paths->directory);
    return true;
}

static bool parse_pair(const struct supply *supply, struct bytes certificate, struct bytes key_pem,
                       struct certificate_chain **chain, struct private_key **key)
{
    struct crypto_fault fault;

    *chain = certificate_chain_new(certificate, &fault);
    *key = private_key_new(key_pem, random_system(), &fault);
    if (*chain && *key && memcmp(certificate_chain_key_id(*chain), private_key_id(*key), KEY_ID_LEN) == 0 &&
        supply_keep(supply, SUPPLY_CERTIFICATE, CONFIG_CERTIFICATE_DEVELOPMENT, certificate) &&
        supply_keep(supply, SUPPLY_KEY, CONFIG_CERTIFICATE_DEVELOPMENT, key_pem))
        return true;
    certificate_chain_free(*chain);
    private_key_free(*key);
    *chain = NULL;
    *key = NULL;
    return false;
}

static bool is_fresh(const struct certificate_chain *chain, int64_t now)
{
    return certificate_chain_not_before(chain) <= now &&
           certificate_chain_not_after(chain) > now + DEVELOPMENT_RENEW_DAYS * SECONDS_PER_DAY;
}

/* One that was kept. Anything wrong with it is a reason to make another. */
static bool load(const struct paths *paths, const struct supply *supply, int64_t now, struct certificate_chain **chain,
                 struct private_key **key)
{
    struct file_bytes certificate_file, key_file;
    const char *fault;
    bool is_ok;

    if (!file_read(paths->certificate, MAX_CERTIFICATE_FILE_LEN, &certificate_file, &fault))
        return false;
    if (!file_read(paths->key, MAX_KEY_FILE_LEN, &key_file, &fault)) {
        file_wipe(&certificate_file);
        return false;
    }
    is_ok = parse_pair(supply, file_view(&certificate_file), file_view(&key_file), chain, key);
    file_wipe(&certificate_file);
    file_wipe(&key_file);
    if (!is_ok || is_fresh(*chain, now))
        return is_ok;
    certificate_chain_free(*chain);
    private_key_free(*key);
    return false;
}

static bool make_pem(int64_t now, char **certificate, char **key)
{
    char host[256] = "";
    const char *names[] = {"localhost", "127.0.0.1", "::1", host};
    size_t count = ARRAY_LEN(names);

    if (gethostname(host, sizeof host - 1) != 0 || host[0] == 0 || strcmp(host, "localhost") == 0)
        count--;
    return certificate_make_development(names, count, now, DEVELOPMENT_DAYS, random_system(), certificate, key);
}

/* The key first: a certificate without its key would be found wanting at the next start, and both made anew. */
static bool keep(const struct paths *paths, const char *certificate, const char *key, const struct config_place *place,
                 struct config_findings findings)
{
    if (directory_make(paths->directory) && file_write(paths->key, 0600, bytes_of_string(key)) &&
        file_write(paths->certificate, 0644, bytes_of_string(certificate)))
        return true;
    config_warn(findings, place, "the development certificate cannot be kept in %s (%s): the next start makes another",
                paths->directory, strerror(errno));
    return false;
}

/* *is_kept: it is to lie at `paths`, and then whether it does. */
static bool make(const struct paths *paths, const struct supply *supply, bool *is_kept, int64_t now,
                 const struct config_place *place, struct config_findings findings, struct certificate_chain **chain,
                 struct private_key **key)
{
    char *certificate_pem = NULL, *key_pem = NULL;
    bool is_ok = make_pem(now, &certificate_pem, &key_pem) &&
                 parse_pair(supply, bytes_of_string(certificate_pem), bytes_of_string(key_pem), chain, key);

    *is_kept = is_ok && *is_kept && keep(paths, certificate_pem, key_pem, place, findings);
    if (key_pem)
        memory_wipe(key_pem, strlen(key_pem));
    memory_free(key_pem);
    memory_free(certificate_pem);
    return is_ok;
}

static void tell(const struct paths *paths, bool is_kept, enum purpose purpose, const struct config_place *place,
                 struct config_findings findings)
{
    config_warn(findings, place, "%s DEVELOPMENT certificate%s, not for production%s%s",
                purpose == PURPOSE_SERVE ? "serving a self-signed" : "a self-signed",
                purpose == PURPOSE_SERVE ? "" : " would be served",
                is_kept ? "; a client trusts it with: curl --cacert " : "", is_kept ? paths->certificate : "");
}

bool development_certificate_get(int64_t now, const struct supply *supply, const struct config_place *place,
                                 struct config_findings findings, struct certificate_chain **chain,
                                 struct private_key **key)
{
    struct paths paths;
    bool has_paths = find_paths(&paths), is_kept = has_paths && load(&paths, supply, now, chain, key);

    if (!has_paths)
        config_warn(findings, place,
                    "there is no directory to keep the development certificate in (neither "
                    "STATE_DIRECTORY, XDG_STATE_HOME nor HOME is set): each start makes another");
    if (!is_kept) {
        is_kept = has_paths && supply->purpose == PURPOSE_SERVE;
        if (!make(&paths, supply, &is_kept, now, place, findings, chain, key)) {
            config_complain(findings, place, "the development certificate cannot be made");
            return false;
        }
    }
    tell(&paths, is_kept, supply->purpose, place, findings);
    return true;
}
