#include "explain/print_answer.h"

#include "explain/text.h"
#include "tls/iana.h"
#include "tls/negotiate.h"

void print_refusal(FILE *out, enum why why, uint16_t version)
{
    const char *section = why_section(why, version), *alert = tls_alert_name(why_alert(why));

    text_label(out, "refused");
    fprintf(out, "%s (%s)\n", why_sentence(why), why_name(why));
    text_label(out, "by");
    if (section)
        fprintf(out, "RFC %s\n", section);
    else
        fputs("a decision of sallyport\n", out);
    text_label(out, "alert");
    fprintf(out, "%s\n", alert ? alert : "none, the connection just closes");
}

static void print_line(FILE *out, const char *label, const char *value)
{
    text_label(out, label);
    fprintf(out, "%s\n", value);
}

static void print_group(FILE *out, const struct choice *choice)
{
    text_label(out, "group");
    if (!choice->group)
        fputs("none, the client encrypts its secret to the certificate\n", out);
    else
        fprintf(out, "%s%s\n", choice->group->name,
                choice->needs_retry ? ", asked for with a HelloRetryRequest: the answer is to the second ClientHello"
                                    : "");
}

static bool has_ticket(const struct client_hello *ch, uint16_t version)
{
    return version == TLS_1_3 ? ch->psk_identities.len > 0 : ch->session_ticket.len > 0;
}

static void print_resumption(FILE *out, const struct client_hello *ch, uint16_t version)
{
    print_line(out, "resumption",
               has_ticket(ch, version) ? "a ticket came, which is not opened here: this is the full handshake"
                                       : "no ticket came: a full handshake");
}

static void print_choice(FILE *out, const struct client_hello *ch, const struct choice *choice)
{
    print_line(out, "version", tls_version_name(choice->version));
    print_line(out, "suite", choice->suite->name);
    print_group(out, choice);
    print_line(out, "signature", choice->scheme ? choice->scheme->name : "none");
    print_line(out, "certificate", choice->credential ? tls_credential_label(choice->credential) : "none");
    text_label(out, "alpn");
    if (choice->alpn.len)
        text_print_quoted(out, choice->alpn);
    else
        fputs("none", out);
    fputc('\n', out);
    print_resumption(out, ch, choice->version);
}

static void print_subject(FILE *out, const struct decisions *decisions, const struct tls_policy *policy,
                          enum decision_subject subject)
{
    const char *label = decision_subject_name(subject);
    char name[DECISION_TEXT_LEN];

    for (size_t i = 0; i < decisions->count; i++) {
        const struct decision *decision = &decisions->entries[i];

        if (decision->subject != subject)
            continue;
        decision_code_text(decision, policy, name);
        if (tls_is_grease(decision->code) && decision->verdict == VERDICT_UNKNOWN)
            snprintf(name, sizeof name, "GREASE (0x%04x)", decision->code);
        text_label(out, label);
        fputs(name, out);
        fprintf(out, ": %s\n", decision_verdict_text((enum decision_verdict)decision->verdict));
        label = "";
    }
    if (decisions->left_out[subject]) {
        text_label(out, label);
        fprintf(out, "and %u more\n", decisions->left_out[subject]);
    }
}

static void print_decisions(FILE *out, const struct decisions *decisions, const struct tls_policy *policy)
{
    fputs("\nWhy\n", out);
    for (int subject = 0; subject < DECISION_SUBJECT_COUNT; subject++)
        print_subject(out, decisions, policy, (enum decision_subject)subject);
}

bool print_answer(FILE *out, const struct client_hello *ch, const struct tls_policy *policy)
{
    struct decisions decisions = {.count = 0};
    struct choice choice;
    enum why why = WHY_NONE;
    bool is_agreed = negotiate(ch, policy, &choice, &decisions, &why);

    if (is_agreed)
        print_choice(out, ch, &choice);
    else
        print_refusal(out, why, choice.version);
    if (decisions.count)
        print_decisions(out, &decisions, policy);
    return is_agreed;
}
