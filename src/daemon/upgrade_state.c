#include "daemon/upgrade_state.h"

#include "base/alloc.h"
#include "base/reader.h"
#include "base/secret.h"

/* "SPU" and the version of this form: whoever changes it counts on. */
enum { MAGIC = 0x53505505 };

static void write_fd(struct writer *w, int fd)
{
    write_u32(w, (uint32_t)fd);
}

static void write_address(struct writer *w, const struct socket_address *address)
{
    struct vector_mark mark = write_vec8_begin(w);

    write_bytes(w, bytes_of(&address->any, address->len));
    write_vec_end(w, mark);
}

static void write_admin(const struct admin_sockets *sockets, struct writer *w)
{
    write_u8(w, (uint8_t)sockets->count);
    for (size_t i = 0; i < sockets->count; i++) {
        write_address(w, &sockets->addresses[i]);
        write_fd(w, sockets->fds[i]);
    }
}

static void write_sockets(const struct upgrade_state *state, struct writer *w)
{
    write_u32(w, (uint32_t)state->socket_count);
    for (size_t i = 0; i < state->socket_count; i++) {
        const struct state_socket *sock = &state->sockets[i];
        struct vector_mark mark;
        write_address(w, &sock->address);
        write_u32(w, sock->listen);
        write_u32(w, sock->is_passed);
        write_fd(w, sock->fd);
        mark = write_vec8_begin(w);
        write_bytes(w, bytes_of_string(sock->name));
        write_vec_end(w, mark);
    }
}

static void write_counters(const struct upgrade_state *state, struct writer *w)
{
    write_u16(w, (uint16_t)state->counters_count);
    for (size_t i = 0; i < state->counters_count; i++)
        write_fd(w, state->counters[i]);
}

static void write_children(const struct upgrade_state *state, struct writer *w)
{
    write_u32(w, (uint32_t)state->child_count);
    for (size_t i = 0; i < state->child_count; i++) {
        const struct state_child *child = &state->children[i];
        write_u32(w, child->role);
        write_u32(w, child->number);
        write_u32(w, child->generation);
        write_u32(w, child->serving);
        write_u64(w, child->drain_timeout);
        write_u32(w, child->is_leaving);
        write_u32(w, child->is_confined);
        write_u32(w, child->words_due);
        write_u32(w, child->asks);
        write_u32(w, child->is_asking_in_vain);
        write_u32(w, child->key_wire);
        write_u32(w, child->pings);
        write_fd(w, child->slot);
        write_u32(w, (uint32_t)child->pid);
        write_fd(w, child->control);
    }
}

void upgrade_state_write(const struct upgrade_state *state, struct writer *w)
{
    uint8_t *root;

    write_u32(w, MAGIC);
    write_u32(w, state->last_number);
    write_u32(w, state->current);
    write_fd(w, state->public);
    write_fd(w, state->secret);
    write_fd(w, state->earlier_secret);
    write_fd(w, state->board);
    write_u32(w, state->worker_count);
    write_u32(w, state->keyholder_count);
    write_u32(w, state->is_filtered);
    root = write_space(w, TICKET_ROOT_LEN);
    if (root)
        ticket_root_write(&state->tickets, root);
    write_sockets(state, w);
    write_admin(&state->admin, w);
    write_counters(state, w);
    write_children(state, w);
}

static bool read_fd(struct reader *r, int *fd)
{
    uint32_t value;

    if (!read_u32(r, &value))
        return false;
    *fd = (int)value;
    return *fd >= -1;
}

static bool read_address(struct reader *r, struct socket_address *address)
{
    struct bytes bytes;

    if (!read_vec8(r, sizeof(sa_family_t), sizeof address->un, &bytes))
        return false;
    memcpy(&address->any, bytes.at, bytes.len);
    address->len = (socklen_t)bytes.len;
    return true;
}

static bool read_admin(struct reader *r, struct admin_sockets *sockets)
{
    uint8_t count;

    if (!read_u8(r, &count) || count > MAX_ADMIN_SOCKETS)
        return false;
    for (; sockets->count < count; sockets->count++)
        if (!read_address(r, &sockets->addresses[sockets->count]) || !read_fd(r, &sockets->fds[sockets->count]) ||
            sockets->fds[sockets->count] < 0)
            return false;
    return true;
}

