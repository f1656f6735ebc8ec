/*
 * A configuration with all it names goes into two sealed files, and a policy is built from them again without the disk.
 */
#include "daemon/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "proxy/backend.h"
#include "proxy/policy.h"
#include "proxy/ticket_key_files.h"
#include "support/check_run.h"
#include "support/data_file.h"

static char told[4096], warned[4096], directory[64];

static void hear(void *context, const char *finding)
{
    (void)context;
    if (!strstr(finding, CONFIG_WARNING_PREFIX))
        snprintf(told, sizeof told, "%s", finding);
    else if (!strstr(warned, "private key in it"))
        snprintf(warned, sizeof warned, "%s", finding);
}

static const struct config_findings findings = {hear, NULL};

static struct config *parse(const char *options)
{
    char text[4096];
    struct config *config;

    ck_assert(crypto_start());
    ck_assert_int_eq(setenv("D", data_file_path("certificates"), 1), 0);
    ck_assert_int_eq(setenv("S", directory, 1), 0);
    snprintf(text, sizeof text,
             "[listen web]\naddress = 127.0.0.1:1\nbackend = app\n%s\n[backend app]\nserver = 127.0.0.1:81\n"
             "server = unix:/run/a\nserver = [::1]:82\n",
             options);
    config = config_parse("test.conf", bytes_of_string(text), findings);
    ck_assert_msg(config != NULL, "%s", told);
    return config;
}

/* Builds as a loader does, and keeps what was read. */
static struct generation_files record(const struct config *config)
{
    struct recorder *recorder = recorder_new(supply_of_disk(PURPOSE_LOOK));
    struct supply supply = recorder_supply(recorder);
    struct keyring *keyring = keyring_new();
    struct generation_files files;
    struct tls_policy *policy;
    struct backend *backend;
    struct ticket_keys *tickets = ticket_keys_from_config(&config->general, &supply, findings);

    ck_assert(generation_files_make(&files));
    policy = policy_build(&config->listens[0], &supply, keyring, findings);
    backend = backend_new(&config->backends[0], &supply, findings);
    ck_assert_msg(policy && backend && tickets, "%s", told);
    ck_assert(recorder_write(recorder, "test.conf", config, &files));
    ck_assert(generation_files_seal(&files));
    tls_policy_unref(policy);
    backend_free(backend);
    ticket_keys_free(tickets);
    keyring_free(keyring);
    recorder_free(recorder);
    return files;
}

static struct generation *reopen(const struct generation_files *files)
{
    const char *fault;
    struct generation *generation = generation_open(files, &fault);

    ck_assert_msg(generation != NULL, "%s", fault);
    return generation;
}

static const char pair[] = "certificate = ${D}/p256.crt\nkey = ${D}/p256.key\n";

START_TEST(what_was_loaded_is_built_again_from_the_files_alone)
{
    struct config *config = parse(pair), *again;
    struct generation_files files = record(config);
    struct generation *generation = reopen(&files);
    struct supply supply = generation_supply(generation);
    struct keyring *keyring = keyring_new();
    struct tls_policy *policy;
    struct backend *backend;

    again = generation_config(generation, findings);
    ck_assert_msg(again != NULL, "%s", told);
    ck_assert_str_eq(again->listens[0].name, "web");
    policy = policy_build(&again->listens[0], &supply, keyring, findings);
    ck_assert_msg(policy != NULL, "%s", told);
    ck_assert_uint_eq(tls_policy_certificate_count(policy), 1);
    ck_assert_ptr_nonnull(keyring_find(keyring, certificate_chain_key_id(tls_policy_chain(policy, 0))));
    backend = backend_new(&again->backends[0], &supply, findings);
    ck_assert_msg(backend != NULL, "%s", told);
    ck_assert_uint_eq(backend->server_count, 3);
    ck_assert_str_eq(backend->servers[1].addresses[0].un.sun_path, "/run/a");
    ck_assert_int_eq(backend->servers[2].addresses[0].any.sa_family, AF_INET6);
    tls_policy_unref(policy);
    backend_free(backend);
    keyring_free(keyring);
    config_free(again);
    config_free(config);
    generation_free(generation);
    generation_files_close(&files);
}
END_TEST

static bool holds(int fd, const char *mark)
{
    char *text;
    off_t len = lseek(fd, 0, SEEK_END);
    bool is_found;

    if (len == 0)
        return false;
    text = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(text, MAP_FAILED);
    is_found = memmem(text, (size_t)len, mark, strlen(mark)) != NULL;
    munmap(text, (size_t)len);
    return is_found;
}

