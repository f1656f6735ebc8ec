#include "fuzz/fuzz_engine.h"

#include "base/alloc.h"
#include "support/must.h"
#include "tls/handshake.h"
#include "tls/policy.h"
#include "tls/record.h"

static struct private_key *key;

static bool fill(void *context, uint8_t *out, size_t len)
{
    (void)context;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * 7 + 1);
    return true;
}

static uint64_t now(void *context)
{
    (void)context;
    return 0;
}

static struct random_source random_fixed(void)
{
    return (struct random_source){fill, NULL};
}

struct tls_policy *fuzz_policy(void)
{
    static const char *const names[] = {"app.example", "*.wild.example"};
    static struct tls_policy *policy;
    struct certificate_chain *chain;
    struct crypto_fault fault;
    char *certificate, *pem;

    if (policy)
        return policy;
    must(crypto_start());
    must(certificate_make_development(names, 2, 1800000000, 90, random_fixed(), &certificate, &pem));
    key = private_key_new(bytes_of_string(pem), random_fixed(), &fault);
    chain = certificate_chain_new(bytes_of_string(certificate), &fault);
    policy = tls_policy_new(random_fixed(), now, NULL);
    must(key && chain && policy && tls_policy_add_certificate(policy, chain, "fuzz"));
    must(tls_policy_add_alpn(policy, BYTES_OF_LITERAL("h2")) &&
         tls_policy_add_alpn(policy, BYTES_OF_LITERAL("http/1.1")));
    memory_free(certificate);
    memory_free(pem);
    return policy;
}

/* Keys as if a key exchange had led to them. */
static void install_keys(struct fuzz_engine *engine, const struct tls_suite *suite)
{
    struct secret secret;
    size_t len = hash_alg_len(hash_find(suite->hash));

    must(secret_resize(&secret, len));
    memset(secret.bytes, 0x5a, len);
    must(protection_start(&engine->tls->in, suite, &secret) && protection_start(&engine->client, suite, &secret) &&
         protection_start(&engine->tls->out, suite, &secret));
}

static void enter_handshake(struct tls *tls, enum handshake_state state, const struct tls_suite *suite)
{
    struct handshake *hs;

    must(handshake_start(tls));
    hs = tls->handshake;
    hs->choice.suite = tls->outcome.suite = suite;
    hs->choice.group = hs->retry_group = &tls_groups[0];
    hs->schedule.hash = hash_find(suite->hash);
    must(hash_init(&hs->transcript, hs->schedule.hash));
    must(hmac_init(&hs->schedule.current, hs->schedule.hash, bytes_of(NULL, 0)));
    must(secret_resize(&hs->client_finished_key, hash_alg_len(hs->schedule.hash)));
    must(secret_resize(&hs->client_application_secret, hash_alg_len(hs->schedule.hash)));
    tls->map = server13_map;
    tls->state = (uint8_t)state;
    tls->outcome.version = TLS_1_3;
    tls->outcome.stage = TLS_STAGE_CLIENT_FINISHED;
}

void fuzz_engine_begin(struct fuzz_engine *engine, enum fuzz_stage stage, const struct tls_suite *suite)
{
    memset(engine, 0, sizeof *engine);
    engine->pool = pool_new(0);
    must(engine->pool != NULL);
    engine->tls = tls_new(fuzz_policy(), engine->pool);
    must(engine->tls != NULL);
    if (stage == FUZZ_START)
        return;
    enter_handshake(engine->tls, stage == FUZZ_WAIT_CH2 ? WAIT_CH2 : WAIT_FINISHED, suite);
    if (stage == FUZZ_WAIT_CH2)
        return;
    install_keys(engine, suite);
    if (stage == FUZZ_CONNECTED) {
        engine->tls->state = CONNECTED;
        engine->tls->outcome.stage = TLS_STAGE_CONNECTED;
        handshake_end(engine->tls);
    }
}

void fuzz_engine_end(struct fuzz_engine *engine)
{
    tls_free(engine->tls);
    protection_wipe(&engine->client);
    must(pool_bytes_in_use(engine->pool) == 0); /* nothing leaks, however it ended */
    pool_free(engine->pool);
}

