#include "proxy/certificate_dir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "proxy/directory.h"
#include "proxy/limits.h"

/* A file, and what there is in it. */
struct candidate {
    const char *path;
    int64_t changed;
    struct certificate_chain *chain; /* NULL: none, or it is one that another file has as well */
    struct private_key *key;         /* NULL: none */
    struct candidate *key_file;      /* that of the certificate's key; NULL: there is none */
    bool is_key_used;                /* a key that belongs to no certificate is not held */
};

struct cert_dir {
    const struct config_value *value;
    const struct supply *supply;
    struct config_findings findings;
    struct tls_policy *policy;
    struct keyring *keyring; /* NULL: keys are not ours to look at */
    struct file_bytes paths;
    struct candidate *candidates;
    size_t count;
    int64_t now, newest_key; /* when a file with a key last changed; seconds since 1970 */
    bool is_ok;
};

static bool complain(struct cert_dir *dir, const char *reason)
{
    config_complain(dir->findings, &dir->value->place, "cert-dir '%s': %s", dir->value->text, reason);
    dir->is_ok = false;
    return false;
}

/* A file system's clock may be ahead of ours: a moment on this machine (time() goes by ticks, a change may be stamped
   more finely), more on another's. */
static bool is_fresh(const struct cert_dir *dir, int64_t changed)
{
    return llabs(dir->now - changed) < CERT_DIR_PATIENCE;
}

/* One that is broken takes no other down; but what changed just now, the rest of it may be on its way. */
static void pass_over(struct cert_dir *dir, const char *path, int64_t changed, const char *reason)
{
    if (dir->supply->is_patient && is_fresh(dir, changed)) {
        config_complain(dir->findings, &dir->value->place, "cert-dir: '%s': %s", path, reason);
        dir->is_ok = false;
    } else {
        config_warn(dir->findings, &dir->value->place, "cert-dir: '%s' is passed over: %s", path, reason);
    }
}

/* ---- what the files hold */

static bool has_mark(const struct file_bytes *file, const char *mark)
{
    return memmem(file->at, file->len, mark, strlen(mark)) != NULL;
}

static void take_key(struct cert_dir *dir, struct candidate *candidate, const struct file_bytes *file)
{
    struct crypto_fault reason = {""};

    if (file->mode & S_IRWXO)
        config_warn(dir->findings, &dir->value->place,
                    "key '%s': every user of this machine can open the file (mode %04o)", candidate->path,
                    file->mode & 07777);
    candidate->key = private_key_new(file_view(file), random_system(), &reason);
    if (!candidate->key)
        pass_over(dir, candidate->path, file->changed, reason.text);
    if (candidate->key && file->changed > dir->newest_key)
        dir->newest_key = file->changed;
}

/* Parameters, requests, CRLs are something else and well-formed: they are nobody's fault. */
static void take_file(struct cert_dir *dir, struct candidate *candidate, const struct file_bytes *file)
{
    bool has_key = certificate_holds_key(file_view(file)), has_chain = has_mark(file, "-----BEGIN CERTIFICATE-----");
    struct crypto_fault reason = {""};

    if (has_chain || !has_mark(file, "-----BEGIN ")) {
        candidate->chain = certificate_chain_new(file_view(file), &reason);
        if (!candidate->chain)
            pass_over(dir, candidate->path, file->changed, reason.text);
    }
    if (has_key && dir->keyring)
        take_key(dir, candidate, file);
}

static void load_candidate(struct cert_dir *dir, const char *path)
{
    struct candidate *candidate = &dir->candidates[dir->count++];
    struct file_bytes file;
    const char *reason;

    candidate->path = path;
    if (!supply_read(dir->supply, SUPPLY_CANDIDATE, path, MAX_CERTIFICATE_FILE_LEN, &file, &reason)) {
        pass_over(dir, path, file.changed, reason);
        return;
    }
    candidate->changed = file.changed;
    take_file(dir, candidate, &file);
    file_wipe(&file);
}

