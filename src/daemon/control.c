#include "daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "config/config.h"

/* ---- what each type has */

struct shape {
    bool has_generation;
    uint8_t min_fds, max_fds; /* of CONTROL_SOCKETS: as many as it counts */
    uint8_t max_count;
};

static const struct shape shapes[CONTROL_TYPES] = {
    [CONTROL_OFFER] = {.has_generation = true, .min_fds = 1, .max_fds = 3},
    [CONTROL_SOCKETS] = {.has_generation = true,
                         .min_fds = 1,
                         .max_fds = MAX_CONTROL_FDS,
                         .max_count = MAX_CONTROL_FDS},
    [CONTROL_TICKET_ROOT] = {.has_generation = true},
    [CONTROL_BUILD] = {.has_generation = true},
    [CONTROL_KEYHOLDER] = {.min_fds = 1, .max_fds = 1},
    [CONTROL_COMMIT] = {.has_generation = true},
    [CONTROL_ABORT] = {.has_generation = true},
    [CONTROL_DRAIN] = {.has_generation = false},
    [CONTROL_STOP] = {.has_generation = false},
    [CONTROL_READY] = {.has_generation = true},
    [CONTROL_REFUSED] = {.has_generation = true},
    [CONTROL_SIGHT] = {.min_fds = 1, .max_fds = 2},
    [CONTROL_COUNTERS] = {.min_fds = 1, .max_fds = MAX_CONTROL_FDS},
    [CONTROL_START] = {.has_generation = false},
    [CONTROL_CONFINED] = {.has_generation = false},
    [CONTROL_DEMO] = {.min_fds = 1, .max_fds = 1},
    [CONTROL_CONNECT] = {.has_generation = false},
    [CONTROL_CONNECTED] = {.max_fds = 1},
    [CONTROL_PING] = {.has_generation = false},
    [CONTROL_ALIVE] = {.has_generation = false},
    [CONTROL_RESOLVE] = {.has_generation = false},
    [CONTROL_RESOLVED] = {.has_generation = false},
    [CONTROL_ADDRESSES] = {.has_generation = false},
};

/* ---- frames: type, count, generation; what the type has; zeros */

static bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

static void write_reason(struct writer *w, const char *reason)
{
    struct vector_mark mark = write_vec16_begin(w);

    for (size_t i = 0; reason[i] && i < MAX_CONTROL_REASON; i++)
        write_u8(w, (uint8_t)(is_printable(reason[i]) ? reason[i] : '?'));
    write_vec_end(w, mark);
}

static void write_root(struct writer *w, const struct ticket_root *root)
{
    uint8_t *out = write_space(w, TICKET_ROOT_LEN);

    if (out)
        ticket_root_write(root, out);
}

static void write_text(struct writer *w, const char *text)
{
    struct vector_mark mark = write_vec16_begin(w);

    write_bytes(w, bytes_of_string(text));
    write_vec_end(w, mark);
}

static void write_settings(struct writer *w, const struct rights_settings *settings)
{
    write_u8(w, (uint8_t)settings->sandbox);
    write_u8(w, (uint8_t)settings->landlock_abi);
    write_u8(w, (uint8_t)settings->is_reexecuted);
    write_u32(w, settings->uid);
    write_u32(w, settings->gid);
    write_text(w, settings->root);
}

static void write_report(struct writer *w, const struct rights_report *report, bool is_dropped)
{
    write_u8(w, is_dropped);
    write_u8(w, (uint8_t)report->role);
    write_u8(w, (uint8_t)report->landlock_abi);
    write_u32(w, report->uid);
    write_u32(w, report->gid);
    for (int step = 0; step < RIGHTS_STEPS; step++) {
        write_u8(w, (uint8_t)report->steps[step].state);
        write_u16(w, (uint16_t)report->steps[step].error);
    }
}

static void write_addresses(struct writer *w, const struct host_addresses *addresses)
{
    write_u8(w, (uint8_t)addresses->count);
    for (size_t i = 0; i < addresses->count; i++) {
        write_u8(w, addresses->items[i].family);
        write_bytes(w, BYTES_OF_ARRAY(addresses->items[i].bytes));
        write_u32(w, addresses->items[i].scope);
    }
}

