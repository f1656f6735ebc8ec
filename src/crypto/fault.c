#include "crypto/fault.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct crypto_fault *fault, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return false;
}

bool fault_not_pem(struct crypto_fault *fault, struct bytes file, const char *wanted)
{
    if (file.len == 0)
        return fault_set(fault, "the file is empty");
    if (file.at[0] == 0x30)
        return fault_set(fault, "the file is not PEM: it looks like DER or PKCS#12; convert it with `openssl`");
    return fault_set(fault, "no %s found: no line \"-----BEGIN ...-----\" says so", wanted);
}
