#include "tls/decision.h"

#include <stdio.h>

#include "tls/policy_types.h"

/* Room kept for what is chosen: one line a subject and ClientHello, of which there are two after a HelloRetryRequest.
 */
enum { LAST_FOR_REJECTED = MAX_DECISIONS - 2 * DECISION_SUBJECT_COUNT };

#define X(name, text) [DECISION_##name] = text,
static const char *const subject_names[DECISION_SUBJECT_COUNT] = {DECISION_SUBJECTS(X)};
#undef X
#define X(name, text) [VERDICT_##name] = text,
static const char *const verdict_texts[DECISION_VERDICT_COUNT] = {DECISION_VERDICTS(X)};
#undef X

const char *decision_subject_name(enum decision_subject subject)
{
    return subject_names[subject];
}

const char *decision_verdict_text(enum decision_verdict verdict)
{
    return verdict_texts[verdict];
}

static const char *compressor_name(const struct tls_policy *policy, uint16_t code)
{
    for (size_t i = 0; i < policy->compressor_count; i++)
        if (policy->compressors[i]->code == code)
            return policy->compressors[i]->name;
    return NULL;
}

static const char *certificate_name(const struct tls_policy *policy, uint16_t index)
{
    const struct tls_credential *credential = policy->credentials;

    while (credential && credential->index != index)
        credential = credential->next;
    return credential ? credential->label : NULL;
}

static const char *name_of(const struct decision *decision, const struct tls_policy *policy)
{
    switch ((enum decision_subject)decision->subject) {
    case DECISION_VERSION:
        return tls_version_name(decision->code);
    case DECISION_SUITE:
        return tls_suite_name(decision->code);
    case DECISION_GROUP:
        return tls_group_name(decision->code);
    case DECISION_SIGNATURE:
        return tls_signature_scheme_name(decision->code);
    case DECISION_CERTIFICATE:
        return certificate_name(policy, decision->code);
    case DECISION_COMPRESSION:
        return compressor_name(policy, decision->code);
    case DECISION_CLIENT_CERTIFICATE:
        return "a certificate of the client";
    case DECISION_STAPLE:
        return "an OCSP response";
    default:
        return NULL;
    }
}

void decision_code_text(const struct decision *decision, const struct tls_policy *policy, char text[DECISION_TEXT_LEN])
{
    const char *name = name_of(decision, policy);

    if (name)
        snprintf(text, DECISION_TEXT_LEN, "%s", name);
    else if (decision->subject == DECISION_ALPN && decision->code < policy->alpn_count)
        snprintf(text, DECISION_TEXT_LEN, "%.*s", (int)policy->alpn[decision->code].len,
                 (const char *)policy->alpn[decision->code].at);
    else if (decision->subject == DECISION_RESUMPTION)
        snprintf(text, DECISION_TEXT_LEN, "ticket %u", decision->code + 1u);
    else
        snprintf(text, DECISION_TEXT_LEN, "0x%04x", decision->code);
}

bool decisions_are_full(const struct decisions *decisions, enum decision_subject subject)
{
    return !decisions || decisions->count >= LAST_FOR_REJECTED || decisions->rejected[subject] >= MAX_REJECTED;
}

static bool is_choice(enum decision_verdict verdict)
{
    return verdict == VERDICT_CHOSEN || verdict == VERDICT_AS_DEFAULT || verdict == VERDICT_RETRIED ||
           verdict == VERDICT_ASKED;
}

bool decision_is_choice(const struct decision *decision)
{
    return is_choice((enum decision_verdict)decision->verdict);
}

void decide(struct decisions *decisions, enum decision_subject subject, enum decision_verdict verdict, uint16_t code)
{
    bool is_rejected = !is_choice(verdict);

    if (!decisions)
        return;
    if (is_rejected ? decisions_are_full(decisions, subject) : decisions->count == MAX_DECISIONS) {
        decisions_leave_out(decisions, subject, 1);
        return;
    }
    decisions->entries[decisions->count++] = (struct decision){(uint8_t)subject, (uint8_t)verdict, code};
    if (is_rejected)
        decisions->rejected[subject]++;
}

void decisions_leave_out(struct decisions *decisions, enum decision_subject subject, size_t count)
{
    size_t sum;

    if (!decisions)
        return;
    sum = decisions->left_out[subject] + count;
    decisions->left_out[subject] = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
}
