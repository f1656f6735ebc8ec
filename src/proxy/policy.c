#include "proxy/policy.h"

#include <time.h>

#include "proxy/algorithms.h"
#include "proxy/certificate_compression.h"
#include "proxy/client_policy.h"
#include "proxy/credentials.h"
#include "proxy/policy_review.h"
#include "proxy/proxy.h"
#include "proxy/staples.h"

uint64_t policy_now(void *context)
{
    (void)context;
    return proxy_now();
}

static int64_t policy_time(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

/* NULL: it is named for the first time. */
static const struct config_value *find_earlier(const struct config_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(list->values[i].text, list->values[index].text) == 0)
            return &list->values[i];
    return NULL;
}

static bool add_protocol(struct tls_policy *policy, const struct config_list *alpn, size_t index,
                         struct config_findings findings)
{
    const struct config_value *value = &alpn->values[index], *earlier = find_earlier(alpn, index);

    if (earlier) {
        config_complain(findings, &value->place, "alpn '%s' is named twice, first in line %u", value->text,
                        earlier->place.line);
        return false;
    }
    if (tls_policy_add_alpn(policy, bytes_of_string(value->text)))
        return true;
    config_complain(findings, &value->place,
                    "alpn '%s' cannot be used: a protocol has 1 to 255 bytes, a list at most %d of them", value->text,
                    MAX_POLICY_ALPN);
    return false;
}

static bool add_alpn(struct tls_policy *policy, const struct config_list *alpn, struct config_findings findings)
{
    bool is_ok = true;

    for (size_t i = 0; i < alpn->count; i++)
        is_ok = add_protocol(policy, alpn, i, findings) && is_ok;
    return is_ok;
}

static bool add_compressors(struct tls_policy *policy, const struct config_listen *listen)
{
    const struct tls_compressor *compressor;

    for (size_t i = 0; listen->has_certificate_compression && (compressor = certificate_compressor_at(i)); i++)
        if (!tls_policy_add_compressor(policy, compressor))
            return false;
    return true;
}

static bool set_tickets(struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    if (tls_policy_set_tickets(policy, bytes_of_string(listen->name), (unsigned)listen->session_tickets,
                               (uint32_t)(listen->ticket_lifetime / 1000000)))
        return true;
    config_complain(findings, &listen->place, "out of memory");
    return false;
}

/* Every part, even after a fault in another: all that is wrong is told at once. */
static bool build_parts(struct tls_policy *policy, const struct config_listen *listen, const struct supply *supply,
                        struct keyring *keyring, struct config_findings findings)
{
    bool has_algorithms = algorithms_set(policy, listen, findings) && add_compressors(policy, listen);
    bool has_credentials = credentials_add(policy, listen, supply, keyring, findings);
    bool is_ok = has_algorithms && has_credentials;

    is_ok = staples_set(has_credentials ? policy : NULL, listen, supply, policy_time(NULL), findings) && is_ok;
    is_ok = client_policy_set(policy, listen, supply, policy_time(NULL), findings) && is_ok;
    is_ok = add_alpn(policy, &listen->alpn, findings) && is_ok;
    if (has_algorithms && has_credentials)
        is_ok = policy_review(policy, listen, findings) && is_ok;
    return is_ok;
}

struct tls_policy *policy_build(const struct config_listen *listen, const struct supply *supply,
                                struct keyring *keyring, struct config_findings findings)
{
    struct tls_policy *policy = tls_policy_new(random_system(), policy_now, NULL);

    if (!policy) {
        config_complain(findings, &listen->place, "out of memory");
        return NULL;
    }
    tls_policy_set_time(policy, policy_time);
    tls_policy_set_dynamic_records(policy, listen->has_dynamic_records);
    tls_policy_set_unknown_sni(policy, listen->unknown_sni == CONFIG_UNKNOWN_SNI_REJECT ? TLS_UNKNOWN_SNI_REJECT
                                                                                        : TLS_UNKNOWN_SNI_DEFAULT);
    if (build_parts(policy, listen, supply, keyring, findings) && set_tickets(policy, listen, findings))
        return policy;
    tls_policy_unref(policy);
    return NULL;
}
