#include "proxy/credentials.h"

#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "proxy/certificate_dir.h"
#include "proxy/development_certificate.h"
#include "proxy/limits.h"

/* A key as it came from its file, until it is in the keyring. */
struct loaded_key {
    struct private_key *key; /* NULL: it had a fault, which was told */
    const struct config_value *value;
    bool is_inside_certificate; /* of the file that `value` names */
    bool is_used;
};

struct loaded_certificate {
    struct certificate_chain *chain; /* NULL: it had a fault, which was told */
    const struct config_value *value;
};

struct pairing {
    struct loaded_certificate *certificates;
    struct loaded_key *keys; /* those of the key files, then those found inside certificate files */
    size_t certificate_count, key_count;
    const struct supply *supply;
    struct config_findings findings;
    int64_t now;   /* seconds since 1970 */
    bool has_keys; /* they are ours to look at */
    bool is_ok;
};

static void fault(struct pairing *pairing)
{
    pairing->is_ok = false;
}

/* ---- files */

static bool read_file(struct pairing *pairing, const struct config_value *value, enum supply_kind kind, size_t max_len,
                      struct file_bytes *file)
{
    const char *reason;

    if (supply_read(pairing->supply, kind, value->text, max_len, file, &reason))
        return true;
    config_complain(pairing->findings, &value->place, "%s '%s': %s", kind == SUPPLY_KEY ? "key" : "certificate",
                    value->text, reason);
    fault(pairing);
    return false;
}

static void warn_if_open_to_all(struct pairing *pairing, const struct config_value *value, mode_t mode)
{
    if (mode & S_IRWXO)
        config_warn(pairing->findings, &value->place,
                    "key '%s': every user of this machine can open the file (mode "
                    "%04o)",
                    value->text, mode & 07777);
}

static void add_key(struct pairing *pairing, const struct config_value *value, const struct file_bytes *file,
                    bool is_inside_certificate)
{
    struct loaded_key *loaded = &pairing->keys[pairing->key_count];
    struct crypto_fault reason = {""};

    *loaded = (struct loaded_key){NULL, value, is_inside_certificate, false};
    warn_if_open_to_all(pairing, value, file->mode);
    loaded->key = private_key_new(file_view(file), random_system(), &reason);
    if (!loaded->key) {
        config_complain(pairing->findings, &value->place, "key '%s': %s", value->text, reason.text);
        fault(pairing);
        return;
    }
    pairing->key_count++;
}

static bool holds_key(const struct file_bytes *file)
{
    static const char mark[] = "PRIVATE KEY-----";

    return memmem(file->at, file->len, mark, sizeof mark - 1) != NULL;
}

static void load_key(struct pairing *pairing, const struct config_value *value)
{
    struct file_bytes file;

    if (!read_file(pairing, value, SUPPLY_KEY, MAX_KEY_FILE_LEN, &file))
        return;
    add_key(pairing, value, &file, false);
    file_wipe(&file);
}

static void load_certificate(struct pairing *pairing, const struct config_value *value)
{
    struct loaded_certificate *loaded = &pairing->certificates[pairing->certificate_count++];
    struct crypto_fault reason = {""};
    struct file_bytes file;

    *loaded = (struct loaded_certificate){NULL, value};
    if (!read_file(pairing, value, SUPPLY_CERTIFICATE, MAX_CERTIFICATE_FILE_LEN, &file))
        return;
    loaded->chain = certificate_chain_new(file_view(&file), &reason);
    if (!loaded->chain) {
        config_complain(pairing->findings, &value->place, "certificate '%s': %s", value->text, reason.text);
        fault(pairing);
    } else if (pairing->has_keys && holds_key(&file)) {
        add_key(pairing, value, &file, true);
    }
    file_wipe(&file);
}

/* ---- what clients might stumble over */

struct review {
    const struct pairing *pairing;
    const struct config_value *value;
};

