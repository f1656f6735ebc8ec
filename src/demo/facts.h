/*
 * facts.h: the parts of a handshake as a label, a value and a sentence in plain words. All of it is HTML.
 */
#ifndef DEMO_FACTS_H
#define DEMO_FACTS_H

#include "base/writer.h"
#include "demo/flights.h"

struct fact {
    const char *label;
    void (*print_value)(struct writer *out, const struct handshake_view *view);
    void (*print_sentence)(struct writer *out, const struct handshake_view *view);
};

enum { FACT_COUNT = 10 };
extern const struct fact facts[FACT_COUNT];

/* The short names people use, "AES-128-GCM"; NULL while nothing was agreed. They are ours: nothing to escape. */
const char *fact_version(const struct tls_outcome *outcome);
const char *fact_cipher(const struct tls_outcome *outcome);
const char *fact_group(const struct tls_outcome *outcome);
const char *fact_signature(const struct tls_outcome *outcome);

#endif
