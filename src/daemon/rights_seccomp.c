#include "daemon/rights_step.h"

#include "config.h"

#ifdef HAVE_SECCOMP
#include <errno.h>
#include <seccomp.h>
#include <unistd.h>

#include "daemon/rights_calls.h"

static uint32_t action_of(int answer)
{
    switch (answer) {
    case RULE_ALLOW:
        return SCMP_ACT_ALLOW;
    case RULE_KILL:
        return SCMP_ACT_KILL_PROCESS;
    default:
        return SCMP_ACT_ERRNO((uint32_t)answer);
    }
}

/* libseccomp returns what went wrong as -errno. */
static bool is_done(int result)
{
    if (result < 0)
        errno = -result;
    return result >= 0;
}

static struct scmp_arg_cmp comparison_of(const struct rights_condition *condition)
{
    uint64_t value = condition->is_self ? (uint64_t)getpid() : condition->value;

    return SCMP_CMP(condition->argument, SCMP_CMP_MASKED_EQ, condition->mask, value);
}

static bool add_rule(scmp_filter_ctx filter, const struct rights_rule *rule)
{
    struct scmp_arg_cmp comparisons[RULE_CONDITIONS];

    for (unsigned i = 0; i < rule->condition_count; i++)
        comparisons[i] = comparison_of(&rule->conditions[i]);
    return is_done(
        seccomp_rule_add_array(filter, action_of(rule->answer), rule->call, rule->condition_count, comparisons));
}

/* libseccomp refuses a rule that says what holds anyway. */
static bool add_lists(scmp_filter_ctx filter, const struct rights_role *role)
{
    for (size_t i = 0; i < RIGHTS_LISTS && role->lists[i].count > 0; i++)
        for (size_t j = 0; j < role->lists[i].count; j++)
            if (role->lists[i].rules[j].answer != role->otherwise && !add_rule(filter, &role->lists[i].rules[j]))
                return false;
    return true;
}

/* The native calls alone (a new filter has no other architecture): those of i386 and x32 are the bad ones. TREE: a
 * search of some seven comparisons instead of a walk through all. */
static bool set_attributes(scmp_filter_ctx filter)
{
    return is_done(seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1)) &&
           is_done(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) &&
           is_done(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)) &&
           is_done(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2));
}

static bool load(const struct rights_role *role)
{
    scmp_filter_ctx filter = seccomp_init(action_of(role->otherwise));
    bool is_loaded;
    int error;

    if (!filter) {
        errno = ENOMEM;
        return false;
    }
    is_loaded = set_attributes(filter) && add_lists(filter, role) && is_done(seccomp_load(filter));
    error = errno;
    seccomp_release(filter);
    errno = error;
    return is_loaded;
}

enum rights_state rights_filter_calls(enum process_role role)
{
    return load(rights_role(role)) ? RIGHTS_APPLIED : RIGHTS_FAILED;
}

#else

enum rights_state rights_filter_calls(enum process_role role)
{
    (void)role;
    return RIGHTS_NOT_BUILT;
}

#endif
