/*
 * chaos.c: an LD_PRELOAD library that makes stream sockets behave as badly as they are allowed to.
 *
 * Every read and write on one is interrupted (EINTR, 3 in 10), finds nothing (EAGAIN, 3 in 10 on those that do not
 * block), or moves one to three bytes; one in fifty moves all that it can, so that a megabyte ends some time. The
 * calls are those of the C library that sallyport and libevent use, and their FORTIFY twins.
 *
 * SALLYPORT_CHAOS_SEED repeats a run as far as the schedule allows; how many calls were meddled with is told on
 * standard error at the end, so that a test can see that the library was there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static uint64_t state;
static unsigned long meddled;

/* xorshift64*: the program's own random() stays its own. */
static unsigned chance(unsigned below)
{
    if (state == 0) {
        const char *seed = getenv("SALLYPORT_CHAOS_SEED");
        state = seed ? strtoull(seed, NULL, 10) | 1 : 0x9e3779b97f4a7c15;
    }
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545f4914f6cdd1d) >> 33) % below;
}

static int is_stream_socket(int fd)
{
    int type = 0, saved = errno;
    socklen_t len = sizeof type;
    int is_socket = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;

    errno = saved;
    return is_socket && type == SOCK_STREAM;
}

/* How many bytes the call may move; 0: none, and errno says why. */
static size_t allowance(int fd)
{
    if (!is_stream_socket(fd))
        return SIZE_MAX;
    meddled++;
    switch (chance(10)) {
    case 0:
    case 1:
    case 2:
        errno = EINTR;
        return 0;
    case 3:
    case 4:
    case 5:
        if (fcntl(fd, F_GETFL) & O_NONBLOCK) {
            errno = EAGAIN;
            return 0;
        }
        /* fall through */
    default:
        return chance(20) == 0 ? SIZE_MAX : chance(3) + 1;
    }
}

__attribute__((destructor)) static void tell(void)
{
    if (meddled)
        dprintf(STDERR_FILENO, "chaos: meddled with %lu calls\n", meddled);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define LESS(a, b) ((a) < (b) ? (a) : (b))

ssize_t read(int fd, void *at, size_t len)
{
    size_t allowed = allowance(fd);
    return allowed ? REAL(read)(fd, at, LESS(len, allowed)) : -1;
}

ssize_t __read_chk(int fd, void *at, size_t len, size_t room);
ssize_t __read_chk(int fd, void *at, size_t len, size_t room)
{
    return len <= room ? read(fd, at, len) : (abort(), -1);
}

ssize_t write(int fd, const void *at, size_t len)
{
    size_t allowed = allowance(fd);
    return allowed ? REAL(write)(fd, at, LESS(len, allowed)) : -1;
}

ssize_t recv(int fd, void *at, size_t len, int flags)
{
    size_t allowed = allowance(fd);
    return allowed ? REAL(recv)(fd, at, LESS(len, allowed), flags) : -1;
}

ssize_t __recv_chk(int fd, void *at, size_t len, size_t room, int flags);
ssize_t __recv_chk(int fd, void *at, size_t len, size_t room, int flags)
{
    return len <= room ? recv(fd, at, len, flags) : (abort(), -1);
}

ssize_t send(int fd, const void *at, size_t len, int flags)
{
    size_t allowed = allowance(fd);
    return allowed ? REAL(send)(fd, at, LESS(len, allowed), flags) : -1;
}

/* The first spans, as far as the allowance reaches. */
static int cut_spans(const struct iovec *spans, int count, size_t allowed, struct iovec *out)
{
    int kept = 0;

    for (; kept < count && kept < 16 && allowed > 0; kept++) {
        out[kept] = spans[kept];
        out[kept].iov_len = LESS(spans[kept].iov_len, allowed);
        allowed -= out[kept].iov_len;
    }
    return kept;
}

ssize_t readv(int fd, const struct iovec *spans, int count)
{
    struct iovec cut[16];
    size_t allowed = allowance(fd);

    return allowed ? REAL(readv)(fd, cut, cut_spans(spans, count, allowed, cut)) : -1;
}

ssize_t writev(int fd, const struct iovec *spans, int count)
{
    struct iovec cut[16];
    size_t allowed = allowance(fd);

    return allowed ? REAL(writev)(fd, cut, cut_spans(spans, count, allowed, cut)) : -1;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec cut[16];
    struct msghdr clamped = *message;
    size_t allowed = allowance(fd);

    if (!allowed)
        return -1;
    clamped.msg_iov = cut;
    clamped.msg_iovlen = (size_t)cut_spans(message->msg_iov, (int)message->msg_iovlen, allowed, cut);
    return REAL(sendmsg)(fd, &clamped, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct iovec cut[16], *spans = message->msg_iov;
    size_t count = message->msg_iovlen, allowed = allowance(fd);
    ssize_t len;

    if (!allowed)
        return -1;
    message->msg_iovlen = (size_t)cut_spans(spans, (int)count, allowed, cut);
    message->msg_iov = cut;
    len = REAL(recvmsg)(fd, message, flags);
    message->msg_iov = spans;
    message->msg_iovlen = count;
    return len;
}
