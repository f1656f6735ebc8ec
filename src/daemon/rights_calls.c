#include "daemon/rights_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* clang-format off */
#define INT UINT64_C(0xffffffff)
#define IS(argument, value) {argument, false, INT, (uint32_t)(value)}
#define IS_TYPE(argument, type) {argument, false, 0xf, type} /* of a socket, whatever flags come with it */
#define HAS(argument, bits) {argument, false, (uint32_t)(bits), (uint32_t)(bits)}
#define HAS_NONE(argument, bits) {argument, false, (uint32_t)(bits), 0}
#define HAS_OF(argument, mask, bits) {argument, false, (uint32_t)(mask), (uint32_t)(bits)}
#define IS_SELF(argument) {argument, true, INT, 0}

#define ALLOW(name) {.call = SCMP_SYS(name), .answer = RULE_ALLOW}
#define KILL(name) {.call = SCMP_SYS(name), .answer = RULE_KILL}
#define ANSWER(error, name) {.call = SCMP_SYS(name), .answer = error}
#define WHEN(count, ...) .condition_count = count, .conditions = {__VA_ARGS__}
#define ALLOW_IF(name, count, ...) {.call = SCMP_SYS(name), .answer = RULE_ALLOW, WHEN(count, __VA_ARGS__)}
#define ANSWER_IF(error, name, count, ...) {.call = SCMP_SYS(name), .answer = error, WHEN(count, __VA_ARGS__)}

#define LIST(rules) {rules, ARRAY_LEN(rules)}

/* Memory, time, randomness, an end: what the libraries below need anywhere. No page is ever made executable. */
static const struct rights_rule to_live[] = {
    ALLOW(brk), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise),
    ALLOW_IF(mmap, 1, HAS_NONE(2, PROT_EXEC)),
    ALLOW_IF(mprotect, 1, HAS_NONE(2, PROT_EXEC)),
    ALLOW(futex), ALLOW(sched_yield), ALLOW(getrandom), ALLOW(sysinfo),
    ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(time), /* where the vdso does not serve */
    ALLOW(getpid), ALLOW(gettid), ALLOW_IF(tgkill, 1, IS_SELF(0)), /* abort(3) */
    ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(restart_syscall),
    ALLOW(exit), ALLOW(exit_group),
};

/* An event loop over descriptors that are there already, and the log. */
static const struct rights_rule to_loop[] = {
    ALLOW(epoll_wait), ALLOW(epoll_pwait), ALLOW(epoll_ctl), ALLOW(poll), ALLOW(ppoll),
    ALLOW(read), ALLOW(readv), ALLOW(pread64), ALLOW(write), ALLOW(writev), ALLOW(close),
    ALLOW(recvfrom), ALLOW(recvmsg), ALLOW(recvmmsg),
    ALLOW(sendto), /* not sendmsg and sendmmsg: whoever receives a descriptor may have to wait until it is closed */
    ALLOW(lseek), ALLOW(fstat), ALLOW_IF(newfstatat, 1, HAS(3, AT_EMPTY_PATH)), /* fstat(3) of glibc 2.33 and on */
    ALLOW_IF(fcntl, 1, IS(1, F_GETFD)), ALLOW_IF(fcntl, 1, IS(1, F_SETFD)),
    ALLOW_IF(fcntl, 1, IS(1, F_GETFL)), /* not F_SETFL: whoever shares a listener or the log would block, or lose lines */
    ALLOW_IF(fcntl, 1, IS(1, F_GET_SEALS)),
    ALLOW_IF(fcntl, 1, IS(1, F_DUPFD_CLOEXEC)), /* of the board that it was handed */
    ALLOW_IF(prlimit64, 1, IS(0, 0)), /* of itself: how many descriptors there may be */
};

/* Paths lead nowhere, which is an answer: glibc looks for messages and time zones where one does not expect it. */
static const struct rights_rule no_paths[] = {
    ANSWER(EACCES, open), ANSWER(EACCES, openat), ANSWER(EACCES, openat2), ANSWER(EACCES, stat), ANSWER(EACCES, lstat),
    ANSWER_IF(EACCES, newfstatat, 1, HAS_NONE(3, AT_EMPTY_PATH)),
    ANSWER(EACCES, statx), ANSWER(EACCES, access), ANSWER(EACCES, faccessat), ANSWER(EACCES, faccessat2),
    ANSWER(EACCES, readlink), ANSWER(EACCES, readlinkat), ANSWER(EACCES, getcwd),
    ANSWER(EACCES, unlink), ANSWER(EACCES, unlinkat),
};

/* Sockets that come in at listeners. */
static const struct rights_rule to_serve[] = {
    ALLOW(accept4), ALLOW(getpeername), ALLOW(getsockname),
    ALLOW_IF(shutdown, 1, IS(1, SHUT_WR)), /* not SHUT_RD: a listener, which others share, would be one no more */
    ALLOW_IF(ioctl, 1, IS(1, FIONREAD)), /* libevent's evbuffer_read() */
};

