#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "usage: bench_load MODE --port N [OPTIONS]\n"
    "  handshake   connect, handshake, GET, close; again and again\n"
    "  bulk        transfer on connections that stay\n"
    "  idle        open connections, one GET of a byte each, hold them\n"
    "  latency     echoes at a fixed rate, timed from the moment each was due\n"
    "options:\n"
    "  --server PID             the process whose tree is metered\n"
    "  --connections N          at a time (32)\n"
    "  --plain                  TCP without TLS\n"
    "  --tls 1.2|1.3            this version alone\n"
    "  --groups L, --ciphers L, --suites L    as OpenSSL names them\n"
    "  --resume                 every connection resumes with the newest ticket of its predecessor\n"
    "  --request N              handshake: bytes to GET or PUT before closing (1)\n"
    "  --count N                handshake: so many connections, whatever time it takes\n"
    "  --rate R                 handshake, latency: a second in all\n"
    "  --warmup S, --seconds S  before and in the measured window (0.5, 3)\n"
    "  --up                     handshake, bulk: PUT in place of GET\n"
    "  --bytes N                bulk: bytes of one request (16 MiB)\n"
    "  --size N                 latency: bytes of one message (64)\n"
    "  --settle S               idle: silence before the memory is read (1)\n";

enum option_letter {
    OPTION_PORT = 1,
    OPTION_SERVER,
    OPTION_CONNECTIONS,
    OPTION_PLAIN,
    OPTION_TLS,
    OPTION_GROUPS,
    OPTION_CIPHERS,
    OPTION_SUITES,
    OPTION_RESUME,
    OPTION_REQUEST,
    OPTION_COUNT,
    OPTION_RATE,
    OPTION_WARMUP,
    OPTION_SECONDS,
    OPTION_UP,
    OPTION_BYTES,
    OPTION_SIZE,
    OPTION_SETTLE,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, OPTION_PORT},
    {"server", required_argument, NULL, OPTION_SERVER},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"tls", required_argument, NULL, OPTION_TLS},
    {"groups", required_argument, NULL, OPTION_GROUPS},
    {"ciphers", required_argument, NULL, OPTION_CIPHERS},
    {"suites", required_argument, NULL, OPTION_SUITES},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"request", required_argument, NULL, OPTION_REQUEST},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"up", no_argument, NULL, OPTION_UP},
    {"bytes", required_argument, NULL, OPTION_BYTES},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"settle", required_argument, NULL, OPTION_SETTLE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static void usage(FILE *to, int status)
{
    fputs(usage_text, to);
    exit(status);
}

static double number_of(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != 0 || value < 0)
        load_fail("not a number: %s", text);
    return value;
}

static int version_of(const char *text)
{
    if (strcmp(text, "1.2") == 0)
        return TLS1_2_VERSION;
    if (strcmp(text, "1.3") == 0)
        return TLS1_3_VERSION;
    load_fail("--tls %s? (1.2 or 1.3)", text);
}

/* The options whose value is a number. False: it is none of them. */
static bool set_number(struct load_options *options, int letter, double value)
{
    switch (letter) {
    case OPTION_PORT:
        options->port = (uint16_t)value;
        return true;
    case OPTION_SERVER:
        options->server = (pid_t)value;
        return true;
    case OPTION_CONNECTIONS:
        options->connections = (size_t)value;
        return true;
    case OPTION_REQUEST:
        options->request = (uint64_t)value;
        return true;
    case OPTION_COUNT:
        options->count = (uint64_t)value;
        return true;
    case OPTION_RATE:
        options->rate = value;
        return true;
    case OPTION_WARMUP:
        options->warmup = value;
        return true;
    case OPTION_SECONDS:
        options->seconds = value;
        return true;
    case OPTION_BYTES:
        options->bytes = (uint64_t)value;
        return true;
    case OPTION_SIZE:
        options->message_len = (size_t)value;
        return true;
    case OPTION_SETTLE:
        options->settle = value;
        return true;
    default:
        return false;
    }
}

static void set_option(struct load_options *options, int letter, const char *value)
{
    switch (letter) {
    case OPTION_PLAIN:
        options->is_plain = true;
        break;
    case OPTION_RESUME:
        options->is_resuming = true;
        break;
    case OPTION_UP:
        options->is_upload = true;
        break;
    case OPTION_TLS:
        options->version = version_of(value);
        break;
    case OPTION_GROUPS:
        options->groups = value;
        break;
    case OPTION_CIPHERS:
        options->ciphers = value;
        break;
    case OPTION_SUITES:
        options->suites = value;
        break;
    case OPTION_HELP:
        usage(stdout, 0);
        break;
    default:
        if (!value || !set_number(options, letter, number_of(value)))
            usage(stderr, 2);
    }
}

static void set_mode(struct load_options *options, const char *name)
{
    static const char *const names[] = {"handshake", "bulk", "idle", "latency"};

    for (int i = 0; i < 4; i++)
        if (name && strcmp(name, names[i]) == 0) {
            options->mode = (enum load_mode)i;
            options->mode_name = names[i];
            return;
        }
    if (name && strcmp(name, "--help") == 0)
        usage(stdout, 0);
    usage(stderr, 2);
}

void options_parse(struct load_options *options, int argc, char **argv)
{
    int letter;

    *options = (struct load_options){
        .connections = 32,
        .request = 1,
        .warmup = 0.5,
        .seconds = 3,
        .bytes = 16 << 20,
        .message_len = 64,
        .settle = 1,
    };
    set_mode(options, argc > 1 ? argv[1] : NULL);
    optind = 2;
    while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        set_option(options, letter, optarg);
    if (optind != argc || options->port == 0 || options->connections == 0 || options->request == 0)
        usage(stderr, 2);
    if (options->message_len < 1 || options->message_len > MAX_IO)
        load_fail("--size is from 1 to %d", MAX_IO);
    if (options->mode == MODE_LATENCY && options->rate <= 0)
        options->rate = 1000;
}
