/*
 * fuzz_admin_reply.c: what a healthcheck may be answered. Besides what the sanitizers see: the status of a reply is
 * one, and its words are printable, of one line, and end.
 */
#include <stdint.h>
#include <stdlib.h>

#include "admin/ask.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char words[MAX_ASK_WORDS_LEN];
    int status;

    memset(words, 0xff, sizeof words);
    if (ask_parse_reply(bytes_of(data, size), &status, words))
        require(status >= 100 && status <= 999);
    require(memchr(words, 0, sizeof words) != NULL);
    for (const char *at = words; *at; at++)
        require(*at >= ' ' && *at <= '~');
    return 0;
}
