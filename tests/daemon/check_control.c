/*
 * What master and children say to each other: frames there and back, and what is no frame.
 */
#include "daemon/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "support/check_run.h"
#include "support/data_file.h"

static int ends[2];

static void open_ends(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

static void close_ends(void)
{
    close(ends[0]);
    close(ends[1]);
}

static struct control_message there_and_back(const struct control_message *message)
{
    struct control_message got;

    ck_assert(control_send(ends[0], message));
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_GOT);
    ck_assert_int_eq(got.type, message->type);
    ck_assert_uint_eq(got.generation, message->generation);
    ck_assert_uint_eq(got.count, message->count);
    ck_assert_uint_eq(got.fd_count, message->fd_count);
    return got;
}

static bool is_same_file(int a, int b)
{
    char byte = 'x';

    ck_assert_int_eq(lseek(a, 0, SEEK_SET), 0);
    ck_assert_int_eq(write(a, &byte, 1), 1);
    return lseek(b, 0, SEEK_CUR) == 1;
}

START_TEST(what_is_sent_arrives_as_it_was)
{
    struct control_message message = {.type = CONTROL_BUILD, .generation = 7, .number = 2, .total = 3}, got;

    open_ends();
    got = there_and_back(&message);
    ck_assert_uint_eq(got.number, 2);
    ck_assert_uint_eq(got.total, 3);
    message = (struct control_message){.type = CONTROL_REFUSED, .generation = 9, .exit = 78, .reason = "it has faults"};
    got = there_and_back(&message);
    ck_assert_uint_eq(got.exit, 78);
    ck_assert_str_eq(got.reason, "it has faults");
    message = (struct control_message){.type = CONTROL_COUNTERS, .number = 127, .fds = {0, 1}, .fd_count = 2};
    got = there_and_back(&message);
    ck_assert_uint_eq(got.number, 127);
    close(got.fds[0]);
    close(got.fds[1]);
    message = (struct control_message){.type = CONTROL_TICKET_ROOT, .generation = 9};
    ck_assert(ticket_root_new(&message.root, random_system(), 1234567890, 60, 120));
    got = there_and_back(&message);
    ck_assert_uint_eq(got.root.epoch, message.root.epoch);
    ck_assert_mem_eq(got.root.secret, message.root.secret, sizeof got.root.secret);
    control_wipe(&got);
    ck_assert_uint_eq(got.root.issues, 0);
    close_ends();
}
END_TEST

START_TEST(rights_and_what_came_of_them_arrive_as_they_were)
{
    struct control_message message = {.type = CONTROL_START,
                                      .log_format = LOG_FORMAT_JSON,
                                      .log_level = LOG_LEVEL_DEBUG,
                                      .rights = {.sandbox = CONFIG_SANDBOX_BEST_EFFORT,
                                                 .uid = 65534,
                                                 .gid = 4000000000U,
                                                 .root = "/var/empty",
                                                 .landlock_abi = RIGHTS_ABI_OF_KERNEL,
                                                 .is_reexecuted = 1}};
    struct control_message got;

    open_ends();
    got = there_and_back(&message);
    ck_assert_mem_eq(&got.rights, &message.rights, sizeof got.rights);
    ck_assert(got.log_format == LOG_FORMAT_JSON && got.log_level == LOG_LEVEL_DEBUG);
    memset(message.rights.root, 'r', RIGHTS_ROOT_LEN - 1);
    message.rights.root[0] = '/';
    got = there_and_back(&message);
    ck_assert_str_eq(got.rights.root, message.rights.root);
    message = (struct control_message){.type = CONTROL_CONFINED,
                                       .is_dropped = true,
                                       .report = {.role = PROCESS_KEYHOLDER, .uid = 7, .gid = 8, .landlock_abi = 4}};
    for (int step = 0; step < RIGHTS_STEPS; step++) {
        message.report.steps[step].state = RIGHTS_FAILED - step;
        message.report.steps[step].error = 1000 + step;
    }
    got = there_and_back(&message);
    ck_assert(got.is_dropped);
    ck_assert_mem_eq(&got.report, &message.report, sizeof got.report);
    close_ends();
}
END_TEST