static size_t count_strings(struct bytes rest)
{
    size_t count = 0;

    while (directory_next_string(&rest))
        count++;
    return count;
}

static bool load_candidates(struct cert_dir *dir)
{
    struct bytes rest = file_view(&dir->paths);
    const char *path;

    dir->candidates = memory_new_array(count_strings(rest) + 1, sizeof *dir->candidates);
    if (!dir->candidates)
        return complain(dir, "out of memory");
    while ((path = directory_next_string(&rest)))
        load_candidate(dir, path);
    return true;
}

/* ---- which of them are served */

/* Certificates first, the same ones side by side, of them the one with the longest chain first. */
static int compare_leaves(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    size_t a_count, b_count;
    int order;

    if (!a->chain || !b->chain)
        return (a->chain == NULL) - (b->chain == NULL);
    order = memcmp(certificate_chain_fingerprint(a->chain), certificate_chain_fingerprint(b->chain), 32);
    a_count = certificate_chain_count(a->chain);
    b_count = certificate_chain_count(b->chain);
    if (order == 0)
        order = (a_count < b_count) - (a_count > b_count);
    return order ? order : strcmp(a->path, b->path);
}

static void drop_chain(struct candidate *candidate)
{
    certificate_chain_free(candidate->chain);
    candidate->chain = NULL;
}

static void drop_copies(struct cert_dir *dir)
{
    const struct candidate *kept = NULL;

    qsort(dir->candidates, dir->count, sizeof *dir->candidates, compare_leaves);
    for (size_t i = 0; i < dir->count && dir->candidates[i].chain; i++) {
        struct candidate *candidate = &dir->candidates[i];
        if (kept && memcmp(certificate_chain_fingerprint(kept->chain), certificate_chain_fingerprint(candidate->chain),
                           32) == 0)
            drop_chain(candidate);
        else
            kept = candidate;
    }
}

static struct bytes first_name(const struct candidate *candidate)
{
    return certificate_chain_name_count(candidate->chain) > 0 ? certificate_chain_name(candidate->chain, 0)
                                                              : bytes_of(NULL, 0);
}

