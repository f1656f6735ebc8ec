/*
 * misbehave.c: a worker that somebody has taken over (LD_PRELOAD, for tests/e2e/confinement.sh). Whoever connects from
 * 127.0.0.10 and on has the worker make the first and on of the calls below; what the call answers goes to the log.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONTROL = 3 };

static long connect_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long execute(void)
{
    char *const arguments[] = {"/bin/sh", NULL};

    return execv(arguments[0], arguments);
}

static long trace_parent(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long make_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
                                                                                                                  : 0;
}

static long kill_master(void)
{
    return kill(getppid(), SIGTERM);
}

static long bind_port(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};

    return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&any, sizeof any);
}

static long open_file(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int listener; /* which others share */

/* Whoever receives it waits in close(2) until its peer has read, or for a minute. */
static long hand_on_a_socket(void)
{
    char word = 0;
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec span = {&word, 1};
    struct msghdr message = {.msg_iov = &span, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);

    *part = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(part), &listener, sizeof listener);
    return sendmsg(CONTROL, &message, 0);
}

static long end_listener(void)
{
    return shutdown(listener, SHUT_RD);
}

static long block_listener(void)
{
    return fcntl(listener, F_SETFL, 0);
}

static long end_listener_by_connecting(void)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    return connect(listener, &nobody, sizeof nobody);
}

/* READY, of generation 1, which nobody asked for. */
static long say_too_much(void)
{
    static const unsigned char ready[512] = {[0] = 10, [7] = 1};

    return send(CONTROL, ready, sizeof ready, 0);
}

static const struct {
    const char *name;
    long (*call)(void);
} calls[] = {
    {"socket", connect_unix},
    {"execve", execute},
    {"ptrace", trace_parent},
    {"mmap", make_code},
    {"kill", kill_master},
    {"bind", bind_port},
    {"open", open_file},
    {"sendmsg", hand_on_a_socket},
    {"shutdown", end_listener},
    {"fcntl", block_listener},
    {"connect", end_listener_by_connecting},
    {"send", say_too_much},
};

static void misbehave(unsigned which)
{
    char line[128];
    long answer;
    int len;

    if (which >= sizeof calls / sizeof *calls)
        return;
    errno = 0;
    answer = calls[which].call();
    len = snprintf(line, sizeof line, "misbehaved: %s answers %ld (%s)\n", calls[which].name, answer, strerror(errno));
    (void)!write(STDERR_FILENO, line, (size_t)len);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    static int (*real)(int, struct sockaddr *, socklen_t *, int);
    const struct sockaddr_in *from = (const struct sockaddr_in *)address;
    int client;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "accept4");
    listener = fd;
    client = real(fd, address, len, flags);
    if (client >= 0 && from && from->sin_family == AF_INET && ntohl(from->sin_addr.s_addr) >> 8 == 0x7f0000)
        misbehave((ntohl(from->sin_addr.s_addr) & 0xff) - 10);
    return client;
}
