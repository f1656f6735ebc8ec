/*
 * vectors.h: reads the test vectors of tests/data/vectors (its README tells the form).
 */
#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

#include "base/attributes.h"
#include "base/bytes.h"

struct vectors {
    struct bytes file;
    size_t at;
    unsigned count; /* vectors read so far */
};

enum { MAX_VECTOR_FIELDS = 12, MAX_VECTOR_VALUES = 128 * 1024 };

struct vector {
    char name[128];
    struct {
        char key[24];
        struct bytes text; /* as it stands in the file */
    } fields[MAX_VECTOR_FIELDS];
    size_t field_count;
    uint8_t *values; /* decoded ones, until the next vector */
    size_t values_len;
};

struct vectors vectors_open(const char *path);
MUST_CHECK bool vectors_next(struct vectors *vectors, struct vector *vector);
void vectors_close(struct vectors *vectors, struct vector *vector);

/* The test ends when the field is missing or not in hex. */
struct bytes vector_bytes(struct vector *vector, const char *key);
MUST_CHECK bool vector_is(const struct vector *vector, const char *key, const char *text);

/* Runs `run` for each vector of tests/data/vectors/NAME. */
typedef void vector_run(struct vector *vector);
void vectors_for_each(const char *name, vector_run *run);

#endif
