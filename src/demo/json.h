/*
 * json.h: the facts of the page for programs: `curl -k https://.../handshake.json | jq`.
 *
 * One object; what was not agreed is null. Strings are printable ASCII, see print.h.
 */
#ifndef DEMO_JSON_H
#define DEMO_JSON_H

#include "base/writer.h"
#include "proxy/handshake_view.h"

void json_print(struct writer *out, const struct handshake_view *view);
void json_print_error(struct writer *out, const char *error); /* {"error": "..."} */

#endif
