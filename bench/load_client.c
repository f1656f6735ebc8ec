#include "load.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int unit_index(void)
{
    static int index = -1;

    if (index < 0)
        index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct unit *unit = SSL_get_ex_data(ssl, unit_index());

    SSL_SESSION_free(unit->session);
    unit->session = session;
    return 1; /* the reference is ours now */
}

static void set_sessions(SSL_CTX *tls, bool is_resuming)
{
    if (!is_resuming) {
        SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* it asks for tickets all the same, as browsers do */
        return;
    }
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls, keep_session);
}

SSL_CTX *client_new(const struct load_options *options)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (!tls)
        load_fail("SSL_CTX_new");
    SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(tls, 1);
    if (options->mode == MODE_BULK)
        SSL_CTX_set_default_read_buffer_len(tls, MAX_IO);
    if (options->version && (!SSL_CTX_set_min_proto_version(tls, options->version) ||
                             !SSL_CTX_set_max_proto_version(tls, options->version)))
        load_fail("OpenSSL does not know this version");
    if (options->ciphers && !SSL_CTX_set_cipher_list(tls, options->ciphers))
        load_fail("OpenSSL does not know --ciphers %s", options->ciphers);
    if (options->suites && !SSL_CTX_set_ciphersuites(tls, options->suites))
        load_fail("OpenSSL does not know --suites %s", options->suites);
    if (options->groups && !SSL_CTX_set1_groups_list(tls, options->groups))
        load_fail("OpenSSL does not know --groups %s", options->groups);
    set_sessions(tls, options->is_resuming);
    return tls;
}

void client_attach(struct unit *unit)
{
    unit->ssl = SSL_new(unit->load->tls);
    if (!unit->ssl || !SSL_set_fd(unit->ssl, unit->fd) || !SSL_set_ex_data(unit->ssl, unit_index(), unit))
        load_fail("SSL_new");
    SSL_set_connect_state(unit->ssl);
    if (unit->load->options.is_resuming && unit->session) {
        /* A copy: OpenSSL marks a session of TLS 1.3 as spent when it is used. */
        SSL_SESSION *copy = SSL_SESSION_dup(unit->session);

        SSL_set_session(unit->ssl, copy);
        SSL_SESSION_free(copy);
    }
}

static ssize_t failure_of(SSL *ssl, int answer)
{
    switch (SSL_get_error(ssl, answer)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return CLIENT_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SSL:
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? 0 : CLIENT_FAILED;
    default:
        return CLIENT_FAILED;
    }
}

int client_handshake(struct unit *unit)
{
    int answer;

    ERR_clear_error();
    answer = SSL_do_handshake(unit->ssl);
    if (answer == 1)
        return 1;
    return failure_of(unit->ssl, answer) == CLIENT_AGAIN ? CLIENT_AGAIN : CLIENT_FAILED;
}

static ssize_t plain_result(ssize_t moved)
{
    if (moved >= 0)
        return moved;
    return errno == EAGAIN ? CLIENT_AGAIN : CLIENT_FAILED;
}

ssize_t client_receive(struct unit *unit, void *at, size_t len)
{
    size_t got = 0;
    int answer;

    if (!unit->ssl)
        return plain_result(recv(unit->fd, at, len, 0));
    ERR_clear_error();
    answer = SSL_read_ex(unit->ssl, at, len, &got);
    return answer ? (ssize_t)got : failure_of(unit->ssl, answer);
}

ssize_t client_send(struct unit *unit, const void *at, size_t len)
{
    size_t sent = 0;
    int answer;

    if (!unit->ssl)
        return plain_result(send(unit->fd, at, len, MSG_NOSIGNAL));
    ERR_clear_error();
    answer = SSL_write_ex(unit->ssl, at, len, &sent);
    return answer ? (ssize_t)sent : failure_of(unit->ssl, answer);
}

static void note(char *slot, const char *value)
{
    if (slot[0] == 0)
        snprintf(slot, MAX_NEGOTIATED_LEN, "%s", value ? value : "-");
    else if (strcmp(slot, value ? value : "-") != 0)
        snprintf(slot, MAX_NEGOTIATED_LEN, "mixed");
}

void client_note(struct unit *unit)
{
    struct load *load = unit->load;
    bool is_resumed = SSL_session_reused(unit->ssl);
    int signature = NID_undef;

    load->counters.resumed += is_resumed;
    note(load->version, SSL_get_version(unit->ssl));
    note(load->cipher, SSL_get_cipher_name(unit->ssl));
    if (is_resumed)
        return;
    note(load->group, SSL_group_to_name(unit->ssl, (int)SSL_get_negotiated_group(unit->ssl)));
    SSL_get_peer_signature_type_nid(unit->ssl, &signature);
    note(load->signature, OBJ_nid2sn(signature));
}
