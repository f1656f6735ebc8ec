#include "demo/ladder.h"

#include <string.h>

#include "demo/print.h"

/* Pixels. A slanted arrow ends half a slant above or below the middle of its row. */
enum {
    HEAD_HEIGHT = 50,
    ROW_HEIGHT = 59,
    ROW_LABEL = 17,
    ROW_ARROW = 28,
    ROW_NOTE = 47,
    SLANT = 8,
    BAND_HEAD = 32,
    BAND_TAIL = 8,
    GAP = 12,
    TURN_HEIGHT = 38,
    CONNECTED_HEIGHT = 52,
    TAIL_HEIGHT = 16,
};

struct ladder {
    struct writer *out;
    const struct flights *flights;
    int y; /* how far down everything above reaches */
};

/* What a message is for, short enough for a phone. */
static const struct {
    const char *name, *note;
} notes[] = {
    {"HelloRetryRequest", "asks for another key share"},
    {"ChangeCipherSpec", "means nothing, calms old middleboxes"},
    {"EncryptedExtensions", "what nobody else need read"},
    {"CertificateRequest", "asks the client who it is"},
    {"Certificate", "who this is, and who vouches for it"},
    {"CompressedCertificate", "the certificate, made smaller"},
    {"CertificateStatus", "its issuer says: not revoked"},
    {"CertificateVerify", "a signature over all of the above"},
    {"Finished", "a keyed checksum of all of the above"},
    {"NewSessionTicket", "a ticket for a shorter handshake"},
    {"KeyUpdate", "a fresh key from here on"},
    {"ServerKeyExchange", "our key share, signed"},
    {"ServerHelloDone", "your turn"},
};

/* What a ticket and TLS 1.2 change about the meaning of a message. */
static const char *note_of_client_hello(const struct flights *flights)
{
    if (flights->is_tls12)
        return flights->is_resumed ? "what it can do, and a ticket" : "what it can do";
    return flights->is_resumed ? "what it can do, a key share, a ticket" : "what it can do, and a key share";
}

static const char *note_by_kind(const struct flights *flights, const struct flight_message *message)
{
    if (strcmp(message->name, "ClientHello") == 0)
        return message == flights->messages ? note_of_client_hello(flights) : "again, with the share asked for";
    if (strcmp(message->name, "ServerHello") == 0)
        return flights->is_tls12 ? "what was chosen" : "what was chosen, and our key share";
    if (strcmp(message->name, "ClientKeyExchange") == 0)
        return flights->is_rsa_exchange ? "a secret that only our key opens" : "the client's key share";
    if (strcmp(message->name, "ChangeCipherSpec") == 0 && !message->is_filler)
        return "from here on encrypted";
    if (strcmp(message->name, "Certificate") == 0 && message->is_from_client && !flights->is_client_verified)
        return "an empty one: it does not say who it is";
    return NULL;
}

static const char *note_of(const struct ladder *ladder, const struct flight_message *message)
{
    const char *note = note_by_kind(ladder->flights, message);

    if (note)
        return note;
    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        if (strcmp(notes[i].name, message->name) == 0)
            return notes[i].note;
    return NULL;
}

static const char *style_of(const struct flight_message *message)
{
    if (message->is_filler)
        return "filler";
    return message->protection == PROTECTION_NONE ? "open" : "sealed";
}

/* ---- pieces */

static void print_marker(struct writer *out, const char *style)
{
    print_format(
        out,
        "<marker id=\"tip-%s\" class=\"tip %s\" markerWidth=\"11\" markerHeight=\"10\" refX=\"11\" refY=\"5\" "
        "orient=\"auto-start-reverse\" markerUnits=\"userSpaceOnUse\"><path d=\"M0,0 L11,5 L0,10 Z\"/></marker>",
        style, style);
}

