/*
 * Binding: which sockets a configuration opens, what is said when one cannot be had, and what a new one takes over.
 */
#include "proxy/listen_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/disk.h"
#include "support/check_run.h"

static char told[4096], directory[64], path[100];

static void hear(void *context, const char *finding)
{
    (void)context;
    snprintf(told, sizeof told, "%s", finding);
}

static const struct config_findings findings = {hear, NULL};

/* One section a configuration each test, of up to two addresses. */
static struct config_address addresses[2];
static struct config_listen listen_section = {.name = "web", .addresses = {addresses, 1}};
static const struct config config = {.listens = &listen_section, .listen_count = 1};

static void use_tcp(size_t index, const char *host, uint16_t port)
{
    addresses[index] = (struct config_address){{"test.conf", 3 + (unsigned)index}, "x", false, host, port, NULL, NULL};
    listen_section.addresses.count = index + 1;
}

static void use_unix(void)
{
    snprintf(directory, sizeof directory, "/tmp/sallyport-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    addresses[0] = (struct config_address){.text = "unix", .is_unix = true, .path = path, .place = {"test.conf", 4}};
    listen_section.addresses.count = 1;
}

static struct listen_sockets *passed; /* by a service manager */

static struct listen_sockets *open_after(struct listen_sockets *old)
{
    told[0] = 0;
    return listen_sockets_open(&config, disk_for(PURPOSE_LOOK), old, passed, findings);
}

static struct listen_sockets *opened(struct listen_sockets *sockets)
{
    ck_assert_msg(sockets != NULL, "%s", told);
    return sockets;
}

static uint16_t port_of(int fd)
{
    struct socket_address address;

    ck_assert(address_of_socket(fd, &address));
    return ntohs(address.v4.sin_port);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) < 0;
}

START_TEST(a_busy_port_is_one_clear_line_with_its_place)
{
    struct listen_sockets *busy;
    char line[128];

    use_tcp(0, "127.0.0.1", 0);
    busy = opened(open_after(NULL));
    use_tcp(0, "127.0.0.1", port_of(busy->sockets[0].fd));
    ck_assert_ptr_null(open_after(NULL));
    snprintf(line, sizeof line, "test.conf:3: cannot listen on 127.0.0.1:%u: the address is in use by another process",
             addresses[0].port);
    ck_assert_str_eq(told, line);
    listen_sockets_free(busy);
}
END_TEST

START_TEST(an_address_of_another_machine_is_told_in_words)
{
    use_tcp(0, "192.0.2.77", 8443);
    ck_assert_ptr_null(open_after(NULL));
    ck_assert_str_eq(told, "test.conf:3: cannot listen on 192.0.2.77:8443: this machine has no such address");
}
END_TEST

START_TEST(a_star_listens_on_both_families_side_by_side)
{
    struct listen_sockets *sockets;
    int v6only = 0;
    socklen_t len = sizeof v6only;

    use_tcp(0, NULL, 0);
    sockets = opened(open_after(NULL));
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->sockets[i].address.any.sa_family == AF_INET6)
            ck_assert_int_eq(getsockopt(sockets->sockets[i].fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len), 0);
    ck_assert_int_eq(v6only, sockets->count == 2);
    listen_sockets_free(sockets);
}
END_TEST