static void write_body(struct writer *w, const struct control_message *message)
{
    switch (message->type) {
    case CONTROL_SOCKETS:
        for (size_t i = 0; i < message->count; i++)
            write_u16(w, message->listens[i]);
        break;
    case CONTROL_TICKET_ROOT:
        write_root(w, &message->root);
        break;
    case CONTROL_BUILD:
        write_u16(w, message->number);
        write_u16(w, message->total);
        break;
    case CONTROL_COUNTERS:
        write_u16(w, message->number);
        break;
    case CONTROL_REFUSED:
        write_u16(w, message->exit);
        write_reason(w, message->reason);
        break;
    case CONTROL_START:
        write_u8(w, (uint8_t)message->log_format);
        write_u8(w, (uint8_t)message->log_level);
        write_settings(w, &message->rights);
        break;
    case CONTROL_CONFINED:
        write_report(w, &message->report, message->is_dropped);
        break;
    case CONTROL_CONNECT:
        write_u32(w, message->request);
        write_text(w, message->path);
        break;
    case CONTROL_CONNECTED:
        write_u32(w, message->request);
        write_u16(w, message->error);
        break;
    case CONTROL_RESOLVE:
        write_u32(w, message->request);
        write_text(w, message->host);
        break;
    case CONTROL_RESOLVED:
        write_u32(w, message->request);
        write_u8(w, (uint8_t)message->fault);
        write_addresses(w, &message->addresses);
        break;
    case CONTROL_ADDRESSES:
        write_text(w, message->host);
        write_addresses(w, &message->addresses);
        break;
    default:
        break;
    }
}

void control_encode(const struct control_message *message, uint8_t frame[CONTROL_FRAME_LEN])
{
    struct writer w = writer_of(frame, CONTROL_FRAME_LEN);

    write_u8(&w, (uint8_t)message->type);
    write_u8(&w, message->count);
    write_u16(&w, 0);
    write_u32(&w, message->generation);
    write_body(&w, message);
    memset(frame + w.len, 0, CONTROL_FRAME_LEN - w.len);
}

static bool read_listens(struct reader *r, struct control_message *message)
{
    bool is_ok = true;

    for (size_t i = 0; is_ok && i < message->count; i++)
        is_ok = read_u16(r, &message->listens[i]);
    return is_ok;
}

static bool read_root(struct reader *r, struct ticket_root *root)
{
    struct bytes bytes;

    return read_bytes(r, TICKET_ROOT_LEN, &bytes) && ticket_root_read(bytes, root);
}

