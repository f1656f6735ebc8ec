/*
 * assert_rig.h: what tests of whole handshakes assert alike. For Check programs alone, as it stands on their asserts.
 */
#ifndef SUPPORT_ASSERT_RIG_H
#define SUPPORT_ASSERT_RIG_H

#include <check.h>

#include "support/rig.h"
#include "tls/tls.h"

static inline void assert_rig_connected(const struct rig *rig, const struct client13 *client)
{
    ck_assert_msg(client->fault == NULL, "%s", client->fault);
    ck_assert_msg(tls_outcome(rig->tls)->why == WHY_NONE, "%s", why_name(tls_outcome(rig->tls)->why));
    ck_assert(tls_is_connected(rig->tls));
}

/* Who fails in TLS 1.2 is not told of a rule of TLS 1.3. */
static inline void assert_rig_rule(const struct rig *rig)
{
    const struct tls_outcome *outcome = tls_outcome(rig->tls);
    const char *section = outcome->version == TLS_1_2 ? why_section(outcome->why, TLS_1_2) : NULL;

    ck_assert_msg(!section || strncmp(section, "8446 ", 5) != 0, "%s in TLS 1.2: RFC %s", why_name(outcome->why),
                  section);
}

/* Before Finished nothing reached the backend, whatever else the test was about. */
static inline void assert_rig_end(struct rig *rig, struct client13 *client)
{
    ck_assert_uint_eq(rig->received_before_finished, 0);
    assert_rig_rule(rig);
    client13_wipe(client);
    rig_wipe(rig);
}

#endif
