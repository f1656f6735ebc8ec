#include "proxy/algorithms.h"

#include <strings.h>

#include "config/nearest.h"

/* ---- names: those of IANA and the RFCs are in tls/iana.c; here stand the others that people write */

struct alias {
    const char *name;
    uint16_t code;
};

static const struct alias suite_aliases[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b},
    {"ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},
    {"ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c},
    {"ECDHE-RSA-AES256-GCM-SHA384", 0xc030},
    {"ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9},
    {"ECDHE-RSA-CHACHA20-POLY1305", 0xcca8},
    {"AES128-GCM-SHA256", 0x009c},
    {"AES256-GCM-SHA384", 0x009d},
    {NULL, 0},
};

static const struct alias group_aliases[] = {
    {"P-256", 0x0017},
    {"prime256v1", 0x0017},
    {"P-384", 0x0018},
    {NULL, 0},
};

/* One kind of thing that a list names. */
struct catalogue {
    const char *what;
    const struct alias *aliases;
    bool (*at)(size_t index, const char **name, uint16_t *code);
};

static bool suite_at(size_t index, const char **name, uint16_t *code)
{
    *name = tls_suites[index].name;
    *code = tls_suites[index].code;
    return *code != 0;
}

static bool group_at(size_t index, const char **name, uint16_t *code)
{
    *name = tls_groups[index].name;
    *code = tls_groups[index].code;
    return *code != 0;
}

static bool scheme_at(size_t index, const char **name, uint16_t *code)
{
    *name = tls_signature_schemes[index].name;
    *code = tls_signature_schemes[index].code;
    return *code != 0;
}

static const struct catalogue suites = {"cipher suite", suite_aliases, suite_at};
static const struct catalogue groups = {"group", group_aliases, group_at};
static const struct catalogue schemes = {"signature scheme", (const struct alias[]){{NULL, 0}}, scheme_at};
static const struct catalogue *const catalogues[] = {&suites, &groups, &schemes};

static uint16_t find_code(const struct catalogue *catalogue, const char *wanted)
{
    const char *name;
    uint16_t code;

    for (size_t i = 0; catalogue->at(i, &name, &code); i++)
        if (strcasecmp(name, wanted) == 0)
            return code;
    for (const struct alias *alias = catalogue->aliases; alias->name; alias++)
        if (strcasecmp(alias->name, wanted) == 0)
            return alias->code;
    return 0;
}

/* ---- what exists and is not to be had here: better said so than called unknown */

static const struct elsewhere {
    const char *name;
    const struct catalogue *catalogue;
} not_provided[] = {
    {"ed25519", &schemes},
    {"ed448", &schemes},
    {"SecP256r1MLKEM768", &groups},
    {"SecP384r1MLKEM1024", &groups},
    {"secp521r1", &groups},
    {"P-521", &groups},
    {"x448", &groups},
    {"mldsa44", &schemes},
    {"mldsa65", &schemes},
    {"mldsa87", &schemes},
    {"rsa_pss_pss_sha256", &schemes},
    {"rsa_pss_pss_sha384", &schemes},
    {"rsa_pss_pss_sha512", &schemes},
    {"TLS_AES_128_CCM_SHA256", &suites},
    {"TLS_AES_128_CCM_8_SHA256", &suites},
};

static bool is_not_provided(const struct catalogue *catalogue, const char *wanted)
{
    for (size_t i = 0; i < ARRAY_LEN(not_provided); i++)
        if (not_provided[i].catalogue == catalogue && strcasecmp(not_provided[i].name, wanted) == 0)
            return true;
    return false;
}

static bool begins(const char *wanted, const char *with)
{
    return strncasecmp(wanted, with, strlen(with)) == 0;
}

static bool ends(const char *wanted, const char *with)
{
    size_t len = strlen(wanted), with_len = strlen(with);

    return len > with_len && strcasecmp(wanted + len - with_len, with) == 0;
}

/* "TLS_RSA_WITH_AES_128_CBC_SHA", and by the names of OpenSSL, which do not say it: "AES128-SHA", "DES-CBC3-SHA". */
static bool is_of_cbc(const char *wanted)
{
    if (strcasestr(wanted, "CBC"))
        return begins(wanted, "TLS_") || ends(wanted, "SHA");
    return (strcasestr(wanted, "AES128-SHA") || strcasestr(wanted, "AES256-SHA")) != 0;
}

/* NULL, or what sallyport does not speak although a provider could, as the end of a sentence. */
static const char *decided_against(const struct catalogue *catalogue, const char *wanted)
{
    if (catalogue == &suites && (begins(wanted, "TLS_DHE_") || begins(wanted, "DHE-")))
        return "exchanges keys by finite-field Diffie-Hellman (DHE)";
    if (catalogue == &suites && is_of_cbc(wanted))
        return "encrypts with CBC";
    if (catalogue == &groups && begins(wanted, "ffdhe"))
        return "is of finite-field Diffie-Hellman (DHE)";
    if (catalogue == &schemes && ends(wanted, "_sha1"))
        return "signs with SHA-1";
    return NULL;
}

/* NULL: nothing has that name. */
static const struct catalogue *catalogue_of(const char *wanted)
{
    for (size_t i = 0; i < ARRAY_LEN(catalogues); i++)
        if (find_code(catalogues[i], wanted) || is_not_provided(catalogues[i], wanted) ||
            decided_against(catalogues[i], wanted))
            return catalogues[i];
    return NULL;
}

static void complain_unheard_of(const struct catalogue *catalogue, const struct config_value *value,
                                struct config_findings findings)
{
    struct nearest nearest = nearest_to(value->text);
    char hint[NEAREST_HINT_LEN];
    const char *name;
    uint16_t code;

    for (size_t i = 0; catalogue->at(i, &name, &code); i++)
        nearest_offer(&nearest, name);
    for (const struct alias *alias = catalogue->aliases; alias->name; alias++)
        nearest_offer(&nearest, alias->name);
    config_complain(findings, &value->place, "there is no %s '%s'%s", catalogue->what, value->text,
                    nearest_hint(&nearest, hint));
}

static void complain_unknown(const struct catalogue *catalogue, const struct config_value *value,
                             struct config_findings findings)
{
    const struct catalogue *other = catalogue_of(value->text);
    const char *decision = decided_against(catalogue, value->text);

    if (decision)
        config_complain(findings, &value->place, "'%s' %s, which sallyport does not speak, by decision", value->text,
                        decision);
    else if (is_not_provided(catalogue, value->text))
        config_complain(findings, &value->place, "no provider of this build has the %s '%s'", catalogue->what,
                        value->text);
    else if (other)
        config_complain(findings, &value->place, "'%s' is no %s but a %s", value->text, catalogue->what, other->what);
    else
        complain_unheard_of(catalogue, value, findings);
}

/* The codes of a list, each once. False after telling what is wrong. */
static bool read_list(const struct catalogue *catalogue, const struct config_list *list, uint16_t *codes, size_t max,
                      size_t *count, struct config_findings findings)
{
    bool is_ok = true;

    for (size_t i = 0; i < list->count; i++) {
        uint16_t code = find_code(catalogue, list->values[i].text);
        bool is_there = false;

        for (size_t j = 0; j < *count; j++)
            is_there = is_there || codes[j] == code;
        if (code == 0)
            complain_unknown(catalogue, &list->values[i], findings);
        else if (!is_there && *count < max)
            codes[(*count)++] = code;
        is_ok = is_ok && code != 0;
    }
    return is_ok;
}

/* ---- the profiles: Mozilla's guidelines 6.0 (2026-04-06) */

/*
 * AES from tables is for who asks for it, by `suites`, or by `rsa-key-exchange`, whose suites are all of AES. RFC
 * 8446 9.1 has TLS_AES_128_GCM_SHA256 as one that must be there "in the absence of an application profile": this is
 * ours.
 */
static bool is_in_profile(const struct config_listen *listen, const struct tls_suite *suite)
{
    if (suite->exchange == EXCHANGE_RSA)
        return listen->has_rsa_key_exchange;
    if (suite->aead != AEAD_CHACHA20_POLY1305 && crypto_aes_is_table_based())
        return false;
    return suite->version == TLS_1_3 || listen->profile == CONFIG_PROFILE_INTERMEDIATE;
}

static size_t profile_suites(const struct config_listen *listen, uint16_t *codes)
{
    size_t count = 0;

    for (const struct tls_suite *suite = tls_suites; suite->code; suite++)
        if (is_in_profile(listen, suite))
            codes[count++] = suite->code;
    return count;
}

/* ---- setting them */

static bool check_rsa(const struct config_listen *listen, const struct config_value *value, uint16_t code,
                      struct config_findings findings)
{
    if (tls_suite_find(code)->exchange != EXCHANGE_RSA || listen->has_rsa_key_exchange)
        return true;
    config_complain(findings, &value->place,
                    "'%s' is a suite of the classic RSA key exchange, which has no forward secrecy: it needs "
                    "'rsa-key-exchange = yes'",
                    value->text);
    return false;
}

static bool check_all_rsa(const struct config_listen *listen, struct config_findings findings)
{
    bool is_ok = true;

    for (size_t i = 0; i < listen->suites.count; i++) {
        uint16_t code = find_code(&suites, listen->suites.values[i].text);
        is_ok = (code == 0 || check_rsa(listen, &listen->suites.values[i], code, findings)) && is_ok;
    }
    return is_ok;
}

static bool set_suites(struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    const struct tls_suite *list[MAX_POLICY_SUITES];
    uint16_t codes[MAX_POLICY_SUITES];
    size_t count = 0;

    if (!read_list(&suites, &listen->suites, codes, MAX_POLICY_SUITES, &count, findings) ||
        !check_all_rsa(listen, findings))
        return false;
    if (count == 0)
        count = profile_suites(listen, codes);
    for (size_t i = 0; i < count; i++)
        list[i] = tls_suite_find(codes[i]);
    tls_policy_set_aes_last(policy, crypto_aes_is_table_based());
    return tls_policy_set_suites(policy, list, count);
}

static bool set_groups(struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    const struct tls_group *list[MAX_POLICY_GROUPS];
    uint16_t codes[MAX_POLICY_GROUPS];
    size_t count = 0;

    if (!read_list(&groups, &listen->groups, codes, MAX_POLICY_GROUPS, &count, findings))
        return false;
    for (size_t i = 0; i < count; i++)
        list[i] = tls_group_find(codes[i]);
    return count == 0 || tls_policy_set_groups(policy, list, count);
}

static bool has_post_quantum(const struct tls_policy *policy)
{
    const struct tls_group *const *list;
    size_t count = tls_policy_groups(policy, &list);

    for (size_t i = 0; i < count; i++)
        if (list[i]->is_post_quantum)
            return true;
    return false;
}

static bool has_suite_of_13(const struct tls_policy *policy)
{
    const struct tls_suite *const *list;
    size_t count = tls_policy_suites(policy, &list);

    for (size_t i = 0; i < count; i++)
        if (list[i]->version == TLS_1_3)
            return true;
    return false;
}

static bool set_post_quantum(struct tls_policy *policy, const struct config_listen *listen,
                             struct config_findings findings)
{
    static const struct {
        enum tls_post_quantum value;
        const char *name;
    } choices[] = {[CONFIG_PQ_NONE] = {TLS_POST_QUANTUM_AS_LISTED, "none"},
                   [CONFIG_PQ_PREFER] = {TLS_POST_QUANTUM_PREFERRED, "prefer"},
                   [CONFIG_PQ_REQUIRE] = {TLS_POST_QUANTUM_REQUIRED, "require"}};

    tls_policy_set_post_quantum(policy, choices[listen->pq].value);
    if (listen->pq == CONFIG_PQ_NONE || (has_post_quantum(policy) && has_suite_of_13(policy)))
        return true;
    if (has_post_quantum(policy)) /* so `suites` is there */
        config_complain(findings, &listen->suites.values[0].place,
                        "[listen %s] has pq = %s, which is of TLS 1.3, and 'suites' names none of its suites",
                        listen->name, choices[listen->pq].name);
    else
        config_complain(findings, &listen->groups.values[0].place,
                        "[listen %s] has pq = %s, and 'groups' names no post-quantum group: add X25519MLKEM768",
                        listen->name, choices[listen->pq].name);
    return false;
}

/* The profile `modern` has no signatures of RSA at all; a certificate of RSA is served all the same, with a warning. */
static bool set_schemes(struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    const struct tls_signature_scheme *list[MAX_POLICY_SCHEMES];
    uint16_t codes[MAX_POLICY_SCHEMES];
    size_t count = 0;

    if (!read_list(&schemes, &listen->signature_algorithms, codes, MAX_POLICY_SCHEMES, &count, findings))
        return false;
    for (size_t i = 0; i < count; i++)
        list[i] = tls_signature_scheme_find(codes[i]);
    return count == 0 ||
           (tls_policy_set_schemes(policy, list, count) && tls_policy_set_client_schemes(policy, list, count));
}

bool algorithms_set(struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    bool is_ok = set_suites(policy, listen, findings);

    is_ok = set_groups(policy, listen, findings) && is_ok;
    is_ok = is_ok && set_post_quantum(policy, listen, findings);
    return set_schemes(policy, listen, findings) && is_ok;
}

const struct tls_suite *algorithms_find_suite(const char *name)
{
    return tls_suite_find(find_code(&suites, name));
}
