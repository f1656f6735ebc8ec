#include "daemon/rights_settings.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rights_step.h"

struct identity {
    uint32_t uid, gid;
};

static bool is_auto(const struct config_value *value)
{
    return strcmp(value->text, CONFIG_AUTO) == 0;
}

/* 4294967295 is "unchanged" to setresuid(2). */
static bool is_number(const char *text, uint32_t *number)
{
    char *end;
    unsigned long value;

    if (*text < '0' || *text > '9')
        return false;
    value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return *end == 0 && value < UINT32_MAX;
}

/* A number needs no entry, as in containers; its group is then the one of the same number. */
static bool find_user(const char *name, struct identity *identity)
{
    const struct passwd *entry = getpwnam(name);
    uint32_t number;

    if (!entry && is_number(name, &number)) {
        entry = getpwuid(number);
        *identity = (struct identity){number, entry ? entry->pw_gid : number};
        return true;
    }
    if (entry)
        *identity = (struct identity){entry->pw_uid, entry->pw_gid};
    return entry != NULL;
}

static bool find_group(const char *name, uint32_t *gid)
{
    const struct group *entry = getgrnam(name);

    if (entry)
        *gid = entry->gr_gid;
    return entry || is_number(name, gid);
}

static bool take_user(const struct config_value *value, const char *key, struct config_findings findings,
                      struct identity *identity)
{
    if (!find_user(value->text, identity))
        config_complain(findings, &value->place, "%s: there is no user '%s'", key, value->text);
    else if (identity->uid == 0)
        config_complain(findings, &value->place, "%s: '%s' is root, which is what is to be given up", key, value->text);
    else
        return true;
    return false;
}

/* A machine without the package's users, as one where it was built from source. */
static bool take_user_or_nobody(const struct config_value *value, struct config_findings findings,
                                struct identity *identity)
{
    if (!is_auto(value))
        return take_user(value, "user", findings, identity);
    if (find_user("_sallyport", identity))
        return true;
    config_warn(findings, &value->place,
                "user: there is no user '_sallyport': 'nobody' takes its place, with whom "
                "others may share an id");
    return take_user(&(struct config_value){"nobody", value->place}, "user", findings, identity);
}

static bool take_key_user(const struct config_value *value, struct config_findings findings,
                          const struct identity *other, struct identity *identity)
{
    if (!is_auto(value))
        return take_user(value, "key-user", findings, identity);
    if (!find_user("_sallyport-key", identity))
        *identity = *other;
    return true;
}

static bool take_group(const struct config_value *value, struct config_findings findings, struct identity *identity)
{
    if (!is_auto(value) && !find_group(value->text, &identity->gid))
        config_complain(findings, &value->place, "group: there is no group '%s'", value->text);
    else if (identity->gid == 0)
        config_complain(findings, &value->place, "group: root's is what is to be given up");
    else
        return true;
    return false;
}

static void warn_without_root(const struct config_general *general, struct config_findings findings)
{
    const struct config_value *written[] = {&general->user, &general->key_user, &general->group};

    for (size_t i = 0; i < ARRAY_LEN(written); i++)
        if (!is_auto(written[i])) {
            config_warn(findings, &written[i]->place, "not started as root, so it stays who it is");
            return;
        }
}

static bool find_identities(const struct config_general *general, struct config_findings findings,
                            struct identity *user, struct identity *key_user)
{
    return take_user_or_nobody(&general->user, findings, user) &&
           take_key_user(&general->key_user, findings, user, key_user) && take_group(&general->group, findings, user) &&
           take_group(&general->group, findings, key_user);
}

/* Only root can have another one, and without a sandbox nobody has. */
static bool check_root(const struct config_general *general, struct config_findings findings)
{
    const struct config_value *value = &general->chroot;
    bool is_used = general->sandbox != CONFIG_SANDBOX_OFF && strcmp(value->text, CONFIG_CHROOT_EMPTY) != 0;
    const char *fault = is_used ? rights_root_fault(value->text) : NULL;

    if (fault)
        config_complain(findings, &value->place, "chroot: '%s' cannot be a root directory: %s", value->text, fault);
    return !fault;
}

static bool put_root(const struct config_value *value, struct config_findings findings, char root[RIGHTS_ROOT_LEN])
{
    bool is_empty = strcmp(value->text, CONFIG_CHROOT_EMPTY) == 0;

    if (snprintf(root, RIGHTS_ROOT_LEN, "%s", is_empty ? "" : value->text) < RIGHTS_ROOT_LEN)
        return true;
    config_complain(findings, &value->place, "chroot: the path is longer than %d bytes", RIGHTS_ROOT_LEN - 1);
    return false;
}

bool rights_settings_make(const struct config_general *general, struct config_findings findings,
                          struct rights_settings settings[PROCESS_ROLES])
{
    struct rights_settings all = {.sandbox = general->sandbox, .landlock_abi = RIGHTS_ABI_OF_KERNEL};
    struct identity user = {0, 0}, key_user = {0, 0};

    if (!put_root(&general->chroot, findings, all.root))
        return false;
    if (geteuid() != 0)
        warn_without_root(general, findings);
    else if (!find_identities(general, findings, &user, &key_user) || !check_root(general, findings))
        return false;
    for (int role = 0; role < PROCESS_ROLES; role++) {
        const struct identity *identity = role == PROCESS_KEYHOLDER ? &key_user : &user;
        settings[role] = all;
        settings[role].uid = identity->uid;
        settings[role].gid = identity->gid;
    }
    return true;
}
