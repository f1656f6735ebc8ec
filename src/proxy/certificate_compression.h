/*
 * certificate_compression.h: how a Certificate message is made smaller (RFC 8879), by libraries of others.
 *
 * Compression alone, and of our own certificates alone: nothing a peer sent is ever decompressed. It happens once for
 * each certificate, so both compress as well as they can, however long it takes. The same bytes always give the same.
 */
#ifndef PROXY_CERTIFICATE_COMPRESSION_H
#define PROXY_CERTIFICATE_COMPRESSION_H

#include "tls/policy.h"

/* RFC 8879 7.3 */
enum { CERTIFICATE_COMPRESSION_ZLIB = 1, CERTIFICATE_COMPRESSION_BROTLI = 2 };

/* Those of this build, the preferred one first; NULL past the last. A build without the libraries has none. */
const struct tls_compressor *certificate_compressor_at(size_t index);

/* Of the library that runs, not of the headers it was compiled with. NULL past the last. */
const char *certificate_compressor_version(size_t index);

/* Defined where the library was there. */
extern const struct tls_compressor certificate_compressor_brotli;
extern const struct tls_compressor certificate_compressor_zlib;

#endif
