#include "proxy/key_batch.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/writer.h"

enum { LENGTH_LEN = 2 };

struct datagram {
    size_t len, messages;
    uint8_t bytes[MAX_KEY_DATAGRAM_LEN];
};

struct key_batch {
    size_t count;                  /* messages */
    size_t first, datagram_count;  /* those before `first` were sent */
    struct bytes views[KEY_BATCH]; /* of what was received */
    struct iovec spans[KEY_DATAGRAMS];
    struct mmsghdr headers[KEY_DATAGRAMS];
    struct datagram datagrams[KEY_DATAGRAMS];
};

struct key_batch *key_batch_new(void)
{
    struct key_batch *batch = memory_new(sizeof *batch);

    for (size_t i = 0; batch && i < KEY_DATAGRAMS; i++) {
        batch->spans[i].iov_base = batch->datagrams[i].bytes;
        batch->headers[i].msg_hdr.msg_iov = &batch->spans[i];
        batch->headers[i].msg_hdr.msg_iovlen = 1;
    }
    return batch;
}

void key_batch_free(struct key_batch *batch)
{
    if (!batch)
        return;
    key_batch_clear(batch);
    memory_free(batch);
}

size_t key_batch_count(const struct key_batch *batch)
{
    return batch->count;
}

struct bytes key_batch_view(const struct key_batch *batch, size_t index)
{
    return batch->views[index];
}

static void wipe(struct datagram *datagram)
{
    memory_wipe(datagram->bytes, datagram->len);
    datagram->len = datagram->messages = 0;
}

void key_batch_clear(struct key_batch *batch)
{
    for (size_t i = batch->first; i < batch->datagram_count; i++)
        wipe(&batch->datagrams[i]);
    batch->count = batch->first = batch->datagram_count = 0;
}

/* ---- sending */

static bool has_room(const struct datagram *datagram)
{
    return sizeof datagram->bytes - datagram->len >= LENGTH_LEN + MAX_KEY_MESSAGE_LEN;
}

uint8_t *key_batch_space(struct key_batch *batch)
{
    struct datagram *last;

    if (batch->count == KEY_BATCH)
        return NULL;
    if (batch->datagram_count == 0 || !has_room(&batch->datagrams[batch->datagram_count - 1])) {
        if (batch->datagram_count == KEY_DATAGRAMS)
            return NULL;
        batch->datagram_count++;
    }
    last = &batch->datagrams[batch->datagram_count - 1];
    return last->bytes + last->len + LENGTH_LEN;
}

void key_batch_commit(struct key_batch *batch, size_t len)
{
    struct datagram *last = &batch->datagrams[batch->datagram_count - 1];
    struct writer w = writer_of(last->bytes + last->len, LENGTH_LEN);

    write_u16(&w, (uint16_t)len);
    last->len += LENGTH_LEN + len;
    last->messages++;
    batch->count++;
}

/* What is left of a batch that was sent in part moves to its beginning: `first` is 0 whenever anybody writes. */
static void close_ranks(struct key_batch *batch)
{
    size_t sent = batch->first, left = batch->datagram_count - sent;

    for (size_t i = 0; i < left && sent > 0; i++) {
        struct datagram *from = &batch->datagrams[sent + i], *to = &batch->datagrams[i];
        memcpy(to->bytes, from->bytes, from->len);
        to->len = from->len;
        to->messages = from->messages;
        wipe(from);
    }
    batch->datagram_count = left;
    batch->first = 0;
}

/* One by one: by sendmmsg(2), which saves calls, descriptors are sent as well, and so nobody here may call it. */
enum key_batch_result key_batch_send(struct key_batch *batch, int fd)
{
    while (batch->count > 0) {
        struct datagram *next = &batch->datagrams[batch->first];
        ssize_t sent = send(fd, next->bytes, next->len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            close_ranks(batch);
            return errno == EAGAIN || errno == ENOBUFS ? KEY_BATCH_WOULD_BLOCK : KEY_BATCH_ENDED;
        }
        batch->count -= next->messages;
        wipe(next);
        batch->first++;
    }
    key_batch_clear(batch);
    return KEY_BATCH_DONE;
}

/* ---- receiving */

/*
 * A datagram without a byte is how the end of the connection looks, and recvmmsg() goes on to see it over and over.
 * Descriptors that are sent along find no room, and the kernel closes them.
 */
static enum key_batch_result take(struct key_batch *batch, size_t received, size_t limit)
{
    for (size_t i = 0; i < received && batch->headers[i].msg_len > 0; i++) {
        batch->datagrams[i].len = batch->headers[i].msg_len;
        batch->datagram_count++;
        if (batch->headers[i].msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
            !key_wire_split(bytes_of(batch->datagrams[i].bytes, batch->datagrams[i].len), batch->views,
                            &batch->count) ||
            batch->count > limit)
            return KEY_BATCH_VIOLATED;
    }
    errno = 0;
    return batch->count > 0 ? KEY_BATCH_DONE : KEY_BATCH_ENDED;
}

enum key_batch_result key_batch_receive(struct key_batch *batch, int fd, size_t limit)
{
    int received;

    key_batch_clear(batch);
    for (size_t i = 0; i < KEY_DATAGRAMS; i++)
        batch->spans[i].iov_len = MAX_KEY_DATAGRAM_LEN;
    do
        received =
            recvmmsg(fd, batch->headers, (unsigned)(limit < KEY_DATAGRAMS ? limit : KEY_DATAGRAMS), MSG_DONTWAIT, NULL);
    while (received < 0 && errno == EINTR);
    if (received > 0)
        return take(batch, (size_t)received, limit);
    return received < 0 && errno == EAGAIN ? KEY_BATCH_WOULD_BLOCK : KEY_BATCH_ENDED;
}
