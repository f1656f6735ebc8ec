#include "tls/ticket_keys.h"

#include "base/alloc.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "tls/ticket_root.h"

enum { KEY_LEN = TICKET_KEY_FILE_LEN - TICKET_KEY_NAME_LEN };

struct ticket_key {
    uint8_t name[TICKET_KEY_NAME_LEN];
    struct aead *aead; /* the one place that knows the key */
    int64_t birth;
};

struct ticket_keys {
    struct random_source random;
    bool is_fixed;            /* from files: nothing ages */
    bool is_derived;          /* from a root: born when their epoch begins, the next one's key is there before */
    struct ticket_root chain; /* at the first epoch that has no key yet */
    int64_t issues;
    int64_t accepts;
    size_t count;
    struct ticket_key keys[MAX_TICKET_KEYS]; /* the one that seals first, the oldest last */
};

/* ---- making and dropping keys */

/* What an uninitialised buffer, a failing source or an empty file looks like: anybody could open what it seals. */
static bool is_constant(const uint8_t *key, size_t len)
{
    return memory_equal(key, key + 1, len - 1);
}

static struct ticket_key *find_key(struct ticket_keys *keys, struct bytes name)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (bytes_equal(name, BYTES_OF_ARRAY(keys->keys[i].name))) /* travels in the clear: no secret */
            return &keys->keys[i];
    }
    return NULL;
}

static void drop_last(struct ticket_keys *keys)
{
    struct ticket_key *last = &keys->keys[--keys->count];

    aead_free(last->aead);
    memory_wipe(last, sizeof *last);
}

/*
 * Anybody may send tickets to be opened, over the whole life of a key: no AES from tables for it. But keys from files
 * are shared with machines whose processors differ.
 */
static enum aead_id cipher_of(const struct ticket_keys *keys)
{
    return !keys->is_fixed && crypto_aes_is_table_based() ? AEAD_CHACHA20_POLY1305 : AEAD_AES_256_GCM;
}

/* `material` is laid out as in a file. False: a constant key, a name that is there already, or no memory. */
static bool set_key(struct ticket_keys *keys, struct bytes material, int64_t birth, struct ticket_key *key)
{
    struct reader r = reader_of(material);
    struct bytes name, secret;

    if (!read_bytes(&r, TICKET_KEY_NAME_LEN, &name) || !read_bytes(&r, KEY_LEN, &secret) || !read_end(&r) ||
        is_constant(secret.at, secret.len) || find_key(keys, name))
        return false;
    key->aead = aead_new(aead_find(cipher_of(keys)), secret.at);
    key->birth = birth;
    memcpy(key->name, name.at, sizeof key->name);
    return key->aead != NULL;
}

/* The oldest makes room when there are too many. */
static void add_to_front(struct ticket_keys *keys, const struct ticket_key *key)
{
    if (keys->count == MAX_TICKET_KEYS)
        drop_last(keys);
    memmove(keys->keys + 1, keys->keys, keys->count * sizeof *keys->keys);
    keys->keys[0] = *key;
    keys->count++;
}

static bool add_random_key(struct ticket_keys *keys, int64_t now)
{
    uint8_t material[TICKET_KEY_FILE_LEN] = {0};
    struct ticket_key key = {.aead = NULL};
    bool is_ok =
        random_fill(keys->random, material, sizeof material) && set_key(keys, BYTES_OF_ARRAY(material), now, &key);

    memory_wipe(material, sizeof material);
    if (is_ok)
        add_to_front(keys, &key);
    return is_ok;
}

/* The chain moves on when the key is there, and not before. */
static bool add_epoch_key(struct ticket_keys *keys)
{
    int64_t birth = (int64_t)keys->chain.epoch * keys->issues;
    uint8_t material[TICKET_KEY_FILE_LEN] = {0};
    struct ticket_root next = keys->chain;
    struct ticket_key key = {.aead = NULL};
    bool is_ok = ticket_root_key(&keys->chain, material) && ticket_root_step(&next) &&
                 set_key(keys, BYTES_OF_ARRAY(material), birth, &key);

    if (is_ok) {
        keys->chain = next;
        add_to_front(keys, &key);
    }
    ticket_root_wipe(&next);
    memory_wipe(material, sizeof material);
    return is_ok;
}

/* Up to the epoch after this one. */
static bool follow_epochs(struct ticket_keys *keys, int64_t now)
{
    uint64_t next = ticket_root_epoch(&keys->chain, now) + 1;
    bool is_ok = ticket_root_advance(&keys->chain, now);

    while (is_ok && keys->chain.epoch <= next)
        is_ok = add_epoch_key(keys);
    return is_ok;
}

