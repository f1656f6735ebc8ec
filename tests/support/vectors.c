#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/data_file.h"

struct vectors vectors_open(const char *path)
{
    return (struct vectors){.file = data_file_read_path(path)};
}

static bool next_line(struct vectors *vectors, struct bytes *line)
{
    const uint8_t *start = vectors->file.at + vectors->at, *end;

    if (vectors->at >= vectors->file.len)
        return false;
    end = memchr(start, '\n', vectors->file.len - vectors->at);
    ck_assert_msg(end != NULL, "the last line of the vectors is cut");
    *line = bytes_of(start, (size_t)(end - start));
    vectors->at += line->len + 1;
    return true;
}

/* Splits off what stands before the next space. */
static struct bytes next_word(struct bytes *line)
{
    const uint8_t *space = line->len ? memchr(line->at, ' ', line->len) : NULL;
    struct bytes word = bytes_of(line->at, space ? (size_t)(space - line->at) : line->len);

    *line = bytes_of(line->at + word.len + (space ? 1 : 0), line->len - word.len - (space ? 1 : 0));
    return word;
}

/* "^" is what stands under that key in the vector before. */
static struct bytes resolve(const struct vector *before, const char *key, struct bytes text)
{
    if (!bytes_equal(text, bytes_of_string("^")))
        return text;
    for (size_t i = 0; i < before->field_count; i++) {
        if (strcmp(before->fields[i].key, key) == 0)
            return before->fields[i].text;
    }
    ck_abort_msg("%s has no field %s to repeat", before->name, key);
}

static void take_field(struct vector *vector, const struct vector *before, struct bytes word)
{
    char *key = vector->fields[vector->field_count].key;
    const uint8_t *equals = memchr(word.at, '=', word.len);
    size_t key_len;

    ck_assert_msg(equals && vector->field_count < MAX_VECTOR_FIELDS, "%s: a field is malformed", vector->name);
    key_len = (size_t)(equals - word.at);
    ck_assert_uint_lt(key_len, sizeof vector->fields[0].key);
    memcpy(key, word.at, key_len);
    key[key_len] = 0;
    vector->fields[vector->field_count].text = resolve(before, key, bytes_of(equals + 1, word.len - key_len - 1));
    vector->field_count++;
}

bool vectors_next(struct vectors *vectors, struct vector *vector)
{
    const struct vector before = *vector;
    struct bytes line, name;

    do {
        if (!next_line(vectors, &line))
            return false;
    } while (line.len == 0 || line.at[0] == '#');
    name = next_word(&line);
    snprintf(vector->name, sizeof vector->name, "%.*s", (int)name.len, (const char *)name.at);
    vector->field_count = vector->values_len = 0;
    if (!vector->values)
        vector->values = malloc(MAX_VECTOR_VALUES);
    ck_assert(vector->values != NULL);
    while (line.len != 0)
        take_field(vector, &before, next_word(&line));
    vectors->count++;
    return true;
}

void vectors_close(struct vectors *vectors, struct vector *vector)
{
    data_file_free(vectors->file);
    free(vector->values);
}

static const struct bytes *find_field(const struct vector *vector, const char *key)
{
    for (size_t i = 0; i < vector->field_count; i++) {
        if (strcmp(vector->fields[i].key, key) == 0)
            return &vector->fields[i].text;
    }
    ck_abort_msg("%s has no field %s", vector->name, key);
}

static unsigned digit(const struct vector *vector, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);

    ck_assert_msg(c && at, "%s: not in hex", vector->name);
    return (unsigned)(at - digits);
}

struct bytes vector_bytes(struct vector *vector, const char *key)
{
    const struct bytes *text = find_field(vector, key);
    uint8_t *out = vector->values + vector->values_len;

    ck_assert(text->len % 2 == 0 && vector->values_len + text->len / 2 <= MAX_VECTOR_VALUES);
    for (size_t i = 0; i < text->len / 2; i++)
        out[i] = (uint8_t)(digit(vector, text->at[2 * i]) << 4 | digit(vector, text->at[2 * i + 1]));
    vector->values_len += text->len / 2;
    return bytes_of(out, text->len / 2);
}

bool vector_is(const struct vector *vector, const char *key, const char *text)
{
    return bytes_equal(*find_field(vector, key), bytes_of_string(text));
}

void vectors_for_each(const char *name, vector_run *run)
{
    struct vector vector = {.values = NULL};
    struct vectors vectors;
    char path[256];

    snprintf(path, sizeof path, "vectors/%s", name);
    vectors = vectors_open(data_file_path(path));
    while (vectors_next(&vectors, &vector))
        run(&vector);
    ck_assert_msg(vectors.count != 0, "%s has no vector", path);
    vectors_close(&vectors, &vector);
}
