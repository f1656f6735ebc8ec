#include "bogo/policy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "bogo/decisions.h"
#include "bogo/trust.h"
#include "tls/ticket_keys.h"

/* Something is not as the runner makes it: no case passes by that, whatever it expects. */
_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "%s: not as expected\n", what);
    exit(EXIT_MUST_FAIL);
}

/* ---- files and base64; without stdio and malloc, so that only the engine's allocations are counted */

static uint8_t storage[64 * 1024];

/* Until the next file or text. */
static struct bytes read_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t len = fd < 0 ? -1 : read(fd, storage, sizeof storage);

    if (len < 0)
        give_up(path);
    close(fd);
    return bytes_of(storage, (size_t)len);
}

static struct bytes decode(const char *base64)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned count = 0;
    size_t len = 0;

    for (; *base64 && *base64 != '='; base64++) {
        const char *digit = strchr(digits, *base64);
        if (!digit || len == sizeof storage)
            give_up("base64");
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8)
            storage[len++] = (uint8_t)(bits >> (count -= 8));
    }
    return bytes_of(storage, len);
}

/* ---- lists */

struct lists {
    struct codes suites, groups, schemes;
};

/* What BoringSSL allows under a name, as far as we have it; NULL: no name was given. */
static const struct lists *named_lists(const struct options *options)
{
    static const struct lists fips = {
        {{0x1301, 0x1302, 0xc02b, 0xc02c, 0xc02f, 0xc030}, 6},
        {{0x0017, 0x0018}, 2},
        {{0x0401, 0x0501, 0x0601, 0x0403, 0x0503, 0x0804, 0x0805, 0x0806}, 8},
    };
    static const struct lists wpa = {
        {{0x1302, 0xc02c, 0xc030}, 3}, {{0x0018}, 1}, {{0x0501, 0x0601, 0x0503, 0x0805, 0x0806}, 5}};
    static const struct lists cnsa1 = {
        {{0x1302, 0xc02c, 0xc030, 0x009d}, 4}, {{0x0018}, 1}, {{0x0501, 0x0503, 0x0805}, 3}};

    return options->is_fips ? &fips : options->is_wpa ? &wpa : options->is_cnsa1 ? &cnsa1 : NULL;
}

static bool is_among(const struct codes *codes, uint16_t code)
{
    for (int i = 0; i < codes->count; i++)
        if (codes->at[i] == code)
            return true;
    return false;
}

static bool is_version_allowed(const struct options *options, int version)
{
    if ((version == TLS_1_3 && options->no_tls13) || (version == TLS_1_2 && options->no_tls12))
        return false;
    return (options->min_version < 0 || version >= options->min_version) &&
           (options->max_version < 0 || version <= options->max_version);
}

static bool is_name(const char *name, const char *at, size_t len)
{
    return strlen(name) == len && strncmp(name, at, len) == 0;
}

