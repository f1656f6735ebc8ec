#include "proxy/ticket_key_files.h"

#include <sys/stat.h>

#include "crypto/random.h"

_Static_assert((int)CONFIG_MAX_OWN_TICKET_KEYS == (int)MAX_TICKET_KEYS,
               "the warnings on the age of ticket keys are wrong");

static const struct config_place nowhere = {"tickets", 0};

/* Whoever reads it can open every ticket, and with it the sessions behind them. */
static void warn_if_open_to_all(const struct config_value *value, const struct file_bytes *file,
                                struct config_findings findings)
{
    if (file->mode & S_IRWXO)
        config_warn(findings, &value->place,
                    "ticket-key '%s': every user of this machine can open the file (mode %04o)", value->text,
                    file->mode & 07777);
}

static bool read_files(const struct config_list *list, const struct supply *supply, struct file_bytes *files,
                       struct bytes *views, struct config_findings findings)
{
    const char *reason;
    bool is_ok = true;

    for (size_t i = 0; i < list->count; i++) {
        const struct config_value *value = &list->values[i];
        if (supply_read(supply, SUPPLY_TICKET_KEY, value->text, 2 * TICKET_KEY_FILE_LEN, &files[i], &reason)) {
            warn_if_open_to_all(value, &files[i], findings);
            views[i] = file_view(&files[i]);
            continue;
        }
        files[i] = (struct file_bytes){.at = NULL};
        config_complain(findings, &value->place, "ticket-key '%s': %s", value->text, reason);
        is_ok = false;
    }
    return is_ok;
}

static struct ticket_keys *from_files(const struct config_list *list, const struct supply *supply,
                                      struct config_findings findings)
{
    struct file_bytes files[MAX_TICKET_KEYS] = {{.at = NULL}};
    struct bytes views[MAX_TICKET_KEYS];
    struct ticket_keys *keys = NULL;
    struct ticket_keys_fault fault;

    if (list->count > MAX_TICKET_KEYS) {
        config_complain(findings, &list->values[MAX_TICKET_KEYS].place, "ticket-key: at most %d files",
                        MAX_TICKET_KEYS);
        return NULL;
    }
    if (read_files(list, supply, files, views, findings)) {
        keys = ticket_keys_from_files(random_kernel(), views, list->count, &fault);
        if (!keys)
            config_complain(findings, &list->values[fault.file].place, "ticket-key '%s': %s",
                            list->values[fault.file].text, fault.text);
    }
    for (size_t i = 0; i < list->count; i++)
        file_wipe(&files[i]);
    return keys;
}

struct ticket_keys *ticket_keys_from_config(const struct config_general *general, const struct supply *supply,
                                            struct config_findings findings)
{
    struct ticket_keys *keys;

    if (general->ticket_keys.count > 0)
        return from_files(&general->ticket_keys, supply, findings);
    keys = ticket_keys_new(random_kernel(), (uint32_t)(general->ticket_key_issues / 1000000),
                           (uint32_t)(general->ticket_key_accepts / 1000000));
    if (!keys)
        config_complain(findings, &nowhere, "out of memory");
    return keys;
}
