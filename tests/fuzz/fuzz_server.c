/*
 * fuzz_server.c: the whole engine under null crypto (null_crypto.c), from the first byte to the close. Built once for
 * each version, as fuzz_server12 and fuzz_server13.
 *
 * Input: a byte for the policy (FUZZ_SERVER_*), a byte for how the wire is cut, then records: type, uint16 length,
 * content, framed as the engine's reading keys ask for. A type with its top bit set goes in the clear; 0x7f to 0x7a are
 * verbs of the proxy.
 */
#include "fuzz/fuzz_server.h"

#include "support/client_identity.h"
#include "support/must.h"
#include "tls/policy_types.h"
#include "tls/tls_types.h"

static bool add_suites(struct tls_policy *policy, uint16_t version)
{
    const struct tls_suite *suites[MAX_POLICY_SUITES];
    size_t count = 0;

    for (const struct tls_suite *suite = tls_suites; suite->code; suite++)
        if (suite->version == version)
            suites[count++] = suite;
    return tls_policy_set_suites(policy, suites, count);
}

struct rig *fuzz_server_rig(uint16_t version, uint8_t flags)
{
    static struct rig rigs[2][FUZZ_SERVER_POLICIES];
    struct rig *rig = &rigs[version == TLS_1_3][flags % FUZZ_SERVER_POLICIES];
    unsigned mode = flags & FUZZ_SERVER_MODE;

    if (!rig->policy) {
        must(rig_init(rig, 7) && rig_add_certificate(rig, "p256") && rig_add_certificate(rig, "rsa2048"));
        must(add_suites(rig->policy, version));
        if (flags & FUZZ_SERVER_ALPN)
            must(tls_policy_add_alpn(rig->policy, BYTES_OF_LITERAL("h2")));
        if (mode == TLS_CLIENT_CERTIFICATE_OPTIONAL || mode == TLS_CLIENT_CERTIFICATE_REQUIRED)
            tls_policy_set_client_certificates(rig->policy, mode, client_identity_trust("root", NULL));
        if (flags & FUZZ_SERVER_TICKETS)
            must(rig_add_tickets(rig, 2));
    }
    rig->random = (struct test_random){.state = 7};
    rig->clock = 0;
    rig->wire_len = rig->received_len = 0;
    must(rig_connect(rig));
    return rig;
}

static void feed(struct rig *rig, uint8_t type, struct bytes content, bool is_clear)
{
    static uint8_t record[70000];
    const struct protection *in = &rig->tls->in;
    bool is_sealed = in->aead && !is_clear, is_13 = rig->tls->outcome.version == TLS_1_3;
    struct writer w = writer_of(record, sizeof record);
    struct vector_mark body;

    write_u8(&w, is_sealed && is_13 ? CONTENT_APPLICATION_DATA : type);
    write_u16(&w, TLS_1_2);
    body = write_vec16_begin(&w);
    if (is_sealed && in->explicit_nonce_len)
        write_u64(&w, in->sequence);
    write_bytes(&w, content);
    if (is_sealed && is_13)
        write_u8(&w, type);
    if (is_sealed) {
        write_u64(&w, 0); /* a tag */
        write_u64(&w, 0);
    }
    write_vec_end(&w, body);
    if (writer_ok(&w))
        rig_feed(rig, writer_view(&w));
}

/* ---- what holds whatever comes */

/* The alert in a record of ours, -1 when it holds none. Nothing is enciphered. */
static int alert_in(uint8_t type, struct bytes body, bool is_13)
{
    size_t text = type == CONTENT_ALERT ? 2 : 3; /* level, description and, inside, the type */

    if (type == CONTENT_ALERT && body.len == 2)
        return body.at[1];
    if (body.len < text + AEAD_TAG_LEN || (type != CONTENT_ALERT && !is_13))
        return -1;
    body.len -= AEAD_TAG_LEN;
    if (type != CONTENT_ALERT && body.at[body.len - 1] != CONTENT_ALERT)
        return -1;
    return body.at[body.len - text + 1];
}

/* The why's own alert, once, and nothing behind it. */
static void check_wire(const struct rig *rig)
{
    const struct tls_outcome *outcome = &rig->tls->outcome;
    struct reader r = reader_of(bytes_of(rig->wire, rig->wire_len));
    struct bytes body;
    uint8_t type;
    uint16_t version;
    int fatal = -1;

    while (!read_end(&r)) {
        int alert;
        must(fatal == -1 && read_u8(&r, &type) && read_u16(&r, &version) && read_vec16(&r, 0, MAX_SEALED_LEN, &body));
        alert = alert_in(type, body, outcome->version == TLS_1_3);
        if (alert > 0) /* close_notify is no failure */
            fatal = alert;
    }
    if (fatal != -1)
        must(outcome->why != WHY_NONE && fatal == why_alert(outcome->why));
    else if (outcome->why != WHY_NONE && why_alert(outcome->why) != 0)
        must(why_alert(outcome->why) == ALERT_NONE || rig->tls->is_close_sent);
}

static void check(const struct rig *rig)
{
    const struct tls *tls = rig->tls;
    unsigned ready = tls_ready(tls);

    must((tls->outcome.why != WHY_NONE) == (tls->state == FAILED));
    must(tls->outcome.why == WHY_NONE || (ready & TLS_OVER));
    must(tls->outcome.why != WHY_INTERNAL);
    must(rig->received_before_finished == 0);
    must(tls_is_connected(tls) || !(ready & TLS_PLAIN_OUT));
    must(buffer_len(&tls->wire_out) <= BLOCK_BULK_LEN && buffer_len(&tls->message) <= BLOCK_BULK_LEN);
    if (tls->outcome.is_resumed)
        must(tls->policy->ticket_count > 0);
    else if (tls_is_connected(tls) && tls->policy->client_certificate == TLS_CLIENT_CERTIFICATE_REQUIRED)
        must(tls->outcome.client != NULL);
}

static void take_step(struct rig *rig, uint8_t type, struct bytes content)
{
    switch (type) {
    case 0x7f:
        tls_close(rig->tls);
        break;
    case 0x7e:
        rig_send(rig, content);
        break;
    case 0x7d:
        tls_abort(rig->tls, WHY_BACKEND_RESET);
        break;
    case 0x7c:
        tls_wire_end(rig->tls);
        break;
    case 0x7b:
        tls_send_tickets(rig->tls);
        break;
    case 0x7a:
        rig_feed(rig, content); /* not even a record */
        break;
    default:
        feed(rig, type & 0x7f, content, type & 0x80);
    }
    while (rig_answer_key(rig))
        ;
    rig_feed(rig, bytes_of(NULL, 0));
    rig_drain(rig, NULL);
    check(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    struct bytes content;
    uint8_t flags, step, type;
    struct rig *rig;

    if (!read_u8(&r, &flags) || !read_u8(&r, &step))
        return 0;
    rig = fuzz_server_rig(FUZZ_VERSION, flags);
    rig->cut = (struct cut){.fixed = step};
    while (read_u8(&r, &type) && read_vec16(&r, 0, MAX_PLAINTEXT_LEN + 64, &content))
        take_step(rig, type, content);
    check_wire(rig);
    tls_free(rig->tls);
    rig->tls = NULL;
    must(pool_bytes_in_use(rig->pool) == 0);
    return 0;
}
