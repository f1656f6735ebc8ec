/*
 * recorder.c: what the runner sent becomes seeds of fuzz_server12 and fuzz_server13 (see their input in
 * tests/fuzz/fuzz_server.c), opened as the engine opened it. Put in front of record_next() when the shim is linked
 * (-Wl,--wrap), and silent unless BOGO_SHIM_RECORD names a directory: `./dev bogo-seeds` does.
 *
 * No memory is asked for, so that a sweep of failing allocations counts the engine's alone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/writer.h"
#include "fuzz/fuzz_server.h"
#include "tls/policy_types.h"
#include "tls/record.h"
#include "tls/tls_types.h"

enum { MAX_SEED_LEN = 1 << 16, IN_THE_CLEAR = 0x80, NOT_A_RECORD = 0x7a };

static uint8_t seed[MAX_SEED_LEN];
static struct writer out;
static const struct tls *recorded; /* whose seed it is; compared, never looked into once another one came */
static uint16_t version;

enum record_result __real_record_next(struct tls *tls, uint8_t *type, struct plain_span *content);
enum record_result __wrap_record_next(struct tls *tls, uint8_t *type, struct plain_span *content);

/* What grew too long for the buffer is no good seed either. */
static void save(void)
{
    static unsigned number;
    char path[4096];
    struct bytes view = writer_view(&out);
    int fd;

    if (!recorded || !writer_ok(&out))
        return;
    snprintf(path, sizeof path, "%s/server%s/%ld-%u", getenv("BOGO_SHIM_RECORD"), version == TLS_1_2 ? "12" : "13",
             (long)getpid(), number++);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, view.at, view.len) != (ssize_t)view.len)
        fprintf(stderr, "%s cannot be written\n", path);
    if (fd >= 0)
        close(fd);
}

static void begin(const struct tls *tls)
{
    if (!recorded)
        atexit(save);
    else
        save();
    recorded = tls;
    version = 0;
    out = writer_of(seed, sizeof seed);
    write_u8(&out, (uint8_t)(tls->policy->client_certificate | (tls->policy->ticket_count ? FUZZ_SERVER_TICKETS : 0)));
    write_u8(&out, 0); /* not cut */
}

static void add(uint8_t type, struct bytes content)
{
    struct vector_mark mark;

    write_u8(&out, type);
    mark = write_vec16_begin(&out);
    write_bytes(&out, content);
    write_vec_end(&out, mark);
}

/* The next connection may lie where the last one lay. */
static bool is_new(const struct tls *tls)
{
    return recorded != tls || (version != 0 && tls->outcome.version == 0);
}

/* RFC 8446 5: of TLS 1.3 only what is called application data is sealed. */
static bool is_opened(const struct tls *tls, struct bytes wire)
{
    return tls->in.aead && wire.len > 0 && (tls->outcome.version == TLS_1_2 || wire.at[0] == CONTENT_APPLICATION_DATA);
}

enum record_result __wrap_record_next(struct tls *tls, uint8_t *type, struct plain_span *content)
{
    struct bytes wire = buffer_view(&tls->wire_in);
    bool is_sealed = is_opened(tls, wire);
    enum record_result result;

    if (!getenv("BOGO_SHIM_RECORD"))
        return __real_record_next(tls, type, content);
    if (is_new(tls))
        begin(tls);
    result = __real_record_next(tls, type, content);
    version = tls->outcome.version;
    if (result == RECORD_READY)
        add((uint8_t)(*type | (is_sealed ? 0 : IN_THE_CLEAR)),
            bytes_of(tls->wire_in.block->data + content->at, content->len));
    else if (result == RECORD_FAILED)
        add(NOT_A_RECORD, wire);
    return result;
}