START_TEST(a_question_for_a_unix_socket_and_its_answers_arrive_as_they_were)
{
    struct control_message message = {.type = CONTROL_CONNECT, .request = 0x12345678}, got;

    open_ends();
    memset(message.path, 'p', CONTROL_PATH_LEN - 1);
    message.path[0] = '/';
    got = there_and_back(&message);
    ck_assert_uint_eq(got.request, 0x12345678);
    ck_assert_str_eq(got.path, message.path);
    message = (struct control_message){.type = CONTROL_CONNECTED, .request = 9, .error = ECONNREFUSED};
    got = there_and_back(&message);
    ck_assert_uint_eq(got.request, 9);
    ck_assert_uint_eq(got.error, ECONNREFUSED);
    message = (struct control_message){.type = CONTROL_CONNECTED, .request = 10, .fds = {ends[0]}, .fd_count = 1};
    got = there_and_back(&message);
    close(got.fds[0]);
    close_ends();
}
END_TEST

static void fill_with_addresses(struct control_message *message)
{
    memset(message->host, 'h', MAX_HOST_NAME);
    for (uint8_t i = 0; i < MAX_SERVER_ADDRESSES; i++) {
        struct host_address address = {.family = i < 4 ? 4 : 6, .bytes = {i, 0, 2, 1}, .scope = i < 4 ? 0 : i};
        host_addresses_add(&message->addresses, &address);
    }
}

START_TEST(a_question_for_a_name_and_its_answers_arrive_as_they_were)
{
    struct control_message message = {.type = CONTROL_RESOLVE, .request = 0x12345678}, got;

    open_ends();
    fill_with_addresses(&message);
    got = there_and_back(&message);
    ck_assert_uint_eq(got.request, 0x12345678);
    ck_assert_str_eq(got.host, message.host);
    message.type = CONTROL_RESOLVED;
    got = there_and_back(&message);
    ck_assert_uint_eq(got.request, 0x12345678);
    ck_assert_int_eq(got.fault, HOST_OK);
    ck_assert_mem_eq(&got.addresses, &message.addresses, sizeof got.addresses);
    message.type = CONTROL_ADDRESSES;
    got = there_and_back(&message);
    ck_assert_str_eq(got.host, message.host);
    ck_assert_mem_eq(&got.addresses, &message.addresses, sizeof got.addresses);
    message = (struct control_message){.type = CONTROL_RESOLVED, .request = 1, .fault = HOST_LATE};
    got = there_and_back(&message);
    ck_assert_int_eq(got.fault, HOST_LATE);
    ck_assert_uint_eq(got.addresses.count, 0);
    close_ends();
}
END_TEST

static void leave_no_place(struct rlimit *before)
{
    struct rlimit none;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, before), 0);
    none = (struct rlimit){3, before->rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
}

START_TEST(a_connection_for_which_no_place_is_free_is_told_of_and_any_other_descriptor_is_a_violation)
{
    struct control_message connected = {.type = CONTROL_CONNECTED, .request = 3, .fd_count = 1};
    struct control_message keyholder = {.type = CONTROL_KEYHOLDER, .fd_count = 1}, got;
    struct rlimit before;

    open_ends();
    connected.fds[0] = keyholder.fds[0] = ends[0];
    ck_assert(control_send(ends[0], &connected) && control_send(ends[0], &keyholder));
    leave_no_place(&before);
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_GOT);
    ck_assert_int_eq(got.type, CONTROL_CONNECTED);
    ck_assert_uint_eq(got.request, 3);
    ck_assert_uint_eq(got.fd_count, 0);
    ck_assert_uint_eq(got.error, 0);
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_VIOLATION);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    close_ends();
}
END_TEST

