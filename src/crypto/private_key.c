#include "base/alloc.h"
#include "base/secret.h"
#include "crypto/fault.h"
#include "crypto/key_der.h"
#include "crypto/pem.h"

/* The forms of a private key that we read. */
static const struct key_form {
    const char *label;
    bool (*read)(struct bytes der, struct key_material *material, struct crypto_fault *fault);
} forms[] = {
    {"PRIVATE KEY", key_read_pkcs8},
    {"RSA PRIVATE KEY", key_read_pkcs1},
    {"EC PRIVATE KEY", key_read_sec1},
};

static const struct key_form *form_of(const struct pem_block *block)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (pem_label_is(block, forms[i].label))
            return &forms[i];
    }
    return NULL;
}

static bool is_some_private_key(const struct pem_block *block)
{
    static const char end[] = "PRIVATE KEY";
    size_t len = sizeof end - 1;

    return block->label.len >= len && memcmp(block->label.at + block->label.len - len, end, len) == 0;
}

static bool can_be_read(const struct pem_block *block, struct crypto_fault *fault)
{
    if (block->is_encrypted || pem_label_is(block, "ENCRYPTED PRIVATE KEY"))
        return fault_set(fault, "the key is encrypted; sallyport reads only unencrypted keys: decrypt it with "
                                "`openssl pkey`");
    if (pem_label_is(block, "OPENSSH PRIVATE KEY"))
        return fault_set(fault, "the key is in OpenSSH's own format; make a PEM key with `openssl genpkey`");
    if (!form_of(block))
        return fault_set(fault, "the key in line %u is of an unknown form; sallyport reads PKCS#8, PKCS#1 and SEC1",
                         block->line);
    return true;
}

/* The one private key among the blocks of the file. */
static bool find_key(struct bytes file, struct pem_block *found, struct crypto_fault *fault)
{
    struct pem_reader pem = pem_reader_of(file);
    struct pem_block block;
    enum pem_answer answer;
    unsigned keys = 0;

    while ((answer = pem_next(&pem, &block)) == PEM_BLOCK) {
        if (!is_some_private_key(&block))
            continue;
        if (!can_be_read(&block, fault))
            return false;
        if (keys++ == 0)
            *found = block;
        else
            return fault_set(fault, "the file has two keys, in lines %u and %u; one is wanted", found->line,
                             block.line);
    }
    if (answer == PEM_BROKEN)
        return fault_set(fault, "the PEM block in line %u does not end", block.line);
    return keys == 1 || fault_not_pem(fault, file, "private key");
}

static struct private_key *load(struct key_material *material, struct random_source random, struct crypto_fault *fault)
{
    const struct key_alg *alg = key_alg_find(material->kind);
    struct private_key *key = memory_new(sizeof *key + alg->context_len);
    enum key_load answer;

    if (!key) {
        fault_set(fault, "out of memory");
        return NULL;
    }
    key->alg = alg;
    answer = alg->load_private(key->context, material, random);
    key->bits = material->bits;
    if (answer == KEY_LOADED && key_material_id(material, key->id))
        return key;
    private_key_free(key);
    fault_set(fault, answer == KEY_INVALID ? "the key is damaged: its numbers do not belong together"
                                           : "the key could not be loaded: out of memory or a library failure");
    return NULL;
}

struct private_key *private_key_new(struct bytes pem, struct random_source random, struct crypto_fault *fault)
{
    struct key_material material = {.bits = 0};
    struct private_key *key = NULL;
    struct pem_block block;
    struct writer der;
    uint8_t *storage;
    size_t len;

    fault->text[0] = 0;
    if (!find_key(pem, &block, fault))
        return NULL;
    len = pem_decoded_len(&block);
    storage = memory_new(len);
    der = writer_of(storage, storage ? len : 0);
    if (!storage)
        fault_set(fault, "out of memory");
    else if (!pem_decode(&block, &der))
        fault_set(fault, "the key in line %u is damaged: it is not base64", block.line);
    else if (form_of(&block)->read(writer_view(&der), &material, fault) && key_is_ours(&material, fault))
        key = load(&material, random, fault);
    if (storage)
        memory_wipe(storage, len);
    memory_free(storage);
    return key;
}

void private_key_free(struct private_key *key)
{
    if (!key)
        return;
    key->alg->wipe(key->context);
    memory_wipe(key->context, key->alg->context_len);
    memory_free(key);
}

enum key_kind private_key_kind(const struct private_key *key)
{
    return key->alg->kind;
}

unsigned private_key_bits(const struct private_key *key)
{
    return key->bits;
}

const uint8_t *private_key_id(const struct private_key *key)
{
    return key->id;
}