START_TEST(the_file_of_a_unix_socket_goes_with_its_owner)
{
    struct listen_sockets *sockets;

    use_unix();
    sockets = opened(open_after(NULL));
    ck_assert_int_eq(access(path, F_OK), 0);
    listen_sockets_free(sockets);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(a_socket_file_left_behind_is_replaced_a_living_one_and_other_files_are_not)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct listen_sockets *living;
    int fd;

    use_unix();
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* nobody listens on it any more, its file is there */
    living = opened(open_after(NULL));
    ck_assert_ptr_null(open_after(NULL));
    ck_assert_ptr_nonnull(strstr(told, "the address is in use by another process"));
    listen_sockets_free(living);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    ck_assert_ptr_null(open_after(NULL));
    ck_assert_ptr_nonnull(strstr(told, "File exists"));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(a_new_configuration_takes_over_the_same_sockets_with_whoever_waits_in_them)
{
    struct listen_sockets *old, *fresh;
    struct pollfd waiting = {.events = POLLIN};
    int fd, client;

    use_tcp(0, "127.0.0.1", 0);
    old = opened(open_after(NULL));
    fd = old->sockets[0].fd;
    client = connect_to(port_of(fd));
    ck_assert_int_ge(client, 0);
    fresh = opened(open_after(old));
    ck_assert_int_eq(fresh->sockets[0].fd, fd);
    listen_sockets_take_over(fresh, old);
    listen_sockets_free(old);
    waiting.fd = fd;
    ck_assert_int_eq(poll(&waiting, 1, 0), 1);
    listen_sockets_free(fresh);
    ck_assert(is_closed(fd));
    close(client);
}
END_TEST

START_TEST(what_the_new_one_does_not_name_is_closed_once_it_took_over_and_not_before)
{
    struct listen_sockets *old, *fresh;
    uint16_t port;
    int kept;

    use_tcp(0, "127.0.0.1", 0);
    use_tcp(1, "127.0.0.2", 0);
    old = opened(open_after(NULL));
    kept = old->sockets[1].fd;
    port = port_of(old->sockets[0].fd);
    use_tcp(0, "127.0.0.2", 0);
    fresh = opened(open_after(old));
    close(connect_to(port));
    listen_sockets_take_over(fresh, old);
    listen_sockets_free(old);
    ck_assert_int_eq(connect_to(port), -1);
    ck_assert(!is_closed(kept));
    listen_sockets_free(fresh);
}
END_TEST

START_TEST(a_new_one_that_is_given_up_leaves_the_old_one_its_sockets)
{
    struct listen_sockets *old, *fresh;
    int fd, other;

    use_tcp(0, "127.0.0.1", 0);
    old = opened(open_after(NULL));
    fd = old->sockets[0].fd;
    use_tcp(1, "127.0.0.2", 0);
    fresh = opened(open_after(old));
    other = fresh->sockets[1].fd;
    listen_sockets_free(fresh);
    ck_assert(!is_closed(fd));
    ck_assert(is_closed(other));
    use_tcp(1, "192.0.2.77", 1);
    ck_assert_ptr_null(open_after(old));
    ck_assert(!is_closed(fd));
    listen_sockets_free(old);
}
END_TEST

static int listening_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    return fd;
}

START_TEST(sockets_that_were_passed_are_found_by_their_name)
{
    struct listen_sockets set = {NULL, 0}, *sockets, *again;
    int web = listening_socket(), other = listening_socket();

    passed = &set;
    ck_assert(listen_sockets_add_passed(&set, web, "web"));
    ck_assert(listen_sockets_add_passed(&set, other, "other"));
    addresses[0] = (struct config_address){.text = "systemd:web", .socket = "web", .place = {"test.conf", 3}};
    listen_section.addresses.count = 1;
    sockets = opened(open_after(NULL));
    ck_assert_uint_eq(sockets->count, 1);
    ck_assert_uint_eq(port_of(sockets->sockets[0].fd), port_of(web));
    ck_assert_int_ne(sockets->sockets[0].fd, web);
    again = opened(open_after(sockets));
    ck_assert_int_eq(again->sockets[0].fd, sockets->sockets[0].fd);
    listen_sockets_take_over(again, sockets);
    listen_sockets_free(sockets);
    listen_sockets_free(again);
    sockets = opened(open_after(NULL)); /* a later configuration may name it again */
    listen_sockets_free(sockets);
    addresses[0].socket = "mail";
    addresses[0].text = "systemd:mail";
    ck_assert_ptr_null(open_after(NULL));
    ck_assert_str_eq(told, "test.conf:3: address 'systemd:mail': the service manager passed no socket of that name "
                           "(FileDescriptorName= of its socket)");
    passed = NULL;
    close(web);
    close(other);
    free(set.sockets);
}
END_TEST

START_TEST(what_does_not_listen_is_not_taken_for_a_socket_to_listen_on)
{
    struct listen_sockets set = {NULL, 0};
    int idle = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);

    ck_assert(!listen_sockets_add_passed(&set, idle, "idle"));
    ck_assert(!listen_sockets_add_passed(&set, datagram, "datagram"));
    ck_assert(!listen_sockets_add_passed(&set, 999, "nothing"));
    ck_assert_uint_eq(set.count, 0);
    close(idle);
    close(datagram);
}
END_TEST

