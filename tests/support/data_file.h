/*
 * data_file.h: the files of tests/data, found whether the build is in the source tree or beside it.
 */
#ifndef SUPPORT_DATA_FILE_H
#define SUPPORT_DATA_FILE_H

#include "base/bytes.h"

/* `name` is relative to tests/data: "certificates/p256.crt". The path lasts until the next call. */
const char *data_file_path(const char *name);

/* The contents, with a NUL behind them; the test ends when they cannot be had. Give them back with free(). */
struct bytes data_file_read(const char *name);
struct bytes data_file_read_path(const char *path);
void data_file_free(struct bytes contents);

#endif
