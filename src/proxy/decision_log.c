#include "proxy/decision_log.h"

#include <stdio.h>

#include "base/log.h"
#include "base/writer.h"

enum { MAX_ENTRY_LEN = DECISION_TEXT_LEN + 128, MAX_MORE_LEN = sizeof "; and 4294967295 more" };

struct subject_text {
    struct writer w; /* what a log value holds, less what is kept free */
    size_t kept;     /* for what was chosen and comes further behind */
    unsigned more;   /* found no room */
    uint8_t storage[LOG_VALUE_MAX];
};

static size_t entry_text(const struct tls_policy *policy, const struct decision *decision, char text[MAX_ENTRY_LEN])
{
    char name[DECISION_TEXT_LEN];
    int len;

    decision_code_text(decision, policy, name);
    len = snprintf(text, MAX_ENTRY_LEN, "; %s: %s", name,
                   decision_verdict_text((enum decision_verdict)decision->verdict));
    return len < MAX_ENTRY_LEN ? (size_t)len : MAX_ENTRY_LEN - 1;
}

/* Whole, or not at all. */
static void add_entry(struct subject_text *text, const struct tls_policy *policy, const struct decision *decision)
{
    char entry[MAX_ENTRY_LEN];
    size_t len = entry_text(policy, decision, entry), skipped = text->w.len > 0 ? 0 : strlen("; ");

    if (decision_is_choice(decision))
        text->kept -= len;
    if (text->w.len + len + text->kept > text->w.capacity)
        text->more++;
    else
        write_bytes(&text->w, bytes_of(entry + skipped, len - skipped));
}

static void add_more(struct subject_text *text)
{
    char more[MAX_MORE_LEN];

    if (text->more == 0)
        return;
    snprintf(more, sizeof more, "%sand %u more", text->w.len > 0 ? "; " : "", text->more);
    text->w.capacity = sizeof text->storage;
    write_bytes(&text->w, bytes_of_string(more));
}

static void log_subject(struct log_line *line, const struct tls_policy *policy, const struct decisions *decisions,
                        enum decision_subject subject)
{
    struct subject_text text = {.more = decisions->left_out[subject]};
    const struct decision *end = decisions->entries + decisions->count;
    char entry[MAX_ENTRY_LEN];

    text.w = writer_of(text.storage, sizeof text.storage - MAX_MORE_LEN);
    for (const struct decision *decision = decisions->entries; decision < end; decision++)
        if (decision->subject == subject && decision_is_choice(decision))
            text.kept += entry_text(policy, decision, entry);
    for (const struct decision *decision = decisions->entries; decision < end; decision++)
        if (decision->subject == subject)
            add_entry(&text, policy, decision);
    add_more(&text);
    if (text.w.len > 0)
        log_bytes(line, decision_subject_name(subject), writer_view(&text.w));
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
