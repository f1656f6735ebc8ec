#include <time.h>

#include "base/log.h"
#include "daemon/master.h"

static uint32_t seconds(uint64_t microseconds)
{
    return (uint32_t)(microseconds / 1000000);
}

static bool has_files(const struct deployment *deployment)
{
    return deployment->config->general.ticket_keys.count > 0;
}

static bool has_times_of(const struct ticket_root *root, const struct config_general *general)
{
    return root->issues == seconds(general->ticket_key_issues) && root->accepts == seconds(general->ticket_key_accepts);
}

/* A new one is made for new times, and after a clock that has leapt. */
static bool bring_up_to_date(struct ticket_root *root, const struct config_general *general)
{
    int64_t now = (int64_t)time(NULL);

    return (has_times_of(root, general) && ticket_root_advance(root, now)) ||
           ticket_root_new(root, random_kernel(), now, seconds(general->ticket_key_issues),
                           seconds(general->ticket_key_accepts));
}

bool tickets_prepare(struct master *master)
{
    tickets_give_up(master);
    if (has_files(master->next))
        return true;
    master->tickets.next = master->tickets.in_force;
    return bring_up_to_date(&master->tickets.next, &master->next->config->general);
}

void tickets_give_up(struct master *master)
{
    ticket_root_wipe(&master->tickets.next);
}

void tickets_take_over(struct master *master)
{
    master->tickets.in_force = master->tickets.next;
    tickets_give_up(master);
    tickets_turn(master);
}

const struct ticket_root *tickets_of(const struct master *master, const struct deployment *deployment)
{
    if (has_files(deployment))
        return NULL;
    return deployment == master->current ? &master->tickets.in_force : &master->tickets.next;
}

void tickets_turn(struct master *master)
{
    const struct config_general *general = &master->current->config->general;
    struct timeval wait = {(time_t)seconds(general->ticket_key_issues), 0};

    event_del(master->ticket_turn);
    if (has_files(master->current))
        return;
    if (!bring_up_to_date(&master->tickets.in_force, general) || event_add(master->ticket_turn, &wait) != 0)
        log_message(LOG_LEVEL_ERROR, "the root of the ticket keys is not brought up to date");
}
