/*
 * Which calls a process may still make: the lists, tried one by one in processes that have given up their rights.
 */
#include "daemon/rights_calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "daemon/rights_child.h"
#include "support/check_run.h"

/* ---- escapes */

enum { DIES = -SIGSYS, GOES = 0 };

static char nothing[64];
static const char a_device[] = "/dev/zero", own_program[] = "/proc/self/exe";

struct escape {
    const char *name;
    long number;
    long arguments[6];
    int ends[PROCESS_ROLES]; /* DIES, GOES or an errno: master, worker, keyholder, admin, resolver */
};

#define AT(pointer) ((long)(uintptr_t)(pointer))

static const struct escape escapes[] = {
    {"openat for writing", SYS_openat, {AT_FDCWD, AT(a_device), O_RDWR}, {EACCES, EACCES, EACCES, EACCES, EACCES}},
    {"openat for reading", SYS_openat, {AT_FDCWD, AT("/etc/passwd"), O_RDONLY}, {GOES, EACCES, EACCES, EACCES, GOES}},
    {"execve", SYS_execve, {AT(own_program), 0, 0}, {-1, DIES, DIES, DIES, ENOSYS}},
    {"ptrace", SYS_ptrace, {PTRACE_TRACEME}, {DIES, DIES, DIES, DIES, DIES}},
    {"process_vm_readv", SYS_process_vm_readv, {1, AT(nothing), 0, AT(nothing), 0}, {DIES, DIES, DIES, DIES, DIES}},
    {"socket AF_PACKET", SYS_socket, {AF_PACKET, SOCK_RAW}, {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"socket SOCK_RAW", SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_ICMP}, {EPERM, DIES, DIES, DIES, EPERM}},
    {"socket SOCK_DGRAM", SYS_socket, {AF_INET, SOCK_DGRAM}, {GOES, DIES, DIES, DIES, GOES}},
    {"socket AF_INET", SYS_socket, {AF_INET, SOCK_STREAM}, {GOES, GOES, DIES, DIES, GOES}},
    {"socket AF_INET6", SYS_socket, {AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC}, {-1, GOES, DIES, DIES, -1}},
    {"socket of another protocol", SYS_socket, {AF_INET, SOCK_STREAM, IPPROTO_SCTP}, {-1, DIES, DIES, DIES, -1}},
    {"socket AF_UNIX", SYS_socket, {AF_UNIX, SOCK_STREAM}, {GOES, DIES, DIES, DIES, GOES}},
    {"socket AF_NETLINK", SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}, {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"listen", SYS_listen, {-1, 1}, {EBADF, DIES, DIES, DIES, ENOSYS}},
    {"mmap of code",
     SYS_mmap,
     {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1},
     {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"mmap writable and executable",
     SYS_mmap,
     {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, 0},
     {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"mprotect to code", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"kill of the parent", SYS_kill, {1, 0}, {GOES, DIES, DIES, DIES, ENOSYS}},
    {"tgkill of another", SYS_tgkill, {1, 1, 0}, {GOES, DIES, DIES, DIES, ENOSYS}},
    {"setuid", SYS_setuid, {0}, {GOES, DIES, DIES, DIES, ENOSYS}},
    {"setresuid", SYS_setresuid, {0, 0, 0}, {GOES, DIES, DIES, DIES, ENOSYS}},
    {"chroot", SYS_chroot, {AT("/")}, {GOES, DIES, DIES, DIES, ENOSYS}},
    {"mount", SYS_mount, {AT("none"), AT("/"), AT("tmpfs"), 0, 0}, {DIES, DIES, DIES, DIES, DIES}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}, {DIES, DIES, DIES, DIES, DIES}},
    {"clone", SYS_clone, {SIGCHLD}, {GOES, DIES, DIES, DIES, ENOSYS}},
    {"clone into a namespace", SYS_clone, {CLONE_NEWUSER | SIGCHLD}, {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"clone of a thread into a namespace",
     SYS_clone,
     {CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWNET},
     {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"clone3", SYS_clone3, {AT(nothing), sizeof nothing}, {ENOSYS, DIES, DIES, DIES, ENOSYS}},
    {"bpf", SYS_bpf, {0, AT(nothing), sizeof nothing}, {DIES, DIES, DIES, DIES, DIES}},
    {"io_uring_setup", SYS_io_uring_setup, {8, AT(nothing)}, {DIES, DIES, DIES, DIES, DIES}},
    {"ioctl TIOCSTI", SYS_ioctl, {0, 0x5412, AT(nothing)}, {-1, DIES, DIES, DIES, -1}},
    {"setsockopt of a packet filter",
     SYS_setsockopt,
     {0, SOL_SOCKET, SO_ATTACH_FILTER, AT(nothing), 16},
     {-1, DIES, DIES, DIES, -1}},
    {"setsockopt SO_LINGER",
     SYS_setsockopt,
     {-1, SOL_SOCKET, SO_LINGER, AT(nothing), 8},
     {EBADF, DIES, DIES, DIES, -1}},
    {"setsockopt IP_TRANSPARENT",
     SYS_setsockopt,
     {-1, IPPROTO_IP, IP_TRANSPARENT, AT(nothing), 4},
     {EBADF, DIES, DIES, DIES, -1}},
    {"setsockopt SO_BROADCAST",
     SYS_setsockopt,
     {-1, SOL_SOCKET, SO_BROADCAST, AT(nothing), 4},
     {EBADF, DIES, DIES, DIES, -1}},
    {"setsockopt of the name of SO_LINGER at another level",
     SYS_setsockopt,
     {-1, IPPROTO_TCP, SO_LINGER, AT(nothing), 8},
     {EBADF, DIES, DIES, DIES, -1}},
    {"sendmsg", SYS_sendmsg, {-1, AT(nothing), 0}, {EBADF, DIES, DIES, DIES, EBADF}},
    {"sendmmsg", SYS_sendmmsg, {-1, AT(nothing), 1, 0}, {EBADF, DIES, DIES, DIES, EBADF}},
    {"shutdown of what comes in", SYS_shutdown, {-1, SHUT_RD}, {EBADF, DIES, DIES, DIES, EBADF}},
    {"shutdown of both ways", SYS_shutdown, {-1, SHUT_RDWR}, {EBADF, DIES, DIES, EBADF, EBADF}},
    {"shutdown of what goes out", SYS_shutdown, {-1, SHUT_WR}, {EBADF, EBADF, DIES, EBADF, EBADF}},
    {"fcntl F_SETFL to block", SYS_fcntl, {-1, F_SETFL, 0}, {EBADF, DIES, DIES, DIES, EBADF}},
    {"fcntl F_SETFL", SYS_fcntl, {-1, F_SETFL, O_NONBLOCK}, {EBADF, DIES, DIES, DIES, EBADF}},
    {"ioctl FIONBIO", SYS_ioctl, {-1, FIONBIO, AT(nothing)}, {EBADF, DIES, DIES, DIES, EBADF}},
    {"fcntl F_DUPFD", SYS_fcntl, {0, F_DUPFD, 0}, {-1, DIES, DIES, DIES, -1}},
    {"unlink", SYS_unlinkat, {AT_FDCWD, AT("/nowhere/at/all"), 0}, {ENOENT, EACCES, EACCES, EACCES, ENOSYS}},
    {"prctl PR_SET_DUMPABLE", SYS_prctl, {4, 1}, {-1, DIES, DIES, DIES, ENOSYS}},
    {"a call that nobody knows", 9999, {0}, {ENOSYS, DIES, DIES, DIES, ENOSYS}},
#ifdef __x86_64__
    {"getpid of x32", 0x40000000 + SYS_getpid, {0}, {DIES, DIES, DIES, DIES, DIES}},
#endif
};

/* GOES for whatever the kernel answers but an error, and for a kernel without IPv6; a child that was made ends at once.
 */
static int try_escape(void *context)
{
    const struct escape *escape = context;
    const long *a = escape->arguments;
    long result = syscall(escape->number, a[0], a[1], a[2], a[3], a[4], a[5]);

    return result >= 0 || errno == EAFNOSUPPORT ? GOES : errno;
}

/* The capabilities that are gone with root decide some of the answers; seccomp and Landlock are the same without. */
static bool is_for_root(const struct escape *escape, int role)
{
    return role == PROCESS_MASTER &&
           (strncmp(escape->name, "setuid", 6) == 0 || strncmp(escape->name, "setresuid", 9) == 0 ||
            strcmp(escape->name, "chroot") == 0 || strstr(escape->name, "kill"));
}

START_TEST(an_escape_ends_as_its_row_says)
{
    const struct escape *escape = &escapes[_i];
    struct rights_settings settings = strict_settings();

    for (int role = 0; role < PROCESS_ROLES; role++) {
        int end;
        if (escape->ends[role] == -1 || (geteuid() != 0 && is_for_root(escape, role)))
            continue;
        end = child_with_rights((enum process_role)role, &settings, try_escape, (void *)(uintptr_t)escape);
        ck_assert_msg(end == escape->ends[role], "%s as %s: %d instead of %d", escape->name,
                      rights_role_name((enum process_role)role), end, escape->ends[role]);
    }
}
END_TEST

#ifdef __x86_64__
/* getpid(2) as i386 numbers it, by i386's way in. */
static int call_i386(void *context)
{
    long result = 20;
    (void)context;

    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return 0;
}

START_TEST(the_calls_of_i386_kill)
{
    struct rights_settings settings = strict_settings();

    for (int role = 0; role < PROCESS_ROLES; role++)
        ck_assert_int_eq(child_with_rights((enum process_role)role, &settings, call_i386, NULL), -SIGSYS);
}
END_TEST
#endif

/* ---- what is allowed goes through */

/* Calls that do not come back, or that only the kernel makes. */
static bool ends_the_test(int call)
{
    return call == SCMP_SYS(exit) || call == SCMP_SYS(exit_group) || call == SCMP_SYS(rt_sigreturn);
}

/* ENOSYS is the kernel's own answer to nonsense there. */
static bool is_enosys_of_kernel(int call)
{
    return call == SCMP_SYS(futex);
}

/* A child, or where the rule is for threads alone flags that the kernel refuses together. */
static long flags_of_clone(const struct rights_rule *rule)
{
    long wanted = (long)rule->conditions[0].value;

    return wanted ? wanted | CLONE_PIDFD | CLONE_DETACHED : SIGCHLD;
}

/* Arguments that no call can do anything with, but for those that the rule asks for. */
static long call_by(const struct rights_rule *rule)
{
    long a[6] = {-1, -1, -1, -1, -1, -1};

    if (rule->call == SCMP_SYS(clone))
        a[0] = flags_of_clone(rule);
    for (unsigned i = 0; i < rule->condition_count; i++) {
        const struct rights_condition *condition = &rule->conditions[i];
        if (rule->call != SCMP_SYS(clone))
            a[condition->argument] = condition->is_self ? getpid() : (long)condition->value;
    }
    if (rule->call == SCMP_SYS(tgkill))
        a[2] = 0; /* no signal */
    if (rule->call == SCMP_SYS(kill))
        a[0] = getpid(), a[2] = a[1] = 0;
    return syscall(rule->call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

struct trial {
    enum process_role role;
    int told; /* the rule that is tried next is told here, so that a death names it */
};

static bool try_rule(const struct trial *trial, const struct rights_rule *rule)
{
    pid_t self = getpid();
    long result;

    if (rule->answer != RULE_ALLOW || rule->call < 0 || ends_the_test(rule->call))
        return true;
    (void)!write(trial->told, &rule->call, sizeof rule->call);
    errno = 0;
    result = call_by(rule);
    if (getpid() != self)
        _exit(0); /* the child of clone(2) */
    return result >= 0 || (errno != ENOSYS && errno != EACCES) || is_enosys_of_kernel(rule->call);
}

static int try_all_rules(void *context)
{
    const struct trial *trial = context;
    const struct rights_role *role = rights_role(trial->role);

    for (size_t i = 0; i < RIGHTS_LISTS && role->lists[i].count > 0; i++)
        for (size_t j = 0; j < role->lists[i].count; j++)
            if (!try_rule(trial, &role->lists[i].rules[j]))
                return errno;
    return 0;
}

static int last_told(int fd, unsigned *count)
{
    int call = 0, next;

    for (*count = 0; read(fd, &next, sizeof next) == sizeof next; (*count)++)
        call = next;
    return call;
}

static void expect_all_go(enum process_role role, const char *when, int end, int told, unsigned least)
{
    unsigned count;
    int call = last_told(told, &count);
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

    ck_assert_msg(end == 0, "%s as %s%s: ends with %d", name, rights_role_name(role), when, end);
    ck_assert_uint_ge(count, least);
    free(name);
}

START_TEST(what_a_list_allows_goes_through)
{
    struct rights_settings settings = strict_settings();
    struct trial trial = {.role = (enum process_role)_i};
    int ends[2], end;

    ck_assert_int_eq(pipe(ends), 0);
    trial.told = ends[1];
    end = child_with_rights(trial.role, &settings, try_all_rules, &trial);
    close(ends[1]);
    expect_all_go(trial.role, "", end, ends[0], 40);
    close(ends[0]);
}
END_TEST

/* ---- what a list refuses ends as its row says */

/* vhangup(2) of a process that may after all would end the session of whoever runs this. */
static void leave_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR);

    if (terminal < 0)
        return;
    (void)ioctl(terminal, TIOCNOTTY);
    close(terminal);
}

static int try_refused(void *context)
{
    const struct rights_rule *rule = context;

    return call_by(rule) >= 0 ? GOES : errno;
}

static void expect_refused(enum process_role role, const struct rights_rule *rule)
{
    struct rights_settings settings = strict_settings();
    int wanted = rule->answer == RULE_KILL ? DIES : rule->answer;
    int end = child_with_rights(role, &settings, try_refused, (void *)(uintptr_t)rule);
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, rule->call);

    ck_assert_msg(end == wanted, "%s as %s: %d instead of %d", name, rights_role_name(role), end, wanted);
    free(name);
}

enum refusal { BY_DEATH, BY_ERRNO };

static bool is_of(const struct rights_rule *rule, enum refusal refusal)
{
    return rule->call >= 0 && /* below, it is one of other machines */
           rule->answer != RULE_ALLOW && (rule->answer == RULE_KILL) == (refusal == BY_DEATH);
}

/* The rows of `lists` that refuse this way, each tried as `role`; how many there were. */
static unsigned expect_all_refused(enum process_role role, const struct rights_list *lists, enum refusal refusal)
{
    unsigned count = 0;

    for (size_t i = 0; i < RIGHTS_LISTS && lists[i].count > 0; i++)
        for (size_t j = 0; j < lists[i].count; j++)
            if (is_of(&lists[i].rules[j], refusal)) {
                expect_refused(role, &lists[i].rules[j]);
                count++;
            }
    return count;
}

/* Who has no list of escapes dies of what nobody allows, and so of these. */
START_TEST(what_kills_the_master_or_the_resolver_kills_every_role)
{
    enum process_role role = (enum process_role)_i;
    const struct rights_role *own = rights_role(role);

    leave_terminal();
    if (own->otherwise == RULE_KILL)
        own = rights_role(PROCESS_MASTER);
    ck_assert_uint_ge(expect_all_refused(role, own->lists, BY_DEATH), 50);
}
END_TEST

START_TEST(what_a_list_answers_with_an_errno_is_answered_so)
{
    enum process_role role = (enum process_role)_i;
    bool sees_paths = role == PROCESS_MASTER || role == PROCESS_RESOLVER; /* clone3(2) is all that they are refused */

    ck_assert_uint_ge(expect_all_refused(role, rights_role(role)->lists, BY_ERRNO), sees_paths ? 1 : 9);
}
END_TEST

/* ---- the master's rights contain those of its children, and what it takes to become one of them */

static int become_child(void *context)
{
    struct trial *trial = context;
    struct rights_settings settings = strict_settings();

    return child_with_rights(trial->role, &settings, try_all_rules, trial);
}

START_TEST(a_child_of_the_filtered_master_has_all_that_its_role_allows)
{
    struct rights_settings settings = strict_settings();
    struct trial trial = {.role = (enum process_role)_i};
    int ends[2], end;

    ck_assert_int_eq(pipe(ends), 0);
    trial.told = ends[1];
    end = child_with_rights(PROCESS_MASTER, &settings, become_child, &trial);
    close(ends[1]);
    expect_all_go(trial.role, " below the master", end, ends[0], 40);
    close(ends[0]);
}
END_TEST

/* Dynamic loading, providers, standard output: a whole start. `context` is what to execute. */
static int execute(void *context)
{
    char **arguments = context;
    pid_t child = fork();
    int status;

    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execv(arguments[0], arguments);
        _exit(99);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

START_TEST(the_filtered_master_starts_the_program_anew)
{
    struct rights_settings settings = strict_settings();
    char program[] = "./sallyport", version[] = "-V", dump[] = "-T";
    char *arguments[] = {program, version, NULL};

    if (access(program, X_OK) != 0)
        return; /* only the tests were built */
    for (int i = 0; i < 2; i++) {
        arguments[1] = i ? dump : version;
        ck_assert_int_eq(child_with_rights(PROCESS_MASTER, &settings, execute, arguments), 0);
    }
}
END_TEST

/* What stands after exec is a master that was filtered before, and starts a worker: an upgrade in place (USR2). */
static int be_upgraded(void)
{
    struct rights_settings settings = strict_settings();
    struct rights_report report;
    struct trial trial = {.role = PROCESS_WORKER, .told = open("/dev/null", O_WRONLY)};
    int status;
    pid_t child;

    settings.is_reexecuted = true;
    if (!rights_drop(PROCESS_MASTER, &settings, &report) || report.steps[RIGHTS_SECCOMP].state != RIGHTS_INHERITED)
        return 1;
    settings.is_reexecuted = false;
    child = fork();
    if (child == 0)
        _exit(rights_drop(PROCESS_WORKER, &settings, &report) ? try_all_rules(&trial) : 2);
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 3;
}

START_TEST(the_filtered_master_executes_itself_and_starts_a_worker)
{
    struct rights_settings settings = strict_settings();
    char program[] = "/proc/self/exe", what[] = "upgraded";
    char *arguments[] = {program, what, NULL};

    ck_assert_int_eq(child_with_rights(PROCESS_MASTER, &settings, execute, arguments), 0);
}
END_TEST

/* ---- the tables themselves */

static bool allows(const struct rights_role *role, const struct rights_rule *wanted)
{
    for (size_t i = 0; i < RIGHTS_LISTS; i++)
        for (size_t j = 0; j < role->lists[i].count; j++)
            if (role->lists[i].rules[j].call == wanted->call && role->lists[i].rules[j].answer == RULE_ALLOW)
                return true;
    return false;
}

START_TEST(no_list_allows_what_kills_the_master)
{
    const struct rights_role *master = rights_role(PROCESS_MASTER);

    for (size_t i = 0; i < RIGHTS_LISTS; i++)
        for (size_t j = 0; j < master->lists[i].count; j++)
            for (int role = 0; role < PROCESS_ROLES && master->lists[i].rules[j].answer == RULE_KILL; role++)
                ck_assert_msg(!allows(rights_role((enum process_role)role), &master->lists[i].rules[j]),
                              "call %d as %s", master->lists[i].rules[j].call,
                              rights_role_name((enum process_role)role));
}
END_TEST

/* For tests/daemon/unused_calls.sh: what a role allows, a call a line. */
static int print_allowed(const char *name)
{
    for (int role = 0; role < PROCESS_ROLES; role++)
        for (size_t i = 0; strcmp(name, rights_role_name((enum process_role)role)) == 0 && i < RIGHTS_LISTS; i++)
            for (size_t j = 0; j < rights_role((enum process_role)role)->lists[i].count; j++) {
                const struct rights_rule *rule = &rights_role((enum process_role)role)->lists[i].rules[j];
                char *call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, rule->call);
                if (rule->answer == RULE_ALLOW && rule->call >= 0)
                    puts(call);
                free(call);
            }
    return EXIT_SUCCESS;
}

#ifdef INSTRUMENTED
enum { IS_FILTERED = false };
#else
enum { IS_FILTERED = true };
#endif

static void add_trials(TCase *tcase)
{
    tcase_add_loop_test(tcase, an_escape_ends_as_its_row_says, 0, ARRAY_LEN(escapes));
#ifdef __x86_64__
    tcase_add_test(tcase, the_calls_of_i386_kill);
#endif
    tcase_add_loop_test(tcase, what_a_list_allows_goes_through, 0, PROCESS_ROLES);
    tcase_add_loop_test(tcase, what_kills_the_master_or_the_resolver_kills_every_role, 0, PROCESS_ROLES);
    tcase_add_loop_test(tcase, what_a_list_answers_with_an_errno_is_answered_so, 0, PROCESS_ROLES);
    tcase_add_loop_test(tcase, a_child_of_the_filtered_master_has_all_that_its_role_allows, PROCESS_MASTER + 1,
                        PROCESS_ROLES);
    tcase_add_test(tcase, the_filtered_master_starts_the_program_anew);
    tcase_add_test(tcase, the_filtered_master_executes_itself_and_starts_a_worker);
}

int main(int argc, char **argv)
{
    Suite *suite = suite_create("rights_calls");
    TCase *tcase = tcase_create("rights_calls");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (argc > 1)
        return strcmp(argv[1], "upgraded") == 0 ? be_upgraded() : print_allowed(argv[1]);
    tcase_set_timeout(tcase, TEST_TIMEOUT_SECONDS);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, no_list_allows_what_kills_the_master);
    if (IS_FILTERED)
        add_trials(tcase);
    else
        puts("no filters in a build with sanitizers or coverage: the calls are not tried");
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
