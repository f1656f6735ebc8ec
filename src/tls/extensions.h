/*
 * extensions.h: the table of RFC 8446 section 4.2, and the syntax of each extension a client may send.
 */
#ifndef TLS_EXTENSIONS_H
#define TLS_EXTENSIONS_H

#include "tls/client_hello.h"

/*
 * Goes through `block`, the extensions of a ClientHello: each extension at most once, none that belongs into another
 * message, and fills in what `ch` has a field for. Unknown extensions are passed over. False with the reason in *why.
 */
MUST_CHECK bool extensions_parse(struct bytes block, struct client_hello *ch, enum why *why);

/* Walks an extension block whose framing was checked. False past the last. */
struct extension {
    uint16_t type;
    struct bytes data;
};
MUST_CHECK bool extension_next(struct reader *block, struct extension *out);

#endif
