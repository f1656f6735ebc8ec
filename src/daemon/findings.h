/* findings.h: what is found about a configuration, as lines of the log. */
#ifndef DAEMON_FINDINGS_H
#define DAEMON_FINDINGS_H

#include "config/config.h"

extern const struct config_findings findings_to_log;
extern const struct config_findings faults_to_log; /* and warnings to nobody */
extern const struct config_findings findings_to_nobody;
extern const struct config_findings findings_of_faults; /* without warnings, which were told before */

/* Kept, because they may have been told already; of one process once. */
extern const struct config_findings findings_to_keep;
void findings_tell_kept(void);

#endif
