/* relations.h: what one option alone cannot show: names that must exist, addresses that must differ. */
#ifndef CONFIG_RELATIONS_H
#define CONFIG_RELATIONS_H

#include "config/document.h"

/* Joins listens to their backends. `document` is what `config` was filled from. */
void relations_check(struct config *config, const struct document *document);

#endif
