#include "cli/admin_address.h"

#include <stdio.h>

#include "config/address.h"

_Static_assert((int)ADMIN_ADDRESS_FAULT_LEN == (int)ADDRESS_FAULT_LEN, "the same sentence");

bool admin_address_parse(struct arena *arena, const char *text, struct config_address *out,
                         char fault[ADMIN_ADDRESS_FAULT_LEN])
{
    switch (address_parse(arena, text, ADDRESS_TO_CONNECT, out, fault)) {
    case ADDRESS_OK:
        return true;
    case ADDRESS_NO_MEMORY:
        snprintf(fault, ADMIN_ADDRESS_FAULT_LEN, "does not fit into memory");
        return false;
    case ADDRESS_WRONG:
        break;
    }
    return false;
}