static void check(const struct tls *tls)
{
    unsigned ready = tls_ready(tls);
    const struct tls_outcome *outcome = tls_outcome(tls);

    must((outcome->why != WHY_NONE) == (tls->state == FAILED));
    must(outcome->why == WHY_NONE || (ready & TLS_OVER));
    must(outcome->why != WHY_INTERNAL);
    must(tls_is_connected(tls) || !(ready & TLS_PLAIN_OUT)); /* no text before Finished */
    must(buffer_len(&tls->wire_out) <= BLOCK_BULK_LEN && buffer_len(&tls->message) <= BLOCK_BULK_LEN);
}

static const struct private_key *find_key(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    (void)keyring;
    return memcmp(private_key_id(key), key_id, KEY_ID_LEN) == 0 ? key : NULL;
}

static void answer_key(struct tls *tls)
{
    const struct tls_key_request *request = tls_key_wanted(tls);
    const struct tls_key_holder holder = {.find = find_key, .random = random_fixed()};
    uint8_t answer[MAX_KEY_ANSWER_LEN];
    size_t len = 0;
    bool is_ok;

    if (!request)
        return;
    is_ok = tls_key_perform(request, &holder, answer, &len);
    tls_key_done(tls, is_ok, bytes_of(answer, len));
}

static void take_out(struct tls *tls)
{
    struct iovec span;

    while (tls_plain_view(tls, &span, 1) == 1) {
        must(span.iov_len > 0);
        tls_plain_consume(tls, span.iov_len > 100 ? 100 : span.iov_len);
    }
    while (tls_wire_view(tls, &span, 1) == 1)
        tls_wire_consume(tls, span.iov_len);
}

void fuzz_engine_feed(struct fuzz_engine *engine, struct bytes raw, size_t step)
{
    struct tls *tls = engine->tls;

    while (raw.len > 0) {
        size_t len = step && step < raw.len ? step : raw.len;
        struct iovec span;

        if (tls_wire_space(tls, &span, 1) == 0)
            break;
        if (len > span.iov_len)
            len = span.iov_len;
        memcpy(span.iov_base, raw.at, len);
        tls_wire_commit(tls, len);
        raw = bytes_of(raw.at + len, raw.len - len);
        check(tls);
        answer_key(tls);
        take_out(tls);
        check(tls);
    }
}

static void write_header(struct writer *w, uint8_t type, size_t len)
{
    write_u8(w, type);
    write_u16(w, TLS_1_2);
    write_u16(w, (uint16_t)len);
}

void fuzz_engine_feed_record(struct fuzz_engine *engine, uint8_t type, struct bytes content, size_t step)
{
    static uint8_t record[70000];
    struct writer w = writer_of(record, sizeof record);

    write_header(&w, type, content.len);
    write_bytes(&w, content);
    if (writer_ok(&w))
        fuzz_engine_feed(engine, writer_view(&w), step);
}

void fuzz_engine_feed_sealed(struct fuzz_engine *engine, uint8_t type, struct bytes content, size_t step)
{
    static uint8_t record[70000];
    struct writer w = writer_of(record, sizeof record), nonce_writer;
    uint8_t nonce[AEAD_NONCE_LEN], *body, *tag;
    size_t len = content.len + 1;

    if (!engine->client.aead) {
        fuzz_engine_feed_record(engine, type, content, step);
        return;
    }
    write_header(&w, CONTENT_APPLICATION_DATA, len + AEAD_TAG_LEN);
    body = write_space(&w, len);
    tag = write_space(&w, AEAD_TAG_LEN);
    if (!body || !tag)
        return;
    memcpy(body, content.at, content.len);
    body[content.len] = type;
    nonce_writer = writer_of(nonce, sizeof nonce);
    write_u32(&nonce_writer, 0);
    write_u64(&nonce_writer, engine->client.sequence++);
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] ^= engine->client.iv[i];
    must(aead_seal(engine->client.aead, nonce, bytes_of(record, RECORD_HEADER_LEN), body, len, tag));
    fuzz_engine_feed(engine, writer_view(&w), step);
}
