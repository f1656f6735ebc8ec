#include "proxy/key_questions.h"

#include "base/alloc.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"

enum key_haste key_haste_of(enum tls_key_operation operation)
{
    return operation == TLS_KEY_SEAL_TICKET || operation == TLS_KEY_OPEN_TICKET ? KEY_HASTE_TICKETS
                                                                                : KEY_HASTE_PRIVATE_KEYS;
}

/* ---- one line */

static void free_questions(struct key_line *line)
{
    if (line->questions)
        memory_wipe(line->questions, line->capacity * sizeof *line->questions);
    memory_free(line->questions);
}

static bool grow(struct key_line *line)
{
    size_t capacity = line->capacity ? 4 * line->capacity : 16;
    struct key_question *questions;

    if (line->capacity >= MAX_KEY_QUEUE)
        return false;
    questions = memory_new_array(capacity, sizeof *questions);
    if (!questions)
        return false;
    for (size_t i = 0; i < line->count; i++)
        questions[i] = line->questions[(line->first + i) % line->capacity];
    free_questions(line);
    *line = (struct key_line){.count = line->count, .capacity = capacity, .questions = questions};
    return true;
}

struct key_question *key_line_add(struct key_line *line)
{
    if (line->count == line->capacity && !grow(line))
        return NULL;
    return &line->questions[(line->first + line->count++) % line->capacity];
}

struct key_question *key_line_oldest(const struct key_line *line)
{
    return line->count > 0 ? &line->questions[line->first] : NULL;
}

void key_line_remove_oldest(struct key_line *line)
{
    tls_key_request_wipe(&line->questions[line->first].request);
    line->first = (line->first + 1) % line->capacity;
    line->count--;
}

void key_line_free(struct key_line *line)
{
    free_questions(line);
    *line = (struct key_line){.capacity = 0};
}

/* ---- who was pushed out */

static bool grow_dropped(struct key_dropped *dropped)
{
    size_t capacity = dropped->capacity ? 2 * dropped->capacity : 64;
    struct connection_ticket *tickets = memory_new_array(capacity, sizeof *tickets);

    if (!tickets)
        return false;
    for (size_t i = 0; i < dropped->count; i++)
        tickets[i] = dropped->tickets[(dropped->first + i) % dropped->capacity];
    memory_free(dropped->tickets);
    *dropped = (struct key_dropped){.count = dropped->count, .capacity = capacity, .tickets = tickets};
    return true;
}

/*
 * The oldest has waited longest in vain: its client is the likeliest to have left. It is told later: told now it would
 * ask its next question into the very place that it made free. A connection that ends leaves its entry, so that there
 * may be more than connections; what bounds them is that the more there are the more are told in a turn.
 */
static bool drop_oldest(struct key_dropped *dropped, struct key_line *line)
{
    const struct key_question *oldest = key_line_oldest(line);

    if (!oldest || (dropped->count == dropped->capacity && !grow_dropped(dropped)))
        return false;
    dropped->tickets[(dropped->first + dropped->count) % dropped->capacity] = oldest->ticket;
    dropped->count++;
    key_line_remove_oldest(line);
    return true;
}

void key_questions_tell_dropped(struct key_questions *questions, key_answer *answer, void *context)
{
    struct key_dropped *dropped = &questions->dropped;
    size_t limit = MAX_TICKET_OPERATIONS_PER_TURN + dropped->count / 8; /* so that they never pile up */

    for (size_t i = 0; i < limit && dropped->count > 0; i++) {
        struct connection_ticket ticket = dropped->tickets[dropped->first];
        dropped->first = (dropped->first + 1) % dropped->capacity;
        dropped->count--;
        answer(context, ticket, false, bytes_of(NULL, 0));
    }
}

/* ---- all of them */

bool key_questions_add(struct key_questions *questions, struct connection_ticket ticket,
                       const struct tls_key_request *request)
{
    struct key_line *line = &questions->lines[key_haste_of(request->operation)];
    struct key_question *question = key_line_add(line);

    if (!question && drop_oldest(&questions->dropped, line))
        question = key_line_add(line);
    if (!question)
        return false;
    question->ticket = ticket;
    tls_key_request_copy(&question->request, request);
    question->asked_at = proxy_now();
    return true;
}

size_t key_questions_count(const struct key_questions *questions)
{
    size_t count = questions->dropped.count;

    for (size_t i = 0; i < KEY_HASTES; i++)
        count += questions->lines[i].count;
    return count;
}

void key_questions_free(struct key_questions *questions)
{
    for (size_t i = 0; i < KEY_HASTES; i++)
        key_line_free(&questions->lines[i]);
    memory_free(questions->dropped.tickets);
}
