/*
 * Ticket keys as the configuration has them: a fault names the file and the line that are at fault, not the first ones.
 */
#include "proxy/ticket_key_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "proxy/disk.h"
#include "proxy/told.h"

static char directory[] = "/tmp/sallyport-test-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const uint8_t *at, size_t len)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, at, len), (ssize_t)len);
    close(fd);
}

static const char *const good_names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};

/* a to i: good keys; same: named as b; short: too short; long: too long; equal: no random key. */
static void set_up(void)
{
    uint8_t key[TICKET_KEY_FILE_LEN + 1];

    ck_assert(crypto_start());
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(setenv("D", directory, 1), 0);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < ARRAY_LEN(good_names); i++) {
        key[0] = (uint8_t)good_names[i][0];
        write_file(good_names[i], key, TICKET_KEY_FILE_LEN);
    }
    key[0] = 'b';
    write_file("same", key, TICKET_KEY_FILE_LEN);
    key[0] = 's';
    write_file("short", key, TICKET_KEY_FILE_LEN - 1);
    write_file("long", key, TICKET_KEY_FILE_LEN + 1);
    memset(key + TICKET_KEY_NAME_LEN, 7, TICKET_KEY_FILE_LEN - TICKET_KEY_NAME_LEN);
    write_file("equal", key, TICKET_KEY_FILE_LEN);
}

static void tear_down(void)
{
    static const char *const others[] = {"same", "short", "long", "equal"};

    for (size_t i = 0; i < ARRAY_LEN(good_names); i++)
        ck_assert_int_eq(unlink(path_of(good_names[i])), 0);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        ck_assert_int_eq(unlink(path_of(others[i])), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* "a b": ticket-key lines in that order, beginning with line 2 of test.conf. */
static struct ticket_keys *keys_from(const char *names)
{
    static const char listen[] = "[listen web]\naddress = 127.0.0.1:1\ncertificate = development\nbackend = demo\n";
    char text[1024] = "[sallyport]\n", list[256], *state = NULL;
    struct ticket_keys *keys;
    struct config *config;

    told_forget();
    snprintf(list, sizeof list, "%s", names);
    for (char *name = strtok_r(list, " ", &state); name; name = strtok_r(NULL, " ", &state))
        snprintf(text + strlen(text), sizeof text - strlen(text), "ticket-key = ${D}/%s\n", name);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s", listen);
    config = config_parse("test.conf", bytes_of_string(text), findings);
    ck_assert_msg(config != NULL, "%s", told);
    keys = ticket_keys_from_config(&config->general, disk_for(PURPOSE_LOOK), findings);
    config_free(config);
    return keys;
}

/* The one finding is about `line` and the file `name`, and says `part`. */
static void expect_fault(const char *names, unsigned line, const char *name, const char *part)
{
    char place[128];

    ck_assert_msg(keys_from(names) == NULL, "'%s' was accepted", names);
    snprintf(place, sizeof place, "test.conf:%u: ticket-key '%s': ", line, path_of(name));
    expect_told(place);
    expect_told(part);
    ck_assert_msg(told_count == 1, "%s", told);
}

START_TEST(files_are_taken_in_their_order_and_told_nothing_about)
{
    struct ticket_keys *keys;

    set_up();
    keys = keys_from("a b c d e f g h");
    ck_assert_msg(keys != NULL, "%s", told);
    ck_assert_uint_eq(ticket_keys_count(keys), 8);
    ck_assert_str_eq(told, "");
    ticket_keys_free(keys);
    tear_down();
}
END_TEST

START_TEST(without_files_keys_are_made_when_they_are_needed)
{
    struct ticket_keys *keys;

    set_up();
    keys = keys_from("");
    ck_assert_ptr_nonnull(keys);
    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ticket_keys_free(keys);
    tear_down();
}
END_TEST

START_TEST(a_fault_names_the_file_and_the_line_that_are_at_fault)
{
    set_up();
    expect_fault("short", 2, "short", "exactly 48 bytes");
    expect_fault("a short", 3, "short", "exactly 48 bytes");
    expect_fault("a long b", 3, "long", "exactly 48 bytes");
    expect_fault("a b equal c", 4, "equal", "it is no random key");
    expect_fault("a b c same d", 5, "same", "two ticket keys have the same name");
    expect_fault("a b b", 4, "b", "two ticket keys have the same name");
    expect_fault("a missing b", 3, "missing", "No such file or directory");
    tear_down();
}
END_TEST

START_TEST(of_several_faults_the_first_one_is_told)
{
    set_up();
    expect_fault("a short equal", 3, "short", "exactly 48 bytes");
    expect_fault("a equal short", 3, "equal", "it is no random key");
    tear_down();
}
END_TEST

START_TEST(every_file_that_cannot_be_read_is_told_not_only_the_first)
{
    set_up();
    ck_assert_ptr_null(keys_from("missing a gone"));
    expect_told("test.conf:2: ticket-key '");
    expect_told("/missing': No such file or directory");
    expect_told("test.conf:4: ticket-key '");
    expect_told("/gone': No such file or directory");
    tear_down();
}
END_TEST

START_TEST(more_files_than_there_is_room_for_are_refused_at_the_first_one_too_many)
{
    set_up();
    ck_assert_ptr_null(keys_from("a b c d e f g h i"));
    expect_told("test.conf:10: ticket-key: at most 8 files");
    tear_down();
}
END_TEST

START_TEST(a_file_that_others_may_open_is_a_warning_with_its_line)
{
    struct ticket_keys *keys;

    set_up();
    ck_assert_int_eq(chmod(path_of("b"), 0604), 0);
    keys = keys_from("a b");
    ck_assert_ptr_nonnull(keys);
    expect_told("test.conf:3: warning: ticket-key '");
    expect_told("/b': every user of this machine can open the file (mode 0604)");
    expect_not_told("test.conf:2: ");
    ticket_keys_free(keys);
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        files_are_taken_in_their_order_and_told_nothing_about,
        without_files_keys_are_made_when_they_are_needed,
        a_fault_names_the_file_and_the_line_that_are_at_fault,
        of_several_faults_the_first_one_is_told,
        every_file_that_cannot_be_read_is_told_not_only_the_first,
        more_files_than_there_is_room_for_are_refused_at_the_first_one_too_many,
        a_file_that_others_may_open_is_a_warning_with_its_line,
    };

    return check_run("ticket_key_files", tests, ARRAY_LEN(tests));
}
