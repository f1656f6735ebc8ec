/*
 * From certificate and key files to a policy: pairing, and every fault in words with its place.
 */
#include "proxy/policy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/crypto.h"
#include "proxy/development_certificate.h"
#include "proxy/disk.h"
#include "proxy/file_bytes.h"
#include "proxy/limits.h"
#include "proxy/test_files.h"
#include "proxy/told.h"

enum { MAX_FILES = 8 };
static struct config_value certificates[MAX_FILES], keys[MAX_FILES];
static char texts[2 * MAX_FILES][TEST_PATH_LEN];
static struct keyring *keyring;

static void add(struct config_value *values, size_t *count, const char *name, unsigned line)
{
    char *text = texts[(values == keys ? MAX_FILES : 0) + *count];

    snprintf(text, TEST_PATH_LEN, "%s", name[0] == '/' ? name : test_file(name));
    values[(*count)++] = (struct config_value){text, {"test.conf", line}};
}

/* "p256.crt rsa2048.key": lines in that order, beginning with line 1; .key files are keys. */
static struct config_listen listen_with(const char *names)
{
    struct config_listen listen = {
        .name = "web", .place = {"test.conf", 99}, .certificates = {certificates, 0}, .keys = {keys, 0}};
    char list[256], *state = NULL;
    unsigned line = 1;

    snprintf(list, sizeof list, "%s", names);
    for (char *name = strtok_r(list, " ", &state); name; name = strtok_r(NULL, " ", &state)) {
        bool is_key = strstr(name, ".key") != NULL;
        add(is_key ? keys : certificates, is_key ? &listen.keys.count : &listen.certificates.count, name, line++);
    }
    return listen;
}

static struct tls_policy *build_listen_for(const struct config_listen *listen, enum purpose purpose)
{
    ck_assert(crypto_start());
    told_forget();
    if (!keyring)
        keyring = keyring_new();
    return policy_build(listen, disk_for(purpose), keyring, findings);
}

static struct tls_policy *build_listen(const struct config_listen *listen)
{
    return build_listen_for(listen, PURPOSE_SERVE);
}

static struct tls_policy *build(const char *names)
{
    struct config_listen listen = listen_with(names);
    return build_listen(&listen);
}

static void expect_ok(const char *names, size_t certificate_count)
{
    struct tls_policy *policy = build(names);

    ck_assert_msg(policy != NULL, "%s", told);
    ck_assert_uint_eq(tls_policy_certificate_count(policy), certificate_count);
    tls_policy_unref(policy);
}

static void expect_fault(const char *names, const char *line, const char *part)
{
    struct tls_policy *policy = build(names);

    ck_assert_msg(policy == NULL, "%s was accepted", names);
    expect_told(line);
    expect_told(part);
}

START_TEST(certificates_and_keys_are_paired_by_public_key_in_any_order)
{
    expect_ok("p256.crt p256.key", 1);
    expect_ok("p256.crt rsa2048.crt p384.crt rsa2048.key p384.key p256.key", 3);
    ck_assert_uint_eq(keyring_count(keyring), 3);
}
END_TEST

START_TEST(one_key_may_serve_several_certificates_and_is_held_once)
{
    expect_ok("p256.crt leaf-only.crt p256.key", 2);
    ck_assert_uint_eq(keyring_count(keyring), 1);
}
END_TEST

START_TEST(a_key_inside_the_certificate_file_needs_no_key_option)
{
    expect_ok("p256-together.pem", 1);
    expect_ok("p256-together.pem rsa2048.crt rsa2048.key", 2);
}
END_TEST

/* Reliability O01. */
START_TEST(a_mismatch_names_both_files_in_one_line)
{
    expect_fault("p256.crt rsa2048.key", "test.conf:2: key '", "/rsa2048.key' does not belong to certificate '");
    expect_told("/p256.crt'");
    ck_assert_uint_eq(told_count, 1);
}
END_TEST