START_TEST(descriptors_travel_with_it_and_are_closed_on_exec)
{
    struct control_message message = {.type = CONTROL_SOCKETS, .generation = 1, .count = 2, .fd_count = 2}, got;

    open_ends();
    for (int i = 0; i < 2; i++) {
        message.fds[i] = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        message.listens[i] = (uint16_t)(40 + i);
        ck_assert_int_ge(message.fds[i], 0);
    }
    got = there_and_back(&message);
    for (int i = 0; i < 2; i++) {
        ck_assert(is_same_file(message.fds[i], got.fds[i]));
        ck_assert_int_eq(fcntl(got.fds[i], F_GETFD), FD_CLOEXEC);
        ck_assert_uint_eq(got.listens[i], 40 + i);
        close(message.fds[i]);
        close(got.fds[i]);
    }
    close_ends();
}
END_TEST

START_TEST(as_many_descriptors_as_a_message_may_have_arrive_in_their_order)
{
    struct control_message message = {
        .type = CONTROL_SOCKETS, .generation = 1, .count = MAX_CONTROL_FDS, .fd_count = MAX_CONTROL_FDS};
    struct control_message got;

    open_ends();
    for (size_t i = 0; i < MAX_CONTROL_FDS; i++)
        message.fds[i] = ends[0];
    got = there_and_back(&message);
    for (size_t i = 0; i < MAX_CONTROL_FDS; i++)
        close(got.fds[i]);
    close_ends();
}
END_TEST

START_TEST(a_reason_is_cut_to_its_room_and_cleaned_of_what_is_no_text)
{
    struct control_message message = {.type = CONTROL_REFUSED, .generation = 1, .exit = 1}, got;

    open_ends();
    memset(message.reason, 'r', MAX_CONTROL_REASON);
    memcpy(message.reason, "a\nb\x80", 4);
    got = there_and_back(&message);
    ck_assert_uint_eq(strlen(got.reason), MAX_CONTROL_REASON);
    ck_assert_int_eq(strncmp(got.reason, "a?b?rr", 6), 0);
    close_ends();
}
END_TEST

START_TEST(nothing_there_is_told_from_nobody_there)
{
    struct control_message got;

    open_ends();
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_NOTHING);
    close(ends[0]);
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_GONE);
    ck_assert(!control_send(ends[1], &(struct control_message){.type = CONTROL_STOP}));
    ck_assert_int_eq(errno, EPIPE);
    close(ends[1]);
}
END_TEST

START_TEST(whoever_does_not_read_is_noticed_and_never_waited_for)
{
    struct control_message message = {.type = CONTROL_STOP};
    int sent = 0;

    open_ends();
    while (sent < 100000 && control_send(ends[0], &message))
        sent++;
    ck_assert_int_lt(sent, 100000);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_gt(sent, 32); /* a generation of 1,000 sockets takes no more */
    close_ends();
}
END_TEST

/* The fuzzer begins with a message of each type: one of a form that is no more would teach it nothing. */
START_TEST(the_seeds_of_the_fuzzer_are_messages_of_today)
{
    static const char *const seeds[CONTROL_TYPES] = {
        [CONTROL_OFFER] = "offer",         [CONTROL_SOCKETS] = "sockets",     [CONTROL_TICKET_ROOT] = "ticket_root",
        [CONTROL_BUILD] = "build",         [CONTROL_KEYHOLDER] = "keyholder", [CONTROL_COMMIT] = "commit",
        [CONTROL_ABORT] = "abort",         [CONTROL_DRAIN] = "drain",         [CONTROL_STOP] = "stop",
        [CONTROL_READY] = "ready",         [CONTROL_REFUSED] = "refused",     [CONTROL_START] = "start",
        [CONTROL_CONFINED] = "confined",   [CONTROL_DEMO] = "demo",           [CONTROL_CONNECT] = "connect",
        [CONTROL_CONNECTED] = "connected", [CONTROL_SIGHT] = "sight",         [CONTROL_COUNTERS] = "counters",
        [CONTROL_PING] = "ping",           [CONTROL_ALIVE] = "alive",         [CONTROL_RESOLVE] = "resolve",
        [CONTROL_RESOLVED] = "resolved",   [CONTROL_ADDRESSES] = "addresses",
    };
    static const int fds[MAX_CONTROL_FDS];
    struct control_message message;
    char path[64];

    for (int type = 1; type < CONTROL_TYPES; type++) {
        struct bytes seed;
        ck_assert_msg(seeds[type] != NULL, "a message of type %d has no seed", type);
        snprintf(path, sizeof path, "corpus/control/%s", seeds[type]);
        seed = data_file_read(path);
        ck_assert_msg(control_decode(bytes_of(seed.at + 1, seed.len - 1), fds, seed.at[0], &message), "%s", path);
        ck_assert_int_eq(message.type, type);
        data_file_free(seed);
    }
}
END_TEST

