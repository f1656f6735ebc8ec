#include "tls/handshake.h"
#include "tls/server.h"
#include "tls/server12.h"
#include "tls/server13.h"

/* THE MAP: what a server receives, and where that leads. tests/tls/check_map.c re-derives it from the figures. */

/* Until a version is chosen. The handler of the first ClientHello puts the map of that version in force. */
const struct handshake_row start_map[] = {
    /* in state, accepts, does, may then be in */
    {WAIT_CH, CLIENT_HELLO, server_recv_client_hello,
     TO(WAIT_CH2) | TO(WAIT_KEY_OPERATION) | TO(WAIT_FINISHED) | TO(WAIT_CERT) | TO(WAIT_CKE) | TO(WAIT_CCS),
     ENDS_RECORD, MAX_CLIENT_HELLO_LEN, WHY_MESSAGE_TOO_LONG},
    {.in = HANDSHAKE_STATES},
};

/* RFC 8446 Appendix A.2, server, without early data. */
const struct handshake_row server13_map[] = {
    /* in state, accepts, does, may then be in */
    {WAIT_CH2, CLIENT_HELLO, server13_recv_second_client_hello, TO(WAIT_KEY_OPERATION) | TO(WAIT_FINISHED), ENDS_RECORD,
     MAX_CLIENT_HELLO_LEN, WHY_MESSAGE_TOO_LONG},
    {WAIT_CERT, CERTIFICATE, server13_recv_certificate, TO(WAIT_CV) | TO(WAIT_FINISHED), IN_TRANSCRIPT,
     MAX_CERTIFICATE_MESSAGE_LEN, WHY_CLIENT_CERTIFICATE_BAD},
    {WAIT_CV, CERTIFICATE_VERIFY, server13_recv_certificate_verify, TO(WAIT_FINISHED), IN_TRANSCRIPT,
     MAX_CERTIFICATE_VERIFY_LEN, WHY_CERTIFICATE_VERIFY_MALFORMED},
    {WAIT_FINISHED, FINISHED, server13_recv_finished, TO(CONNECTED), ENDS_RECORD, MAX_SHORT_MESSAGE_LEN,
     WHY_FINISHED_LENGTH},
    {CONNECTED, KEY_UPDATE, server13_recv_key_update, TO(CONNECTED), ENDS_RECORD, MAX_SHORT_MESSAGE_LEN,
     WHY_KEY_UPDATE_MALFORMED},
    {.in = HANDSHAKE_STATES},
};

/* RFC 5246 Figures 1 and 2. */
const struct handshake_row server12_map[] = {
    /* in state, accepts, does, may then be in */
    {WAIT_CERT, CERTIFICATE, server12_recv_certificate, TO(WAIT_CKE), IN_TRANSCRIPT, MAX_CERTIFICATE_MESSAGE_LEN,
     WHY_CLIENT_CERTIFICATE_BAD},
    {WAIT_CKE, CLIENT_KEY_EXCHANGE, server12_recv_client_key_exchange,
     TO(WAIT_KEY_OPERATION) | TO(WAIT_CV) | TO(WAIT_CCS), 0, MAX_CLIENT_KEY_EXCHANGE_LEN,
     WHY_CLIENT_KEY_EXCHANGE_MALFORMED},
    {WAIT_CV, CERTIFICATE_VERIFY, server12_recv_certificate_verify, TO(WAIT_KEY_OPERATION) | TO(WAIT_CCS),
     IN_TRANSCRIPT, MAX_CERTIFICATE_VERIFY_LEN, WHY_CERTIFICATE_VERIFY_MALFORMED},
    {WAIT_CCS, CHANGE_CIPHER_SPEC, server12_recv_change_cipher_spec, TO(WAIT_FINISHED), 0, 0, WHY_CCS_MALFORMED},
    {WAIT_FINISHED, FINISHED, server12_recv_finished, TO(WAIT_KEY_OPERATION) | TO(CONNECTED), ENDS_RECORD,
     MAX_SHORT_MESSAGE_LEN, WHY_FINISHED_LENGTH},
    {CONNECTED, CLIENT_HELLO, server12_recv_renegotiation, 0, 0, MAX_CLIENT_HELLO_LEN, WHY_MESSAGE_TOO_LONG},
    {.in = HANDSHAKE_STATES},
};
