#include "tls/receive.h"

#include "base/reader.h"
#include "tls/handshake.h"
#include "tls/iana.h"
#include "tls/record.h"

static struct bytes view_of(const struct tls *tls, struct plain_span content)
{
    return bytes_of(tls->wire_in.block->data + content.at, content.len);
}

/* ---- alerts (RFC 8446 6) */

/*
 * In both versions the end of one direction (RFC 8446 6.1). RFC 5246 7.2.1 would have us answer at once and throw away
 * what is still to be sent; but a client that ends its request so still waits for the answer, and one that does not is
 * found out when we write. Our own close_notify comes when the backend is done.
 */
static bool receive_close_notify(struct tls *tls)
{
    if (tls->state != CONNECTED)
        return tls_fail(tls, WHY_CLOSED_EARLY);
    tls->outcome.client_end = TLS_CLIENT_CLOSE_NOTIFY;
    return true;
}

/*
 * RFC 8446 6, 6.1: in TLS 1.3 the level is ignored; user_canceled is followed by close_notify, all others end the
 * connection. RFC 5246 7.2: in TLS 1.2 the level tells; a warning may be passed over, and what is fatal ends the
 * connection at once, user_canceled too.
 */
static bool is_mere_warning(const struct tls *tls, uint8_t level, uint8_t description)
{
    return tls->outcome.version == TLS_1_3 ? description == ALERT_USER_CANCELED : level == 1;
}

static bool receive_alert(struct tls *tls, struct bytes content)
{
    struct reader r = reader_of(content);
    uint8_t level, description;

    if (!read_u8(&r, &level) || !read_u8(&r, &description) || !read_end(&r))
        return tls_fail(tls, WHY_ALERT_MALFORMED); /* RFC 8446 5.1 MUST: one alert, whole, a record */
    tls_note(tls, true, tls_alert_name(description) ? tls_alert_name(description) : "Alert", content.len);
    if (level != 1 && level != 2)
        return tls_fail(tls, WHY_ALERT_LEVEL); /* RFC 8446 6: AlertLevel is warning(1) or fatal(2) */
    if (tls->message.block && (description == ALERT_CLOSE_NOTIFY || is_mere_warning(tls, level, description)))
        return tls_fail(tls, WHY_RECORDS_INTERLEAVED); /* only a fatal alert may still say why */
    if (description == ALERT_CLOSE_NOTIFY)
        return receive_close_notify(tls);
    if (is_mere_warning(tls, level, description))
        return ++tls->warning_alerts <= MAX_WARNING_ALERTS || tls_fail(tls, WHY_ALERT_FLOOD);
    tls->outcome.has_alert_received = true;
    tls->outcome.alert_received = description;
    return tls_fail(tls, WHY_ALERT_RECEIVED);
}

/*
 * ---- ChangeCipherSpec: in TLS 1.3 (RFC 8446 5) between the first ClientHello and Finished, in the clear, dropped; in
 * TLS 1.2 (RFC 5246 7.1) a row of the map
 */

/* RFC 5246 7.1: no message is half there when the keys change. */
static bool receive_change_cipher_spec12(struct tls *tls)
{
    if (tls->message.block)
        return tls_fail(tls, WHY_ACROSS_KEY_CHANGE);
    tls_note(tls, true, "ChangeCipherSpec", 1);
    return handshake_receive_change_cipher_spec(tls);
}

static bool receive_change_cipher_spec(struct tls *tls, struct bytes content)
{
    static const uint8_t one[] = {1};

    if (!tls->handshake || tls->outcome.version == 0)
        return tls_fail(tls, WHY_CCS_UNEXPECTED);
    if (!bytes_equal(content, BYTES_OF_ARRAY(one)))
        return tls_fail(tls, WHY_CCS_MALFORMED); /* RFC 8446 5 MUST: unexpected_message */
    if (tls->outcome.version == TLS_1_2)
        return receive_change_cipher_spec12(tls);
    if (++tls->change_cipher_specs > MAX_CHANGE_CIPHER_SPECS)
        return tls_fail(tls, WHY_CCS_FLOOD);
    tls_note(tls, true, "ChangeCipherSpec", content.len);
    return true;
}

/* ---- application data */

/* Short texts move down to the one before, so that many small records still leave in one write. */
static void keep_text(struct tls *tls, struct plain_span content)
{
    struct plain_span *last = tls->span_count ? &tls->spans[tls->span_count - 1] : NULL;
    uint8_t *data = tls->wire_in.block->data;

    if (last && (content.len < SHORT_TEXT_LEN || tls->span_count == MAX_PLAIN_SPANS)) {
        memmove(data + last->at + last->len, data + content.at, content.len);
        last->len += content.len;
        return;
    }
    tls->spans[tls->span_count++] = content;
}

