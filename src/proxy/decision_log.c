#include "proxy/decision_log.h"

#include "base/log.h"
#include "base/writer.h"

enum { SUBJECT_TEXT_LEN = 1024 };

static void write_text(struct writer *w, const char *text)
{
    write_bytes(w, bytes_of_string(text));
}

static void log_subject(struct log_line *line, const struct tls_policy *policy, const struct decisions *decisions,
                        enum decision_subject subject)
{
    uint8_t storage[SUBJECT_TEXT_LEN];
    struct writer w = writer_of(storage, sizeof storage);
    char name[DECISION_TEXT_LEN];

    for (size_t i = 0; i < decisions->count; i++) {
        const struct decision *decision = &decisions->entries[i];
        if (decision->subject != subject)
            continue;
        decision_code_text(decision, policy, name);
        if (w.len > 0)
            write_text(&w, "; ");
        write_text(&w, name);
        write_text(&w, ": ");
        write_text(&w, decision_verdict_text((enum decision_verdict)decision->verdict));
    }
    if (w.len > 0)
        log_bytes(line, decision_subject_name(subject), writer_view(&w));
}

void decision_log_write(uint64_t id, const struct tls_policy *policy, const struct decisions *decisions)
{
    struct log_line line;

    if (!decisions || !log_is_on(LOG_LEVEL_DEBUG))
        return;
    log_begin(&line, LOG_LEVEL_DEBUG, "handshake_decisions");
    log_number(&line, "id", (int64_t)id);
    for (int subject = 0; subject < DECISION_SUBJECT_COUNT; subject++)
        log_subject(&line, policy, decisions, (enum decision_subject)subject);
    log_end(&line);
}
