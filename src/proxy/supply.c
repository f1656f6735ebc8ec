#include "proxy/supply.h"

#include "proxy/directory.h"

static bool read_disk(void *context, enum supply_kind kind, const char *path, size_t max_len, struct file_bytes *out,
                      const char **fault)
{
    (void)context;
    return kind == SUPPLY_DIRECTORY ? directory_find_credentials(path, max_len, out, fault)
                                    : file_read(path, max_len, out, fault);
}

static size_t ask_resolver(void *context, const struct config_address *address, struct socket_address *out, size_t max,
                           const char **fault)
{
    (void)context;
    return address_resolve(address, ADDRESS_TO_CONNECT, out, max, fault);
}

struct supply supply_of_disk(enum purpose purpose)
{
    return (struct supply){.read = read_disk, .resolve = ask_resolver, .purpose = purpose};
}

bool supply_read(const struct supply *supply, enum supply_kind kind, const char *path, size_t max_len,
                 struct file_bytes *out, const char **fault)
{
    return supply->read(supply->context, kind, path, max_len, out, fault);
}

size_t supply_resolve(const struct supply *supply, const struct config_address *address, struct socket_address *out,
                      size_t max, const char **fault)
{
    return supply->resolve(supply->context, address, out, max, fault);
}

bool supply_keep(const struct supply *supply, enum supply_kind kind, const char *name, struct bytes contents)
{
    return !supply->keep || supply->keep(supply->context, kind, name, contents);
}
