#include "daemon/libraries.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"

const char *libraries_event_version(void)
{
    return event_get_version();
}

void libraries_log_crypto(void)
{
    struct crypto_service service, next;
    char serves[LOG_VALUE_MAX] = "";
    struct log_line line;

    for (size_t i = 0, len = 0; crypto_service_at(i, &service); i++) {
        len += (size_t)snprintf(serves + len, sizeof serves - len, "%s%s", len ? ", " : "", service.algorithm);
        if (crypto_service_at(i + 1, &next) && strcmp(next.provider, service.provider) == 0)
            continue;
        log_begin(&line, LOG_LEVEL_NOTICE, "crypto");
        log_text(&line, "provider", service.provider);
        log_text(&line, "serves", serves);
        log_end(&line);
        len = 0;
    }
}