static uint16_t suite_by_openssl_name(const char *name, size_t len)
{
    static const struct {
        const char *name;
        uint16_t code;
    } names[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b},
        {"ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},
        {"ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c},
        {"ECDHE-RSA-AES256-GCM-SHA384", 0xc030},
        {"ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9},
        {"ECDHE-RSA-CHACHA20-POLY1305", 0xcca8},
        {"AES128-GCM-SHA256", 0x009c},
        {"AES256-GCM-SHA384", 0x009d},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (is_name(names[i].name, name, len))
            return names[i].code;
    return 0;
}

static bool is_in_cipher_list(const char *list, uint16_t code)
{
    for (const char *at = list; *at;) {
        size_t len = strcspn(at, ":");
        uint16_t named = suite_by_openssl_name(at, len);
        if (named == 0)
            decline(DEMAND_SUITES, list);
        if (named == code)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

static bool set_suites(struct tls_policy *policy, const struct options *options)
{
    const struct lists *lists = named_lists(options);
    const struct tls_suite *list[MAX_POLICY_SUITES];
    size_t count = 0;

    for (const struct tls_suite *suite = tls_suites; suite->code; suite++) {
        bool is_named =
            !options->cipher || suite->version == TLS_1_3 || is_in_cipher_list(options->cipher, suite->code);
        if (is_version_allowed(options, suite->version) && is_named &&
            (!lists || is_among(&lists->suites, suite->code)))
            list[count++] = suite;
    }
    return tls_policy_set_suites(policy, list, count);
}

static bool set_groups(struct tls_policy *policy, const struct options *options)
{
    const struct lists *lists = named_lists(options);
    const struct codes *codes = lists ? &lists->groups : &options->curves;
    const struct tls_group *list[MAX_POLICY_GROUPS];
    size_t count = 0;

    for (int i = 0; i < codes->count; i++) {
        const struct tls_group *group = tls_group_find(codes->at[i]);
        if (!group)
            decline_code(DEMAND_GROUP, codes->at[i]);
        list[count++] = group;
    }
    return count == 0 || tls_policy_set_groups(policy, list, count);
}

static size_t read_schemes(const struct codes *codes, const struct tls_signature_scheme **list)
{
    size_t count = 0;

    for (int i = 0; i < codes->count; i++) {
        const struct tls_signature_scheme *scheme = tls_signature_scheme_find(codes->at[i]);
        if (!scheme)
            decline_code(DEMAND_SCHEME, codes->at[i]);
        list[count++] = scheme;
    }
    return count;
}

static bool set_schemes(struct tls_policy *policy, const struct options *options)
{
    const struct lists *lists = named_lists(options);
    const struct tls_signature_scheme *list[MAX_POLICY_SCHEMES];
    size_t count = read_schemes(lists ? &lists->schemes : &options->signing_prefs, list);

    if (count > 0 && !tls_policy_set_schemes(policy, list, count))
        return false;
    count = read_schemes(lists ? &lists->schemes : &options->verify_prefs, list);
    return count == 0 || tls_policy_set_client_schemes(policy, list, count);
}

/* ---- certificates */

/*
 * BoringSSL's shim has algorithms of two bytes fewer and of four bytes more, the preferred one first; a third one that
 * begins with a random byte does not fit into a policy.
 */
static bool shrink(struct bytes in, uint8_t *out, size_t *len)
{
    enum { PREFIX_LEN = 2 };

    if (in.len < PREFIX_LEN || in.len - PREFIX_LEN > *len)
        return false;
    *len = in.len - PREFIX_LEN;
    memcpy(out, in.at + PREFIX_LEN, *len);
    return true;
}

static bool expand(struct bytes in, uint8_t *out, size_t *len)
{
    static const uint8_t prefix[] = {1, 2, 3, 4};

    if (in.len + sizeof prefix > *len)
        return false;
    *len = in.len + sizeof prefix;
    memcpy(out, prefix, sizeof prefix);
    memcpy(out + sizeof prefix, in.at, in.len);
    return true;
}

static bool add_compressors(struct tls_policy *policy, const struct options *options)
{
    static const struct tls_compressor compressors[] = {{0xff02, "expanding", expand}, {0xff01, "shrinking", shrink}};

    for (size_t i = 0; i < ARRAY_LEN(compressors); i++)
        if ((options->compresses || options->compression == compressors[i].code) &&
            !tls_policy_add_compressor(policy, &compressors[i]))
            return false;
    return true;
}

/* False: no memory. */
static bool read_chain(const char *path, struct certificate_chain **chain)
{
    struct crypto_fault fault = {""};

    *chain = certificate_chain_new(read_file(path), &fault);
    if (!*chain && !strstr(fault.text, "memory"))
        decline(DEMAND_KEY, fault.text);
    return *chain != NULL;
}

static bool add_credential(struct shim *shim, const struct credential_option *option, const struct options *options)
{
    struct crypto_fault fault = {""};
    struct certificate_chain *chain;
    struct bytes staple;

    if (!option->certificate || !option->key)
        give_up("a credential");
    if (!read_chain(option->certificate, &chain) ||
        !tls_policy_add_certificate(shim->policy, chain, option->certificate))
        return false;
    shim->keys[shim->key_count] = private_key_new(read_file(option->key), random_system(), &fault);
    if (!shim->keys[shim->key_count])
        return false;
    shim->key_count++;
    if (!option->ocsp || options->declines_ocsp)
        return true;
    staple = decode(option->ocsp);
    return tls_policy_set_staple(shim->policy, shim->key_count - 1, staple, (struct tls_staple_time){0, 0});
}

/* The default one comes last, as BoringSSL has it. */
static bool add_credentials(struct shim *shim, const struct options *options)
{
    for (int i = 0; i < options->credential_count; i++)
        if (!add_credential(shim, &options->credentials[i], options))
            return false;
    return !options->default_credential.certificate || add_credential(shim, &options->default_credential, options);
}

static int64_t shim_time(void *context)
{
    const struct shim *shim = context;
    return shim->time;
}

static uint64_t shim_now(void *context)
{
    (void)context;
    return 0;
}

static bool set_alpn(struct tls_policy *policy, const struct options *options)
{
    if (options->rejects_alpn)
        return tls_policy_add_alpn(policy, BYTES_OF_LITERAL("what nobody speaks"));
    /* The runner's way to say that there is none. */
    if (!options->select_alpn || !*options->select_alpn)
        return true;
    return tls_policy_add_alpn(policy, bytes_of_string(options->select_alpn));
}

static bool set_client_certificates(struct tls_policy *policy, const struct options *options)
{
    struct certificate_chain *expected = NULL;
    struct client_trust *trust;

    if (!options->requires_client_certificate && !options->asks_client_certificate)
        return true;
    if (options->expect_client_chain && !read_chain(options->expect_client_chain, &expected))
        return false;
    trust = bogo_trust_new(options->fails_verification, options->client_cas, expected);
    tls_policy_set_client_certificates(policy,
                                       options->requires_client_certificate ? TLS_CLIENT_CERTIFICATE_REQUIRED
                                                                            : TLS_CLIENT_CERTIFICATE_OPTIONAL,
                                       trust);
    return trust != NULL;
}

bool shim_set_policy(struct shim *shim, const struct options *options)
{
    struct tls_policy *policy = shim->policy = tls_policy_new(random_system(), shim_now, shim);

    if (!policy)
        return false;
    shim->seals_nothing = options->seals_nothing;
    tls_policy_set_time(policy, shim_time);
    return add_compressors(policy, options) && add_credentials(shim, options) && set_suites(policy, options) &&
           set_groups(policy, options) && set_schemes(policy, options) && set_alpn(policy, options) &&
           set_client_certificates(policy, options) &&
           tls_policy_set_tickets(policy, BYTES_OF_LITERAL("bogo"), options->has_no_ticket ? 0 : 2,
                                  DEFAULT_TICKET_KEY_ACCEPTS);
}

void shim_wipe_policy(struct shim *shim)
{
    tls_policy_unref(shim->policy);
    shim->policy = NULL;
    for (size_t i = 0; i < shim->key_count; i++)
        private_key_free(shim->keys[i]);
    shim->key_count = 0;
}

bool shim_set_ticket_keys(struct shim *shim)
{
    shim->tickets = ticket_keys_new(random_system(), DEFAULT_TICKET_KEY_ISSUES, DEFAULT_TICKET_KEY_ACCEPTS);
    return shim->tickets != NULL;
}

static const struct private_key *find_key(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    const struct shim *shim = keyring;

    for (size_t i = 0; i < shim->key_count; i++)
        if (memcmp(private_key_id(shim->keys[i]), key_id, KEY_ID_LEN) == 0)
            return shim->keys[i];
    return NULL;
}

struct tls_key_holder shim_holder(struct shim *shim)
{
    return (struct tls_key_holder){
        .find = find_key,
        .keyring = shim,
        .tickets = shim->seals_nothing ? NULL : shim->tickets,
        .random = random_system(),
        .time = shim_time,
        .time_context = shim,
    };
}