/* To backends by IP. A unix socket is connected by the master, who sees its path. */
static const struct rights_rule to_relay[] = {
    ALLOW_IF(socket, 3, IS(0, AF_INET), IS_TYPE(1, SOCK_STREAM), IS(2, 0)),
    ALLOW_IF(socket, 3, IS(0, AF_INET6), IS_TYPE(1, SOCK_STREAM), IS(2, 0)),
    ALLOW(connect),
    ALLOW_IF(getsockopt, 2, IS(1, SOL_SOCKET), IS(2, SO_ERROR)),
    ALLOW_IF(setsockopt, 2, IS(1, SOL_SOCKET), IS(2, SO_KEEPALIVE)),
    ALLOW_IF(setsockopt, 2, IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY)),
    ALLOW_IF(setsockopt, 2, IS(1, IPPROTO_TCP), IS(2, TCP_USER_TIMEOUT)),
    ALLOW_IF(setsockopt, 2, IS(1, IPPROTO_TCP), IS(2, TCP_QUICKACK)),
    ALLOW_IF(ioctl, 1, IS(1, SIOCOUTQ)),
};

/* The arena of the keys. */
static const struct rights_rule to_lock[] = {
    ALLOW(mlock), ALLOW(mlock2), ALLOW(munlock),
};

/*
 * evhttp names a client by getnameinfo(3), which for a unix socket asks for the name of the machine. Who keeps a place and
 * asks for nothing is hung up on; the listeners are no worker's.
 */
static const struct rights_rule to_answer_by_http[] = {
    ALLOW(uname), ALLOW_IF(shutdown, 1, IS(1, SHUT_RDWR)),
};

/* A program and its libraries being loaded. Code comes from files, and what is code is not written. */
static const struct rights_rule to_load[] = {
    ALLOW_IF(mmap, 2, IS(2, PROT_READ | PROT_EXEC), HAS_NONE(3, MAP_ANONYMOUS)),
    ALLOW(open), ALLOW(openat), ALLOW(stat), ALLOW(lstat), ALLOW(newfstatat), ALLOW(statx), ALLOW(statfs),
    ALLOW(fstatfs), ALLOW(access), ALLOW(faccessat), ALLOW(faccessat2), ALLOW(readlink), ALLOW(readlinkat),
    ALLOW(getdents64), ALLOW(getcwd), ALLOW(fcntl), ALLOW(ioctl), ALLOW(fadvise64),
    ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid), ALLOW(getresuid), ALLOW(getresgid),
    ALLOW(getgroups), ALLOW(getppid), ALLOW(getpgrp), ALLOW(getsid), ALLOW(uname), ALLOW(getrusage),
    ALLOW(sched_getaffinity), ALLOW(clock_getres), ALLOW(clock_nanosleep), ALLOW(nanosleep),
    ANSWER(ENOSYS, clone3), /* its flags cannot be looked at; clone(2) is tried next */
};

/* getaddrinfo(3): DNS, netlink for the addresses of this machine, modules that ask a service over a unix socket. */
static const struct rights_rule to_resolve[] = {
    ALLOW_IF(socket, 1, IS(0, AF_INET)), ALLOW_IF(socket, 1, IS(0, AF_INET6)), ALLOW_IF(socket, 1, IS(0, AF_UNIX)),
    ALLOW_IF(socket, 3, IS(0, AF_NETLINK), IS_TYPE(1, SOCK_RAW), IS(2, NETLINK_ROUTE)),
    ALLOW(connect), ALLOW(bind), ALLOW(getsockopt), ALLOW(setsockopt), ALLOW(getsockname), ALLOW(getpeername),
    ALLOW(sendmsg), ALLOW(sendmmsg), ALLOW(shutdown), ALLOW(eventfd2), ALLOW(epoll_create1), ALLOW(timerfd_create), ALLOW(timerfd_settime),
};

/* One that can be a thread alone, of this process and in its namespaces. */
#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
                    CLONE_NEWNET)

static const struct rights_rule to_thread[] = {
    ALLOW_IF(clone, 1, HAS_OF(0, THREAD | NAMESPACES, THREAD)), ALLOW(set_robust_list), ALLOW(rseq),
};

/* Listeners, children, files to watch, a generation in memory. */
static const struct rights_rule to_rule[] = {
    ALLOW(socketpair), ALLOW(listen), ALLOW(accept), ALLOW(chmod), ALLOW(fchmod), ALLOW(fchmodat), ALLOW(chown),
    ALLOW(lchown), ALLOW(fchown), ALLOW(fchownat), ALLOW(umask), ALLOW(unlink), ALLOW(unlinkat),
    ALLOW(inotify_init1), ALLOW(inotify_add_watch), ALLOW(inotify_rm_watch),
    ALLOW(memfd_create), ALLOW(ftruncate), ALLOW(pwrite64), ALLOW(dup), ALLOW(dup2), ALLOW(dup3), ALLOW(pipe2),
    ALLOW(signalfd4), ALLOW(rt_sigtimedwait), ALLOW(sigaltstack),
    ALLOW(wait4), ALLOW(waitid), ALLOW(kill), ALLOW(tgkill), ALLOW(pidfd_open), ALLOW(pidfd_send_signal),
    ALLOW(setsid), ALLOW(setpgid),
    ALLOW_IF(clone, 1, HAS_NONE(0, NAMESPACES | CLONE_PTRACE)),
    ALLOW(execve), ALLOW_IF(execveat, 1, HAS(4, AT_EMPTY_PATH)), ALLOW(arch_prctl), ALLOW(set_tid_address),
    ALLOW(set_robust_list), ALLOW(rseq), ALLOW(prlimit64), ALLOW(close_range),
};

