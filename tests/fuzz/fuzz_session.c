/*
 * fuzz_session.c: what a ticket carries. Whatever is read is written again byte for byte, and its texts end.
 */
#include "tls/session.h"

#include "support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ends(const char *text, size_t size)
{
    return memchr(text, 0, size) != NULL;
}

/* A text with a zero byte in it comes back shorter: no identity of ours has one, and it does no harm. */
static void check_round_trip(struct bytes from, const struct session *session)
{
    struct session again;
    uint8_t out[MAX_SESSION_LEN], twice[MAX_SESSION_LEN];
    size_t len = 0, twice_len = 0;

    must(session_write(session, out, &len) && len <= from.len);
    must(session_read(bytes_of(out, len), &again) && session_write(&again, twice, &twice_len));
    must(bytes_equal(bytes_of(out, len), bytes_of(twice, twice_len)));
    must(again.has_client == session->has_client && again.expires_at == session->expires_at);
    session_wipe(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session session;

    if (session_read(bytes_of(data, size), &session)) {
        const struct client_identity *client = &session.client;
        must(session.secret.len > 0 && session.secret.len <= MAX_SECRET_LEN);
        must(ends(client->subject, sizeof client->subject) && ends(client->names, sizeof client->names) &&
             ends(client->common_name, sizeof client->common_name));
        check_round_trip(bytes_of(data, size), &session);
    }
    session_wipe(&session);
    return 0;
}
