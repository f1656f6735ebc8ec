#include "daemon/libraries.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config.h"
#include "crypto/crypto.h"
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

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
        if (len < sizeof serves)
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

const char *libraries_seccomp_version(void)
{
#ifdef HAVE_SECCOMP
    static char text[48];
    const struct scmp_version *version = seccomp_version();

    snprintf(text, sizeof text, "%u.%u.%u", version->major, version->minor, version->micro);
    return text;
#else
    return NULL;
#endif
}
