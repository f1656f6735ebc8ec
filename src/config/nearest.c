#include "config/nearest.h"

#include <ctype.h>
#include <stdio.h>

enum { MAX_NAME_LEN = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool is_same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Two letters in exchanged order count as one mistake: "adderss". */
static bool is_exchanged(const char *a, size_t i, const char *b, size_t j)
{
    return i > 1 && j > 1 && is_same_letter(a[i - 1], b[j - 2]) && is_same_letter(a[i - 2], b[j - 1]);
}

/* Optimal string alignment: letters inserted, dropped, replaced or exchanged with their neighbour. */
static unsigned count_mistakes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][MAX_NAME_LEN + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = above[j - 1] + !is_same_letter(a[i - 1], b[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (is_exchanged(a, i, b, j))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

struct nearest nearest_to(const char *wanted)
{
    return (struct nearest){.wanted = wanted};
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t wanted_len = strlen(nearest->wanted), name_len = strlen(name);
    size_t longer = wanted_len > name_len ? wanted_len : name_len;
    unsigned mistakes;

    if (longer > MAX_NAME_LEN)
        return;
    mistakes = count_mistakes(nearest->wanted, wanted_len, name, name_len);
    if (mistakes > (longer + 2) / 3 || mistakes >= longer) /* as good as another word */
        return;
    if (!nearest->name || mistakes < nearest->mistakes) {
        nearest->name = name;
        nearest->mistakes = mistakes;
    }
}

const char *nearest_hint(const struct nearest *nearest, char text[NEAREST_HINT_LEN])
{
    text[0] = 0;
    if (nearest->name)
        snprintf(text, NEAREST_HINT_LEN, ", did you mean '%s'?", nearest->name);
    return text;
}
