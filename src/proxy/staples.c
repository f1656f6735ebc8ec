#include "proxy/staples.h"

#include "crypto/ocsp_response.h"

struct staple {
    const struct config_value *value;
    struct bytes der;
    struct ocsp_response response;
    int64_t now;
    struct config_findings findings;
};

static bool complain(const struct staple *staple, const char *reason)
{
    config_complain(staple->findings, &staple->value->place, "ocsp-staple '%s': %s", staple->value->text, reason);
    return false;
}

static bool set_for(struct tls_policy *policy, size_t index, const struct staple *staple)
{
    const struct ocsp_single *single = ocsp_response_find(&staple->response, tls_policy_chain(policy, index));
    struct tls_staple_time time = {single->this_update, single->next_update};

    return tls_policy_set_staple(policy, index, staple->der, time);
}

/* A client would refuse a certificate with a bad staple, and take it with none. */
static bool set_one(struct tls_policy *policy, size_t index, const struct staple *staple)
{
    struct crypto_fault fault = {""};

    if (ocsp_response_is_useful(&staple->response, tls_policy_chain(policy, index), staple->now, &fault))
        return set_for(policy, index, staple) || complain(staple, "too long, or out of memory");
    config_warn(staple->findings, &staple->value->place, "ocsp-staple '%s' is not served: %s", staple->value->text,
                fault.text);
    return true;
}

static bool set_where_it_belongs(struct tls_policy *policy, struct staple *staple)
{
    struct crypto_fault fault = {""};
    bool is_found = false;

    if (!ocsp_response_read(staple->der, &staple->response, &fault))
        return complain(staple, fault.text);
    if (!policy)
        return true;
    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++) {
        if (!ocsp_response_is_for(&staple->response, tls_policy_chain(policy, i)))
            continue;
        is_found = true;
        if (!set_one(policy, i, staple))
            return false;
    }
    return is_found || complain(staple, "it speaks of none of the certificates of this listener");
}

static bool set_file(struct tls_policy *policy, const struct supply *supply, struct staple *staple)
{
    const char *reason;
    struct file_bytes file;
    bool is_ok;

    if (!supply_read(supply, SUPPLY_PUBLIC, staple->value->text, MAX_STAPLE_LEN, &file, &reason))
        return complain(staple, reason);
    staple->der = file_view(&file);
    is_ok = set_where_it_belongs(policy, staple);
    file_wipe(&file);
    return is_ok;
}

bool staples_set(struct tls_policy *policy, const struct config_listen *listen, const struct supply *supply,
                 int64_t now, struct config_findings findings)
{
    bool is_ok = true;

    for (size_t i = 0; i < listen->ocsp_staples.count; i++) {
        struct staple staple = {.value = &listen->ocsp_staples.values[i], .now = now, .findings = findings};
        is_ok = set_file(policy, supply, &staple) && is_ok;
    }
    return is_ok;
}