/* The slant says which end came first: arrows lean the way time runs, downwards. */
static void print_arrow(const struct ladder *ladder, const struct flight_message *message)
{
    int y = ladder->y + ROW_ARROW;
    const char *style = style_of(message);

    if (message->is_from_client)
        print_format(ladder->out,
                     "<line class=\"wire %s\" x1=\"0\" y1=\"%d\" x2=\"100%%\" y2=\"%d\" marker-end=\"url(#tip-%s)\"/>",
                     style, y - SLANT / 2, y + SLANT / 2, style);
    else
        print_format(ladder->out,
                     "<line class=\"wire %s\" x1=\"100%%\" y1=\"%d\" x2=\"0\" y2=\"%d\" marker-end=\"url(#tip-%s)\"/>",
                     style, y - SLANT / 2, y + SLANT / 2, style);
}

static void print_time(const struct ladder *ladder, const struct flight_message *message)
{
    int y = ladder->y + ROW_ARROW + (message->is_from_client ? SLANT / 2 : -SLANT / 2);

    print_format(ladder->out, "<text class=\"time\" x=\"100%%\" dx=\"10\" y=\"%d\">", y + 4);
    print_duration(ladder->out, message->at);
    print_text(ladder->out, "</text>");
}

static void print_row(struct ladder *ladder, const struct flight_message *message)
{
    const char *note = note_of(ladder, message);

    print_format(ladder->out, "<text class=\"name %s\" x=\"50%%\" y=\"%d\">", style_of(message), ladder->y + ROW_LABEL);
    print_html(ladder->out, message->name);
    print_text(ladder->out, "<tspan class=\"size\" dx=\"8\">");
    print_number(ladder->out, message->len);
    print_text(ladder->out, " B</tspan></text>");
    print_arrow(ladder, message);
    print_time(ladder, message);
    if (note)
        print_format(ladder->out, "<text class=\"note\" x=\"50%%\" y=\"%d\">%s</text>\n", ladder->y + ROW_NOTE, note);
    ladder->y += ROW_HEIGHT;
}

/* A tinted field behind rows that crossed the network encrypted, with a padlock and the keys that did it. */
static void print_band(struct ladder *ladder, size_t rows, enum protection protection)
{
    int height = BAND_HEAD + (int)rows * ROW_HEIGHT + BAND_TAIL;

    print_format(ladder->out, "<rect class=\"band\" x=\"0\" y=\"%d\" width=\"100%%\" height=\"%d\"/>", ladder->y,
                 height);
    print_format(
        ladder->out,
        "<g class=\"lock\" transform=\"translate(14 %d)\"><rect x=\"0\" y=\"5\" width=\"10\" height=\"8\" rx=\"1.5\"/>"
        "<path d=\"M2,5 V3 a3,3 0 0 1 6,0 V5\"/></g>",
        ladder->y + 9);
    print_format(ladder->out, "<text class=\"keys\" x=\"31\" y=\"%d\">encrypted, %s keys</text>\n", ladder->y + 21,
                 protection == PROTECTION_HANDSHAKE_KEYS ? "handshake" : "application");
    ladder->y += BAND_HEAD;
}

/* Between two flights: whose move it was, and how long that took. */
static void print_turn(struct ladder *ladder, const struct flight_message *next)
{
    uint64_t took = next->at > next[-1].at ? next->at - next[-1].at : 0;

    if (next->is_from_client)
        print_format(ladder->out, "<text class=\"turn\" x=\"14\" y=\"%d\">", ladder->y + 24);
    else
        print_format(ladder->out, "<text class=\"turn ours\" x=\"100%%\" dx=\"-14\" y=\"%d\">", ladder->y + 24);
    print_duration(ladder->out, took);
    print_text(ladder->out, next->is_from_client ? ": the network and your client" : ": sallyport at work");
    print_text(ladder->out, "</text>\n");
    ladder->y += TURN_HEIGHT;
}

static void print_connected(struct ladder *ladder)
{
    int y = ladder->y + CONNECTED_HEIGHT / 2;

    print_format(ladder->out, "<line class=\"connected\" x1=\"0\" y1=\"%d\" x2=\"100%%\" y2=\"%d\"/>", y, y);
    print_format(ladder->out, "<text class=\"milestone\" x=\"50%%\" y=\"%d\">connected after ", y + 5);
    print_duration(ladder->out, ladder->flights->total);
    print_text(ladder->out, "</text>\n");
    ladder->y += CONNECTED_HEIGHT;
}

