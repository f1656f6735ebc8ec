/*
 * exporter.h: keying material as RFC 5705 takes it from a connection, which the runner asks for to see that both sides
 * hold the same master secret. The engine exports nothing: what is needed is picked up where the keys are made.
 */
#ifndef BOGO_EXPORTER_H
#define BOGO_EXPORTER_H

#include "base/attributes.h"
#include "base/bytes.h"

/* Of the last connection of TLS 1.2 that made its keys; `context`: NULL for none. */
MUST_CHECK bool exporter12(const char *label, const char *context, uint8_t *out, size_t len);

#endif