static void tell_review(void *context, const char *sentence)
{
    const struct review *review = context;

    config_warn(review->pairing->findings, &review->value->place, "certificate '%s': %s", review->value->text,
                sentence);
}

static void review_certificates(const struct pairing *pairing)
{
    for (size_t i = 0; i < pairing->certificate_count; i++) {
        const struct loaded_certificate *loaded = &pairing->certificates[i];
        struct review review = {pairing, loaded->value};
        if (loaded->chain)
            certificate_chain_review(loaded->chain, pairing->now, tell_review, &review);
    }
}

/* ---- pairing */

static struct loaded_key *find_key(struct pairing *pairing, const struct certificate_chain *chain)
{
    for (size_t i = 0; i < pairing->key_count; i++) {
        struct loaded_key *loaded = &pairing->keys[i];
        if (memcmp(private_key_id(loaded->key), certificate_chain_key_id(chain), KEY_ID_LEN) == 0)
            return loaded;
    }
    return NULL;
}

/* With one certificate and one key there is no doubt which was meant for which. */
static bool is_plain_mismatch(const struct pairing *pairing)
{
    return pairing->certificate_count == 1 && pairing->key_count == 1;
}

static void complain_mismatch(struct pairing *pairing, const struct loaded_certificate *certificate,
                              struct loaded_key *key)
{
    config_complain(pairing->findings, &key->value->place,
                    "key '%s' does not belong to certificate '%s': their public keys differ (%s %u bits, %s %u bits)",
                    key->value->text, certificate->value->text, key_kind_name(private_key_kind(key->key)),
                    private_key_bits(key->key), key_kind_name(certificate_chain_key_kind(certificate->chain)),
                    certificate_chain_key_bits(certificate->chain));
    key->is_used = true; /* told already */
}

static void complain_keyless(struct pairing *pairing, const struct loaded_certificate *certificate)
{
    if (is_plain_mismatch(pairing))
        complain_mismatch(pairing, certificate, &pairing->keys[0]);
    else if (pairing->key_count == 0)
        config_complain(pairing->findings, &certificate->value->place,
                        "certificate '%s' has no private key: add 'key = FILE'", certificate->value->text);
    else
        config_complain(pairing->findings, &certificate->value->place,
                        "certificate '%s': none of the configured keys belongs to it (its public key is %s, %u bits)",
                        certificate->value->text, key_kind_name(certificate_chain_key_kind(certificate->chain)),
                        certificate_chain_key_bits(certificate->chain));
}

/* A certificate or key that could not be loaded was told already: then nothing is said about partners. */
static void pair_all(struct pairing *pairing)
{
    if (!pairing->is_ok || !pairing->has_keys)
        return;
    for (size_t i = 0; i < pairing->certificate_count; i++) {
        const struct loaded_certificate *certificate = &pairing->certificates[i];
        struct loaded_key *key = find_key(pairing, certificate->chain);
        if (key) {
            key->is_used = true;
            continue;
        }
        complain_keyless(pairing, certificate);
        fault(pairing);
    }
    for (size_t i = 0; i < pairing->key_count; i++) {
        const struct loaded_key *key = &pairing->keys[i];
        if (key->is_used)
            continue;
        config_complain(pairing->findings, &key->value->place,
                        key->is_inside_certificate ? "the key inside '%s' belongs to none of the certificates"
                                                   : "key '%s' belongs to none of the certificates",
                        key->value->text);
        fault(pairing);
    }
}

/* ---- what was paired */

static void hand_over(struct pairing *pairing, struct tls_policy *policy, struct keyring *keyring)
{
    for (size_t i = 0; i < pairing->certificate_count && pairing->is_ok; i++) {
        struct loaded_certificate *loaded = &pairing->certificates[i];
        pairing->is_ok = tls_policy_add_certificate(policy, loaded->chain, loaded->value->text);
        loaded->chain = NULL;
    }
    for (size_t i = 0; i < pairing->key_count && pairing->is_ok; i++) {
        pairing->is_ok = keyring_add(keyring, pairing->keys[i].key);
        pairing->keys[i].key = NULL;
    }
}

