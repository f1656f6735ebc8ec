#include "daemon/unix_asker.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

struct unix_question {
    TAILQ_ENTRY(unix_question) link;
    struct proxy_question asked;
    char path[CONTROL_PATH_LEN];
};

static bool send_question(struct unix_asker *asker, struct unix_question *question)
{
    struct control_message message = {.type = CONTROL_CONNECT, .request = question->asked.number};

    memcpy(message.path, question->path, sizeof message.path);
    if (!control_send(asker->control, &message))
        return false;
    TAILQ_INSERT_TAIL(&asker->out, question, link);
    asker->out_count++;
    return true;
}

/* False: the master does not take it; the question is still the caller's. */
static bool send_waiting(struct unix_asker *asker)
{
    struct unix_question *question;

    while (asker->out_count < MAX_UNIX_QUESTIONS_OUT && (question = TAILQ_FIRST(&asker->waiting))) {
        TAILQ_REMOVE(&asker->waiting, question, link);
        if (!proxy_is_asking(asker->proxy, question->asked)) {
            memory_free(question);
        } else if (!send_question(asker, question)) {
            memory_free(question);
            return false;
        }
    }
    return true;
}

static bool ask(void *context, const struct socket_address *address, struct proxy_question asked)
{
    struct unix_asker *asker = context;
    struct unix_question *question = memory_new(sizeof *question);

    if (!question)
        return false;
    question->asked = asked;
    memcpy(question->path, address->un.sun_path, sizeof question->path - 1); /* it ends within, or is no address */
    if (asker->out_count >= MAX_UNIX_QUESTIONS_OUT) {
        TAILQ_INSERT_TAIL(&asker->waiting, question, link);
        return true;
    }
    if (send_question(asker, question))
        return true;
    memory_free(question);
    return false;
}

void unix_asker_init(struct unix_asker *asker, struct proxy *proxy, int control)
{
    *asker = (struct unix_asker){.proxy = proxy, .control = control};
    TAILQ_INIT(&asker->out);
    TAILQ_INIT(&asker->waiting);
    proxy_use_connector(proxy, (struct proxy_connector){ask, asker});
}

bool unix_asker_hear(struct unix_asker *asker, const struct control_message *message)
{
    struct unix_question *question = TAILQ_FIRST(&asker->out);
    int fd = message->fd_count > 0 ? message->fds[0] : -1;
    struct proxy_question asked;

    if (!question || question->asked.number != message->request) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    TAILQ_REMOVE(&asker->out, question, link);
    asker->out_count--;
    asked = question->asked;
    memory_free(question);
    proxy_answer(asker->proxy, asked, fd, message->error);
    return send_waiting(asker);
}

static void drop_all(struct unix_question_queue *queue)
{
    struct unix_question *question;

    while ((question = TAILQ_FIRST(queue))) {
        TAILQ_REMOVE(queue, question, link);
        memory_free(question);
    }
}

void unix_asker_free(struct unix_asker *asker)
{
    drop_all(&asker->out);
    drop_all(&asker->waiting);
}
