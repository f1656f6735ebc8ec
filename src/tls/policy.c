#include "base/alloc.h"
#include "base/writer.h"
#include "tls/binding.h"
#include "tls/credential.h"
#include "tls/credential_encode.h"
#include "tls/policy_types.h"

struct tls_policy *tls_policy_new(struct random_source random, uint64_t (*now)(void *context), void *now_context)
{
    struct tls_policy *policy = memory_new(sizeof *policy);

    if (!policy)
        return NULL;
    policy->references = 1;
    policy->random = random;
    policy->now = now;
    policy->now_context = now_context;
    for (const struct tls_suite *suite = tls_suites; suite->code; suite++)
        if (suite->exchange != EXCHANGE_RSA)
            policy->suites[policy->suite_count++] = suite;
    for (const struct tls_group *group = tls_groups; group->code; group++)
        policy->groups[policy->group_count++] = group;
    for (const struct tls_signature_scheme *scheme = tls_signature_schemes; scheme->code; scheme++)
        policy->schemes[policy->scheme_count++] = policy->client_schemes[policy->client_scheme_count++] = scheme;
    return policy;
}

struct tls_policy *tls_policy_ref(struct tls_policy *policy)
{
    policy->references++;
    return policy;
}

void tls_policy_unref(struct tls_policy *policy)
{
    if (!policy || --policy->references > 0)
        return;
    while (policy->credentials) {
        struct tls_credential *credential = policy->credentials;
        policy->credentials = credential->next;
        credential_free(credential);
    }
    client_trust_free(policy->client_trust);
    for (size_t i = 0; i < policy->name_count; i++)
        memory_free((void *)policy->names[i].name.at);
    memory_free(policy->names);
    for (size_t i = 0; i < policy->alpn_count; i++)
        memory_free((void *)policy->alpn[i].at);
    memory_free(policy);
}

static int compare_names(const struct credential_name *a, const struct credential_name *b)
{
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = (int)a->is_wildcard - (int)b->is_wildcard;

    if (order == 0)
        order = memcmp(a->name.at, b->name.at, len);
    if (order == 0)
        order = (a->name.len > b->name.len) - (a->name.len < b->name.len);
    return order;
}