int64_t ticket_keys_drop_aged(struct ticket_keys *keys, int64_t now)
{
    while (!keys->is_fixed && keys->count && now - keys->keys[keys->count - 1].birth >= keys->accepts)
        drop_last(keys);
    return keys->is_fixed || keys->count == 0 ? 0 : keys->keys[keys->count - 1].birth + keys->accepts - now;
}

static struct ticket_key *newest_born(struct ticket_keys *keys, int64_t now)
{
    size_t i = 0;

    while (i < keys->count && keys->keys[i].birth > now)
        i++;
    return i < keys->count ? &keys->keys[i] : NULL;
}

/* NULL: none that is young enough. */
static struct ticket_key *sealing_key(struct ticket_keys *keys, int64_t now)
{
    struct ticket_key *key = newest_born(keys, now);

    return key && (keys->is_fixed || now - key->birth < keys->issues) ? key : NULL;
}

/* Makes the one that is due. */
static struct ticket_key *key_to_seal(struct ticket_keys *keys, int64_t now)
{
    struct ticket_key *key;

    if (keys->is_derived && !follow_epochs(keys, now))
        return NULL;
    key = sealing_key(keys, now);
    if (key || keys->is_derived)
        return key;
    return add_random_key(keys, now) ? &keys->keys[0] : NULL;
}

struct ticket_keys *ticket_keys_new(struct random_source random, uint32_t issues, uint32_t accepts)
{
    struct ticket_keys *keys = memory_new(sizeof *keys);

    if (!keys)
        return NULL;
    keys->random = random;
    keys->issues = issues;
    keys->accepts = accepts;
    return keys;
}

struct ticket_keys *ticket_keys_from_root(struct random_source random, const struct ticket_root *root)
{
    struct ticket_keys *keys = ticket_keys_new(random, root->issues, root->accepts);

    if (!keys)
        return NULL;
    keys->is_derived = true;
    keys->chain = *root;
    return keys;
}

static const char *add_file(struct ticket_keys *keys, struct bytes file)
{
    struct ticket_key *key = &keys->keys[keys->count];

    if (file.len != TICKET_KEY_FILE_LEN)
        return "a ticket key file has exactly 48 bytes: a name of 16 and a key of 32";
    if (is_constant(file.at + TICKET_KEY_NAME_LEN, KEY_LEN))
        return "all bytes of a ticket key are equal: it is no random key";
    if (find_key(keys, bytes_of(file.at, TICKET_KEY_NAME_LEN)))
        return "two ticket keys have the same name (their first 16 bytes)";
    if (!set_key(keys, file, 0, key))
        return "out of memory";
    keys->count++;
    return NULL;
}

struct ticket_keys *ticket_keys_from_files(struct random_source random, const struct bytes *files, size_t count,
                                           struct ticket_keys_fault *fault)
{
    struct ticket_keys *keys;

    *fault = (struct ticket_keys_fault){count == 0                ? "no ticket key is given"
                                        : count > MAX_TICKET_KEYS ? "more than 8 ticket keys"
                                                                  : NULL,
                                        0};
    if (fault->text)
        return NULL;
    keys = ticket_keys_new(random, 0, 0);
    if (!keys) {
        fault->text = "out of memory";
        return NULL;
    }
    keys->is_fixed = true;
    for (size_t i = 0; i < count && !fault->text; i++)
        *fault = (struct ticket_keys_fault){add_file(keys, files[i]), i};
    if (!fault->text)
        return keys;
    ticket_keys_free(keys);
    return NULL;
}

void ticket_keys_free(struct ticket_keys *keys)
{
    if (!keys)
        return;
    while (keys->count)
        drop_last(keys);
    memory_wipe(keys, sizeof *keys);
    memory_free(keys);
}

/* ---- tickets */

enum { TICKET_AAD_LEN = TICKET_KEY_NAME_LEN + TICKET_BINDING_LEN };

static struct bytes write_aad(const struct ticket_key *key, const uint8_t *binding, uint8_t out[TICKET_AAD_LEN])
{
    struct writer w = writer_of(out, TICKET_AAD_LEN);

    write_bytes(&w, BYTES_OF_ARRAY(key->name));
    write_bytes(&w, bytes_of(binding, TICKET_BINDING_LEN));
    return writer_view(&w);
}

