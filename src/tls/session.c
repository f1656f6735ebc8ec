#include "tls/session.h"

#include "base/reader.h"
#include "base/writer.h"

/* The form of what follows; an older or newer build's ticket is none of ours. */
enum { SESSION_FORM = 2 };

static void write_text(struct writer *w, const char *text, size_t size)
{
    struct vector_mark mark = write_vec16_begin(w);

    write_bytes(w, bytes_of(text, strnlen(text, size)));
    write_vec_end(w, mark);
}

static void write_client(struct writer *w, const struct client_identity *client)
{
    write_u64(w, (uint64_t)client->not_after);
    write_bytes(w, BYTES_OF_ARRAY(client->fingerprint));
    write_text(w, client->subject, sizeof client->subject);
    write_text(w, client->names, sizeof client->names);
    write_text(w, client->common_name, sizeof client->common_name);
}

bool session_write(const struct session *session, uint8_t *out, size_t *len)
{
    struct writer w = writer_of(out, MAX_SESSION_LEN);
    struct vector_mark secret;

    write_u8(&w, SESSION_FORM);
    write_u16(&w, session->version);
    write_u16(&w, session->suite);
    write_u8(&w, session->fragment_length);
    write_u64(&w, (uint64_t)session->authenticated_at);
    write_u64(&w, (uint64_t)session->expires_at);
    secret = write_vec8_begin(&w);
    write_bytes(&w, secret_view(&session->secret));
    write_vec_end(&w, secret);
    if (session->has_client)
        write_client(&w, &session->client);
    *len = w.len;
    return writer_ok(&w);
}

static bool read_time(struct reader *r, int64_t *time)
{
    uint64_t value;

    if (!read_u64(r, &value))
        return false;
    *time = (int64_t)value;
    return true;
}

static bool read_text(struct reader *r, char *out, size_t size)
{
    struct bytes text;

    if (!read_vec16(r, 0, size - 1, &text))
        return false;
    if (text.len > 0)
        memcpy(out, text.at, text.len);
    out[text.len] = 0;
    return true;
}

static bool read_client(struct reader *r, struct client_identity *client)
{
    return read_time(r, &client->not_after) && read_copy(r, sizeof client->fingerprint, client->fingerprint) &&
           read_text(r, client->subject, sizeof client->subject) && read_text(r, client->names, sizeof client->names) &&
           read_text(r, client->common_name, sizeof client->common_name);
}

bool session_read(struct bytes from, struct session *out)
{
    struct reader r = reader_of(from);
    struct bytes secret;
    uint8_t form;

    *out = (struct session){0};
    if (!read_u8(&r, &form) || form != SESSION_FORM || !read_u16(&r, &out->version) || !read_u16(&r, &out->suite) ||
        !read_u8(&r, &out->fragment_length) || !read_time(&r, &out->authenticated_at) ||
        !read_time(&r, &out->expires_at) || !read_vec8(&r, 1, MAX_SECRET_LEN, &secret) ||
        !secret_set(&out->secret, secret))
        return false;
    out->has_client = !read_end(&r);
    return !out->has_client || (read_client(&r, &out->client) && read_end(&r));
}

void session_wipe(struct session *session)
{
    memory_wipe(session, sizeof *session);
}
