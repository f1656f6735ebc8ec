/*
 * print_answer.h: what a policy answers to a ClientHello, with the record of the decision; or why it refuses.
 */
#ifndef EXPLAIN_PRINT_ANSWER_H
#define EXPLAIN_PRINT_ANSWER_H

#include <stdio.h>

#include "tls/client_hello.h"
#include "tls/policy.h"

/* False: refused. */
MUST_CHECK bool print_answer(FILE *out, const struct client_hello *ch, const struct tls_policy *policy);

void print_refusal(FILE *out, enum why why, uint16_t version); /* 0: none was chosen yet */

#endif
