#include "tls/transcript.h"

#include "base/writer.h"
#include "tls/iana.h"

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
