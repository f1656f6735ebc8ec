#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "crypto/certificate.h"
#include "daemon/generation.h"
#include "daemon/generation_entry.h"

/* What was read, as it was read. */
struct record {
    struct record *next;
    enum supply_kind kind;
    char *name;
    struct file_bytes file;
};

struct host {
    struct host *next;
    char *name;
    const char *fault; /* where there are none */
    size_t count;
    struct socket_address addresses[MAX_ENTRY_ADDRESSES];
};

struct recorder {
    struct supply disk;
    struct record *records;
    struct host *hosts;
};

struct recorder *recorder_new(struct supply disk)
{
    struct recorder *recorder = memory_new(sizeof *recorder);

    if (recorder)
        recorder->disk = disk;
    return recorder;
}

static void record_free(struct record *record)
{
    file_wipe(&record->file);
    memory_free(record->name);
    memory_free(record);
}

void recorder_free(struct recorder *recorder)
{
    struct record *record;
    struct host *host;

    if (!recorder)
        return;
    while ((record = recorder->records)) {
        recorder->records = record->next;
        record_free(record);
    }
    while ((host = recorder->hosts)) {
        recorder->hosts = host->next;
        memory_free(host->name);
        memory_free(host);
    }
    memory_free(recorder);
}

/* ---- as a supply */

static struct record *find(const struct recorder *recorder, enum supply_kind kind, const char *name)
{
    struct record *record = recorder->records;

    while (record && (record->kind != kind || strcmp(record->name, name) != 0))
        record = record->next;
    return record;
}

static struct record *add(struct recorder *recorder, enum supply_kind kind, const char *name, struct bytes contents)
{
    struct record *record = memory_new(sizeof *record);
    const char *fault;

    if (!record)
        return NULL;
    record->kind = kind;
    record->name = memory_copy_string(name);
    if (!record->name || !generation_copy_contents(contents, &record->file, &fault)) {
        record_free(record);
        return NULL;
    }
    record->next = recorder->records;
    recorder->records = record;
    return record;
}

/* Mode and time are those that the file had: who reads it again has the same to say about it. */
static bool copy_record(const struct record *record, size_t max_len, struct file_bytes *out, const char **fault)
{
    *fault = "the file is too large";
    *out = (struct file_bytes){.changed = record->file.changed};
    *out = (struct file_bytes){.changed = record->file.changed};
    if (record->file.len > max_len || !generation_copy_contents(file_view(&record->file), out, fault))
        return false;
    out->mode = record->file.mode;
    out->changed = record->file.changed;
    return true;
}

static bool read_and_record(void *context, enum supply_kind kind, const char *path, size_t max_len,
                            struct file_bytes *out, const char **fault)
{
    struct recorder *recorder = context;
    struct record *record = find(recorder, kind, path);

    if (record)
        return copy_record(record, max_len, out, fault);
    if (!supply_read(&recorder->disk, kind, path, max_len, out, fault))
        return false;
    record = add(recorder, kind, path, file_view(out));
    if (record) {
        record->file.mode = out->mode;
        record->file.changed = out->changed;
        return true;
    }
    file_wipe(out);
    *fault = "out of memory";
    return false;
}

static bool keep(void *context, enum supply_kind kind, const char *name, struct bytes contents)
{
    struct recorder *recorder = context;
    struct record *earlier = find(recorder, kind, name);
    struct file_bytes copy;
    const char *fault;

    if (!earlier)
        return add(recorder, kind, name, contents) != NULL;
    if (!generation_copy_contents(contents, &copy, &fault))
        return false;
    file_wipe(&earlier->file);
    earlier->file = copy;
    return true;
}

static struct host *find_host(const struct recorder *recorder, const char *name)
{
    struct host *host = recorder->hosts;

    while (host && strcmp(host->name, name) != 0)
        host = host->next;
    return host;
}

static struct host *ask_host(struct recorder *recorder, const struct config_address *address, const char **fault)
{
    struct host *host = memory_new(sizeof *host);

    *fault = "out of memory";
    if (host)
        host->name = memory_copy_string(address->text);
    if (host && host->name)
        host->count = supply_resolve(&recorder->disk, address, host->addresses, MAX_ENTRY_ADDRESSES, &host->fault);
    if (host && host->name) {
        host->next = recorder->hosts;
        recorder->hosts = host;
        return host;
    }
    memory_free(host);
    return NULL;
}