/* ---- what a process that shares them can do to them */

static void expect_fault(const struct listen_socket *sock, const char *part)
{
    const char *fault = listen_socket_fault(sock);

    ck_assert_msg(fault && strstr(fault, part), "%s", fault ? fault : "no fault");
    ck_assert(listen_socket_mend(sock));
    ck_assert_ptr_null(listen_socket_fault(sock));
}

static void expect_visitors(uint16_t port)
{
    int fd = connect_to(port);

    ck_assert_int_ge(fd, 0);
    close(fd);
}

START_TEST(one_that_was_ended_by_who_shares_it_listens_again_on_its_address)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct listen_sockets *sockets, *elsewhere;
    struct socket_address somebody;
    uint16_t port;

    use_tcp(0, "127.0.0.1", 0);
    elsewhere = opened(open_after(NULL));
    port = 20000 + (uint16_t)(getpid() % 10000); /* one that was chosen by the kernel would be let go */
    use_tcp(0, "127.0.0.1", port);
    sockets = opened(open_after(NULL));
    ck_assert_ptr_null(listen_socket_fault(&sockets->sockets[0]));
    ck_assert_int_eq(connect(sockets->sockets[0].fd, &nobody, sizeof nobody), 0);
    ck_assert_int_eq(connect_to(port), -1);
    expect_fault(&sockets->sockets[0], "listen");
    expect_visitors(port);
    ck_assert_int_eq(shutdown(sockets->sockets[0].fd, SHUT_RD), 0);
    expect_fault(&sockets->sockets[0], "listen");
    expect_visitors(port);
    ck_assert_int_eq(connect(sockets->sockets[0].fd, &nobody, sizeof nobody), 0);
    ck_assert(address_of_socket(elsewhere->sockets[0].fd, &somebody));
    (void)!connect(sockets->sockets[0].fd, &somebody.any, somebody.len);
    expect_fault(&sockets->sockets[0], "listen");
    expect_visitors(port);
    listen_sockets_free(sockets);
    listen_sockets_free(elsewhere);
}
END_TEST

START_TEST(one_that_was_made_to_block_or_given_another_timeout_is_set_right)
{
    struct listen_sockets *sockets;
    unsigned short_time = 1;
    int fd;

    use_tcp(0, "127.0.0.1", 0);
    sockets = opened(open_after(NULL));
    fd = sockets->sockets[0].fd;
    ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
    expect_fault(&sockets->sockets[0], "blocks");
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &short_time, sizeof short_time), 0);
    expect_fault(&sockets->sockets[0], "timeout");
    listen_sockets_free(sockets);
}
END_TEST

START_TEST(one_that_is_closed_by_now_is_told_and_not_mended)
{
    struct listen_socket gone = {.fd = 999, .address.any.sa_family = AF_INET};

    ck_assert_ptr_nonnull(listen_socket_fault(&gone));
    ck_assert(!listen_socket_mend(&gone));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_busy_port_is_one_clear_line_with_its_place,
        an_address_of_another_machine_is_told_in_words,
        a_star_listens_on_both_families_side_by_side,
        the_file_of_a_unix_socket_goes_with_its_owner,
        a_socket_file_left_behind_is_replaced_a_living_one_and_other_files_are_not,
        a_new_configuration_takes_over_the_same_sockets_with_whoever_waits_in_them,
        what_the_new_one_does_not_name_is_closed_once_it_took_over_and_not_before,
        a_new_one_that_is_given_up_leaves_the_old_one_its_sockets,
        sockets_that_were_passed_are_found_by_their_name,
        what_does_not_listen_is_not_taken_for_a_socket_to_listen_on,
        one_that_was_ended_by_who_shares_it_listens_again_on_its_address,
        one_that_was_made_to_block_or_given_another_timeout_is_set_right,
        one_that_is_closed_by_now_is_told_and_not_mended,
    };
    return check_run("listen_sockets", tests, ARRAY_LEN(tests));
}
