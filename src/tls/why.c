#include "tls/why.h"

#include "tls/iana.h"

struct why_row {
    const char *name;
    uint8_t alert;
    const char *sentence;
    const char *section;
};

#define X(name, text, alert, sentence, section) [WHY_##name] = {text, ALERT_##alert, sentence, section},
static const struct why_row rows[WHY_COUNT] = {[WHY_NONE] = {"none", ALERT_NONE, "no failure", "-"}, WHYS(X)};
#undef X

const char *why_name(enum why why)
{
    return rows[why].name;
}

const char *why_sentence(enum why why)
{
    return rows[why].sentence;
}

const char *why_section(enum why why)
{
    return rows[why].section[0] == '-' ? NULL : rows[why].section;
}

uint8_t why_alert(enum why why)
{
    return rows[why].alert;
}
