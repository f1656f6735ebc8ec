#include "tls/ticket_root.h"

#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/hkdf.h"

uint64_t ticket_root_epoch(const struct ticket_root *root, int64_t now)
{
    return now > 0 ? (uint64_t)now / root->issues : 0;
}

bool ticket_root_new(struct ticket_root *root, struct random_source random, int64_t now, uint32_t issues,
                     uint32_t accepts)
{
    *root = (struct ticket_root){.issues = issues, .accepts = accepts};
    root->epoch = ticket_root_epoch(root, now);
    return random_fill(random, root->secret, sizeof root->secret);
}

/* The secrets are uniform already, so that there is nothing to extract (RFC 5869 3.3). */
static bool derive(const struct ticket_root *root, struct bytes label, uint8_t *out, size_t len)
{
    struct hmac key;
    bool is_ok =
        hmac_init(&key, hash_find(HASH_SHA256), BYTES_OF_ARRAY(root->secret)) && hkdf_expand(&key, label, out, len);

    hmac_wipe(&key);
    return is_ok;
}

bool ticket_root_key(const struct ticket_root *root, uint8_t out[TICKET_KEY_FILE_LEN])
{
    return derive(root, BYTES_OF_LITERAL("sallyport ticket key"), out, TICKET_KEY_FILE_LEN);
}

bool ticket_root_step(struct ticket_root *root)
{
    uint8_t next[sizeof root->secret];
    bool is_ok = derive(root, BYTES_OF_LITERAL("sallyport next epoch"), next, sizeof next);

    if (is_ok) {
        memcpy(root->secret, next, sizeof next);
        root->epoch++;
    }
    memory_wipe(next, sizeof next);
    return is_ok;
}

bool ticket_root_skip(struct ticket_root *root, uint64_t epoch)
{
    struct ticket_root ahead = *root;
    bool is_ok = epoch <= root->epoch || epoch - root->epoch <= MAX_TICKET_EPOCHS_SKIPPED;

    while (is_ok && ahead.epoch < epoch)
        is_ok = ticket_root_step(&ahead);
    if (is_ok)
        *root = ahead;
    ticket_root_wipe(&ahead);
    return is_ok;
}

/* The oldest epoch whose key, born at its beginning, is younger than `accepts`. */
bool ticket_root_advance(struct ticket_root *root, int64_t now)
{
    int64_t horizon = now - root->accepts;

    return horizon < 0 || ticket_root_skip(root, ticket_root_epoch(root, horizon) + 1);
}

void ticket_root_write(const struct ticket_root *root, uint8_t out[TICKET_ROOT_LEN])
{
    struct writer w = writer_of(out, TICKET_ROOT_LEN);

    write_bytes(&w, BYTES_OF_ARRAY(root->secret));
    write_u64(&w, root->epoch);
    write_u32(&w, root->issues);
    write_u32(&w, root->accepts);
}

bool ticket_root_read(struct bytes from, struct ticket_root *root)
{
    struct reader r = reader_of(from);

    return read_copy(&r, sizeof root->secret, root->secret) && read_u64(&r, &root->epoch) &&
           read_u32(&r, &root->issues) && read_u32(&r, &root->accepts) && read_end(&r) && root->issues > 0 &&
           root->issues <= root->accepts;
}

void ticket_root_wipe(struct ticket_root *root)
{
    memory_wipe(root, sizeof *root);
}
