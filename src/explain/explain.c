#include "explain/explain.h"

#include "base/alloc.h"
#include "explain/capture.h"
#include "explain/print_answer.h"
#include "explain/print_hello.h"
#include "explain/text.h"
#include "tls/ja4.h"

static const char *form_text(enum capture_form form)
{
    switch (form) {
    case CAPTURE_RECORDS:
        return "TLS records";
    case CAPTURE_MESSAGE:
        return "a handshake message";
    case CAPTURE_PCAP:
        return "a capture (pcap)";
    case CAPTURE_PCAPNG:
        return "a capture (pcapng)";
    case CAPTURE_UNKNOWN:
        break;
    }
    return "something that is neither TLS nor hexadecimal text nor a capture";
}

static void print_source(FILE *out, const struct capture *capture)
{
    text_label(out, "read as");
    fprintf(out, "%s%s", form_text(capture->form), capture->is_hex ? ", as hexadecimal text" : "");
    if (capture->hello.records > 1)
        fprintf(out, ", in %u records", capture->hello.records);
    fputc('\n', out);
    if (capture->from[0]) {
        text_label(out, "stream");
        fprintf(out, "%s > %s\n", capture->from, capture->to);
    }
}

static void print_skipped(FILE *out, unsigned count, const char *what)
{
    if (!count)
        return;
    text_label(out, "passed over");
    fprintf(out, "%u %s\n", count, what);
}

static void print_notes(FILE *out, const struct capture_notes *notes)
{
    print_skipped(out, notes->ip_fragments, "packets that are fragments of IP");
    print_skipped(out, notes->damaged, "packets that do not parse or are cut short");
    print_skipped(out, notes->streams_left_out, "packets of streams beyond the limit");
    if (notes->unknown_links) {
        text_label(out, "passed over");
        fprintf(out, "%u packets of an unknown link type, the first of type %u\n", notes->unknown_links,
                notes->unknown_link);
    }
    if (notes->is_file_cut)
        print_skipped(out, 1, "rest of the file, which ends inside a packet or is damaged there");
}

/* Before its length came there is at most that of its first record to measure it by. */
static void print_cut(FILE *out, const struct hello *hello)
{
    fputs("one begins and is cut short: ", out);
    if (hello->announced)
        fprintf(out, "%zu of %zu bytes came\n", hello->len, hello->announced);
    else if (hello->came < hello->record)
        fprintf(out, "%zu of the %zu bytes of its first record came\n", hello->came, hello->record);
    else
        fprintf(out, "%zu bytes came, its length not among them\n", hello->came);
}

static enum explain_end say_nothing(const struct capture *capture, FILE *out)
{
    fputs("No ClientHello\n", out);
    print_source(out, capture);
    text_label(out, "because");
    if (capture->end == HELLO_CUT)
        print_cut(out, &capture->hello);
    else if (capture->form == CAPTURE_PCAP || capture->form == CAPTURE_PCAPNG)
        fprintf(out, "none of %u streams of TCP in %u packets begins with one\n", capture->notes.streams,
                capture->notes.packets);
    else
        fputs("the file does not begin with one\n", out);
    print_notes(out, &capture->notes);
    return EXPLAIN_NOTHING;
}

static enum explain_end explain_hello(const struct capture *capture, const struct tls_policy *policy,
                                      const char *listener, FILE *out)
{
    struct reader body = reader_of(bytes_of(capture->hello.body, capture->hello.len));
    struct client_hello ch = {0};
    char ja4[JA4_LEN + 1];
    enum why why = capture->hello.why;
    bool is_parsed = why == WHY_NONE && client_hello_parse(&body, &ch, &why);
    bool is_agreed = false;

    fprintf(out, "ClientHello, %zu bytes\n", capture->hello.announced);
    print_source(out, capture);
    print_notes(out, &capture->notes);
    print_hello(out, &ch);
    if (is_parsed) {
        if (!ja4_write(&ch, ja4))
            return EXPLAIN_FAILED;
        text_label(out, "JA4");
        fprintf(out, "%s\n", ja4);
    }
    fprintf(out, "\nThe answer of listener %s\n", listener);
    if (is_parsed)
        is_agreed = print_answer(out, &ch, policy);
    else
        print_refusal(out, why, 0);
    fputs("\nNot looked at: tickets are not opened, and whether the key share is a valid public value is not tried.\n",
          out);
    return is_agreed ? EXPLAIN_GOES_ON : EXPLAIN_REFUSED;
}

enum explain_end explain_file(struct bytes file, const struct tls_policy *policy, const char *listener, FILE *out)
{
    struct capture *capture = memory_new(sizeof *capture); /* with a whole ClientHello: large for a stack */
    enum explain_end end = EXPLAIN_FAILED;

    if (!capture)
        return EXPLAIN_FAILED;
    capture_read(file, capture);
    if (capture->end == HELLO_WHOLE || capture->end == HELLO_REFUSED)
        end = explain_hello(capture, policy, listener, out);
    else if (!capture->has_no_memory)
        end = say_nothing(capture, out);
    memory_free(capture);
    return end;
}
