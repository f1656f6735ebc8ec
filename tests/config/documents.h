/* documents.h: an option as the example file and the manual have to show it, made from its row of the schema. */
#ifndef TESTS_CONFIG_DOCUMENTS_H
#define TESTS_CONFIG_DOCUMENTS_H

#include "config/schema.h"

enum { DOCUMENT_BLOCK_LEN = 4096 };

/* "# help\n#key = default\n", the help broken into lines. What has no default stands without the second '#'. */
const char *document_in_conf(const struct option *option, char block[DOCUMENT_BLOCK_LEN]);

/* The man(7) entry. */
const char *document_in_manual(const struct option *option, char block[DOCUMENT_BLOCK_LEN]);

#endif
