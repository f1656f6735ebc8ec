/*
 * key_batch.h: messages of key_wire.h that cross a SOCK_SEQPACKET socket together: many in a datagram, and all that
 * wait received in one call.
 *
 * A batch is written or received, never both at a time. What it carried is wiped as soon as it is sent or cleared:
 * sessions and master secrets go through it.
 */
#ifndef PROXY_KEY_BATCH_H
#define PROXY_KEY_BATCH_H

#include "proxy/key_wire.h"

enum {
    KEY_BATCH = MAX_KEY_MESSAGES,
    MAX_KEY_DATAGRAM_LEN = 8 * (2 + MAX_KEY_MESSAGE_LEN),
    KEY_DATAGRAMS = 16, /* twice as many as KEY_BATCH messages of the greatest length fill */
};

struct key_batch;

MUST_CHECK struct key_batch *key_batch_new(void);
void key_batch_free(struct key_batch *batch); /* wipes; NULL is fine */

size_t key_batch_count(const struct key_batch *batch); /* received, or not sent yet */
struct bytes key_batch_view(const struct key_batch *batch, size_t index);
void key_batch_clear(struct key_batch *batch);

/* Room for one message of MAX_KEY_MESSAGE_LEN bytes, NULL when there are KEY_BATCH; then say how long it became. */
uint8_t *key_batch_space(struct key_batch *batch);
void key_batch_commit(struct key_batch *batch, size_t len);

enum key_batch_result {
    KEY_BATCH_DONE,        /* all were sent; at least one was received */
    KEY_BATCH_WOULD_BLOCK, /* what was not sent is still there, in its order; nothing was received */
    KEY_BATCH_ENDED,       /* the other side is gone, or the socket failed: errno, 0 for a plain end */
    KEY_BATCH_VIOLATED, /* received: what is no datagram of ours, brings a descriptor, or has more than `limit` messages
                         */
};

/*
 * Never block. Receiving clears the batch first and takes what waits: at most `limit` (1 or more) messages, of which
 * the other side knows; that it sends more at once is a violation. An end behind them is told by the next call.
 */
MUST_CHECK enum key_batch_result key_batch_send(struct key_batch *batch, int fd);
MUST_CHECK enum key_batch_result key_batch_receive(struct key_batch *batch, int fd, size_t limit);

#endif
