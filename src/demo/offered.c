#include "demo/offered.h"

#include <stdio.h>

#include "tls/iana.h"

static size_t bounded(size_t count)
{
    return count < MAX_OFFERED ? count : MAX_OFFERED;
}

void offered_read(const struct handshake_view *view, struct offered_list lists[OFFERED_LISTS])
{
    const struct tls_offered *offered = &view->offered;
    const struct tls_outcome *outcome = &view->outcome;

    lists[0] = (struct offered_list){
        "versions", "Versions", offered->versions, bounded(offered->version_count), outcome->version, tls_version_name};
    lists[1] = (struct offered_list){"suites",
                                     "Cipher suites",
                                     offered->suites,
                                     bounded(offered->suite_count),
                                     outcome->suite ? outcome->suite->code : 0,
                                     tls_suite_name};
    lists[2] = (struct offered_list){"groups",
                                     "Groups",
                                     offered->groups,
                                     bounded(offered->group_count),
                                     outcome->group ? outcome->group->code : 0,
                                     tls_group_name};
    lists[3] = (struct offered_list){"signatures",
                                     "Signatures",
                                     offered->schemes,
                                     bounded(offered->scheme_count),
                                     outcome->scheme ? outcome->scheme->code : 0,
                                     tls_signature_scheme_name};
}

const char *offered_name(const struct offered_list *list, size_t index, char text[OFFERED_NAME_LEN])
{
    uint16_t code = list->codes[index];
    const char *name = list->name(code);

    if (name)
        return name;
    if (tls_is_grease(code))
        return "GREASE";
    snprintf(text, OFFERED_NAME_LEN, "0x%04x", code);
    return text;
}