START_TEST(among_several_a_certificate_without_key_and_a_key_without_certificate_are_told_apart)
{
    expect_fault("p256.crt rsa2048.crt p256.key p384.key", "test.conf:2: certificate '",
                 "/rsa2048.crt': none of the configured keys belongs to it");
    expect_told("test.conf:4: key '");
    expect_told("/p384.key' belongs to none of the certificates");
}
END_TEST

START_TEST(a_certificate_without_any_key_says_what_to_add)
{
    expect_fault("p256.crt", "test.conf:1: certificate '", "has no private key: add 'key = FILE'");
}
END_TEST

START_TEST(a_key_that_no_certificate_uses_is_a_fault)
{
    expect_fault("p256.crt p256.key rsa2048.key", "test.conf:3: key '", "belongs to none of the certificates");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told_with_its_reason)
{
    expect_fault("missing.crt p256.key", "test.conf:1: certificate '", "No such file or directory");
    expect_fault("p256.crt missing.key", "test.conf:2: key '", "No such file or directory");
    expect_fault("/tmp p256.key", "test.conf:1: certificate '/tmp'", "Is a directory");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_told)
{
    char path[] = "/tmp/sallyport-test-large-XXXXXX", names[128];
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, MAX_CERTIFICATE_FILE_LEN + 1), 0);
    snprintf(names, sizeof names, "%s p256.key", path);
    expect_fault(names, "test.conf:1: certificate '/tmp/sallyport-test-large-", "': the file is too large");
    close(fd);
    unlink(path);
}
END_TEST

/* Nobody writes into the FIFO: whoever waits for it never comes back. */
START_TEST(what_is_no_regular_file_is_a_fault_and_not_waited_for)
{
    char directory[] = "/tmp/sallyport-test-fifo-XXXXXX", fifo[64], names[128];

    expect_fault("/dev/zero p256.key", "test.conf:1: certificate '/dev/zero'", "it is no regular file");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(fifo, sizeof fifo, "%s/f.key", directory);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    snprintf(names, sizeof names, "p256.crt %s", fifo);
    expect_fault(names, "test.conf:2: key '/tmp/sallyport-test-fifo-", "/f.key': it is no regular file");
    unlink(fifo);
    rmdir(directory);
}
END_TEST

START_TEST(keys_that_cannot_be_used_are_told_why)
{
    expect_fault("p256.crt p256-encrypted.key", "test.conf:2: key '", "encrypted");
    expect_fault("rsa1024.crt rsa1024.key", "rsa1024.key'", "1024");
    expect_fault("p256.crt two-keys.key", "test.conf:2: key '", "two-keys.key'");
    expect_fault("p256.crt p256.crt.key", "p256.crt.key'", "No such file");
}
END_TEST

START_TEST(every_fault_is_told_not_only_the_first)
{
    expect_fault("missing.crt rsa1024.crt p256-encrypted.key gone.key", "test.conf:1: ", "test.conf:2: ");
    expect_told("test.conf:3: ");
    expect_told("test.conf:4: ");
}
END_TEST

static void expect_warning(const char *names, const char *part)
{
    expect_ok(names, 1);
    expect_told("test.conf:1: warning: certificate '");
    expect_told(part);
}

START_TEST(what_clients_may_stumble_over_is_a_warning_and_served)
{
    expect_warning("expired.crt p256.key", "expired");
    expect_warning("not-yet.crt p256.key", "not valid");
    expect_warning("leaf-only.crt p256.key", "intermediate");
    expect_warning("wrong-order.crt p256.key", "order");
}
END_TEST

