#include "crypto/certificate.h"

#include "base/alloc.h"
#include "crypto/certificate_chain.h"
#include "crypto/fault.h"
#include "crypto/key_der.h"
#include "crypto/pem.h"

/* ---- reading the file */

static bool is_certificate(const struct pem_block *block)
{
    return pem_label_is(block, "CERTIFICATE") || pem_label_is(block, "X509 CERTIFICATE") ||
           pem_label_is(block, "TRUSTED CERTIFICATE");
}

/* Counts, and bounds the memory that decoding takes, before any is asked for. */
static bool measure(struct bytes file, size_t *count, size_t *max_len, struct crypto_fault *fault)
{
    struct pem_reader pem = pem_reader_of(file);
    struct pem_block block;
    enum pem_answer answer;

    *count = *max_len = 0;
    while ((answer = pem_next(&pem, &block)) == PEM_BLOCK) {
        if (!is_certificate(&block))
            continue;
        if (!pem_label_is(&block, "CERTIFICATE"))
            return fault_set(fault, "the block in line %u is in an old form; convert it with `openssl x509`",
                             block.line);
        *max_len += pem_decoded_len(&block);
        ++*count;
    }
    if (answer == PEM_BROKEN)
        return fault_set(fault, "the PEM block in line %u does not end", block.line);
    if (*count == 0)
        return fault_not_pem(fault, file, "certificate");
    if (*count > MAX_CHAIN_CERTIFICATES)
        return fault_set(fault, "the file has %zu certificates; a chain has at most %d", *count,
                         MAX_CHAIN_CERTIFICATES);
    return true;
}

static bool add_certificate(struct certificate_chain *chain, const struct pem_block *block, struct writer *w,
                            struct crypto_fault *fault)
{
    struct certificate *certificate = &chain->certificates[chain->count];
    size_t start = writer_view(w).len;
    struct crypto_fault cause;

    if (!pem_decode(block, w))
        return fault_set(fault, "certificate %zu (line %u) is damaged: it is not base64", chain->count + 1,
                         block->line);
    if (!certificate_read(bytes_of(chain->der + start, writer_view(w).len - start), certificate, &cause))
        return fault_set(fault, "certificate %zu (line %u) cannot be read: %s", chain->count + 1, block->line,
                         cause.text);
    chain->count++;
    if (writer_view(w).len > MAX_CHAIN_LEN)
        return fault_set(fault, "the certificates take more than %d bytes", MAX_CHAIN_LEN);
    return true;
}

static bool read_file(struct certificate_chain *chain, struct bytes file, struct crypto_fault *fault)
{
    struct pem_reader pem = pem_reader_of(file);
    struct pem_block block;
    struct writer w;
    size_t count, max_len;

    if (!measure(file, &count, &max_len, fault))
        return false;
    if (max_len > 2 * MAX_CHAIN_LEN)
        return fault_set(fault, "the certificates take more than %d bytes", MAX_CHAIN_LEN);
    chain->der = memory_new(max_len);
    if (!chain->der)
        return fault_set(fault, "out of memory");
    w = writer_of(chain->der, max_len);
    while (pem_next(&pem, &block) == PEM_BLOCK) {
        if (is_certificate(&block) && !add_certificate(chain, &block, &w, fault))
            return false;
    }
    return true;
}

bool certificate_holds_key(struct bytes file)
{
    static const char mark[] = "PRIVATE KEY-----";

    return memmem(file.at, file.len, mark, strlen(mark)) != NULL;
}

static void copy_block(const struct pem_block *block, struct writer *out)
{
    write_bytes(out, BYTES_OF_LITERAL("-----BEGIN "));
    write_bytes(out, block->label);
    write_bytes(out, BYTES_OF_LITERAL("-----\n"));
    write_bytes(out, block->body);
    write_bytes(out, BYTES_OF_LITERAL("-----END "));
    write_bytes(out, block->label);
    write_bytes(out, BYTES_OF_LITERAL("-----\n"));
}

void certificate_copy_public(struct bytes file, struct writer *out)
{
    struct pem_reader pem = pem_reader_of(file);
    struct pem_block block;

    while (pem_next(&pem, &block) == PEM_BLOCK)
        if (pem_label_is(&block, "CERTIFICATE") || pem_label_is(&block, "X509 CRL"))
            copy_block(&block, out);
}

/* ---- what the leaf says */

