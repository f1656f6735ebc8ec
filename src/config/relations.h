/* relations.h: what one option alone cannot show: names that must exist, addresses that must differ. */
#ifndef CONFIG_RELATIONS_H
#define CONFIG_RELATIONS_H

#include "config/report.h"

/* Joins listens to their backends. */
void relations_check(struct config *config, struct report *report);

#endif
