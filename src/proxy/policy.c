#include "proxy/policy.h"

#include <time.h>

#include "proxy/algorithms.h"
#include "proxy/certificate_compression.h"
#include "proxy/client_policy.h"
#include "proxy/credentials.h"
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

static bool add_alpn(struct tls_policy *policy, const struct config_list *alpn, struct config_findings findings)
{
    bool is_ok = true;

    for (size_t i = 0; i < alpn->count; i++) {
        if (tls_policy_add_alpn(policy, bytes_of_string(alpn->values[i].text)))
            continue;
        config_complain(findings, &alpn->values[i].place,
                        "alpn '%s' cannot be used: a protocol has 1 to 255 bytes, a list at most %d of them",
                        alpn->values[i].text, MAX_POLICY_ALPN);
        is_ok = false;
    }
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

/* Mozilla's guidelines 6.0: modern has certificates of ECDSA alone. */
static bool is_outside_profile(const struct config_listen *listen, const struct certificate_chain *chain)
{
    return listen->profile == CONFIG_PROFILE_MODERN && certificate_chain_key_kind(chain) == KEY_KIND_RSA;
}

static const struct config_place *place_of(const struct config_listen *listen, size_t certificate)
{
    return &listen->certificates.values[certificate < listen->certificates.count ? certificate : 0].place;
}

/* RFC 5246 7.4.2 MUST: for the classic RSA key exchange the keyEncipherment bit is set, if there is a key usage. */
static void warn_of_key_usage(const struct config_listen *listen, const struct certificate_chain *chain,
                              const struct config_place *place, struct config_findings findings)
{
    if (certificate_chain_key_kind(chain) == KEY_KIND_RSA && !certificate_chain_may_encipher_keys(chain))
        config_warn(findings, place,
                    "the key usage of certificate '%s' does not allow to encipher keys, as rsa-key-exchange = yes of "
                    "[listen %s] needs: strict clients (GnuTLS, NSS) refuse that",
                    certificate_chain_subject(chain), listen->name);
}

static void warn_of_profile(const struct tls_policy *policy, const struct config_listen *listen,
                            struct config_findings findings)
{
    bool has_rsa = false;

    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++) {
        const struct certificate_chain *chain = tls_policy_chain(policy, i);
        has_rsa = has_rsa || certificate_chain_key_kind(chain) == KEY_KIND_RSA;
        if (is_outside_profile(listen, chain))
            config_warn(findings, place_of(listen, i),
                        "certificate '%s' has a key of RSA, which profile = modern does not know; it is served",
                        certificate_chain_subject(chain));
        if (listen->has_rsa_key_exchange)
            warn_of_key_usage(listen, chain, place_of(listen, i), findings);
    }
    if (listen->has_rsa_key_exchange && !has_rsa)
        config_warn(findings, &listen->place,
                    "[listen %s] has rsa-key-exchange = yes and no certificate with a key of RSA", listen->name);
}

struct tls_policy *policy_build(const struct config_listen *listen, struct keyring *keyring,
                                struct config_findings findings)
{
    struct tls_policy *policy = tls_policy_new(random_system(), policy_now, NULL);
    bool is_ok;

    if (!policy) {
        config_complain(findings, &listen->place, "out of memory");
        return NULL;
    }
    tls_policy_set_time(policy, policy_time);
    tls_policy_set_dynamic_records(policy, listen->has_dynamic_records);
    tls_policy_set_unknown_sni(policy, listen->unknown_sni == CONFIG_UNKNOWN_SNI_REJECT ? TLS_UNKNOWN_SNI_REJECT
                                                                                        : TLS_UNKNOWN_SNI_DEFAULT);
    is_ok = algorithms_set(policy, listen, findings) && add_compressors(policy, listen);
    is_ok = credentials_add(policy, listen, keyring, findings) && is_ok;
    is_ok = is_ok && staples_set(policy, listen, policy_time(NULL), findings);
    is_ok = client_policy_set(policy, listen, policy_time(NULL), findings) && is_ok;
    is_ok = add_alpn(policy, &listen->alpn, findings) && is_ok;
    is_ok = is_ok && set_tickets(policy, listen, findings);
    if (is_ok) {
        warn_of_profile(policy, listen, findings);
        algorithms_review(policy, listen, findings);
        return policy;
    }
    tls_policy_unref(policy);
    return NULL;
}
