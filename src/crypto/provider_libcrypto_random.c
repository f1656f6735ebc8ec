#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include "crypto/provider_libcrypto.h"

/*
 * A provider of OpenSSL's own kind, with one algorithm: random bytes out of a random_source. With it the library keeps
 * no generator that a fork could copy, and a replayed source gives the same signatures again.
 */
static const struct random_source *current;

void libcrypto_random_begin(const struct random_source *source)
{
    current = source;
}

void libcrypto_random_end(void)
{
    current = NULL;
}

enum { STRENGTH = 256, MAX_REQUEST = 1 << 16 };

static int state_of_it; /* something to point at: there is no state */

static void *rand_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
    (void)provider, (void)parent, (void)parent_calls;
    return &state_of_it;
}

static void rand_free(void *it)
{
    (void)it;
}

static int rand_instantiate(void *it, unsigned strength, int prediction_resistance, const unsigned char *text,
                            size_t text_len, const OSSL_PARAM params[])
{
    (void)it, (void)prediction_resistance, (void)text, (void)text_len, (void)params;
    return strength <= STRENGTH;
}

static int rand_uninstantiate(void *it)
{
    (void)it;
    return 1;
}

static int rand_generate(void *it, unsigned char *out, size_t len, unsigned strength, int prediction_resistance,
                         const unsigned char *more, size_t more_len)
{
    (void)it, (void)prediction_resistance, (void)more, (void)more_len;
    return strength <= STRENGTH && random_fill(current ? *current : random_system(), out, len);
}

static int rand_enable_locking(void *it)
{
    (void)it;
    return 1;
}

static int rand_get_params(void *it, OSSL_PARAM params[])
{
    OSSL_PARAM *p;

    (void)it;
    if ((p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE)) && !OSSL_PARAM_set_int(p, EVP_RAND_STATE_READY))
        return 0;
    if ((p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH)) && !OSSL_PARAM_set_uint(p, STRENGTH))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return !p || OSSL_PARAM_set_size_t(p, MAX_REQUEST);
}

static const OSSL_PARAM *rand_gettable(void *it, void *provider)
{
    static const OSSL_PARAM known[] = {OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
                                       OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
                                       OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL), OSSL_PARAM_END};
    (void)it, (void)provider;
    return known;
}

#define CALL(id, function)                                                                                             \
    {                                                                                                                  \
        id, (void (*)(void))(function)                                                                                 \
    }

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    static const OSSL_DISPATCH calls[] = {
        CALL(OSSL_FUNC_RAND_NEWCTX, rand_new),
        CALL(OSSL_FUNC_RAND_FREECTX, rand_free),
        CALL(OSSL_FUNC_RAND_INSTANTIATE, rand_instantiate),
        CALL(OSSL_FUNC_RAND_UNINSTANTIATE, rand_uninstantiate),
        CALL(OSSL_FUNC_RAND_GENERATE, rand_generate),
        CALL(OSSL_FUNC_RAND_ENABLE_LOCKING, rand_enable_locking),
        CALL(OSSL_FUNC_RAND_GET_CTX_PARAMS, rand_get_params),
        CALL(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, rand_gettable),
        {0, NULL},
    };
    static const OSSL_ALGORITHM algorithms[] = {{"SALLYPORT", "provider=sallyport", calls, NULL}, {0}};

    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_RAND ? algorithms : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                         void **provider)
{
    static const OSSL_DISPATCH calls[] = {CALL(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, NULL}};

    (void)in;
    *provider = (void *)handle;
    *out = calls;
    return 1;
}

bool libcrypto_random_start(OSSL_LIB_CTX *context)
{
    return OSSL_PROVIDER_add_builtin(context, "sallyport", provider_init) == 1 &&
           OSSL_PROVIDER_load(context, "sallyport") != NULL &&
           RAND_set_DRBG_type(context, "SALLYPORT", NULL, NULL, NULL) == 1;
}