/* Nothing comes last. */
static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = 0;

    if (len == 0)
        return (a.len == 0) - (b.len == 0);
    order = memcmp(a.at, b.at, len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Of one name the newest first, which is then the one that is chosen. */
static int compare_names(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    int64_t a_since, b_since;
    int order;

    if (!a->chain || !b->chain)
        return (a->chain == NULL) - (b->chain == NULL);
    order = compare_bytes(first_name(a), first_name(b));
    a_since = certificate_chain_not_before(a->chain);
    b_since = certificate_chain_not_before(b->chain);
    if (order == 0)
        order = (a_since < b_since) - (a_since > b_since);
    return order ? order : strcmp(a->path, b->path);
}

struct key_place {
    const uint8_t *id;
    struct candidate *candidate;
};

static int compare_keys(const void *left, const void *right)
{
    const struct key_place *a = left, *b = right;
    int order = memcmp(a->id, b->id, KEY_ID_LEN);

    return order ? order : strcmp(a->candidate->path, b->candidate->path);
}

static int compare_key_ids(const void *wanted, const void *place)
{
    return memcmp(wanted, ((const struct key_place *)place)->id, KEY_ID_LEN);
}

static void pair(struct cert_dir *dir, struct candidate *candidate, const struct key_place *keys, size_t key_count)
{
    const uint8_t *id = certificate_chain_key_id(candidate->chain);
    const struct key_place *found = bsearch(id, keys, key_count, sizeof *keys, compare_key_ids);
    bool has_own = candidate->key && memcmp(private_key_id(candidate->key), id, KEY_ID_LEN) == 0;

    candidate->key_file = has_own ? candidate : found ? found->candidate : NULL;
    if (candidate->key_file) {
        candidate->key_file->is_key_used = true;
        return;
    }
    if (!certificate_chain_is_ca(candidate->chain))
        pass_over(dir, candidate->path, candidate->changed > dir->newest_key ? candidate->changed : dir->newest_key,
                  "no key in the directory belongs to this certificate");
    drop_chain(candidate);
}

/* Certificates keep their places: keys point to them. */
static bool pair_all(struct cert_dir *dir)
{
    struct key_place *keys = memory_new_array(dir->count + 1, sizeof *keys);
    size_t key_count = 0;

    if (!keys)
        return complain(dir, "out of memory");
    for (size_t i = 0; i < dir->count; i++)
        if (dir->candidates[i].key)
            keys[key_count++] = (struct key_place){private_key_id(dir->candidates[i].key), &dir->candidates[i]};
    if (key_count > 0)
        qsort(keys, key_count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < dir->count; i++)
        if (dir->candidates[i].chain && dir->keyring)
            pair(dir, &dir->candidates[i], keys, key_count);
    memory_free(keys);
    return true;
}

static bool choose(struct cert_dir *dir)
{
    if (dir->count > 0)
        drop_copies(dir);
    if (dir->count > 0)
        qsort(dir->candidates, dir->count, sizeof *dir->candidates, compare_names);
    if (!pair_all(dir) || !dir->is_ok)
        return false;
    for (size_t i = 0; i < dir->count; i++)
        if (dir->candidates[i].chain)
            return true;
    return complain(dir, "there is no certificate with its key in it (files .pem, .crt, .cer, .key, here or one "
                         "directory below)");
}

/* ---- handing over what was chosen, and keeping it for whoever builds again */

struct review {
    const struct cert_dir *dir;
    const char *path;
};

static void tell_review(void *context, const char *sentence)
{
    const struct review *review = context;

    config_warn(review->dir->findings, &review->dir->value->place, "certificate '%s': %s", review->path, sentence);
}

static bool keep_file(const struct cert_dir *dir, enum supply_kind kind, const char *path)
{
    struct file_bytes file;
    const char *reason;
    bool is_kept;

    if (!supply_read(dir->supply, SUPPLY_CANDIDATE, path, MAX_CERTIFICATE_FILE_LEN, &file, &reason))
        return false;
    is_kept = supply_keep(dir->supply, kind, path, file_view(&file));
    file_wipe(&file);
    return is_kept;
}

static bool keep(const struct cert_dir *dir, const struct candidate *candidate, struct writer *pairs)
{
    bool is_apart = candidate->key_file && candidate->key_file != candidate;

    directory_put_string(pairs, candidate->path);
    directory_put_string(pairs, is_apart ? candidate->key_file->path : "");
    return keep_file(dir, SUPPLY_CERTIFICATE, candidate->path) &&
           (!is_apart || keep_file(dir, SUPPLY_KEY, candidate->key_file->path));
}

static bool keep_all(const struct cert_dir *dir)
{
    uint8_t *storage;
    struct writer pairs;
    bool is_ok = true;

    if (!dir->supply->keep)
        return true;
    storage = memory_new(2 * MAX_DIRECTORY_LEN);
    pairs = writer_of(storage, storage ? 2 * MAX_DIRECTORY_LEN : 0);
    for (size_t i = 0; i < dir->count && is_ok; i++)
        if (dir->candidates[i].chain)
            is_ok = keep(dir, &dir->candidates[i], &pairs);
    is_ok = is_ok && writer_ok(&pairs) && supply_keep(dir->supply, SUPPLY_PAIRS, dir->value->text, writer_view(&pairs));
    memory_free(storage);
    return is_ok;
}

static bool add_chain(struct cert_dir *dir, struct candidate *candidate)
{
    struct review review = {dir, candidate->path};
    struct certificate_chain *chain = candidate->chain;

    candidate->chain = NULL;
    if (dir->supply->purpose != PURPOSE_REBUILD)
        certificate_chain_review(chain, dir->now, tell_review, &review);
    return tls_policy_add_certificate(dir->policy, chain, candidate->path);
}

static bool hand_over(struct cert_dir *dir)
{
    bool is_ok = true;

    for (size_t i = 0; i < dir->count && is_ok; i++)
        if (dir->candidates[i].chain)
            is_ok = add_chain(dir, &dir->candidates[i]);
    for (size_t i = 0; i < dir->count && is_ok; i++) {
        struct private_key *key = dir->candidates[i].key;
        if (!key || !dir->candidates[i].is_key_used)
            continue;
        dir->candidates[i].key = NULL;
        is_ok = keyring_add(dir->keyring, key);
    }
    return is_ok;
}

static void wipe(struct cert_dir *dir)
{
    for (size_t i = 0; i < dir->count; i++) {
        certificate_chain_free(dir->candidates[i].chain);
        private_key_free(dir->candidates[i].key);
    }
    memory_free(dir->candidates);
    file_wipe(&dir->paths);
}

static void add_found(struct cert_dir *dir)
{
    const char *reason;

    if (!supply_read(dir->supply, SUPPLY_DIRECTORY, dir->value->text, MAX_DIRECTORY_LEN, &dir->paths, &reason)) {
        complain(dir, reason);
        return;
    }
    if (load_candidates(dir) && choose(dir) && !(keep_all(dir) && hand_over(dir)))
        complain(dir, "the certificates cannot be taken in: out of memory");
}

/* ---- building again: what was chosen is written down, a certificate's file and that of its key in turn */

static bool read_again(struct cert_dir *dir, enum supply_kind kind, const char *path, struct file_bytes *file)
{
    const char *reason;

    return supply_read(dir->supply, kind, path, MAX_CERTIFICATE_FILE_LEN, file, &reason) || complain(dir, reason);
}

static void add_key_again(struct cert_dir *dir, enum supply_kind kind, const char *path)
{
    struct crypto_fault reason = {""};
    struct private_key *key;
    struct file_bytes file;

    if (!read_again(dir, kind, path, &file))
        return;
    key = private_key_new(file_view(&file), random_system(), &reason);
    file_wipe(&file);
    if (!key)
        complain(dir, reason.text);
    else if (!keyring_add(dir->keyring, key))
        complain(dir, "out of memory");
}

static void add_pair_again(struct cert_dir *dir, const char *path, const char *key_path)
{
    struct candidate candidate = {.path = path};
    struct crypto_fault reason = {""};
    struct file_bytes file;

    if (!read_again(dir, SUPPLY_CERTIFICATE, path, &file))
        return;
    candidate.chain = certificate_chain_new(file_view(&file), &reason);
    file_wipe(&file);
    if (!candidate.chain)
        complain(dir, reason.text);
    else if (!add_chain(dir, &candidate))
        complain(dir, "out of memory");
    if (dir->keyring)
        add_key_again(dir, *key_path ? SUPPLY_KEY : SUPPLY_CERTIFICATE, *key_path ? key_path : path);
}

static void add_again(struct cert_dir *dir)
{
    const char *path, *key_path, *reason;
    struct bytes rest;

    if (!supply_read(dir->supply, SUPPLY_PAIRS, dir->value->text, 2 * MAX_DIRECTORY_LEN, &dir->paths, &reason)) {
        complain(dir, reason);
        return;
    }
    rest = file_view(&dir->paths);
    while (dir->is_ok && (path = directory_next_string(&rest)) && (key_path = directory_next_string(&rest)))
        add_pair_again(dir, path, key_path);
}

bool certificate_dir_add(struct tls_policy *policy, const struct config_value *value, const struct supply *supply,
                         struct keyring *keyring, struct config_findings findings)
{
    struct cert_dir dir = {.value = value,
                           .supply = supply,
                           .findings = findings,
                           .policy = policy,
                           .keyring = keyring,
                           .now = (int64_t)time(NULL),
                           .is_ok = true};

    if (supply->purpose == PURPOSE_REBUILD)
        add_again(&dir);
    else
        add_found(&dir);
    wipe(&dir);
    return dir.is_ok;
}