static bool read_socket(struct reader *r, struct state_socket *sock)
{
    struct bytes name;

    if (!read_address(r, &sock->address) || !read_u32(r, &sock->listen) || !read_u32(r, &sock->is_passed) ||
        sock->is_passed > 1 || !read_fd(r, &sock->fd) || !read_vec8(r, 0, CONFIG_MAX_SOCKET_NAME, &name))
        return false;
    memcpy(sock->name, name.at, name.len); /* the rest is zero */
    return sock->fd >= 0;
}

static bool read_sockets(struct reader *r, struct upgrade_state *state)
{
    uint32_t count;

    if (!read_u32(r, &count) || count > MAX_STATE_SOCKETS)
        return false;
    state->sockets = memory_new_array(count + 1, sizeof *state->sockets);
    for (; state->sockets && state->socket_count < count; state->socket_count++)
        if (!read_socket(r, &state->sockets[state->socket_count]))
            return false;
    return state->sockets != NULL;
}

static bool read_counters(struct reader *r, struct upgrade_state *state)
{
    uint16_t count;

    if (!read_u16(r, &count) || count > MAX_COUNTER_SLOTS)
        return false;
    for (; state->counters_count < count; state->counters_count++)
        if (!read_fd(r, &state->counters[state->counters_count]) || state->counters[state->counters_count] < 0)
            return false;
    return true;
}

static bool read_child(struct reader *r, struct state_child *child)
{
    return read_u32(r, &child->role) && read_u32(r, &child->number) && child->number > 0 &&
           child->number <= UINT16_MAX && read_u32(r, &child->generation) && read_u32(r, &child->serving) &&
           read_u64(r, &child->drain_timeout) && read_u32(r, &child->is_leaving) && child->is_leaving <= 1 &&
           read_u32(r, &child->is_confined) && child->is_confined <= 1 && read_u32(r, &child->words_due) &&
           read_u32(r, &child->asks) && read_u32(r, &child->is_asking_in_vain) && child->is_asking_in_vain <= 1 &&
           read_u32(r, &child->key_wire) && read_u32(r, &child->pings) && read_fd(r, &child->slot) &&
           child->slot < MAX_COUNTER_SLOTS && read_fd(r, &child->pid) && child->pid > 0 &&
           read_fd(r, &child->control) && child->role > PROCESS_MASTER && child->role < PROCESS_ROLES;
}

static bool read_children(struct reader *r, struct upgrade_state *state)
{
    uint32_t count;

    if (!read_u32(r, &count) || count > MAX_STATE_CHILDREN)
        return false;
    for (; state->child_count < count; state->child_count++)
        if (!read_child(r, &state->children[state->child_count]))
            return false;
    return true;
}

/* Where the configuration names files there is no root, and no times. */
static bool read_root(struct bytes bytes, struct ticket_root *root)
{
    static const uint8_t none[TICKET_ROOT_LEN];

    if (!memory_equal(bytes.at, none, sizeof none))
        return ticket_root_read(bytes, root);
    *root = (struct ticket_root){.issues = 0};
    return true;
}

bool upgrade_state_read(struct bytes from, struct upgrade_state *state)
{
    struct reader r = reader_of(from);
    struct bytes root;
    uint32_t magic;

    memset(state, 0, sizeof *state);
    return read_u32(&r, &magic) && magic == MAGIC && read_u32(&r, &state->last_number) &&
           read_u32(&r, &state->current) && read_fd(&r, &state->public) && read_fd(&r, &state->secret) &&
           read_fd(&r, &state->earlier_secret) && read_fd(&r, &state->board) && state->board >= 0 &&
           read_u32(&r, &state->worker_count) && read_u32(&r, &state->keyholder_count) &&
           read_u32(&r, &state->is_filtered) && state->is_filtered <= 1 && read_bytes(&r, TICKET_ROOT_LEN, &root) &&
           read_root(root, &state->tickets) && read_sockets(&r, state) && read_admin(&r, &state->admin) &&
           read_counters(&r, state) && read_children(&r, state) && read_end(&r);
}

void upgrade_state_free(struct upgrade_state *state)
{
    memory_free(state->sockets);
    memory_wipe(state, sizeof *state);
}