/*
 * The nonce is random: keys are shared by a fleet, so no counter of ours could be unique. A key of our own cannot come
 * near the 2^32 tickets of SP 800-38D 8.3 in the hours that it seals.
 */
static bool seal_with(struct ticket_key *key, struct random_source random, const uint8_t *binding, struct bytes session,
                      struct writer *w)
{
    uint8_t aad[TICKET_AAD_LEN], *nonce, *text, *tag;

    write_bytes(w, BYTES_OF_ARRAY(key->name));
    nonce = write_space(w, AEAD_NONCE_LEN);
    if (!nonce || !random_fill(random, nonce, AEAD_NONCE_LEN))
        return false;
    text = w->start + w->len;
    write_bytes(w, session);
    tag = write_space(w, AEAD_TAG_LEN);
    return tag && writer_ok(w) && aead_seal(key->aead, nonce, write_aad(key, binding, aad), text, session.len, tag);
}

bool ticket_seal(struct ticket_keys *keys, int64_t now, const uint8_t binding[TICKET_BINDING_LEN], struct bytes session,
                 uint8_t *out, size_t *len)
{
    struct writer w = writer_of(out, session.len + TICKET_OVERHEAD);
    struct ticket_key *key;

    *len = 0;
    (void)ticket_keys_drop_aged(keys, now);
    key = key_to_seal(keys, now);
    if (!key)
        return false;
    if (!seal_with(key, keys->random, binding, session, &w)) {
        memory_wipe(out, session.len + TICKET_OVERHEAD); /* the session may stand there in the clear */
        return false;
    }
    *len = w.len;
    return true;
}

/*
 * The key that seals goes when it is too old, or when MAX_TICKET_KEYS newer ones want its place; of those of a root the
 * last one comes an epoch early.
 */
uint32_t ticket_keys_left(const struct ticket_keys *keys, int64_t now)
{
    int64_t life = keys->accepts, pushed_out = (MAX_TICKET_KEYS - keys->is_derived) * keys->issues, left;
    const struct ticket_key *key = newest_born((struct ticket_keys *)keys, now);

    if (keys->is_fixed)
        return UINT32_MAX;
    life = life < pushed_out ? life : pushed_out;
    left = key ? key->birth + life - now : 0;
    return left > 0 ? (uint32_t)left : 0;
}

/* The one that seals, or one that will before long. */
static bool is_current(struct ticket_keys *keys, const struct ticket_key *key, int64_t now)
{
    const struct ticket_key *sealing = sealing_key(keys, now);

    return sealing && key <= sealing;
}

enum ticket_result ticket_open(struct ticket_keys *keys, int64_t now, const uint8_t binding[TICKET_BINDING_LEN],
                               struct bytes ticket, uint8_t *out, size_t *len)
{
    struct reader r = reader_of(ticket);
    struct bytes name, nonce, text, tag;
    uint8_t aad[TICKET_AAD_LEN];
    struct ticket_key *key;
    enum crypto_result result;

    *len = 0;
    (void)ticket_keys_drop_aged(keys, now);
    if (keys->is_derived)
        (void)!follow_epochs(keys, now); /* without memory: with the keys that are there */
    if (ticket.len < TICKET_OVERHEAD || !read_bytes(&r, TICKET_KEY_NAME_LEN, &name) ||
        !read_bytes(&r, AEAD_NONCE_LEN, &nonce) || !read_bytes(&r, ticket.len - TICKET_OVERHEAD, &text) ||
        !read_bytes(&r, AEAD_TAG_LEN, &tag) || !(key = find_key(keys, name)))
        return TICKET_UNKNOWN;
    if (text.len)
        memcpy(out, text.at, text.len);
    result = aead_open(key->aead, nonce.at, write_aad(key, binding, aad), out, text.len, tag.at);
    if (result != CRYPTO_OK) {
        memory_wipe(out, text.len);
        return result == CRYPTO_BAD_INPUT ? TICKET_INVALID : TICKET_FAILED;
    }
    *len = text.len;
    return is_current(keys, key, now) ? TICKET_OPENED : TICKET_OPENED_OLD;
}

size_t ticket_keys_count(const struct ticket_keys *keys)
{
    return keys->count;
}

int64_t ticket_keys_age(const struct ticket_keys *keys, int64_t now)
{
    const struct ticket_key *key = newest_born((struct ticket_keys *)keys, now);

    return key && !keys->is_fixed ? now - key->birth : 0;
}
