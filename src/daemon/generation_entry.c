#include "daemon/generation_entry.h"

#include <sys/stat.h>

#include "base/alloc.h"

bool generation_entry_read(struct reader *r, struct generation_entry *entry)
{
    uint8_t kind;
    uint32_t len;

    if (!read_u8(r, &kind) || kind == 0 || kind >= ENTRY_KINDS || !read_vec16(r, 1, MAX_ENTRY_NAME, &entry->name) ||
        !read_u32(r, &len) || !read_bytes(r, len, &entry->contents))
        return false;
    entry->kind = (enum entry_kind)kind;
    return true;
}

void generation_entry_write_head(struct writer *w, const struct generation_entry *entry)
{
    struct vector_mark mark;

    write_u8(w, (uint8_t)entry->kind);
    mark = write_vec16_begin(w);
    write_bytes(w, entry->name);
    write_vec_end(w, mark);
    if (entry->contents.len > UINT32_MAX || entry->name.len == 0)
        writer_fail(w);
    write_u32(w, (uint32_t)entry->contents.len);
}

void generation_write_addresses(struct writer *w, const struct socket_address *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vector_mark mark = write_vec8_begin(w);
        write_bytes(w, bytes_of(&addresses[i].any, addresses[i].len));
        write_vec_end(w, mark);
    }
}

/* A family without its whole address would be read beyond its end. */
static bool is_whole(const struct socket_address *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return address->len == sizeof address->v4;
    case AF_INET6:
        return address->len == sizeof address->v6;
    case AF_UNIX:
        return address->len > offsetof(struct sockaddr_un, sun_path);
    default:
        return false;
    }
}

size_t generation_read_addresses(struct bytes contents, struct socket_address *out, size_t max)
{
    struct reader r = reader_of(contents);
    struct bytes one;
    size_t count = 0;

    while (count < max && read_vec8(&r, sizeof(sa_family_t), sizeof out->un, &one)) {
        memset(&out[count], 0, sizeof out[count]);
        memcpy(&out[count].any, one.at, one.len);
        out[count].len = (socklen_t)one.len;
        if (!is_whole(&out[count]))
            return 0;
        count++;
    }
    return count;
}

bool generation_copy_contents(struct bytes contents, struct file_bytes *out, const char **fault)
{
    *out = (struct file_bytes){.at = memory_new(contents.len + 1)};
    if (!out->at) {
        *fault = "out of memory";
        return false;
    }
    if (contents.len > 0)
        memcpy(out->at, contents.at, contents.len);
    out->len = contents.len;
    out->capacity = contents.len + 1;
    out->mode = S_IFREG | 0600; /* what was to be said about the file's own was said when it was loaded */
    return true;
}