/* ---- violations */

static uint8_t frame[CONTROL_FRAME_LEN + 1];

static bool decodes(size_t len, size_t fd_count)
{
    static const int fds[MAX_CONTROL_FDS + 1];
    struct control_message message;

    return control_decode(bytes_of(frame, len), fds, fd_count, &message);
}

static void encode(enum control_type type, uint32_t generation)
{
    struct control_message message = {.type = type, .generation = generation, .exit = 1, .number = 1, .total = 1};

    memset(frame, 0, sizeof frame);
    control_encode(&message, frame);
}

START_TEST(a_frame_has_one_length)
{
    encode(CONTROL_READY, 1);
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    ck_assert(!decodes(CONTROL_FRAME_LEN - 1, 0));
    ck_assert(!decodes(CONTROL_FRAME_LEN + 1, 0));
    ck_assert(!decodes(0, 0));
}
END_TEST

START_TEST(every_byte_that_is_not_used_is_zero)
{
    encode(CONTROL_READY, 1);
    for (size_t at = 8; at < CONTROL_FRAME_LEN; at++) {
        frame[at] = 1;
        ck_assert_msg(!decodes(CONTROL_FRAME_LEN, 0), "byte %zu", at);
        frame[at] = 0;
    }
    frame[2] = 1;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
}
END_TEST

START_TEST(a_type_that_there_is_not_is_refused)
{
    encode(CONTROL_READY, 1);
    for (int type = 0; type < 256; type++) {
        bool is_plain = type == CONTROL_COMMIT || type == CONTROL_ABORT || type == CONTROL_READY;
        frame[0] = (uint8_t)type;
        ck_assert_msg(decodes(CONTROL_FRAME_LEN, 0) == is_plain, "type %d", type);
    }
}
END_TEST

START_TEST(a_generation_is_named_where_there_is_one_and_nowhere_else)
{
    static const enum control_type with[] = {CONTROL_BUILD, CONTROL_COMMIT, CONTROL_ABORT, CONTROL_READY,
                                             CONTROL_REFUSED};
    static const enum control_type without[] = {CONTROL_DRAIN, CONTROL_STOP, CONTROL_PING, CONTROL_ALIVE};

    for (size_t i = 0; i < ARRAY_LEN(with); i++) {
        encode(with[i], 0);
        ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
        encode(with[i], 1);
        ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    }
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        encode(without[i], 1);
        ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
        encode(without[i], 0);
        ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    }
}
END_TEST

enum { AT_REQUEST = 8, AT_FAULT = 12, AT_COUNT = 13, AT_FIRST = 14, ONE_ADDRESS = 1 + 16 + 4 };

static void encode_answer(void)
{
    struct control_message message = {.type = CONTROL_RESOLVED, .request = 7};

    fill_with_addresses(&message);
    control_encode(&message, frame);
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
}

