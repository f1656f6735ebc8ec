#include "proxy/certificate_compression.h"

#include <stdio.h>

#include "config.h"

#ifdef HAVE_BROTLI
#include <brotli/encode.h>
#endif
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#ifdef HAVE_BROTLI
static bool compress_brotli(struct bytes in, uint8_t *out, size_t *len)
{
    return BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_MAX_WINDOW_BITS, BROTLI_MODE_GENERIC, in.len, in.at, len,
                                 out) == BROTLI_TRUE;
}

const struct tls_compressor certificate_compressor_brotli = {CERTIFICATE_COMPRESSION_BROTLI, "brotli", compress_brotli};

/* One number in hexadecimal: MMMNNNPPP is major, minor and patch (brotli/encode.h). */
static const char *brotli_version(void)
{
    static char text[sizeof "255.4095.4095"];
    uint32_t version = BrotliEncoderVersion();

    snprintf(text, sizeof text, "%u.%u.%u", version / 0x1000000, version / 0x1000 % 0x1000, version % 0x1000);
    return text;
}
#endif

#ifdef HAVE_ZLIB
/* RFC 8879 4: "zlib" is the format of RFC 1950, which compress2() makes. */
static bool compress_zlib(struct bytes in, uint8_t *out, size_t *len)
{
    static const uint8_t nothing[1];
    uLongf used = *len;

    if (compress2(out, &used, in.len ? in.at : nothing, in.len, Z_BEST_COMPRESSION) != Z_OK)
        return false;
    *len = used;
    return true;
}

const struct tls_compressor certificate_compressor_zlib = {CERTIFICATE_COMPRESSION_ZLIB, "zlib", compress_zlib};
#endif

struct library {
    const struct tls_compressor *compressor;
    const char *(*version)(void);
};

/* Brotli first: what it makes is smaller. */
static const struct library libraries[] = {
#ifdef HAVE_BROTLI
    {&certificate_compressor_brotli, brotli_version},
#endif
#ifdef HAVE_ZLIB
    {&certificate_compressor_zlib, zlibVersion},
#endif
    {NULL, NULL},
};

const struct tls_compressor *certificate_compressor_at(size_t index)
{
    return index < ARRAY_LEN(libraries) ? libraries[index].compressor : NULL;
}

const char *certificate_compressor_version(size_t index)
{
    return certificate_compressor_at(index) ? libraries[index].version() : NULL;
}