static bool read_reason(struct reader *r, char *reason)
{
    struct bytes text;

    if (!read_vec16(r, 0, MAX_CONTROL_REASON, &text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        reason[i] = (char)text.at[i];
        if (!is_printable(reason[i]))
            return false;
    }
    reason[text.len] = 0;
    return true;
}

/* A path of the file system, without a zero in it. */
static bool read_path(struct reader *r, size_t min, size_t size, char *path)
{
    struct bytes text;

    if (!read_vec16(r, min, size - 1, &text) || memchr(text.at, 0, text.len))
        return false;
    memcpy(path, text.at, text.len); /* the rest is zero */
    return text.len == 0 || path[0] == '/';
}

/* A number of one byte, at most `max`. */
static bool read_small(struct reader *r, unsigned max, int *out)
{
    uint8_t value;

    if (!read_u8(r, &value))
        return false;
    *out = value;
    return value <= max;
}

static bool read_settings(struct reader *r, struct rights_settings *settings)
{
    return read_small(r, CONFIG_SANDBOX_OFF, &settings->sandbox) &&
           read_small(r, RIGHTS_ABI_OF_KERNEL, &settings->landlock_abi) && read_small(r, 1, &settings->is_reexecuted) &&
           read_u32(r, &settings->uid) && read_u32(r, &settings->gid) &&
           read_path(r, 0, sizeof settings->root, settings->root);
}

static bool read_report(struct reader *r, struct control_message *message)
{
    struct rights_report *report = &message->report;
    int is_dropped = 0;
    bool is_ok = read_small(r, 1, &is_dropped) && read_small(r, PROCESS_ROLES - 1, &report->role) &&
                 read_small(r, RIGHTS_ABI_OF_KERNEL, &report->landlock_abi) && read_u32(r, &report->uid) &&
                 read_u32(r, &report->gid);
    uint16_t error;

    message->is_dropped = is_dropped;
    for (int step = 0; is_ok && step < RIGHTS_STEPS; step++) {
        is_ok = read_small(r, RIGHTS_FAILED, &report->steps[step].state) && read_u16(r, &error);
        report->steps[step].error = is_ok ? error : 0;
    }
    return is_ok;
}

static bool is_zero(struct bytes rest)
{
    uint8_t all = 0;

    for (size_t i = 0; i < rest.len; i++)
        all |= rest.at[i];
    return all == 0;
}

/* As a configuration has it: src/config/address.c knows which bytes a name is made of. */
static bool read_host(struct reader *r, char *host)
{
    struct bytes text;

    if (!read_vec16(r, 1, MAX_HOST_NAME, &text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        host[i] = (char)text.at[i];
        if (!is_printable(host[i]) || host[i] == ' ')
            return false;
    }
    return true; /* the rest is zero */
}

static bool read_address(struct reader *r, struct host_address *address)
{
    struct bytes bytes;

    if (!read_u8(r, &address->family) || !read_bytes(r, sizeof address->bytes, &bytes) || !read_u32(r, &address->scope))
        return false;
    memcpy(address->bytes, bytes.at, bytes.len);
    return address->family == 6 || (address->family == 4 && address->scope == 0 &&
                                    is_zero(bytes_of(address->bytes + 4, sizeof address->bytes - 4)));
}

/* Each of them once. */
static bool read_addresses(struct reader *r, struct host_addresses *addresses)
{
    struct host_address address;
    uint8_t count;

    if (!read_u8(r, &count) || count > ARRAY_LEN(addresses->items))
        return false;
    for (uint8_t i = 0; i < count; i++) {
        if (!read_address(r, &address))
            return false;
        host_addresses_add(addresses, &address);
    }
    return addresses->count == count;
}

static bool read_body(struct reader *r, struct control_message *message)
{
    switch (message->type) {
    case CONTROL_SOCKETS:
        return read_listens(r, message);
    case CONTROL_TICKET_ROOT:
        return read_root(r, &message->root);
    case CONTROL_BUILD:
        return read_u16(r, &message->number) && read_u16(r, &message->total) && message->number > 0 &&
               message->number <= message->total;
    case CONTROL_COUNTERS:
        return read_u16(r, &message->number);
    case CONTROL_REFUSED:
        return read_u16(r, &message->exit) && message->exit > 0 && message->exit < 256 &&
               read_reason(r, message->reason);
    case CONTROL_START:
        return read_small(r, LOG_FORMAT_JSON, &message->log_format) &&
               read_small(r, LOG_LEVEL_DEBUG, &message->log_level) && read_settings(r, &message->rights);
    case CONTROL_CONFINED:
        return read_report(r, message);
    case CONTROL_CONNECT:
        return read_u32(r, &message->request) && read_path(r, 1, sizeof message->path, message->path);
    case CONTROL_CONNECTED:
        return read_u32(r, &message->request) && read_u16(r, &message->error) &&
               (message->error == 0 || message->fd_count == 0);
    case CONTROL_RESOLVE:
        return read_u32(r, &message->request) && message->request > 0 && read_host(r, message->host);
    case CONTROL_RESOLVED:
        return read_u32(r, &message->request) && message->request > 0 &&
               read_small(r, HOST_FAULT_COUNT - 1, &message->fault) && read_addresses(r, &message->addresses) &&
               (message->fault == HOST_OK) == (message->addresses.count > 0);
    case CONTROL_ADDRESSES:
        return read_host(r, message->host) && read_addresses(r, &message->addresses) && message->addresses.count > 0;
    default:
        return true;
    }
}

static bool fits(const struct control_message *message)
{
    const struct shape *shape = &shapes[message->type];

    return message->count <= shape->max_count && (message->generation != 0) == shape->has_generation &&
           message->fd_count >= shape->min_fds && message->fd_count <= shape->max_fds &&
           (message->type != CONTROL_SOCKETS || message->fd_count == message->count);
}

bool control_decode(struct bytes frame, const int *fds, size_t fd_count, struct control_message *message)
{
    struct reader r = reader_of(frame);
    uint8_t type;
    uint16_t zero;

    memset(message, 0, sizeof *message);
    if (frame.len != CONTROL_FRAME_LEN || fd_count > MAX_CONTROL_FDS || !read_u8(&r, &type) || type == 0 ||
        type >= CONTROL_TYPES || !read_u8(&r, &message->count) || !read_u16(&r, &zero) || zero != 0 ||
        !read_u32(&r, &message->generation))
        return false;
    message->type = (enum control_type)type;
    message->fd_count = fd_count;
    if (fd_count > 0)
        memcpy(message->fds, fds, fd_count * sizeof *fds);
    return fits(message) && read_body(&r, message) && is_zero(read_rest(&r));
}

void control_wipe(struct control_message *message)
{
    ticket_root_wipe(&message->root);
}

/* ---- the socket */

union fd_space {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(MAX_CONTROL_FDS * sizeof(int))];
};

static ssize_t send_with_fds(int fd, uint8_t frame[CONTROL_FRAME_LEN], const struct control_message *message)
{
    struct iovec span = {frame, CONTROL_FRAME_LEN};
    union fd_space space = {.bytes = {0}};
    struct cmsghdr *rights = &space.header;
    size_t len = message->fd_count * sizeof(int);
    const struct msghdr header = {
        .msg_iov = &span, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = CMSG_SPACE(len)};

    *rights = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(len)};
    memcpy(CMSG_DATA(rights), message->fds, len);
    return sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What children say has no descriptors: they may not even make the call that sends some. */
bool control_send(int fd, const struct control_message *message)
{
    uint8_t frame[CONTROL_FRAME_LEN];
    ssize_t sent;

    control_encode(message, frame);
    do
        sent = message->fd_count > 0 ? send_with_fds(fd, frame, message)
                                     : send(fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    memory_wipe(frame, sizeof frame);
    return sent == CONTROL_FRAME_LEN;
}

/* All that came with the message, also where it is more than there should be. */
static size_t take_fds(struct msghdr *header, int fds[MAX_CONTROL_FDS])
{
    size_t count = 0;

    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        size_t len = at->cmsg_len - CMSG_LEN(0);
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        memcpy(fds + count, CMSG_DATA(at), len); /* `space` holds no more than MAX_CONTROL_FDS in all */
        count += len / sizeof(int);
    }
    return count;
}

/* No place was free for what it brings, which its receiver can bear. */
static bool may_be_cut(const struct control_message *message)
{
    return message->type == CONTROL_CONNECTED;
}

/*
 * Who ends with something unread leaves ECONNRESET to the other side, once, in front of what it had said before: its
 * last words come behind it.
 */
static ssize_t receive(int fd, struct msghdr *header)
{
    ssize_t len = recvmsg(fd, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    return len < 0 && errno == ECONNRESET ? recvmsg(fd, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) : len;
}

enum control_result control_receive(int fd, struct control_message *message)
{
    uint8_t frame[CONTROL_FRAME_LEN];
    struct iovec span = {frame, sizeof frame};
    union fd_space space;
    struct msghdr header = {
        .msg_iov = &span, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes};
    int fds[MAX_CONTROL_FDS];
    ssize_t len = receive(fd, &header);
    size_t count;
    bool is_good;

    if (len < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CONTROL_NOTHING : CONTROL_GONE;
    count = take_fds(&header, fds);
    is_good = len > 0 && !(header.msg_flags & MSG_TRUNC) &&
              control_decode(bytes_of(frame, (size_t)len), fds, count, message) &&
              (!(header.msg_flags & MSG_CTRUNC) || may_be_cut(message));
    memory_wipe(frame, sizeof frame);
    if (is_good)
        return CONTROL_GOT;
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    return len == 0 ? CONTROL_GONE : CONTROL_VIOLATION;
}

enum control_result control_wait(int fd, struct control_message *message)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    enum control_result result;

    do {
        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            return CONTROL_GONE;
        result = control_receive(fd, message);
    } while (result == CONTROL_NOTHING);
    return result;
}