static void refused_with(size_t at, uint8_t value)
{
    encode_answer();
    frame[at] = value;
    ck_assert_msg(!decodes(CONTROL_FRAME_LEN, 0), "byte %zu is %u", at, value);
}

START_TEST(an_answer_has_addresses_of_families_that_there_are_each_once_or_a_fault)
{
    refused_with(AT_REQUEST + 3, 0);
    refused_with(AT_FAULT, HOST_UNKNOWN); /* and addresses */
    refused_with(AT_FAULT, HOST_FAULT_COUNT);
    refused_with(AT_COUNT, 0);
    refused_with(AT_COUNT, MAX_SERVER_ADDRESSES - 1); /* what follows is not zero */
    refused_with(AT_COUNT, MAX_SERVER_ADDRESSES + 1);
    refused_with(AT_FIRST, 5);
    refused_with(AT_FIRST, 0);
    refused_with(AT_FIRST + 1 + 4, 1);           /* IPv4 has four bytes ... */
    refused_with(AT_FIRST + 1 + 16 + 3, 1);      /* ... and no interface */
    refused_with(AT_FIRST + ONE_ADDRESS + 1, 0); /* the first one again */
}
END_TEST

START_TEST(a_name_is_there_and_is_text)
{
    struct control_message message = {.type = CONTROL_RESOLVE, .request = 7, .host = "app"};

    control_encode(&message, frame);
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    for (int byte = 0; byte < 256; byte++) {
        frame[AT_REQUEST + 4 + 2 + 1] = (uint8_t)byte;
        ck_assert_int_eq(decodes(CONTROL_FRAME_LEN, 0), byte > ' ' && byte < 0x7f);
    }
    message.host[0] = 0;
    control_encode(&message, frame);
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    message = (struct control_message){.type = CONTROL_ADDRESSES, .host = "app"};
    control_encode(&message, frame);
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0)); /* without one address there is nothing to tell */
}
END_TEST

START_TEST(descriptors_come_as_many_as_the_type_has)
{
    encode(CONTROL_OFFER, 1);
    for (size_t count = 0; count <= MAX_CONTROL_FDS + 1; count++)
        ck_assert_int_eq(decodes(CONTROL_FRAME_LEN, count), count >= 1 && count <= 3);
    encode(CONTROL_SOCKETS, 1);
    frame[1] = 3;
    for (size_t count = 0; count <= MAX_CONTROL_FDS + 1; count++)
        ck_assert_int_eq(decodes(CONTROL_FRAME_LEN, count), count == 3);
    encode(CONTROL_KEYHOLDER, 0);
    for (size_t count = 0; count <= MAX_CONTROL_FDS + 1; count++)
        ck_assert_int_eq(decodes(CONTROL_FRAME_LEN, count), count == 1);
    encode(CONTROL_READY, 1);
    ck_assert(!decodes(CONTROL_FRAME_LEN, 1));
}
END_TEST

START_TEST(numbers_are_within_their_range)
{
    encode(CONTROL_BUILD, 1);
    frame[9] = 2; /* the second of one */
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    frame[9] = 0;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_REFUSED, 1);
    frame[9] = 0; /* an exit code that says all is well */
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_TICKET_ROOT, 1); /* one that never seals */
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_SOCKETS, 1);
    frame[1] = MAX_CONTROL_FDS + 1;
    ck_assert(!decodes(CONTROL_FRAME_LEN, MAX_CONTROL_FDS + 1));
}
END_TEST

START_TEST(rights_are_known_ones_and_a_path_is_a_whole_one)
{
    encode(CONTROL_START, 0);
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    frame[10] = CONFIG_SANDBOX_OFF + 1;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_START, 0);
    frame[22] = 1; /* a root of one byte ... */
    frame[23] = 'x';
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    frame[23] = '/';
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    frame[21] = RIGHTS_ROOT_LEN >> 8; /* ... and of one too many */
    frame[22] = RIGHTS_ROOT_LEN & 0xff;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_CONFINED, 0);
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    frame[9] = PROCESS_ROLES;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_CONFINED, 0);
    frame[19] = RIGHTS_FAILED + 1;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
}
END_TEST

