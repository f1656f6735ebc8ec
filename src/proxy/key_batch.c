#include "proxy/key_batch.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/alloc.h"

struct key_batch {
    size_t first, count; /* those before `first` were sent */
    struct iovec spans[KEY_BATCH];
    struct mmsghdr headers[KEY_BATCH];
    uint8_t messages[KEY_BATCH][MAX_KEY_MESSAGE_LEN];
};

struct key_batch *key_batch_new(void)
{
    struct key_batch *batch = memory_new(sizeof *batch);

    for (size_t i = 0; batch && i < KEY_BATCH; i++) {
        batch->spans[i] = (struct iovec){batch->messages[i], MAX_KEY_MESSAGE_LEN};
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
    return batch->count - batch->first;
}

struct bytes key_batch_view(const struct key_batch *batch, size_t index)
{
    const struct iovec *span = &batch->spans[batch->first + index];

    return bytes_of(span->iov_base, span->iov_len);
}

static void wipe(struct key_batch *batch, size_t index)
{
    memory_wipe(batch->messages[index], batch->spans[index].iov_len);
    batch->spans[index].iov_len = MAX_KEY_MESSAGE_LEN;
}

void key_batch_clear(struct key_batch *batch)
{
    for (; batch->first < batch->count; batch->first++)
        wipe(batch, batch->first);
    batch->first = batch->count = 0;
}

/* What is left of a batch that was sent in part moves to its beginning: `first` is 0 whenever anybody writes. */
static void close_ranks(struct key_batch *batch)
{
    size_t sent = batch->first;

    if (sent == 0)
        return;
    for (size_t i = 0; i < batch->count - sent; i++) {
        batch->spans[i].iov_len = batch->spans[sent + i].iov_len;
        memcpy(batch->messages[i], batch->messages[sent + i], batch->spans[i].iov_len);
        wipe(batch, sent + i);
    }
    batch->count -= sent;
    batch->first = 0;
}

uint8_t *key_batch_space(struct key_batch *batch)
{
    return batch->count < KEY_BATCH ? batch->messages[batch->count] : NULL;
}

void key_batch_commit(struct key_batch *batch, size_t len)
{
    batch->spans[batch->count++].iov_len = len;
}

enum key_batch_result key_batch_send(struct key_batch *batch, int fd)
{
    while (batch->first < batch->count) {
        int sent = sendmmsg(fd, batch->headers + batch->first, (unsigned)(batch->count - batch->first),
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            close_ranks(batch);
            return errno == EAGAIN || errno == ENOBUFS ? KEY_BATCH_WOULD_BLOCK : KEY_BATCH_ENDED;
        }
        for (int i = 0; i < sent; i++)
            wipe(batch, batch->first++);
    }
    batch->first = batch->count = 0;
    return KEY_BATCH_DONE;
}

/*
 * A message without a byte is how the end of the connection looks, and recvmmsg() goes on to see it over and over.
 * Descriptors that are sent along find no room, and the kernel closes them.
 */
static enum key_batch_result take(struct key_batch *batch, size_t received)
{
    for (size_t i = 0; i < received && batch->headers[i].msg_len > 0; i++) {
        batch->spans[i].iov_len = batch->headers[i].msg_len;
        batch->count++;
        if (batch->headers[i].msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
            return KEY_BATCH_VIOLATED;
    }
    errno = 0;
    return batch->count > 0 ? KEY_BATCH_DONE : KEY_BATCH_ENDED;
}

enum key_batch_result key_batch_receive(struct key_batch *batch, int fd, size_t limit)
{
    int received;

    key_batch_clear(batch);
    do
        received = recvmmsg(fd, batch->headers, (unsigned)(limit < KEY_BATCH ? limit : KEY_BATCH), MSG_DONTWAIT, NULL);
    while (received < 0 && errno == EINTR);
    if (received > 0)
        return take(batch, (size_t)received);
    return received < 0 && errno == EAGAIN ? KEY_BATCH_WOULD_BLOCK : KEY_BATCH_ENDED;
}
