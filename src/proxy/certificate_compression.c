#include "proxy/certificate_compression.h"

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

/* Brotli first: what it makes is smaller. */
static const struct tls_compressor *const compressors[] = {
#ifdef HAVE_BROTLI
    &certificate_compressor_brotli,
#endif
#ifdef HAVE_ZLIB
    &certificate_compressor_zlib,
#endif
    NULL,
};

const struct tls_compressor *certificate_compressor_at(size_t index)
{
    return index < ARRAY_LEN(compressors) ? compressors[index] : NULL;
}