size_t policy_name_at(const struct tls_policy *policy, const struct credential_name *wanted)
{
    size_t low = 0, high = policy->name_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(&policy->names[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool policy_has_name_at(const struct tls_policy *policy, size_t at, const struct credential_name *wanted)
{
    return at < policy->name_count && compare_names(&policy->names[at], wanted) == 0;
}

static bool insert_name(struct tls_policy *policy, struct credential_name entry)
{
    size_t at = policy_name_at(policy, &entry);
    struct credential_name *grown = memory_resize(policy->names, (policy->name_count + 1) * sizeof *policy->names);

    if (!grown)
        return false;
    policy->names = grown;
    entry.name.at = memory_copy(entry.name.at, entry.name.len);
    if (!entry.name.at)
        return false;
    while (policy_has_name_at(policy, at, &entry)) /* behind its equals: the first one added stays the first */
        at++;
    memmove(grown + at + 1, grown + at, (policy->name_count - at) * sizeof *grown);
    grown[at] = entry;
    policy->name_count++;
    return true;
}

static struct credential_name name_of(struct bytes name, struct tls_credential *credential)
{
    bool is_wildcard = name.len > 2 && name.at[0] == '*' && name.at[1] == '.';

    if (is_wildcard)
        name = bytes_of(name.at + 1, name.len - 1);
    return (struct credential_name){name, is_wildcard, credential};
}

static bool add_names(struct tls_policy *policy, struct tls_credential *credential)
{
    for (size_t i = 0; i < certificate_chain_name_count(credential->chain); i++) {
        struct credential_name entry = name_of(certificate_chain_name(credential->chain, i), credential);
        size_t at = policy_name_at(policy, &entry);

        for (; policy_has_name_at(policy, at, &entry); at++)
            if (policy->names[at].credential->is_default)
                credential->is_default = true;
        if (!insert_name(policy, entry))
            return false;
    }
    return true;
}

static void append_credential(struct tls_policy *policy, struct tls_credential *credential)
{
    struct tls_credential **end = &policy->credentials;

    credential->is_default = policy->credential_count == 0;
    credential->index = (uint16_t)policy->credential_count;
    while (*end)
        end = &(*end)->next;
    *end = credential;
    policy->credential_count++;
}

static void append_default(struct tls_policy *policy, struct tls_credential *credential)
{
    struct tls_credential **end = &policy->defaults;

    while (*end)
        end = &(*end)->next_default;
    *end = credential;
}

static bool is_same_key_type(const struct tls_credential *a, const struct tls_credential *b)
{
    for (int id = 0; id < SIGNATURE_IDS; id++)
        if (credential_makes(a, (enum signature_id)id) != credential_makes(b, (enum signature_id)id))
            return false;
    return certificate_chain_key_kind(a->chain) == certificate_chain_key_kind(b->chain);
}

static void note_key_type(struct tls_policy *policy, struct tls_credential *credential)
{
    size_t i = 0;

    while (i < policy->key_type_count && !is_same_key_type(policy->key_types[i].first, credential))
        i++;
    if (i == MAX_KEY_TYPES)
        return;
    if (i < policy->key_type_count)
        policy->key_types[i].last->next_alike = credential;
    else
        policy->key_types[policy->key_type_count++].first = credential;
    policy->key_types[i].last = credential;
}

bool tls_policy_add_certificate(struct tls_policy *policy, struct certificate_chain *chain, const char *label)
{
    struct tls_credential *credential = memory_new(sizeof *credential);

    if (!credential) {
        certificate_chain_free(chain);
        return false;
    }
    credential->chain = chain;
    append_credential(policy, credential); /* from here on the policy frees it */
    note_key_type(policy, credential);
    credential->label = memory_copy_string(label);
    if (!credential->label || !credential_encode(credential, policy) || !add_names(policy, credential))
        return false;
    if (credential->is_default)
        append_default(policy, credential);
    return true;
}

bool tls_policy_add_alpn(struct tls_policy *policy, struct bytes protocol)
{
    uint8_t *copy;

    if (policy->alpn_count == MAX_POLICY_ALPN || protocol.len == 0 || protocol.len > 255)
        return false;
    copy = memory_copy(protocol.at, protocol.len);
    if (!copy)
        return false;
    policy->alpn[policy->alpn_count++] = bytes_of(copy, protocol.len);
    return true;
}

void tls_policy_set_unknown_sni(struct tls_policy *policy, enum tls_unknown_sni unknown_sni)
{
    policy->unknown_sni = unknown_sni;
}

void tls_policy_set_time(struct tls_policy *policy, int64_t (*time)(void *context))
{
    policy->time = time;
}

bool tls_policy_time(const struct tls_policy *policy, int64_t *now)
{
    if (policy->time)
        *now = policy->time(policy->now_context);
    return policy->time != NULL;
}

bool tls_policy_add_compressor(struct tls_policy *policy, const struct tls_compressor *compressor)
{
    if (policy->compressor_count == MAX_POLICY_COMPRESSORS)
        return false;
    policy->compressors[policy->compressor_count++] = compressor;
    return true;
}

static struct tls_credential *credential_at(const struct tls_policy *policy, size_t index)
{
    struct tls_credential *credential = policy->credentials;

    while (credential && credential->index != index)
        credential = credential->next;
    return credential;
}

const struct certificate_chain *tls_policy_chain(const struct tls_policy *policy, size_t index)
{
    const struct tls_credential *credential = credential_at(policy, index);

    return credential ? credential->chain : NULL;
}

const char *tls_policy_certificate_label(const struct tls_policy *policy, size_t index)
{
    const struct tls_credential *credential = credential_at(policy, index);

    return credential ? credential->label : NULL;
}

bool tls_policy_set_staple(struct tls_policy *policy, size_t index, struct bytes response, struct tls_staple_time time)
{
    struct tls_credential *credential = credential_at(policy, index);

    if (!credential || response.len == 0 || response.len > MAX_STAPLE_LEN)
        return false;
    credential->staple_time = time;
    return credential_set_staple(credential, policy, response);
}

const struct tls_credential *tls_policy_next_staple(const struct tls_policy *policy, const struct tls_credential *last)
{
    const struct tls_credential *credential = last ? last->next : policy->credentials;

    while (credential && (!credential->staple || credential->staple_time.until == 0))
        credential = credential->next;
    return credential;
}

int64_t tls_policy_staple_end(const struct tls_policy *policy, size_t index)
{
    const struct tls_credential *credential = credential_at(policy, index);

    return credential && credential->staple ? credential->staple_time.until : 0;
}

int64_t tls_credential_staple_end(const struct tls_credential *credential)
{
    return credential->staple_time.until;
}

void tls_policy_set_client_certificates(struct tls_policy *policy, enum tls_client_certificate mode,
                                        struct client_trust *trust)
{
    policy->client_certificate = mode;
    policy->client_trust = trust;
}

bool tls_policy_crl_end(const struct tls_policy *policy, int64_t *end)
{
    return policy->client_trust && client_trust_crl_end(policy->client_trust, end);
}

bool tls_policy_set_tickets(struct tls_policy *policy, struct bytes listener, unsigned count, uint32_t lifetime)
{
    policy->ticket_count = count;
    policy->ticket_lifetime = lifetime < MAX_TICKET_LIFETIME ? lifetime : MAX_TICKET_LIFETIME;
    return binding_context(listener, policy, policy->resumption_context);
}

void tls_policy_set_dynamic_records(struct tls_policy *policy, bool is_dynamic)
{
    policy->has_dynamic_records = is_dynamic;
}

bool policy_has_version(const struct tls_policy *policy, uint16_t version)
{
    for (size_t i = 0; i < policy->suite_count; i++)
        if (policy->suites[i]->version == version)
            return true;
    return false;
}

bool tls_policy_set_suites(struct tls_policy *policy, const struct tls_suite *const *suites, size_t count)
{
    if (count > MAX_POLICY_SUITES)
        return false;
    memcpy(policy->suites, suites, count * sizeof *suites);
    policy->suite_count = count;
    return true;
}

void tls_policy_set_aes_last(struct tls_policy *policy, bool is_last)
{
    policy->has_aes_last = is_last;
}

bool tls_policy_set_groups(struct tls_policy *policy, const struct tls_group *const *groups, size_t count)
{
    if (count > MAX_POLICY_GROUPS)
        return false;
    memcpy(policy->groups, groups, count * sizeof *groups);
    policy->group_count = count;
    return true;
}

void tls_policy_set_post_quantum(struct tls_policy *policy, enum tls_post_quantum post_quantum)
{
    policy->post_quantum = post_quantum;
}

bool tls_policy_set_schemes(struct tls_policy *policy, const struct tls_signature_scheme *const *schemes, size_t count)
{
    if (count > MAX_POLICY_SCHEMES)
        return false;
    memcpy(policy->schemes, schemes, count * sizeof *schemes);
    policy->scheme_count = count;
    return true;
}

bool tls_policy_set_client_schemes(struct tls_policy *policy, const struct tls_signature_scheme *const *schemes,
                                   size_t count)
{
    if (count > MAX_POLICY_SCHEMES)
        return false;
    memcpy(policy->client_schemes, schemes, count * sizeof *schemes);
    policy->client_scheme_count = count;
    return true;
}

size_t tls_policy_suites(const struct tls_policy *policy, const struct tls_suite *const **suites)
{
    *suites = policy->suites;
    return policy->suite_count;
}

size_t tls_policy_groups(const struct tls_policy *policy, const struct tls_group *const **groups)
{
    *groups = policy->groups;
    return policy->group_count;
}

size_t tls_policy_schemes(const struct tls_policy *policy, const struct tls_signature_scheme *const **schemes)
{
    *schemes = policy->schemes;
    return policy->scheme_count;
}

size_t tls_policy_certificate_count(const struct tls_policy *policy)
{
    return policy->credential_count;
}

const char *tls_credential_label(const struct tls_credential *credential)
{
    return credential->label;
}

const struct certificate_chain *tls_credential_chain(const struct tls_credential *credential)
{
    return credential->chain;
}
