#include "daemon/generation.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "daemon/generation_entry.h"
#include "proxy/limits.h"

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* ---- the files */

bool generation_files_make(struct generation_files *files)
{
    files->public = memfd_create("sallyport public", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    files->secret = files->public < 0 ? -1 : memfd_create("sallyport secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (files->secret >= 0)
        return true;
    generation_files_close(files);
    return false;
}

bool generation_files_seal(const struct generation_files *files)
{
    return fcntl(files->public, F_ADD_SEALS, SEALS) == 0 && fcntl(files->secret, F_ADD_SEALS, SEALS) == 0;
}

void generation_files_close(struct generation_files *files)
{
    if (files->public >= 0)
        close(files->public);
    if (files->secret >= 0)
        close(files->secret);
    *files = (struct generation_files){-1, -1};
}

/* ---- reading them */

struct part {
    void *at; /* NULL: there is none */
    size_t len;
};

struct generation {
    struct part public, secret;
};

/* Without its seals the sender could change it behind our back. NULL, or why not. */
static const char *map_part(int fd, struct part *part)
{
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || (seals & SEALS) != SEALS)
        return "a file of the generation is not sealed";
    if (fstat(fd, &status) != 0 || status.st_size < 0)
        return "a file of the generation has no size";
    part->len = (size_t)status.st_size;
    if (part->len == 0)
        return NULL;
    part->at = mmap(NULL, part->len, PROT_READ, MAP_SHARED, fd, 0);
    if (part->at != MAP_FAILED)
        return NULL;
    part->at = NULL;
    return "a file of the generation cannot be mapped";
}

static struct reader part_reader(const struct part *part)
{
    return reader_of(bytes_of(part->at, part->at ? part->len : 0));
}

static bool is_well_formed(const struct part *part)
{
    struct reader r = part_reader(part);
    struct generation_entry entry;

    while (reader_left(&r) > 0)
        if (!generation_entry_read(&r, &entry))
            return false;
    return true;
}

struct generation *generation_open(const struct generation_files *files, const char **fault)
{
    struct generation *generation = memory_new(sizeof *generation);

    *fault = "out of memory";
    if (!generation)
        return NULL;
    *fault = map_part(files->public, &generation->public);
    if (!*fault && files->secret >= 0)
        *fault = map_part(files->secret, &generation->secret);
    if (!*fault && !(is_well_formed(&generation->public) && is_well_formed(&generation->secret)))
        *fault = "a file of the generation is damaged";
    if (!*fault)
        return generation;
    generation_free(generation);
    return NULL;
}

void generation_free(struct generation *generation)
{
    if (!generation)
        return;
    if (generation->public.at)
        munmap(generation->public.at, generation->public.len);
    if (generation->secret.at)
        munmap(generation->secret.at, generation->secret.len);
    memory_free(generation);
}

static bool find_in(const struct part *part, enum entry_kind kind, struct bytes name, struct generation_entry *entry)
{
    struct reader r = part_reader(part);

    while (generation_entry_read(&r, entry))
        if (entry->kind == kind && bytes_equal(entry->name, name))
            return true;
    return false;
}

struct config *generation_config(const struct generation *generation, struct config_findings findings)
{
    struct reader r = part_reader(&generation->public);
    struct generation_entry entry;
    char name[256];

    while (generation_entry_read(&r, &entry)) {
        if (entry.kind != ENTRY_CONFIG)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)entry.name.len, (const char *)entry.name.at);
        return config_parse(name, entry.contents, findings);
    }
    config_complain(findings, &(struct config_place){"generation", 0}, "there is no configuration in it");
    return NULL;
}

bool generation_key_file(const struct generation *generation, size_t index, struct bytes *file)
{
    struct reader r = part_reader(&generation->secret);
    struct generation_entry entry;

    while (generation_entry_read(&r, &entry))
        if (entry.kind == ENTRY_KEY && index-- == 0) {
            *file = entry.contents;
            return true;
        }
    return false;
}

/* ---- as a supply */

/* A certificate whose file holds its key is there whole for those who have the secret part. */
static bool find_file(const struct generation *generation, enum supply_kind kind, struct bytes name,
                      struct generation_entry *entry)
{
    switch (kind) {
    case SUPPLY_CERTIFICATE:
        return find_in(&generation->secret, ENTRY_CERTIFICATE_AND_KEY, name, entry) ||
               find_in(&generation->public, ENTRY_CERTIFICATE, name, entry);
    case SUPPLY_PUBLIC:
        return find_in(&generation->public, ENTRY_PUBLIC, name, entry);
    case SUPPLY_KEY:
        return find_in(&generation->secret, ENTRY_KEY, name, entry);
    case SUPPLY_TICKET_KEY:
        return find_in(&generation->secret, ENTRY_TICKET_KEY, name, entry);
    case SUPPLY_PAIRS:
        return find_in(&generation->public, ENTRY_PAIRS, name, entry);
    case SUPPLY_DIRECTORY:
    case SUPPLY_CANDIDATE:
        return false;
    }
    return false;
}

static bool read_recorded(void *context, enum supply_kind kind, const char *path, size_t max_len,
                          struct file_bytes *out, const char **fault)
{
    struct generation_entry entry;

    *out = (struct file_bytes){.at = NULL};
    *fault = "it is not in the generation";
    if (!find_file(context, kind, bytes_of_string(path), &entry) || entry.contents.len > max_len)
        return false;
    return generation_copy_contents(entry.contents, out, fault);
}

static size_t resolve_recorded(void *context, const struct config_address *address, struct socket_address *out,
                               size_t max, const char **fault)
{
    const struct generation *generation = context;
    struct generation_entry entry;

    *fault = "it is not in the generation";
    if (!find_in(&generation->public, ENTRY_ADDRESSES, bytes_of_string(address->text), &entry))
        return 0;
    *fault = "it did not resolve when it was loaded";
    return generation_read_addresses(entry.contents, out, max);
}

struct supply generation_supply(struct generation *generation)
{
    return (struct supply){
        .read = read_recorded, .resolve = resolve_recorded, .context = generation, .purpose = PURPOSE_REBUILD};
}