/* What all of it was for. */
static void print_data(struct ladder *ladder)
{
    int y;

    print_band(ladder, 1, PROTECTION_APPLICATION_KEYS);
    y = ladder->y + ROW_ARROW;
    print_format(ladder->out, "<text class=\"name sealed\" x=\"50%%\" y=\"%d\">application data</text>",
                 ladder->y + ROW_LABEL);
    print_format(
        ladder->out,
        "<line class=\"wire sealed\" x1=\"0\" y1=\"%d\" x2=\"100%%\" y2=\"%d\" marker-start=\"url(#tip-sealed)\" "
        "marker-end=\"url(#tip-sealed)\"/>",
        y, y);
    print_format(ladder->out, "<text class=\"note\" x=\"50%%\" y=\"%d\">your request and this page</text>\n",
                 ladder->y + ROW_NOTE);
    ladder->y += ROW_HEIGHT + BAND_TAIL;
}

/* ---- the whole */

static bool is_same_run(const struct flight_message *a, const struct flight_message *b)
{
    return a->is_from_client == b->is_from_client && a->protection == b->protection;
}

/* Messages of one sender under one kind of protection, from `first` on; never across the end of the handshake. */
static size_t run_end(const struct flights *flights, size_t first)
{
    size_t limit = first < flights->connected_count ? flights->connected_count : flights->count;
    size_t end = first + 1;

    while (end < limit && is_same_run(&flights->messages[first], &flights->messages[end]))
        end++;
    return end;
}

static void print_run(struct ladder *ladder, size_t first, size_t end)
{
    const struct flight_message *messages = ladder->flights->messages;
    bool is_sealed = messages[first].protection != PROTECTION_NONE;

    if (first > 0 && first != ladder->flights->connected_count)
        if (messages[first].is_from_client != messages[first - 1].is_from_client)
            print_turn(ladder, &messages[first]);
    if (is_sealed)
        print_band(ladder, end - first, messages[first].protection);
    for (size_t i = first; i < end; i++)
        print_row(ladder, &messages[i]);
    ladder->y += is_sealed ? BAND_TAIL + GAP : 0;
}

static void print_body(struct ladder *ladder)
{
    const struct flights *flights = ladder->flights;

    ladder->y = HEAD_HEIGHT;
    for (size_t i = 0; i < flights->count;) {
        size_t end = run_end(flights, i);
        print_run(ladder, i, end);
        if (end == flights->connected_count && flights->is_complete)
            print_connected(ladder);
        i = end;
    }
    if (flights->is_cut) {
        print_format(ladder->out, "<text class=\"note\" x=\"50%%\" y=\"%d\">more followed that was not kept</text>",
                     ladder->y + 14);
        ladder->y += TURN_HEIGHT;
    }
    if (flights->is_complete)
        print_data(ladder);
    ladder->y += TAIL_HEIGHT;
}

/* How high it becomes: a run into a writer without room for a byte. */
static int measure(const struct flights *flights)
{
    uint8_t nothing;
    struct writer out = writer_of(&nothing, 0);
    struct ladder ladder = {&out, flights, 0};

    print_body(&ladder);
    return ladder.y;
}

void ladder_print(struct writer *out, const struct flights *flights)
{
    struct ladder ladder = {out, flights, 0};
    int height = measure(flights);

    print_format(out,
                 "<svg class=\"ladder\" xmlns=\"http://www.w3.org/2000/svg\" height=\"%d\" role=\"img\" "
                 "aria-label=\"the messages of the handshake in their order\"><defs>",
                 height);
    print_marker(out, "open");
    print_marker(out, "sealed");
    print_marker(out, "filler");
    print_text(out, "</defs><text class=\"side\" x=\"0\" y=\"20\">your client</text>"
                    "<text class=\"side ours\" x=\"100%\" y=\"20\">sallyport</text>\n");
    for (int side = 0; side <= 100; side += 100)
        print_format(out, "<line class=\"life\" x1=\"%d%%\" y1=\"32\" x2=\"%d%%\" y2=\"%d\"/>\n", side, side, height);
    print_body(&ladder);
    print_text(out, "</svg>\n");
}