static size_t resolve_and_record(void *context, const struct config_address *address, struct socket_address *out,
                                 size_t max, const char **fault)
{
    struct recorder *recorder = context;
    const struct host *host = find_host(recorder, address->text);
    size_t count;

    if (!host)
        host = ask_host(recorder, address, fault);
    if (host)
        *fault = host->fault;
    count = host ? host->count : 0;
    count = count < max ? count : max;
    if (count > 0)
        memcpy(out, host->addresses, count * sizeof *out);
    return count;
}

struct supply recorder_supply(struct recorder *recorder)
{
    return (struct supply){read_and_record, resolve_and_record,     keep,
                           recorder,        recorder->disk.purpose, recorder->disk.is_patient};
}

/* ---- writing it down */

static bool write_all(int fd, struct bytes what)
{
    while (what.len > 0) {
        ssize_t len = write(fd, what.at, what.len);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return false;
        what = bytes_of(what.at + len, what.len - (size_t)len);
    }
    return true;
}

static bool write_entry(int fd, enum entry_kind kind, const char *name, struct bytes contents)
{
    struct generation_entry entry = {kind, bytes_of_string(name), contents};
    uint8_t storage[MAX_ENTRY_HEAD];
    struct writer head = writer_of(storage, sizeof storage);

    generation_entry_write_head(&head, &entry);
    if (!writer_ok(&head)) {
        errno = ENAMETOOLONG;
        return false;
    }
    return write_all(fd, writer_view(&head)) && write_all(fd, contents);
}

/* Every process has it that meets clients: nothing of a file but what is meant for them. */
static bool write_without_keys(const struct record *record, enum entry_kind kind, const struct generation_files *files)
{
    struct bytes whole = file_view(&record->file);
    uint8_t *storage = memory_new(whole.len + 1);
    struct writer public = writer_of(storage, storage ? whole.len + 1 : 0);
    bool is_ok;

    certificate_copy_public(whole, &public);
    is_ok = writer_ok(&public) && write_entry(files->public, kind, record->name, writer_view(&public));
    memory_free(storage);
    return is_ok;
}

/* CAs and CRLs, also in DER; who puts the key of a CA beside it is warned (proxy/client_policy.c). */
static bool write_public(const struct record *record, const struct generation_files *files)
{
    if (certificate_holds_key(file_view(&record->file)))
        return write_without_keys(record, ENTRY_PUBLIC, files);
    return write_entry(files->public, ENTRY_PUBLIC, record->name, file_view(&record->file));
}

static bool write_certificate(const struct record *record, const struct generation_files *files)
{
    struct bytes whole = file_view(&record->file);

    return write_without_keys(record, ENTRY_CERTIFICATE, files) &&
           (!certificate_holds_key(whole) ||
            (write_entry(files->secret, ENTRY_CERTIFICATE_AND_KEY, record->name, whole) &&
             write_entry(files->secret, ENTRY_KEY, record->name, whole)));
}

static bool write_record(const struct record *record, const struct generation_files *files)
{
    switch (record->kind) {
    case SUPPLY_CERTIFICATE:
        return write_certificate(record, files);
    case SUPPLY_PUBLIC:
        return write_public(record, files);
    case SUPPLY_KEY:
        return write_entry(files->secret, ENTRY_KEY, record->name, file_view(&record->file));
    case SUPPLY_TICKET_KEY:
        return write_entry(files->secret, ENTRY_TICKET_KEY, record->name, file_view(&record->file));
    case SUPPLY_PAIRS:
        return write_entry(files->public, ENTRY_PAIRS, record->name, file_view(&record->file));
    case SUPPLY_DIRECTORY:
    case SUPPLY_CANDIDATE:
        return true; /* what was of use is there under another kind */
    }
    return false;
}

static bool write_host(const struct host *host, int fd)
{
    uint8_t storage[MAX_ENTRY_ADDRESSES * (1 + sizeof(struct sockaddr_un))];
    struct writer addresses = writer_of(storage, sizeof storage);

    generation_write_addresses(&addresses, host->addresses, host->count);
    return writer_ok(&addresses) && write_entry(fd, ENTRY_ADDRESSES, host->name, writer_view(&addresses));
}

static bool write_config(const char *name, const struct config *config, int fd)
{
    char *text = config_dump_new(config);
    bool is_ok = text && write_entry(fd, ENTRY_CONFIG, name, bytes_of_string(text));

    memory_free(text);
    return is_ok;
}

bool recorder_write(const struct recorder *recorder, const char *name, const struct config *config,
                    const struct generation_files *files)
{
    bool is_ok = write_config(name, config, files->public);

    for (const struct record *record = recorder->records; record && is_ok; record = record->next)
        is_ok = write_record(record, files);
    for (const struct host *host = recorder->hosts; host && is_ok; host = host->next)
        is_ok = write_host(host, files->public);
    return is_ok;
}
