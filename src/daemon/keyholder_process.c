#include "daemon/keyholder_process.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/control.h"
#include "daemon/inbox.h"
#include "daemon/keyholder.h"

struct beginning {
    struct inbox inbox;
    int earlier_secret; /* of the generation before, or -1: handshakes that began under it still want its keys */
    size_t worker_count;
    struct keyring *keyring;
    char reason[MAX_CONTROL_REASON + 1];
};

static void hear(void *context, const char *finding)
{
    struct beginning *beginning = context;

    if (beginning->reason[0] == 0 && !strstr(finding, CONFIG_WARNING_PREFIX))
        snprintf(beginning->reason, sizeof beginning->reason, "%s", finding);
}

static bool fail(struct beginning *beginning, const char *reason)
{
    hear(beginning, reason);
    return false;
}

/* ---- keys */

static bool add_key(struct beginning *beginning, struct bytes file)
{
    struct crypto_fault fault = {""};
    struct private_key *key = private_key_new(file, random_system(), &fault);

    if (!key)
        return fail(beginning, fault.text);
    return keyring_add(beginning->keyring, key) || fail(beginning, "out of memory");
}

static bool add_keys(struct beginning *beginning, const struct generation *generation)
{
    struct bytes file;

    for (size_t i = 0; generation_key_file(generation, i, &file); i++)
        if (!add_key(beginning, file))
            return false;
    return true;
}

static bool add_earlier_keys(struct beginning *beginning)
{
    struct generation_files files = {beginning->inbox.files.public, beginning->earlier_secret};
    struct generation *generation;
    const char *fault;
    bool is_ok;

    if (beginning->earlier_secret < 0)
        return true;
    generation = generation_open(&files, &fault);
    is_ok = generation ? add_keys(beginning, generation) : fail(beginning, fault);
    generation_free(generation);
    return is_ok;
}

static bool take_config(struct beginning *beginning, struct generation *generation)
{
    struct config_findings findings = {hear, beginning};
    struct config *config = generation_config(generation, findings);
    struct supply supply = generation_supply(generation);
    struct ticket_keys *tickets = config ? inbox_tickets(&beginning->inbox, &config->general, &supply, findings) : NULL;

    if (config)
        log_configure((enum log_format)config->general.log_format, (enum log_level)config->general.log_level,
                      STDERR_FILENO);
    config_free(config);
    if (!tickets)
        return fail(beginning, "there are no ticket keys");
    keyring_set_tickets(beginning->keyring, tickets);
    return true;
}

static bool take_in(struct beginning *beginning)
{
    const char *fault;
    struct generation *generation = generation_open(&beginning->inbox.files, &fault);
    bool is_ok;

    if (!generation)
        return fail(beginning, fault);
    is_ok = add_keys(beginning, generation) && add_earlier_keys(beginning) && take_config(beginning, generation);
    generation_free(generation);
    return is_ok;
}

/* ---- the master's words until the keys are there */

static void begin_inbox(struct beginning *beginning, const struct control_message *message)
{
    beginning->inbox.number = message->generation;
    beginning->inbox.files = (struct generation_files){message->fds[0], message->fd_count > 1 ? message->fds[1] : -1};
    beginning->earlier_secret = message->fd_count > 2 ? message->fds[2] : -1;
}

/* False: this is the order to build. */
static bool goes_on(struct beginning *beginning, const struct control_message *message)
{
    if (message->type == CONTROL_OFFER && beginning->inbox.number == 0)
        begin_inbox(beginning, message);
    else if (message->type == CONTROL_TICKET_ROOT)
        beginning->inbox.root = message->root;
    beginning->worker_count = message->total;
    return message->type != CONTROL_BUILD;
}

static bool wait_for_order(int control, struct beginning *beginning)
{
    struct control_message message;
    bool goes = true;

    while (goes) {
        if (control_wait(control, &message) != CONTROL_GOT)
            return false;
        goes = goes_on(beginning, &message);
        control_wipe(&message);
    }
    return beginning->inbox.number != 0;
}

static bool answer(int control, const struct beginning *beginning, bool is_ready)
{
    struct control_message message = {.type = is_ready ? CONTROL_READY : CONTROL_REFUSED,
                                      .generation = beginning->inbox.number,
                                      .exit = is_ready ? 0 : DAEMON_EXIT_FAILURE};

    snprintf(message.reason, sizeof message.reason, "%s", beginning->reason);
    return control_send(control, &message);
}

static size_t length_of(int fd)
{
    struct stat status;

    return fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0 ? (size_t)status.st_size : 0;
}

static void forget_files(struct beginning *beginning)
{
    if (beginning->earlier_secret >= 0)
        close(beginning->earlier_secret);
    beginning->earlier_secret = -1;
}

/* ---- life */

/*
 * A question that comes does not break in on the worker that asks, on a processor that both share: it goes on to the
 * end of its turn, and what it asks by then is answered together. A third of what isolation costs is saved by that. The
 * units of systemd refuse the call with all that change priorities.
 */
static void give_way(void)
{
    static const struct sched_param none = {.sched_priority = 0};

    if (sched_setscheduler(0, SCHED_BATCH, &none) != 0)
        log_message(LOG_LEVEL_DEBUG, "the keyholder breaks in on workers: %m");
}

static enum daemon_exit begin(int control, struct beginning *beginning)
{
    struct control_message start;
    bool is_ok;

    give_way();
    if (!confine_wait(control, &start))
        return DAEMON_EXIT_FAILURE;
    if (!wait_for_order(control, beginning)) /* the master is gone, or thought better of it */
        return DAEMON_EXIT_OK;
    keyholder_reserve_memory(length_of(beginning->inbox.files.secret) + length_of(beginning->earlier_secret),
                             beginning->worker_count);
    beginning->keyring = keyring_new();
    keyholder_lock_memory(); /* all that keys will lie in is there by now; without rights no list of it can be read */
    if (!confine_now(PROCESS_KEYHOLDER, control, &start))
        return DAEMON_EXIT_FAILURE;
    is_ok = beginning->keyring ? take_in(beginning) : fail(beginning, "out of memory");
    forget_files(beginning);
    if (!answer(control, beginning, is_ok) || !is_ok)
        return DAEMON_EXIT_FAILURE;
    inbox_clear(&beginning->inbox);
    return keyholder_run(control, beginning->keyring);
}

enum daemon_exit keyholder_process_run(int control)
{
    struct beginning beginning = {.inbox = {.files = {-1, -1}}, .earlier_secret = -1};
    enum daemon_exit exit;

    log_set_process("keyholder");
    exit = begin(control, &beginning);
    inbox_clear(&beginning.inbox);
    forget_files(&beginning);
    keyring_free(beginning.keyring);
    return exit;
}