static void pairing_wipe(struct pairing *pairing)
{
    for (size_t i = 0; i < pairing->certificate_count; i++)
        certificate_chain_free(pairing->certificates[i].chain);
    for (size_t i = 0; i < pairing->key_count; i++)
        private_key_free(pairing->keys[i].key);
    memory_free(pairing->certificates);
    memory_free(pairing->keys);
}

static bool pairing_init(struct pairing *pairing, const struct config_listen *listen, const struct supply *supply,
                         struct config_findings findings)
{
    *pairing = (struct pairing){.supply = supply, .findings = findings, .now = (int64_t)time(NULL), .is_ok = true};
    pairing->certificates = memory_new_array(listen->certificates.count + 1, sizeof *pairing->certificates);
    pairing->keys = memory_new_array(listen->certificates.count + listen->keys.count + 1, sizeof *pairing->keys);
    return pairing->certificates && pairing->keys;
}

static void load_all(struct pairing *pairing, const struct config_listen *listen)
{
    for (size_t i = 0; i < listen->keys.count && pairing->has_keys; i++)
        load_key(pairing, &listen->keys.values[i]);
    for (size_t i = 0; i < listen->certificates.count; i++)
        load_certificate(pairing, &listen->certificates.values[i]);
}

/* Who loads makes it, and keeps it in the supply under the word that stands for it; who builds again finds it there. */
static void load_development(struct pairing *pairing, const struct config_value *value)
{
    struct loaded_certificate *certificate = &pairing->certificates[0];
    struct loaded_key *key = &pairing->keys[0];

    if (pairing->supply->purpose == PURPOSE_REBUILD) {
        load_certificate(pairing, value);
        if (pairing->has_keys)
            load_key(pairing, value);
        return;
    }
    certificate->value = key->value = value;
    pairing->is_ok = development_certificate_get(pairing->now, pairing->supply, &value->place, pairing->findings,
                                                 &certificate->chain, &key->key);
    if (pairing->is_ok)
        pairing->certificate_count = pairing->key_count = 1;
}

static bool is_development(const struct config_listen *listen)
{
    return listen->certificates.count == 1 &&
           strcmp(listen->certificates.values[0].text, CONFIG_CERTIFICATE_DEVELOPMENT) == 0;
}

static bool add_dirs(struct tls_policy *policy, const struct config_listen *listen, const struct supply *supply,
                     struct keyring *keyring, struct config_findings findings)
{
    bool is_ok = true;

    for (size_t i = 0; i < listen->cert_dirs.count; i++)
        is_ok = certificate_dir_add(policy, &listen->cert_dirs.values[i], supply, keyring, findings) && is_ok;
    return is_ok;
}

bool credentials_add(struct tls_policy *policy, const struct config_listen *listen, const struct supply *supply,
                     struct keyring *keyring, struct config_findings findings)
{
    struct pairing pairing;

    if (!pairing_init(&pairing, listen, supply, findings)) {
        config_complain(findings, &listen->place, "out of memory");
        pairing_wipe(&pairing);
        return false;
    }
    pairing.has_keys = keyring != NULL;
    if (is_development(listen)) {
        load_development(&pairing, &listen->certificates.values[0]);
    } else {
        load_all(&pairing, listen);
        pair_all(&pairing);
        review_certificates(&pairing);
    }
    if (pairing.is_ok) {
        hand_over(&pairing, policy, keyring);
        if (!pairing.is_ok)
            config_complain(findings, &listen->place, "the certificates cannot be taken in: out of memory");
    }
    pairing_wipe(&pairing);
    return add_dirs(policy, listen, supply, keyring, findings) && pairing.is_ok;
}
