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

static const struct {
    const char *name;
    long (*call)(void);
} calls[] = {
    {"socket", connect_unix}, {"execve", execute}, {"ptrace", trace_parent}, {"mmap", make_code},
    {"kill", kill_master},    {"bind", bind_port}, {"open", open_file},
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
    client = real(fd, address, len, flags);
    if (client >= 0 && from && from->sin_family == AF_INET && ntohl(from->sin_addr.s_addr) >> 8 == 0x7f0000)
        misbehave((ntohl(from->sin_addr.s_addr) & 0xff) - 10);
    return client;
}