static bool receive_text(struct tls *tls, struct plain_span content)
{
    if (tls->state != CONNECTED)
        return tls_fail(tls, WHY_DATA_BEFORE_FINISHED);
    if (content.len == 0)
        return ++tls->empty_records <= MAX_EMPTY_RECORDS || tls_fail(tls, WHY_EMPTY_RECORDS);
    tls->empty_records = 0;
    tls->warning_alerts = 0;
    tls->handshake_messages = 0;
    keep_text(tls, content);
    return true;
}

/* ---- records */

/*
 * RFC 8446 5.1 MUST NOT: any other record between those of one handshake message, nor early data that is skipped.
 * Alerts: receive_alert().
 */
static bool check_interleaving(struct tls *tls, uint8_t type)
{
    bool is_looked_at_later = type == CONTENT_HANDSHAKE || type == CONTENT_ALERT ||
                              (type == CONTENT_CHANGE_CIPHER_SPEC && tls->outcome.version == TLS_1_2);

    return is_looked_at_later || !tls->message.block || tls_fail(tls, WHY_RECORDS_INTERLEAVED);
}

/*
 * RFC 8446 5: once keys are in force a record is protected. Two may come in the clear: a ChangeCipherSpec, and the
 * alert of a client that could not compute its keys.
 */
static bool check_protection(struct tls *tls, bool is_protected, uint8_t type)
{
    bool is_alert_without_keys = type == CONTENT_ALERT && tls->in.sequence == 0 && tls->state != CONNECTED;

    if (tls->outcome.version == TLS_1_2) /* record_next() opens everything once there are keys */
        return is_protected || type != CONTENT_APPLICATION_DATA || tls_fail(tls, WHY_DATA_BEFORE_FINISHED);
    if (is_protected && type == CONTENT_CHANGE_CIPHER_SPEC)
        return tls_fail(tls, WHY_CCS_UNEXPECTED); /* RFC 8446 5 MUST: unexpected_message */
    if (!is_protected && type == CONTENT_APPLICATION_DATA)
        return tls_fail(tls, WHY_DATA_BEFORE_FINISHED);
    if (is_protected || !tls->in.aead || type == CONTENT_CHANGE_CIPHER_SPEC || is_alert_without_keys)
        return true;
    return tls_fail(tls, WHY_RECORD_UNPROTECTED);
}

static bool receive_content(struct tls *tls, uint8_t type, struct plain_span content)
{
    switch (type) {
    case CONTENT_HANDSHAKE:
        if (content.len == 0)
            return tls_fail(tls, WHY_EMPTY_FRAGMENT); /* RFC 8446 5.1 MUST NOT, RFC 5246 6.2.1 MUST NOT */
        return handshake_receive(tls, view_of(tls, content));
    case CONTENT_ALERT:
        return receive_alert(tls, view_of(tls, content));
    case CONTENT_CHANGE_CIPHER_SPEC:
        return receive_change_cipher_spec(tls, view_of(tls, content));
    case CONTENT_APPLICATION_DATA:
        return receive_text(tls, content);
    default:
        return tls_fail(tls, WHY_RECORD_TYPE); /* RFC 8446 5 MUST: unexpected_message */
    }
}

/* RFC 8446 5.5: a client that goes on with a key it was asked to change is not waited for without end. */
static bool check_key_age(struct tls *tls)
{
    return tls->outcome.version != TLS_1_3 || tls->in.sequence < 2 * (uint64_t)REKEY_AFTER_RECORDS ||
           tls_fail(tls, WHY_KEY_UPDATE_IGNORED);
}

static bool may_receive(const struct tls *tls)
{
    return tls->state != FAILED && !tls->is_key_wanted && !tls->is_held && tls->outcome.client_end == TLS_CLIENT_OPEN &&
           tls->wire_in.block;
}

void receive_records(struct tls *tls)
{
    while (may_receive(tls)) {
        struct plain_span content;
        uint64_t opened = tls->in.sequence;
        uint8_t type;

        switch (record_next(tls, &type, &content)) {
        case RECORD_READY:
            if (!check_protection(tls, tls->in.sequence != opened, type) || !check_key_age(tls) ||
                !check_interleaving(tls, type) || !receive_content(tls, type, content))
                return;
            break;
        case RECORD_SKIPPED:
            if (!check_interleaving(tls, CONTENT_APPLICATION_DATA))
                return;
            break;
        case RECORD_INCOMPLETE:
        case RECORD_FAILED:
            return;
        }
    }
}
