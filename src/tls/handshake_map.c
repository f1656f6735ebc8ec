#include "tls/handshake.h"
#include "tls/server.h"
#include "tls/server13.h"

/* THE MAP: what a server receives, and where that leads. tests/tls/check_map.c re-derives it from the figures. */

/* Until a version is chosen. The handler of the first ClientHello puts the map of that version in force. */
const struct handshake_row start_map[] = {
    /* in state, accepts, does, may then be in */
    {WAIT_CH, CLIENT_HELLO, server_recv_client_hello, TO(WAIT_CH2) | TO(WAIT_KEY_OPERATION), ENDS_RECORD,
     MAX_CLIENT_HELLO_LEN, WHY_MESSAGE_TOO_LONG},
    {.in = HANDSHAKE_STATES},
};

/* RFC 8446 Appendix A.2, server, without early data and client certificates. */
const struct handshake_row server13_map[] = {
    /* in state, accepts, does, may then be in */
    {WAIT_CH2, CLIENT_HELLO, server13_recv_second_client_hello, TO(WAIT_KEY_OPERATION), ENDS_RECORD,
     MAX_CLIENT_HELLO_LEN, WHY_MESSAGE_TOO_LONG},
    {WAIT_FINISHED, FINISHED, server13_recv_finished, TO(CONNECTED), ENDS_RECORD | IN_TRANSCRIPT, MAX_SHORT_MESSAGE_LEN,
     WHY_FINISHED_LENGTH},
    {CONNECTED, KEY_UPDATE, server13_recv_key_update, TO(CONNECTED), ENDS_RECORD, MAX_SHORT_MESSAGE_LEN,
     WHY_KEY_UPDATE_MALFORMED},
    {.in = HANDSHAKE_STATES},
};
