/*
 * A frame from the other side of a control socket, with some descriptors: what decodes is within its bounds, and
 * encodes to the very same frame. And the files of a generation, entry by entry, and what one master leaves to the
 * next.
 */
#include <stdlib.h>

#include "daemon/control.h"
#include "daemon/generation_entry.h"
#include "daemon/upgrade_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_frame(struct bytes input)
{
    static const int fds[MAX_CONTROL_FDS];
    uint8_t again[CONTROL_FRAME_LEN];
    struct control_message message;

    /* The first byte says how many descriptors there are. */
    if (input.len < 1 || !control_decode(bytes_of(input.at + 1, input.len - 1), fds, input.at[0] % 66, &message))
        return;
    require(message.type > 0 && message.type < CONTROL_TYPES);
    require(message.fd_count <= MAX_CONTROL_FDS && message.count <= MAX_CONTROL_FDS);
    require(memchr(message.reason, 0, sizeof message.reason) != NULL);
    require(memchr(message.host, 0, sizeof message.host) != NULL);
    require(message.addresses.count <= MAX_SERVER_ADDRESSES);
    control_encode(&message, again);
    require(bytes_equal(bytes_of(input.at + 1, input.len - 1), BYTES_OF_ARRAY(again)));
}

static void try_entries(struct bytes input)
{
    struct socket_address addresses[4];
    struct generation_entry entry;
    struct reader r = reader_of(input);

    while (generation_entry_read(&r, &entry)) {
        require(entry.name.len > 0 && entry.name.len <= MAX_ENTRY_NAME);
        require(entry.contents.at + entry.contents.len <= input.at + input.len);
        require(generation_read_addresses(entry.contents, addresses, 4) <= 4);
    }
}

static void try_state(struct bytes input)
{
    struct upgrade_state state;

    if (upgrade_state_read(input, &state)) {
        require(state.socket_count <= MAX_STATE_SOCKETS && state.child_count <= MAX_STATE_CHILDREN);
        for (size_t i = 0; i < state.socket_count; i++)
            require(memchr(state.sockets[i].name, 0, sizeof state.sockets[i].name) != NULL);
    }
    upgrade_state_free(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    try_frame(bytes_of(data, len));
    try_entries(bytes_of(data, len));
    try_state(bytes_of(data, len));
    return 0;
}
