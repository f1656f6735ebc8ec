#include "cli/source.h"

/* On loopback only: a page about one's own handshake is nothing to serve by accident. */
const char default_config[] = "[listen development]\n"
                              "address = 127.0.0.1:8443\n"
                              "certificate = " CONFIG_CERTIFICATE_DEVELOPMENT "\n"
                              "backend = " CONFIG_BACKEND_DEMO "\n"
                              "alpn = http/1.1\n";
