/*
 * key_wire.h: what a worker and a keyholder say to each other: struct tls_key_request as bytes, and its answer.
 *
 * A datagram of a SOCK_SEQPACKET socket carries one message or more, each behind its length (vec16): what costs is the
 * datagram. A question carries a number of the worker's choice, which the reply repeats, and the fields that its
 * operation needs, no others, so that there is one way to write each:
 *
 *     question: u64 number, u8 operation, then
 *         CERTIFICATE_VERIFY_13   key id <32>, u8 signature, vec8 transcript hash <32 or 48>
 *         SERVER_KEY_EXCHANGE_12  key id <32>, u8 signature, client random <32>, server random <32>, vec16 params
 *         MASTER_SECRET_12        key id <32>, u16 client version, u8 hash, u8 extended, vec8 seed, vec16 ciphertext
 *         SEAL, OPEN              binding <32>, vec16 session or ticket
 *     reply:    u64 number, u8 operation, u8 ok, u32 cost, vec16 answer
 *
 * Both sides take the other for hostile. What does not read exactly so is a violation, and whoever sees one closes the
 * socket. That a well-formed question cannot be answered (an unknown key, say) is none: its reply says so.
 */
#ifndef PROXY_KEY_WIRE_H
#define PROXY_KEY_WIRE_H

#include "tls/key_operation.h"

/* Of the form above: whoever changes it counts on. After an upgrade there are processes of two binaries. */
enum { KEY_WIRE_VERSION = 2 };

enum {
    MAX_KEY_QUESTION_LEN = 8 + 1 + KEY_ID_LEN + 2 + 1 + 1 + 1 + 64 + 2 + MAX_KEY_PAYLOAD_LEN,
    MAX_KEY_REPLY_LEN = 8 + 1 + 1 + 4 + 2 + MAX_KEY_ANSWER_LEN,
    MAX_KEY_MESSAGE_LEN = MAX_KEY_REPLY_LEN > MAX_KEY_QUESTION_LEN ? MAX_KEY_REPLY_LEN : MAX_KEY_QUESTION_LEN,
};

/* Messages that a datagram, or a worker without a reply, has at most. */
enum { MAX_KEY_MESSAGES = 64 };

struct key_reply {
    uint64_t number;
    enum tls_key_operation operation;
    bool is_ok;
    uint32_t cost;       /* microseconds that were computed for it */
    struct bytes answer; /* of a length that its operation can have; empty unless ok */
};

/* `out` takes MAX_KEY_MESSAGE_LEN bytes. False, and `out` wiped, when a field of it is out of its bounds. */
MUST_CHECK bool key_wire_write_question(uint64_t number, const struct tls_key_request *request, uint8_t *out,
                                        size_t *len);
MUST_CHECK bool key_wire_write_reply(const struct key_reply *reply, uint8_t *out, size_t *len);

/* Views of the messages of a datagram, behind the `*count` that are there already. False: a violation. */
MUST_CHECK bool key_wire_split(struct bytes datagram, struct bytes messages[MAX_KEY_MESSAGES], size_t *count);

/* False: a violation. The request is complete (behind its payload nothing is written), and wiped when false; the answer
 * of a reply is a view of `message`. */
MUST_CHECK bool key_wire_read_question(struct bytes message, uint64_t *number, struct tls_key_request *request);
MUST_CHECK bool key_wire_read_reply(struct bytes message, struct key_reply *reply);

#endif