START_TEST(a_socket_is_asked_for_by_a_path_and_answered_by_a_descriptor_or_an_error)
{
    encode(CONTROL_CONNECT, 0);
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0)); /* by none */
    frame[13] = 2;
    frame[14] = '/';
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0)); /* a zero in it */
    frame[15] = 'a';
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    ck_assert(!decodes(CONTROL_FRAME_LEN, 1));
    frame[14] = 'a';
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    encode(CONTROL_CONNECTED, 0);
    for (size_t count = 0; count <= MAX_CONTROL_FDS + 1; count++)
        ck_assert_int_eq(decodes(CONTROL_FRAME_LEN, count), count <= 1);
    frame[13] = 1;
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    ck_assert(!decodes(CONTROL_FRAME_LEN, 1));
}
END_TEST

START_TEST(a_reason_is_printable_and_within_its_frame)
{
    encode(CONTROL_REFUSED, 1);
    frame[11] = 1;
    frame[12] = '\n';
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
    frame[12] = 'n';
    ck_assert(decodes(CONTROL_FRAME_LEN, 0));
    frame[10] = 0xff;
    ck_assert(!decodes(CONTROL_FRAME_LEN, 0));
}
END_TEST

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(the_descriptors_of_a_violation_are_closed)
{
    struct control_message message = {.type = CONTROL_READY, .generation = 1, .fds = {0, 1}, .fd_count = 2}, got;
    int before;

    open_ends();
    before = open_descriptors();
    ck_assert(control_send(ends[0], &message));
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_VIOLATION);
    ck_assert_int_eq(open_descriptors(), before);
    close_ends();
}
END_TEST

START_TEST(a_message_cut_short_or_too_long_is_a_violation)
{
    struct control_message got;

    open_ends();
    encode(CONTROL_READY, 1);
    ck_assert_int_eq(send(ends[0], frame, 3, 0), 3);
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_VIOLATION);
    ck_assert_int_eq(send(ends[0], frame, CONTROL_FRAME_LEN + 1, 0), CONTROL_FRAME_LEN + 1);
    ck_assert_int_eq(control_receive(ends[1], &got), CONTROL_VIOLATION);
    close_ends();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_sent_arrives_as_it_was,
        rights_and_what_came_of_them_arrive_as_they_were,
        a_question_for_a_unix_socket_and_its_answers_arrive_as_they_were,
        a_question_for_a_name_and_its_answers_arrive_as_they_were,
        an_answer_has_addresses_of_families_that_there_are_each_once_or_a_fault,
        a_name_is_there_and_is_text,
        a_connection_for_which_no_place_is_free_is_told_of_and_any_other_descriptor_is_a_violation,
        rights_are_known_ones_and_a_path_is_a_whole_one,
        a_socket_is_asked_for_by_a_path_and_answered_by_a_descriptor_or_an_error,
        descriptors_travel_with_it_and_are_closed_on_exec,
        as_many_descriptors_as_a_message_may_have_arrive_in_their_order,
        a_reason_is_cut_to_its_room_and_cleaned_of_what_is_no_text,
        nothing_there_is_told_from_nobody_there,
        the_seeds_of_the_fuzzer_are_messages_of_today,
        whoever_does_not_read_is_noticed_and_never_waited_for,
        a_frame_has_one_length,
        every_byte_that_is_not_used_is_zero,
        a_type_that_there_is_not_is_refused,
        a_generation_is_named_where_there_is_one_and_nowhere_else,
        descriptors_come_as_many_as_the_type_has,
        numbers_are_within_their_range,
        a_reason_is_printable_and_within_its_frame,
        the_descriptors_of_a_violation_are_closed,
        a_message_cut_short_or_too_long_is_a_violation,
    };
    return check_run("control", tests, ARRAY_LEN(tests));
}