/* How a child gives up the rest. */
static const struct rights_rule to_drop[] = {
    ALLOW(chroot), ALLOW(chdir), ALLOW(fchdir), ALLOW(setgroups), ALLOW(setresgid), ALLOW(setresuid), ALLOW(setuid),
    ALLOW(setgid), ALLOW(capget), ALLOW(capset), ALLOW(seccomp), ALLOW(landlock_create_ruleset),
    ALLOW(landlock_add_rule), ALLOW(landlock_restrict_self),
    ALLOW_IF(prctl, 1, IS(0, PR_SET_NO_NEW_PRIVS)), ALLOW_IF(prctl, 1, IS(0, PR_GET_NO_NEW_PRIVS)),
    ALLOW_IF(prctl, 1, IS(0, PR_SET_DUMPABLE)), ALLOW_IF(prctl, 1, IS(0, PR_GET_DUMPABLE)),
    ALLOW_IF(prctl, 1, IS(0, PR_SET_PDEATHSIG)), ALLOW_IF(prctl, 1, IS(0, PR_SET_NAME)),
    ALLOW_IF(prctl, 1, IS(0, PR_SET_SECCOMP)), ALLOW_IF(prctl, 1, IS(0, PR_GET_SECCOMP)),
    ALLOW_IF(prctl, 1, IS(0, PR_CAPBSET_READ)), ALLOW_IF(prctl, 1, IS(0, PR_CAPBSET_DROP)),
    ALLOW_IF(sched_setscheduler, 2, IS(0, 0), IS(1, SCHED_BATCH)), /* its place before others */
};

/* No process of ours has a use for these; whoever tries one is not ours any more. */
static const struct rights_rule escapes[] = {
    KILL(ptrace), KILL(process_vm_readv), KILL(process_vm_writev), KILL(process_madvise), KILL(kcmp),
    KILL(pidfd_getfd), KILL(unshare), KILL(setns), KILL(mount), KILL(umount2), KILL(pivot_root), KILL(move_mount),
    KILL(open_tree), KILL(fsopen), KILL(fsmount), KILL(fsconfig), KILL(fspick), KILL(mount_setattr),
    KILL(open_by_handle_at), KILL(name_to_handle_at), KILL(mknod), KILL(mknodat), KILL(init_module),
    KILL(finit_module), KILL(delete_module), KILL(kexec_load), KILL(kexec_file_load), KILL(bpf),
    KILL(perf_event_open), KILL(userfaultfd), KILL(io_uring_setup), KILL(io_uring_enter), KILL(io_uring_register),
    KILL(keyctl), KILL(add_key), KILL(request_key), KILL(reboot), KILL(swapon), KILL(swapoff), KILL(iopl),
    KILL(ioperm), KILL(modify_ldt), KILL(personality), KILL(quotactl), KILL(acct), KILL(settimeofday),
    KILL(clock_settime), KILL(clock_adjtime), KILL(adjtimex), KILL(sethostname), KILL(setdomainname), KILL(syslog),
    KILL(fanotify_init), KILL(vhangup), KILL(memfd_secret), KILL(setfsuid), KILL(setfsgid), KILL(setreuid),
    KILL(setregid),
};

static const struct rights_role roles[PROCESS_ROLES] = {
    [PROCESS_WORKER] = {RULE_KILL, {LIST(to_live), LIST(to_loop), LIST(to_serve), LIST(to_relay), LIST(no_paths)}},
    [PROCESS_KEYHOLDER] = {RULE_KILL, {LIST(to_live), LIST(to_loop), LIST(to_lock), LIST(no_paths)}},
    [PROCESS_ADMIN] = {RULE_KILL,
                       {LIST(to_live), LIST(to_loop), LIST(to_serve), LIST(to_answer_by_http), LIST(no_paths)}},
    [PROCESS_RESOLVER] = {ENOSYS, {LIST(to_live), LIST(to_loop), LIST(to_load), LIST(to_thread), LIST(to_resolve),
                                   LIST(escapes)}},
    /* Everything above, for it is inherited, and its own. */
    [PROCESS_MASTER] = {ENOSYS,
                        {LIST(to_live), LIST(to_loop), LIST(to_serve), LIST(to_relay), LIST(to_lock), LIST(to_load),
                         LIST(to_resolve), LIST(to_rule), LIST(to_drop), LIST(escapes)}},
};
/* clang-format on */

const struct rights_role *rights_role(enum process_role role)
{
    return &roles[role];
}