static void write_file(const char *name, struct bytes a, struct bytes b)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert(a.len == 0 || fwrite(a.at, 1, a.len, file) == a.len);
    ck_assert(b.len == 0 || fwrite(b.at, 1, b.len, file) == b.len);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    ck_assert_int_eq(unlink(path), 0);
}

static void make_directory(void)
{
    snprintf(directory, sizeof directory, "/tmp/sallyport-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

START_TEST(no_private_key_is_in_the_public_file_also_of_a_file_that_holds_both)
{
    static const char middle[] = "MIGHAgEAMBMGByqGSM49"; /* how every P-256 key in PKCS #8 begins */
    struct bytes certificate = data_file_read("certificates/p256.crt"), key = data_file_read("certificates/p256.key");
    struct config *config;
    struct generation_files files;
    struct generation *generation;
    struct bytes file;

    make_directory();
    write_file("both.pem", key, certificate);
    data_file_free(certificate);
    data_file_free(key);
    config = parse("certificate = ${S}/both.pem");
    files = record(config);
    ck_assert(holds(files.public, "BEGIN CERTIFICATE"));
    ck_assert(!holds(files.public, "PRIVATE KEY"));
    ck_assert(!holds(files.public, middle));
    ck_assert(holds(files.secret, middle));
    generation = reopen(&files);
    ck_assert(generation_key_file(generation, 0, &file));
    ck_assert(!generation_key_file(generation, 1, &file));
    generation_free(generation);
    generation_files_close(&files);
    config_free(config);
    remove_file("both.pem");
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(nor_the_key_of_a_client_ca_beside_its_certificate_and_that_is_warned_of)
{
    static const char middle[] = "MIGHAgEAMBMGByqGSM49";
    struct bytes ca = data_file_read("client_trust/root.crt"), crl = data_file_read("client_trust/root.crl");
    struct bytes key = data_file_read("certificates/p256.key");
    char options[300];
    struct config *config;
    struct generation_files files;
    struct generation *generation;
    struct supply supply;
    struct tls_policy *policy;

    make_directory();
    write_file("ca.pem", key, ca);
    write_file("crl.pem", crl, key);
    snprintf(options, sizeof options,
             "%sclient-certificate = required\nclient-ca = ${S}/ca.pem\nclient-crl = ${S}/crl.pem", pair);
    config = parse(options);
    warned[0] = 0;
    files = record(config);
    ck_assert_msg(strstr(warned, "there is a private key in it"), "%s", warned);
    ck_assert(!holds(files.public, "PRIVATE KEY"));
    ck_assert(!holds(files.public, middle));
    ck_assert(holds(files.public, "BEGIN X509 CRL"));
    generation = reopen(&files);
    supply = generation_supply(generation);
    policy =
        policy_build(&config->listens[0], &supply, NULL, findings); /* by what is left, whoever serves asks as before */
    ck_assert_msg(policy != NULL, "%s", told);
    tls_policy_unref(policy);
    generation_free(generation);
    generation_files_close(&files);
    config_free(config);
    data_file_free(ca);
    data_file_free(crl);
    data_file_free(key);
    remove_file("ca.pem");
    remove_file("crl.pem");
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

static void copy_file(const char *name, const char *from)
{
    struct bytes contents = data_file_read(from);

    write_file(name, contents, bytes_of(NULL, 0));
    data_file_free(contents);
}

static void expect_built_again(const struct generation_files *files, const struct config *config, bool has_keys)
{
    struct generation *generation = reopen(files);
    struct supply supply = generation_supply(generation);
    struct keyring *keyring = has_keys ? keyring_new() : NULL;
    struct tls_policy *policy = policy_build(&config->listens[0], &supply, keyring, findings);

    ck_assert_msg(policy != NULL, "%s", told);
    ck_assert_uint_eq(tls_policy_certificate_count(policy), 2);
    for (size_t i = 0; has_keys && i < 2; i++)
        ck_assert_ptr_nonnull(keyring_find(keyring, certificate_chain_key_id(tls_policy_chain(policy, i))));
    tls_policy_unref(policy);
    keyring_free(keyring);
    generation_free(generation);
}

START_TEST(of_a_directory_what_was_chosen_is_kept_and_nothing_else)
{
    struct config *config;
    struct generation_files files, public_alone;
    struct generation *generation;
    struct bytes file;

    make_directory();
    copy_file("a.crt", "certificates/other.crt");
    copy_file("b.key", "certificates/other.key");
    copy_file("both.pem", "certificates/p256-together.pem");
    copy_file("stray.key", "certificates/p384.key");
    copy_file("alone.crt", "certificates/rsa2048.crt");
    config = parse("cert-dir = ${S}");
    files = record(config);
    for (size_t i = 0; i < 5; i++)
        remove_file((const char *[]){"a.crt", "b.key", "both.pem", "stray.key", "alone.crt"}[i]);
    ck_assert(!holds(files.public, "PRIVATE KEY") && !holds(files.public, "alone.crt"));
    ck_assert(holds(files.secret, "b.key") && !holds(files.secret, "stray.key"));
    generation = reopen(&files);
    ck_assert(generation_key_file(generation, 1, &file));
    ck_assert(!generation_key_file(generation, 2, &file));
    generation_free(generation);
    expect_built_again(&files, config, true);
    public_alone = (struct generation_files){files.public, -1};
    expect_built_again(&public_alone, config, false);
    generation_files_close(&files);
    config_free(config);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(without_the_secret_file_the_policy_is_built_and_no_key_is_to_be_had)
{
    struct config *config = parse(pair);
    struct generation_files files = record(config);
    struct generation_files public_alone = {files.public, -1};
    struct generation *generation = reopen(&public_alone);
    struct supply supply = generation_supply(generation);
    struct keyring *keyring = keyring_new();
    struct tls_policy *policy = policy_build(&config->listens[0], &supply, NULL, findings);

    ck_assert_msg(policy != NULL, "%s", told);
    ck_assert_uint_eq(tls_policy_certificate_count(policy), 1);
    ck_assert_ptr_null(policy_build(&config->listens[0], &supply, keyring, findings));
    ck_assert_ptr_nonnull(strstr(told, "it is not in the generation"));
    tls_policy_unref(policy);
    keyring_free(keyring);
    generation_free(generation);
    generation_files_close(&files);
    config_free(config);
}
END_TEST

START_TEST(ticket_keys_from_files_come_back_and_are_secret)
{
    uint8_t key[TICKET_KEY_FILE_LEN], out[64 + TICKET_OVERHEAD], opened[64 + TICKET_OVERHEAD];
    static const uint8_t binding[TICKET_BINDING_LEN] = {1};
    struct ticket_keys *first, *second;
    struct supply disk = supply_of_disk(PURPOSE_LOOK), supply;
    struct generation_files files;
    struct generation *generation;
    struct config *config;
    size_t len, opened_len;

    make_directory();
    ck_assert(random_fill(random_system(), key, sizeof key));
    write_file("ticket.key", BYTES_OF_ARRAY(key), bytes_of(NULL, 0));
    config = parse("certificate = ${D}/p256.crt\nkey = ${D}/p256.key\n[sallyport]\nticket-key = ${S}/ticket.key");
    files = record(config);
    first = ticket_keys_from_config(&config->general, &disk, findings);
    remove_file("ticket.key");
    generation = reopen(&files);
    supply = generation_supply(generation);
    second = ticket_keys_from_config(&config->general, &supply, findings);
    ck_assert_msg(first && second, "%s", told);
    ck_assert(ticket_seal(first, 1, binding, BYTES_OF_LITERAL("session"), out, &len));
    ck_assert_int_eq(ticket_open(second, 1, binding, bytes_of(out, len), opened, &opened_len), TICKET_OPENED);
    ticket_keys_free(first);
    ticket_keys_free(second);
    generation_free(generation);
    generation_files_close(&files);
    config_free(config);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(the_development_certificate_comes_back_with_its_key)
{
    struct config *config = parse("certificate = development");
    struct generation_files files;
    struct generation *generation;
    struct supply supply;
    struct keyring *keyring = keyring_new();
    struct tls_policy *policy;

    make_directory();
    ck_assert_int_eq(setenv("STATE_DIRECTORY", directory, 1), 0);
    files = record(config);
    generation = reopen(&files);
    supply = generation_supply(generation);
    policy = policy_build(&config->listens[0], &supply, keyring, findings);
    ck_assert_msg(policy != NULL, "%s", told);
    ck_assert_uint_eq(keyring_count(keyring), 1);
    ck_assert(!holds(files.public, "PRIVATE KEY"));
    tls_policy_unref(policy);
    keyring_free(keyring);
    generation_free(generation);
    generation_files_close(&files);
    config_free(config);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing was made there, for it was only looked at */
}
END_TEST

START_TEST(nobody_can_change_what_is_sealed)
{
    struct config *config = parse(pair);
    struct generation_files files = record(config);
    int fds[] = {files.public, files.secret};

    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        ck_assert_int_eq(pwrite(fds[i], "x", 1, 0), -1);
        ck_assert_int_eq(errno, EPERM);
        ck_assert_int_eq(ftruncate(fds[i], 0), -1);
        ck_assert_int_eq(ftruncate(fds[i], 1 << 20), -1);
        ck_assert_ptr_eq(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0), MAP_FAILED);
        ck_assert_int_eq(fcntl(fds[i], F_ADD_SEALS, 0), -1);
    }
    generation_files_close(&files);
    config_free(config);
}
END_TEST

START_TEST(what_is_not_sealed_or_damaged_is_not_opened)
{
    struct generation_files files;
    const char *fault = NULL;

    ck_assert(generation_files_make(&files));
    ck_assert_ptr_null(generation_open(&files, &fault));
    ck_assert_str_eq(fault, "a file of the generation is not sealed");
    ck_assert_int_eq(write(files.public, "\x01\x00\x01xzzzz", 8), 8);
    ck_assert(generation_files_seal(&files));
    ck_assert_ptr_null(generation_open(&files, &fault));
    ck_assert_str_eq(fault, "a file of the generation is damaged");
    generation_files_close(&files);
}
END_TEST

static size_t resolve_once(void *context, const struct config_address *address, struct socket_address *out, size_t max,
                           const char **fault)
{
    int *times = context;
    (void)out, (void)max;

    ck_assert_str_eq(address->host, "app.test");
    *fault = "there is no such name";
    return (*times)++ == 0 ? 0 : max;
}

START_TEST(a_name_without_an_address_is_asked_for_once_and_kept_without)
{
    const struct config_address address = {{"test.conf", 4}, "app.test:80", false, "app.test", 80, NULL, NULL};
    struct config *config = parse(pair);
    struct socket_address out[2];
    struct supply disk = supply_of_disk(PURPOSE_LOOK), supply;
    struct generation_files files;
    struct recorder *recorder;
    struct generation *generation;
    const char *fault = NULL;
    int times = 0;

    disk.resolve = resolve_once;
    disk.context = &times;
    recorder = recorder_new(disk);
    supply = recorder_supply(recorder);
    for (int i = 0; i < 2; i++) {
        fault = NULL;
        ck_assert_uint_eq(supply_resolve(&supply, &address, out, 2, &fault), 0);
        ck_assert_str_eq(fault, "there is no such name");
    }
    ck_assert(generation_files_make(&files));
    ck_assert(recorder_write(recorder, "test.conf", config, &files));
    ck_assert(generation_files_seal(&files));
    generation = reopen(&files);
    supply = generation_supply(generation);
    ck_assert_uint_eq(supply_resolve(&supply, &address, out, 2, &fault), 0);
    ck_assert_str_eq(fault, "it did not resolve when it was loaded");
    generation_free(generation);
    generation_files_close(&files);
    recorder_free(recorder);
    config_free(config);
}
END_TEST

START_TEST(a_file_is_read_once_whatever_becomes_of_it_meanwhile)
{
    struct recorder *recorder;
    struct supply supply;
    struct file_bytes first, second;
    const char *fault;
    char path[128];

    make_directory();
    write_file("ca.pem", BYTES_OF_LITERAL("before"), bytes_of(NULL, 0));
    snprintf(path, sizeof path, "%s/ca.pem", directory);
    recorder = recorder_new(supply_of_disk(PURPOSE_LOOK));
    supply = recorder_supply(recorder);
    ck_assert(supply_read(&supply, SUPPLY_PUBLIC, path, 64, &first, &fault));
    write_file("ca.pem", BYTES_OF_LITERAL("afterwards"), bytes_of(NULL, 0));
    ck_assert(supply_read(&supply, SUPPLY_PUBLIC, path, 64, &second, &fault));
    ck_assert(bytes_equal(file_view(&first), file_view(&second)));
    ck_assert_uint_eq(first.mode, second.mode);
    file_wipe(&first);
    file_wipe(&second);
    ck_assert(!supply_read(&supply, SUPPLY_PUBLIC, path, 3, &second, &fault));
    ck_assert_str_eq(fault, "the file is too large");
    recorder_free(recorder);
    remove_file("ca.pem");
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_loaded_is_built_again_from_the_files_alone,
        no_private_key_is_in_the_public_file_also_of_a_file_that_holds_both,
        nor_the_key_of_a_client_ca_beside_its_certificate_and_that_is_warned_of,
        without_the_secret_file_the_policy_is_built_and_no_key_is_to_be_had,
        of_a_directory_what_was_chosen_is_kept_and_nothing_else,
        ticket_keys_from_files_come_back_and_are_secret,
        the_development_certificate_comes_back_with_its_key,
        nobody_can_change_what_is_sealed,
        what_is_not_sealed_or_damaged_is_not_opened,
        a_file_is_read_once_whatever_becomes_of_it_meanwhile,
        a_name_without_an_address_is_asked_for_once_and_kept_without,
    };
    return check_run("generation", tests, ARRAY_LEN(tests));
}
