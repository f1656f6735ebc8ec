/* metrics_print.h: the page while it is written, for metrics.c, metrics_whole.c and metrics_listeners.c alone. */
#ifndef ADMIN_METRICS_PRINT_H
#define ADMIN_METRICS_PRINT_H

#include "admin/exposition.h"
#include "admin/totals.h"

struct print {
    struct exposition exposition;
    struct totals totals;
    const struct board_facts *facts;
};

void metrics_print_whole(struct print *p); /* what the master tells */
void metrics_print_listeners(struct print *p);
void metrics_print_servers(struct print *p);

#endif
