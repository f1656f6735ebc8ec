#include "support/client_identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/must.h"

/* No stdio: it allocates, and a test may let that fail. Appends to `text`. */
static size_t read_file(const char *name, const char *suffix, char *text, size_t size)
{
    const char *top = getenv("top_srcdir");
    char path[4096];
    ssize_t len;
    int fd;

    snprintf(path, sizeof path, "%s/tests/data/client_trust/%s.%s", top ? top : ".", name, suffix);
    fd = open(path, O_RDONLY);
    len = fd < 0 ? -1 : read(fd, text, size);
    if (len < 0) {
        fprintf(stderr, "cannot read %s\n", path);
        abort();
    }
    close(fd);
    return (size_t)len;
}

struct client_trust *client_identity_trust(const char *ca, const char *crl)
{
    static char text[16384];
    struct crypto_fault fault;
    size_t len = read_file(ca, "crt", text, sizeof text);
    struct client_trust *trust = client_trust_new(bytes_of(text, len), &fault);

    if (!trust || !crl)
        return trust;
    len = read_file(crl, "crl", text, sizeof text);
    must(client_trust_add_crl(trust, bytes_of(text, len), &fault));
    return trust;
}

void client_identity_show(struct client13 *client, struct client_identity_files *files, const char *names,
                          const char *key_of, uint16_t scheme)
{
    static char text[32768];
    struct crypto_fault fault;
    char name[64];
    size_t len = 0;

    for (const char *at = names; *at;) {
        size_t name_len = strcspn(at, ",");
        memcpy(name, at, name_len);
        name[name_len] = 0;
        len += read_file(name, "crt", text + len, sizeof text - len);
        at += name_len + (at[name_len] == ',');
    }
    files->chain = certificate_chain_new(bytes_of(text, len), &fault);
    must(files->chain != NULL);
    len = read_file(key_of, "key", text, sizeof text);
    files->key = private_key_new(bytes_of(text, len), test_random_source(&client->random), &fault);
    must(files->key != NULL);
    client->own_chain = files->chain;
    client->own_key = files->key;
    client->own_scheme = tls_signature_scheme_find(scheme);
}

void client_identity_free(struct client_identity_files *files)
{
    certificate_chain_free(files->chain);
    private_key_free(files->key);
    *files = (struct client_identity_files){0};
}
