#include "proxy/client_policy.h"

#include "crypto/certificate.h"
#include "proxy/limits.h"

/* Where the CAs have faults there is no trust to add a CRL to; its own faults are told all the same. */
static bool add_crl(struct client_trust *trust, struct bytes pem, struct crypto_fault *fault)
{
    return trust ? client_trust_add_crl(trust, pem, fault) : client_trust_check_crl(pem, fault);
}

/* One file of the list, added to *trust, which is made with the first. */
static bool add_file(struct client_trust **trust, const struct supply *supply, const struct config_value *value,
                     bool is_crl, struct config_findings findings)
{
    const char *kind = is_crl ? "client-crl" : "client-ca", *reason;
    struct crypto_fault fault = {""};
    struct file_bytes file;
    bool is_ok;

    if (!supply_read(supply, SUPPLY_PUBLIC, value->text, MAX_CLIENT_TRUST_FILE_LEN, &file, &reason)) {
        config_complain(findings, &value->place, "%s '%s': %s", kind, value->text, reason);
        return false;
    }
    if (certificate_holds_key(file_view(&file)))
        config_warn(findings, &value->place,
                    "%s '%s': there is a private key in it, which nobody needs here: whoever has it can make clients",
                    kind, value->text);
    if (is_crl) {
        is_ok = add_crl(*trust, file_view(&file), &fault);
    } else if (*trust) {
        is_ok = client_trust_add_ca(*trust, file_view(&file), &fault);
    } else {
        *trust = client_trust_new(file_view(&file), &fault);
        is_ok = *trust != NULL;
    }
    file_wipe(&file);
    if (!is_ok)
        config_complain(findings, &value->place, "%s '%s': %s", kind, value->text, fault.text);
    return is_ok;
}

static struct client_trust *read_trust(const struct config_listen *listen, const struct supply *supply,
                                       struct config_findings findings)
{
    struct client_trust *trust = NULL;
    bool is_ok = true;

    for (size_t i = 0; i < listen->client_cas.count; i++)
        is_ok = add_file(&trust, supply, &listen->client_cas.values[i], false, findings) && is_ok;
    for (size_t i = 0; i < listen->client_crls.count; i++)
        is_ok = add_file(&trust, supply, &listen->client_crls.values[i], true, findings) && is_ok;
    if (is_ok)
        return trust;
    client_trust_free(trust);
    return NULL;
}

struct review {
    struct config_findings findings;
    const struct config_listen *listen;
};

static void tell_review(void *context, const struct client_trust_finding *finding)
{
    const struct review *review = context;
    const struct config_list *files = finding->is_of_crls ? &review->listen->client_crls : &review->listen->client_cas;

    config_warn(review->findings, &files->values[finding->file].place, "%s: %s",
                finding->is_of_crls ? "client-crl" : "client-ca", finding->sentence);
}

/* Whom nobody is asked for, nobody is looked up in: not what was meant, but no harm. */
static void warn_of_unused(const struct config_listen *listen, struct config_findings findings)
{
    const struct config_list *unused = listen->client_cas.count ? &listen->client_cas : &listen->client_crls;

    if (unused->count > 0)
        config_warn(findings, &unused->values[0].place,
                    "[listen %s] asks nobody for a certificate: add 'client-certificate = required'", listen->name);
}

bool client_policy_set(struct tls_policy *policy, const struct config_listen *listen, const struct supply *supply,
                       int64_t now, struct config_findings findings)
{
    static const enum tls_client_certificate modes[] = {
        [CONFIG_CLIENT_CERTIFICATE_NONE] = TLS_CLIENT_CERTIFICATE_NONE,
        [CONFIG_CLIENT_CERTIFICATE_OPTIONAL] = TLS_CLIENT_CERTIFICATE_OPTIONAL,
        [CONFIG_CLIENT_CERTIFICATE_REQUIRED] = TLS_CLIENT_CERTIFICATE_REQUIRED,
    };
    struct review review = {findings, listen};
    struct client_trust *trust;

    if (listen->client_certificate == CONFIG_CLIENT_CERTIFICATE_NONE) {
        warn_of_unused(listen, findings);
        return true;
    }
    trust = read_trust(listen, supply, findings);
    if (!trust)
        return false;
    client_trust_review(trust, now, tell_review, &review);
    tls_policy_set_client_certificates(policy, modes[listen->client_certificate], trust);
    return true;
}
