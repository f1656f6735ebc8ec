/*
 * A directory becomes certificates with their keys, whatever its files are called; what is of no use is told, and takes
 * nothing else down.
 */
#include "proxy/certificate_dir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "proxy/directory.h"
#include "proxy/disk.h"
#include "proxy/policy.h"
#include "proxy/test_files.h"
#include "proxy/told.h"

static char top[] = "/tmp/sallyport-cert-dir-XXXXXX";
static struct keyring *keyring;
static struct tls_policy *policy;

static void begin(void)
{
    strcpy(top + strlen(top) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    ck_assert(crypto_start());
    told_forget();
}

static void forget(void)
{
    tls_policy_unref(policy);
    keyring_free(keyring);
    policy = NULL;
    keyring = NULL;
    told_forget();
}

static void run(const char *command)
{
    char whole[TEST_PATH_LEN + 256];

    snprintf(whole, sizeof whole, "set -e; D=$(realpath '%s'); cd '%s'; %s", test_file(""), top, command);
    ck_assert_msg(system(whole) == 0, "%s", command); // NOLINT(cert-env33-c): a test's own words
}

static void end(void)
{
    forget();
    run("rm -rf \"$PWD\"");
}

static struct config_listen listen_to(struct config_value *dir)
{
    *dir = (struct config_value){top, {"test.conf", 7}};
    return (struct config_listen){.name = "web", .place = {"test.conf", 5}, .cert_dirs = {dir, 1}};
}

static bool build_with(const struct supply *supply, struct config_listen listen)
{
    forget();
    keyring = keyring_new();
    policy = policy_build(&listen, supply, keyring, findings);
    return policy != NULL;
}

static bool build(void)
{
    struct config_value dir;

    return build_with(disk_for(PURPOSE_SERVE), listen_to(&dir));
}

/* What is served, in its order, each from this file. */
static void expect_served(const char *const *names)
{
    size_t count = 0;

    ck_assert_msg(build(), "%s", told);
    for (; names[count]; count++) {
        ck_assert_msg(count < tls_policy_certificate_count(policy), "%s is missing: %s", names[count], told);
        ck_assert_str_eq(tls_policy_certificate_label(policy, count) + strlen(top) + 1, names[count]);
        ck_assert_ptr_nonnull(keyring_find(keyring, certificate_chain_key_id(tls_policy_chain(policy, count))));
    }
    ck_assert_uint_eq(tls_policy_certificate_count(policy), count);
    ck_assert_uint_eq(told_count, 0);
}
#define EXPECT_SERVED(...) expect_served((const char *const[]){__VA_ARGS__, NULL})

START_TEST(files_are_paired_by_public_key_whatever_they_are_called)
{
    begin();
    run("cp $D/p256.crt z.crt; cp $D/p256.key a.key; cp $D/wildcard.crt a.pem; cp $D/wildcard.key zz.pem;"
        "cp $D/other.crt b.cer; cp $D/other.key c.key");
    EXPECT_SERVED("a.pem", "z.crt", "b.cer"); /* by their first names: *.wild, app, other */
    expect_not_told("passed over");
    end();
}
END_TEST

START_TEST(a_file_may_hold_both)
{
    begin();
    run("cp $D/p256-together.pem a.pem");
    EXPECT_SERVED("a.pem");
    end();
}
END_TEST

START_TEST(of_certbot_the_full_chain_is_served_and_its_other_files_are_no_certificates)
{
    begin();
    run("mkdir app .archive && cp $D/leaf-only.crt .archive/cert3.pem && cp $D/intermediate.crt .archive/chain3.pem &&"
        "cp $D/p256.crt .archive/fullchain3.pem && cp $D/p256.key .archive/privkey3.pem &&"
        "for f in cert chain fullchain privkey; do ln -s ../.archive/${f}3.pem app/$f.pem; done;"
        "echo 'This directory contains your keys' | tee README >app/README");
    EXPECT_SERVED("app/fullchain.pem");
    ck_assert_uint_eq(certificate_chain_count(tls_policy_chain(policy, 0)), 2);
    expect_not_told("passed over");
    end();
}
END_TEST

START_TEST(of_kubernetes_the_hidden_copies_are_none)
{
    begin();
    run("mkdir ..2026_01 && cp $D/p256.crt ..2026_01/tls.crt && cp $D/p256.key ..2026_01/tls.key &&"
        "cp $D/root.crt ..2026_01/ca.crt && ln -s ..2026_01 ..data &&"
        "for f in tls.crt tls.key ca.crt; do ln -s ..data/$f $f; done");
    EXPECT_SERVED("tls.crt");
    expect_not_told("passed over");
    end();
}
END_TEST

START_TEST(what_is_broken_is_told_with_its_path_and_takes_nothing_down)
{
    begin();
    run("cp $D/p256-together.pem good.pem; echo junk >junk.crt; head -c 300 $D/other.crt >half.pem;"
        "cp $D/rsa2048.crt alone.crt; cp $D/p256-encrypted.key locked.key; ln -s nowhere gone.pem;"
        "printf -- '-----BEGIN DH PARAMETERS-----\\nMAo=\\n-----END DH PARAMETERS-----\\n' >dhparams.pem");
    EXPECT_SERVED("good.pem");
    expect_told("/junk.crt' is passed over: no certificate found");
    expect_told("/half.pem' is passed over: the PEM block in line 1 does not end");
    expect_told("test.conf:7: warning: cert-dir: '");
    expect_told("/alone.crt' is passed over: no key in the directory belongs to this certificate");
    expect_told("/locked.key' is passed over: the key is encrypted");
    expect_told("/gone.pem' is passed over: No such file or directory");
    expect_not_told("dhparams");
    end();
}
END_TEST

START_TEST(a_directory_without_a_certificate_to_serve_is_a_fault)
{
    begin();
    ck_assert(!build());
    expect_told("test.conf:7: cert-dir '");
    expect_told("there is no certificate with its key in it");
    run("cp $D/p256.crt a.crt; echo junk >b.crt; cp $D/root.crt c.crt");
    ck_assert(!build());
    ck_assert_uint_eq(told_count, 1);
    run("rm *; chmod 000 .");
    if (geteuid() != 0) {
        ck_assert(!build());
        expect_told("Permission denied");
    }
    ck_assert_int_eq(chmod(top, 0700), 0);
    run("rmdir \"$PWD\"");
    ck_assert(!build());
    expect_told("No such file or directory");
    ck_assert_int_eq(mkdir(top, 0700), 0);
    end();
}
END_TEST

START_TEST(the_first_goes_by_its_name_and_of_one_name_the_newest)
{
    begin();
    run("cp $D/expired.crt a.crt; cp $D/p256.crt b.crt; cp $D/p256.key k.key; cp $D/wildcard.crt z.crt;"
        "cp $D/wildcard.key z.key");
    EXPECT_SERVED("z.crt", "b.crt", "a.crt");
    run("mv a.crt c.crt; mv z.crt 0.crt");
    EXPECT_SERVED("0.crt", "b.crt", "c.crt");
    end();
}
END_TEST

START_TEST(a_key_that_belongs_to_nobody_is_not_held)
{
    begin();
    run("cp $D/p256-together.pem a.pem; cp $D/other.key account.key");
    EXPECT_SERVED("a.pem");
    ck_assert_uint_eq(keyring_count(keyring), 1);
    end();
}
END_TEST

START_TEST(what_is_listed_comes_first)
{
    struct config_value dir, certificate = {test_file("rsa2048.crt"), {"test.conf", 6}};
    struct config_value key = {test_file("rsa2048.key"), {"test.conf", 8}};
    struct config_listen listen = listen_to(&dir);

    begin();
    run("cp $D/p256-together.pem a.pem");
    listen.certificates = (struct config_list){&certificate, 1};
    listen.keys = (struct config_list){&key, 1};
    ck_assert_msg(build_with(disk_for(PURPOSE_SERVE), listen), "%s", told);
    ck_assert_uint_eq(tls_policy_certificate_count(policy), 2);
    ck_assert_str_eq(tls_policy_certificate_label(policy, 0), certificate.text);
    expect_told("test.conf:7: warning: certificate 'CN=app.example' is served"); /* with the line of the directory */
    end();
}
END_TEST

/* ---- while more may be on its way */

static int64_t age;

static bool read_aged(void *context, enum supply_kind kind, const char *path, size_t max_len, struct file_bytes *out,
                      const char **fault)
{
    bool is_read = supply_read(disk_for(PURPOSE_SERVE), kind, path, max_len, out, fault);

    (void)context;
    out->changed -= age;
    return is_read;
}

static bool build_patiently(int64_t seconds)
{
    struct supply supply = supply_of_disk(PURPOSE_SERVE);
    struct config_value dir;

    supply.read = read_aged;
    supply.is_patient = true;
    age = seconds;
    return build_with(&supply, listen_to(&dir));
}

START_TEST(what_changed_just_now_is_waited_for_and_what_is_old_is_not)
{
    begin();
    run("cp $D/p256-together.pem good.pem");
    ck_assert_msg(build_patiently(0), "%s", told);
    run("cp $D/rsa2048.crt new.crt"); /* its key is on the way */
    ck_assert(!build_patiently(0));
    expect_told("/new.crt': no key in the directory belongs to this certificate");
    ck_assert_msg(build_patiently(40), "%s", told);
    expect_told("/new.crt' is passed over");
    run("rm new.crt; echo half >new.crt");
    ck_assert(!build_patiently(0));
    ck_assert(build_patiently(40));
    ck_assert(build_patiently(-40)); /* a clock that was put back must not make us wait for ever */
    end();
}
END_TEST

START_TEST(what_cannot_be_read_has_an_age_as_well)
{
    begin();
    run("cp $D/p256-together.pem good.pem; ln -s nowhere old.pem; head -c 300000 /dev/zero >large.pem");
    ck_assert(!build_patiently(-1)); /* a file system whose clock is ahead */
    expect_told("/large.pem': the file is too large");
    ck_assert(!build_patiently(0));
    expect_told("/old.pem': No such file or directory");
    expect_told("/large.pem': the file is too large");
    ck_assert_msg(build_patiently(40), "%s", told);
    expect_told("/old.pem' is passed over: No such file or directory");
    expect_told("/large.pem' is passed over: the file is too large");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        files_are_paired_by_public_key_whatever_they_are_called,
        a_file_may_hold_both,
        of_certbot_the_full_chain_is_served_and_its_other_files_are_no_certificates,
        of_kubernetes_the_hidden_copies_are_none,
        what_is_broken_is_told_with_its_path_and_takes_nothing_down,
        a_directory_without_a_certificate_to_serve_is_a_fault,
        the_first_goes_by_its_name_and_of_one_name_the_newest,
        a_key_that_belongs_to_nobody_is_not_held,
        what_is_listed_comes_first,
        what_changed_just_now_is_waited_for_and_what_is_old_is_not,
        what_cannot_be_read_has_an_age_as_well,
    };
    return check_run("certificate_dir", tests, ARRAY_LEN(tests));
}
