#include "tls/transcript.h"

#include "base/alloc.h"
#include "base/writer.h"
#include "tls/iana.h"

/* Bounded by the messages' own limits: two hellos' worth of ours, 64 KiB of the client's certificates. */
static bool log_message(struct message_log *log, struct bytes message)
{
    size_t wanted = log->len + message.len;
    uint8_t *grown = log->at;

    if (wanted > log->capacity) {
        grown = memory_resize(log->at, wanted + 4096);
        if (!grown)
            return false;
        log->at = grown;
        log->capacity = wanted + 4096;
    }
    memcpy(log->at + log->len, message.at, message.len);
    log->len = wanted;
    return true;
}

bool transcript_add(struct tls *tls, struct bytes message)
{
    struct handshake *hs = tls->handshake;

    if (!hash_update(&hs->transcript, message))
        return tls_fail(tls, WHY_CRYPTO);
    return !hs->log.is_kept || log_message(&hs->log, message) || tls_fail(tls, WHY_NO_MEMORY);
}

bool transcript_replace_client_hello(struct hash *transcript)
{
    const struct hash_alg *alg = transcript->alg;
    uint8_t digest[MAX_HASH_LEN], message[4 + MAX_HASH_LEN];
    struct writer w = writer_of(message, sizeof message);
    struct vector_mark mark;

    if (!hash_peek(transcript, digest))
        return false;
    write_u8(&w, MESSAGE_HASH);
    mark = write_vec24_begin(&w);
    write_bytes(&w, bytes_of(digest, hash_alg_len(alg)));
    write_vec_end(&w, mark);
    hash_wipe(transcript);
    return writer_ok(&w) && hash_init(transcript, alg) && hash_update(transcript, writer_view(&w));
}