/* RFC 5246 7.4.2 MUST: for the classic RSA key exchange the keyEncipherment bit is set, if there is a key usage. */
START_TEST(a_certificate_that_may_not_encipher_keys_is_a_warning_where_the_classic_rsa_exchange_is_on)
{
    static const char part[] = "does not allow to encipher keys, as rsa-key-exchange = yes of [listen web] needs";
    static const struct {
        const char *names;
        bool is_on, is_told;
    } cases[] = {
        {"rsa2048.crt rsa2048.key", true, true},
        {"rsa2048.crt rsa2048.key", false, false},
        {"rsa2048-encipher.crt rsa2048.key", true, false},
        {"p256.crt p256.key rsa2048-encipher.crt rsa2048.key", true, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_listen listen = listen_with(cases[i].names);
        struct tls_policy *policy;

        listen.has_rsa_key_exchange = cases[i].is_on;
        policy = build_listen(&listen);
        ck_assert_msg(policy != NULL, "%s", told);
        ck_assert_msg((strstr(told, part) != NULL) == cases[i].is_told, "%zu: %s", i, told);
        tls_policy_unref(policy);
    }
}
END_TEST

/* `path` ends in XXXXXX and an extension of four characters. */
static void write_private(char *path, const char *text)
{
    int fd = mkstemps(path, 4);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* One that is valid today, and no longer than any profile has it. */
START_TEST(a_good_pair_in_a_private_file_is_told_nothing_about)
{
    char certificate_path[] = "/tmp/sallyport-test-XXXXXX.crt", key_path[] = "/tmp/sallyport-test-XXXXXX.key";
    char names[128], *certificate, *key;

    ck_assert(crypto_start());
    ck_assert(certificate_make_development((const char *const[]){"app.example"}, 1, time(NULL), 80, random_system(),
                                           &certificate, &key));
    write_private(certificate_path, certificate);
    write_private(key_path, key);
    snprintf(names, sizeof names, "%s %s", certificate_path, key_path);
    expect_ok(names, 1);
    ck_assert_msg(told[0] == 0, "%s", told);
    ck_assert_int_eq(chmod(key_path, 0644), 0);
    expect_ok(names, 1);
    expect_told("test.conf:2: warning: key '");
    expect_told("every user of this machine can open the file (mode 0644)");
    unlink(certificate_path);
    unlink(key_path);
    memory_free(certificate);
    memory_free(key);
}
END_TEST

START_TEST(alpn_protocols_are_taken_and_one_that_is_too_long_is_told)
{
    struct config_listen listen = listen_with("p256.crt p256.key");
    char long_name[300];
    struct config_value protocols[] = {{"h2", {"test.conf", 7}}, {long_name, {"test.conf", 8}}};
    struct tls_policy *policy;

    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    listen.alpn = (struct config_list){protocols, 1};
    policy = build_listen(&listen);
    ck_assert_ptr_nonnull(policy);
    tls_policy_unref(policy);
    listen.alpn.count = 2;
    ck_assert_ptr_null(build_listen(&listen));
    expect_told("test.conf:8: alpn 'xxx");
}
END_TEST

/* ---- the development certificate */

static char state[64];

static void use_state_directory(void)
{
    snprintf(state, sizeof state, "/tmp/sallyport-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(state));
    ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", state, 1), 0);
}

static const char *state_file(const char *name)
{
    static char path[2][256];
    static int next;

    next = !next;
    snprintf(path[next], sizeof path[next], "%s/sallyport/%s", state, name);
    return path[next];
}

static void remove_state_directory(void)
{
    (void)!unlink(state_file("development-certificate.pem"));
    (void)!unlink(state_file("development-key.pem"));
    (void)!rmdir(state_file("."));
    (void)!rmdir(state_file(""));
    ck_assert_int_eq(rmdir(state), 0);
}

static struct config_listen development_listen(void)
{
    static struct config_value development = {CONFIG_CERTIFICATE_DEVELOPMENT, {"built in", 0}};

    return (struct config_listen){.name = "web", .certificates = {&development, 1}};
}

static struct file_bytes kept_certificate(void)
{
    struct file_bytes file;
    const char *reason;

    ck_assert(file_read(state_file("development-certificate.pem"), MAX_CERTIFICATE_FILE_LEN, &file, &reason));
    return file;
}

static void build_development(void)
{
    struct config_listen listen = development_listen();
    struct tls_policy *policy = build_listen(&listen);

    ck_assert_msg(policy != NULL, "%s", told);
    ck_assert_uint_eq(tls_policy_certificate_count(policy), 1);
    expect_told("DEVELOPMENT certificate, not for production");
    tls_policy_unref(policy);
}

static void expect_mode(const char *path, mode_t mode)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_msg((status.st_mode & 07777) == mode, "%s has mode %04o", path, status.st_mode & 07777);
}

START_TEST(the_development_certificate_is_made_once_kept_private_and_reused)
{
    struct file_bytes first, second;

    use_state_directory();
    build_development();
    first = kept_certificate();
    expect_mode(state_file("."), 0700);
    expect_mode(state_file("development-key.pem"), 0600);
    build_development();
    second = kept_certificate();
    ck_assert(bytes_equal(file_view(&first), file_view(&second)));
    file_wipe(&first);
    file_wipe(&second);
    remove_state_directory();
}
END_TEST

START_TEST(a_development_certificate_whose_key_is_lost_or_another_is_made_anew)
{
    struct file_bytes first, second, third;
    struct file_bytes other;
    const char *reason;

    use_state_directory();
    build_development();
    first = kept_certificate();
    ck_assert_int_eq(unlink(state_file("development-key.pem")), 0);
    build_development();
    second = kept_certificate();
    ck_assert(!bytes_equal(file_view(&first), file_view(&second)));
    ck_assert(file_read(test_file("p256.key"), MAX_KEY_FILE_LEN, &other, &reason));
    ck_assert(file_write(state_file("development-key.pem"), 0600, file_view(&other)));
    build_development();
    third = kept_certificate();
    ck_assert(!bytes_equal(file_view(&second), file_view(&third)));
    file_wipe(&first);
    file_wipe(&second);
    file_wipe(&third);
    file_wipe(&other);
    remove_state_directory();
}
END_TEST

static void look_at_development(uint8_t fingerprint[32])
{
    struct config_listen listen = development_listen();
    struct tls_policy *policy = build_listen_for(&listen, PURPOSE_LOOK);

    ck_assert_msg(policy != NULL, "%s", told);
    memcpy(fingerprint, certificate_chain_fingerprint(tls_policy_chain(policy, 0)), 32);
    expect_told("built in: warning: a self-signed DEVELOPMENT certificate would be served, not for production");
    expect_not_told("serving");
    tls_policy_unref(policy);
}

START_TEST(who_only_looks_leaves_nothing_on_the_disk)
{
    uint8_t first[32], second[32];

    use_state_directory();
    look_at_development(first);
    expect_not_told("curl --cacert");
    look_at_development(second);
    ck_assert_mem_ne(first, second, 32);
    ck_assert_int_eq(rmdir(state), 0); /* it is empty */
}
END_TEST

START_TEST(who_only_looks_sees_the_one_that_is_kept_and_leaves_it_there)
{
    struct file_bytes before, after;
    uint8_t first[32], second[32];

    use_state_directory();
    build_development();
    before = kept_certificate();
    look_at_development(first);
    expect_told("; a client trusts it with: curl --cacert /tmp/sallyport-test-");
    look_at_development(second);
    ck_assert_mem_eq(first, second, 32);
    after = kept_certificate();
    ck_assert(bytes_equal(file_view(&before), file_view(&after)));
    ck_assert_int_eq(unlink(state_file("development-key.pem")), 0); /* now it is of no use */
    look_at_development(second);
    ck_assert_mem_ne(first, second, 32);
    ck_assert_int_ne(access(state_file("development-key.pem"), F_OK), 0);
    file_wipe(&before);
    file_wipe(&after);
    remove_state_directory();
}
END_TEST

static bool get_at(int64_t now, uint8_t fingerprint[32])
{
    static const struct config_place place = {"built in", 0};
    struct certificate_chain *chain;
    struct private_key *key;

    if (!development_certificate_get(now, disk_for(PURPOSE_SERVE), &place, findings, &chain, &key))
        return false;
    memcpy(fingerprint, certificate_chain_fingerprint(chain), 32);
    certificate_chain_free(chain);
    private_key_free(key);
    return true;
}

START_TEST(a_development_certificate_about_to_expire_is_made_anew)
{
    enum { DAY = 24 * 60 * 60 };
    int64_t now = 1700000000;
    uint8_t first[32], same[32], renewed[32];

    ck_assert(crypto_start());
    use_state_directory();
    ck_assert(get_at(now, first));
    ck_assert(get_at(now + (DEVELOPMENT_DAYS - DEVELOPMENT_RENEW_DAYS - 2) * DAY, same));
    ck_assert_mem_eq(first, same, 32);
    ck_assert(get_at(now + (DEVELOPMENT_DAYS - 1) * DAY, renewed));
    ck_assert_mem_ne(first, renewed, 32);
    remove_state_directory();
}
END_TEST

START_TEST(where_nothing_can_be_kept_one_is_made_all_the_same)
{
    char line[128];
    int fd;

    snprintf(state, sizeof state, "/tmp/sallyport-test-XXXXXX");
    fd = mkstemp(state); /* a file: no directory can be made below it, not even by root */
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", state, 1), 0);
    build_development();
    snprintf(line, sizeof line, "cannot be kept in %s/sallyport (Not a directory)", state);
    expect_told(line);
    ck_assert_ptr_null(strstr(told, "--cacert")); /* there is nothing to trust it by */
    ck_assert_int_eq(unsetenv("XDG_STATE_HOME"), 0);
    ck_assert_int_eq(unsetenv("HOME"), 0);
    build_development();
    expect_told("there is no directory to keep the development certificate in");
    ck_assert_int_eq(unlink(state), 0);
}
END_TEST

START_TEST(systemds_state_directory_comes_first_and_of_a_list_the_first)
{
    char list[256];
    struct stat status;

    use_state_directory();
    snprintf(list, sizeof list, "%s/sallyport:/var/lib/other", state);
    ck_assert_int_eq(setenv("STATE_DIRECTORY", list, 1), 0);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/proc/none", 1), 0);
    build_development();
    ck_assert_int_eq(stat(state_file("development-key.pem"), &status), 0);
    remove_state_directory();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        certificates_and_keys_are_paired_by_public_key_in_any_order,
        one_key_may_serve_several_certificates_and_is_held_once,
        a_key_inside_the_certificate_file_needs_no_key_option,
        a_mismatch_names_both_files_in_one_line,
        among_several_a_certificate_without_key_and_a_key_without_certificate_are_told_apart,
        a_certificate_without_any_key_says_what_to_add,
        a_key_that_no_certificate_uses_is_a_fault,
        a_file_that_cannot_be_read_is_told_with_its_reason,
        a_file_that_is_too_large_is_told,
        what_is_no_regular_file_is_a_fault_and_not_waited_for,
        keys_that_cannot_be_used_are_told_why,
        every_fault_is_told_not_only_the_first,
        what_clients_may_stumble_over_is_a_warning_and_served,
        a_certificate_that_may_not_encipher_keys_is_a_warning_where_the_classic_rsa_exchange_is_on,
        a_good_pair_in_a_private_file_is_told_nothing_about,
        alpn_protocols_are_taken_and_one_that_is_too_long_is_told,
        the_development_certificate_is_made_once_kept_private_and_reused,
        a_development_certificate_whose_key_is_lost_or_another_is_made_anew,
        who_only_looks_leaves_nothing_on_the_disk,
        who_only_looks_sees_the_one_that_is_kept_and_leaves_it_there,
        a_development_certificate_about_to_expire_is_made_anew,
        where_nothing_can_be_kept_one_is_made_all_the_same,
        systemds_state_directory_comes_first_and_of_a_list_the_first,
    };
    return check_run("policy", tests, ARRAY_LEN(tests));
}