static bool take_key(struct certificate_chain *chain, struct crypto_fault *fault)
{
    struct key_material material = {.bits = 0};
    struct public_key *key;

    if (!key_read_spki(chain->certificates[0].spki, &material, fault) || !key_is_ours(&material, fault))
        return false;
    key = public_key_new(chain->certificates[0].spki);
    if (!key)
        return fault_set(fault, "the certificate's public key is not valid, or memory ran out");
    public_key_free(key);
    chain->key_kind = material.kind;
    chain->key_bits = material.bits;
    return (key_material_id(&material, chain->key_id) &&
            hash_once(hash_find(HASH_SHA256), chain->certificates[0].der, chain->fingerprint)) ||
           fault_set(fault, "the certificate could not be hashed");
}

static void add_name(struct certificate_chain *chain, struct bytes name, struct writer *text)
{
    struct writer attempt = *text; /* given up when the name is none */

    if (!certificate_host_name(name, &attempt))
        return;
    chain->names[chain->name_count++] =
        bytes_of(text->start + text->len, writer_view(&attempt).len - writer_view(text).len);
    *text = attempt;
}

/* A name is never longer than its DER, and a dNSName's DER has two bytes more: both bounds come from there. */
static bool take_names(struct certificate_chain *chain, struct crypto_fault *fault)
{
    const struct certificate *leaf = &chain->certificates[0];
    struct reader alt_names = reader_of(leaf->alt_names);
    size_t max_len = leaf->alt_names.at ? leaf->alt_names.len : leaf->subject.len;
    struct bytes name;
    struct writer text;

    chain->name_text = memory_new(max_len);
    chain->names = memory_new_array(max_len / 3 + 1, sizeof *chain->names);
    if (!chain->name_text || !chain->names)
        return fault_set(fault, "out of memory");
    text = writer_of(chain->name_text, max_len);
    if (!leaf->alt_names.at && certificate_common_name(leaf->subject, &name))
        add_name(chain, name, &text);
    while (leaf->alt_names.at && certificate_next_dns_name(&alt_names, &name))
        add_name(chain, name, &text);
    return true;
}

struct certificate_chain *certificate_chain_new(struct bytes pem, struct crypto_fault *fault)
{
    struct certificate_chain *chain = memory_new(sizeof *chain);

    fault->text[0] = 0;
    if (!chain) {
        fault_set(fault, "out of memory");
        return NULL;
    }
    if (!read_file(chain, pem, fault) || !take_key(chain, fault) || !take_names(chain, fault)) {
        certificate_chain_free(chain);
        return NULL;
    }
    certificate_name_text(chain->certificates[0].subject, chain->subject);
    certificate_name_text(chain->certificates[0].issuer, chain->issuer);
    certificate_signature_text(&chain->certificates[0], chain->signature);
    return chain;
}

void certificate_chain_free(struct certificate_chain *chain)
{
    if (!chain)
        return;
    memory_free(chain->der);
    memory_free(chain->names);
    memory_free(chain->name_text);
    memory_free(chain);
}

/* ---- answers */

size_t certificate_chain_count(const struct certificate_chain *chain)
{
    return chain->count;
}

struct bytes certificate_chain_der(const struct certificate_chain *chain, size_t index)
{
    return chain->certificates[index].der;
}

enum key_kind certificate_chain_key_kind(const struct certificate_chain *chain)
{
    return chain->key_kind;
}

unsigned certificate_chain_key_bits(const struct certificate_chain *chain)
{
    return chain->key_bits;
}

bool certificate_chain_is_ca(const struct certificate_chain *chain)
{
    return chain->certificates[0].is_ca;
}

bool certificate_chain_may_encipher_keys(const struct certificate_chain *chain)
{
    return chain->certificates[0].may_encipher_keys;
}

const uint8_t *certificate_chain_key_id(const struct certificate_chain *chain)
{
    return chain->key_id;
}

struct bytes certificate_chain_spki(const struct certificate_chain *chain)
{
    return chain->certificates[0].spki;
}

const uint8_t *certificate_chain_fingerprint(const struct certificate_chain *chain)
{
    return chain->fingerprint;
}

const char *certificate_chain_subject(const struct certificate_chain *chain)
{
    return chain->subject;
}

const char *certificate_chain_issuer(const struct certificate_chain *chain)
{
    return chain->issuer;
}

const char *certificate_chain_signature(const struct certificate_chain *chain)
{
    return chain->signature;
}

int64_t certificate_chain_not_before(const struct certificate_chain *chain)
{
    return chain->certificates[0].not_before;
}

struct bytes certificate_chain_serial(const struct certificate_chain *chain)
{
    return chain->certificates[0].serial;
}

int64_t certificate_chain_not_after(const struct certificate_chain *chain)
{
    return chain->certificates[0].not_after;
}

size_t certificate_chain_name_count(const struct certificate_chain *chain)
{
    return chain->name_count;
}

struct bytes certificate_chain_name(const struct certificate_chain *chain, size_t index)
{
    return chain->names[index];
}
