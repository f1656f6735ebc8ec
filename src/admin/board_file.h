/* board_file.h: what the board is in memory, for board.c and board_names.c alone. */
#ifndef ADMIN_BOARD_FILE_H
#define ADMIN_BOARD_FILE_H

#include "admin/board.h"

/* The sequence is odd while a change is made: a reader that saw it odd, or another one afterwards, looks again. */
struct board_file {
    uint64_t magic, len;
    uint64_t sequence;
    struct board_facts facts;
};
_Static_assert(sizeof(struct board_facts) % sizeof(uint64_t) == 0, "copied word by word");

struct board {
    struct board_file *file;
    int fd;
    unsigned depth; /* of board_begin() */
};

/* board_begin(), and what may then be changed until board_end(). */
struct board_facts *board_change(struct board *board);

#endif
