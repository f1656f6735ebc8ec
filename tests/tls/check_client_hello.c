/* ClientHello as bytes: its syntax (RFC 8446 4.1.2), and what of it a second one must repeat. */
#include "tls/client_hello.h"

#include "base/alloc.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "support/check_run.h"
#include "support/trace.h"
#include "tls/extensions.h"
#include "tls/iana.h"

static struct trace trace;
static struct client_hello ch;
static enum why why;

/* The hellos of RFC 8448, all of them valid. */
static const struct {
    const char *trace, *message;
} hellos[] = {
    {"simple_1rtt", "client_hello"},           {"resumed_0rtt", "client_hello"},
    {"hello_retry_request", "client_hello"},   {"hello_retry_request", "client_hello_2"},
    {"client_authentication", "client_hello"}, {"compatibility_mode", "client_hello"},
};

static struct bytes body_of(size_t hello)
{
    struct bytes message;

    trace_load(&trace, hellos[hello].trace);
    message = trace_get(&trace, hellos[hello].message);
    return bytes_of(message.at + 4, message.len - 4);
}

/*
 * Parses a copy that ends where the bytes do, so that AddressSanitizer sees a read behind them. It backs the views of
 * `ch` until the next call.
 */
static bool parse(struct bytes body)
{
    static uint8_t *copy;
    struct reader r;

    memory_free(copy);
    copy = memory_new(body.len + !body.len);
    ck_assert_ptr_nonnull(copy);
    if (body.len)
        memcpy(copy, body.at, body.len);
    r = reader_of(bytes_of(copy, body.len));
    why = WHY_NONE;
    return client_hello_parse(&r, &ch, &why);
}

static void is_refused(struct bytes body, enum why expected)
{
    ck_assert(!parse(body));
    ck_assert_str_eq(why_name(why), why_name(expected));
}

/* ---- syntax */

START_TEST(the_parts_of_the_hello_of_rfc8448_are_found)
{
    ck_assert(parse(body_of(0)));
    ck_assert_uint_eq(ch.legacy_version, TLS_1_2);
    assert_same(ch.random, hex("cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7"), "random");
    ck_assert_uint_eq(ch.session_id.len, 0);
    assert_same(ch.cipher_suites, hex("130113031302"), "cipher_suites");
    assert_same(ch.compression_methods, hex("00"), "compression_methods");
    assert_same(ch.server_name, BYTES_OF_LITERAL("server"), "server_name");
    assert_same(ch.supported_groups, hex("001d00170018001901000101010201030104"), "supported_groups");
    assert_same(ch.supported_versions, hex("0304"), "supported_versions");
    assert_same(ch.signature_algorithms, hex("040305030603020308040805080604010501060102010402050206020202"),
                "signature_algorithms");
    assert_same(ch.psk_modes, hex("01"), "psk_modes");
    ck_assert_uint_eq(ch.key_shares.len, 36);
    ck_assert_ptr_null(ch.alpn.at);
    ck_assert_ptr_null(ch.psk_identities.at);
    ck_assert(!ch.has_early_data);
}
END_TEST

START_TEST(the_parts_of_the_resuming_hello_of_rfc8448_are_found)
{
    ck_assert(parse(body_of(1)));
    ck_assert(ch.has_early_data);
    ck_assert(ch.is_psk_last);
    ck_assert_uint_eq(ch.psk_identities.len, 2 + 178 + 4);
    ck_assert_uint_eq(ch.psk_binders.len, 33);
    assert_same(bytes_of(ch.psk_binders.at + 1, 32), trace_get(&trace, "binder"), "the binder");
    ck_assert(parse(body_of(5)));
    ck_assert_uint_eq(ch.session_id.len, 32);
}
END_TEST

static size_t extensions_at(struct bytes body)
{
    ck_assert(parse(body));
    return body.len - ch.extensions.len - 2;
}

/* RFC 5246 7.4.1.2: an old hello may end before the extensions; at every other length the cut is an error. */
START_TEST(a_hello_cut_at_any_length_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
        struct bytes body = body_of(i);
        size_t whole_without_extensions = extensions_at(body);

        for (size_t len = 0; len < body.len; len++) {
            if (len == whole_without_extensions)
                ck_assert(parse(bytes_of(body.at, len)) && ch.extensions.len == 0);
            else
                is_refused(bytes_of(body.at, len), WHY_CLIENT_HELLO_MALFORMED);
        }
    }
}
END_TEST

START_TEST(bytes_behind_the_extensions_are_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
        struct bytes body = body_of(i);
        uint8_t longer[1024] = {0};

        memcpy(longer, body.at, body.len);
        is_refused(bytes_of(longer, body.len + 1), WHY_TRAILING_BYTES);
        is_refused(bytes_of(longer, body.len + 300), WHY_TRAILING_BYTES);
    }
}
END_TEST

/* Adds `change` to the length field whose last byte is at `at`; a field that would need a carry is left to others. */
static void is_refused_with_length_changed(struct bytes body, size_t at, int change)
{
    uint8_t copy[1024];

    memcpy(copy, body.at, body.len);
    if ((change < 0 && copy[at] == 0) || (change > 0 && copy[at] == 0xff))
        return;
    copy[at] = (uint8_t)(copy[at] + change);
    ck_assert_msg(!parse(bytes_of(copy, body.len)), "the length field at %zu passes with %d more", at, change);
}

/* Where the length fields of a body end: of its vectors, of each extension, and of the list that fills an extension. */
static size_t length_fields(struct bytes body, size_t at[64])
{
    size_t count = 0, first = extensions_at(body), next;
    struct reader r = reader_of(ch.extensions);
    struct extension extension;

    at[count++] = 2 + 32;
    at[count++] = 2 + 32 + 1 + ch.session_id.len + 1;
    at[count++] = 2 + 32 + 1 + ch.session_id.len + 2 + ch.cipher_suites.len;
    at[count++] = first + 1;
    for (next = first + 2; extension_next(&r, &extension); next += 4 + extension.data.len) {
        at[count++] = next + 3;
        switch (extension.type) {
        case EXTENSION_SUPPORTED_VERSIONS:
        case EXTENSION_PSK_KEY_EXCHANGE_MODES:
            at[count++] = next + 4;
            break;
        case EXTENSION_SERVER_NAME:
            at[count++] = next + 8; /* of the name, behind list and type */
            at[count++] = next + 5;
            break;
        case EXTENSION_KEY_SHARE:
            at[count++] = next + 9; /* of key_exchange, behind list and group */
            at[count++] = next + 5;
            break;
        case EXTENSION_SUPPORTED_GROUPS:
        case EXTENSION_SIGNATURE_ALGORITHMS:
        case EXTENSION_COOKIE:
        case EXTENSION_PRE_SHARED_KEY:
            at[count++] = next + 5;
            break;
        default: /* empty or not ours to read */
            break;
        }
    }
    ck_assert_uint_le(count, 64);
    return count;
}

START_TEST(a_length_field_off_by_one_is_refused_wherever_it_stands)
{
    for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
        struct bytes body = body_of(i);
        size_t at[64], count = length_fields(body, at);

        ck_assert_uint_gt(count, 15);
        for (size_t field = 0; field < count; field++) {
            is_refused_with_length_changed(body, at[field], 1);
            is_refused_with_length_changed(body, at[field], -1);
        }
    }
}
END_TEST

/* A body of vectors of these lengths, filled with zeros; extensions SIZE_MAX: none. */
struct lens {
    size_t session_id, cipher_suites, compression_methods, extensions;
};

static bool parse_lens(struct lens lens)
{
    static uint8_t storage[200000], zeros[70000];
    struct writer w = writer_of(storage, sizeof storage);
    struct vector_mark mark;

    write_u16(&w, TLS_1_2);
    write_bytes(&w, bytes_of(zeros, 32));
    mark = write_vec8_begin(&w);
    write_bytes(&w, bytes_of(zeros, lens.session_id));
    write_vec_end(&w, mark);
    mark = write_vec16_begin(&w);
    write_bytes(&w, bytes_of(zeros, lens.cipher_suites));
    write_vec_end(&w, mark);
    mark = write_vec8_begin(&w);
    write_bytes(&w, bytes_of(zeros, lens.compression_methods));
    write_vec_end(&w, mark);
    if (lens.extensions != SIZE_MAX) {
        mark = write_vec16_begin(&w);
        if (lens.extensions > 0) { /* one nobody knows */
            write_u16(&w, 0xfafa);
            write_u16(&w, (uint16_t)(lens.extensions - 4));
            write_bytes(&w, bytes_of(zeros, lens.extensions - 4));
        }
        write_vec_end(&w, mark);
    }
    ck_assert(writer_ok(&w));
    return parse(writer_view(&w));
}

START_TEST(vectors_are_held_to_the_bounds_of_the_rfc)
{
    ck_assert(parse_lens((struct lens){0, 2, 1, SIZE_MAX}));
    ck_assert(parse_lens((struct lens){0, 2, 1, 0}));
    ck_assert(parse_lens((struct lens){32, 0xfffe, 255, 0xffff}));
    ck_assert(!parse_lens((struct lens){33, 2, 1, 0}));
    ck_assert_int_eq(why, WHY_CLIENT_HELLO_MALFORMED);
    ck_assert(!parse_lens((struct lens){0, 0, 1, 0}));
    ck_assert_int_eq(why, WHY_CLIENT_HELLO_MALFORMED);
    ck_assert(!parse_lens((struct lens){0, 3, 1, 0}));
    ck_assert_int_eq(why, WHY_CLIENT_HELLO_MALFORMED);
    ck_assert(!parse_lens((struct lens){0, 0xffff, 1, 0}));
    ck_assert_int_eq(why, WHY_CLIENT_HELLO_MALFORMED);
    ck_assert(!parse_lens((struct lens){0, 2, 0, 0}));
    ck_assert_int_eq(why, WHY_CLIENT_HELLO_MALFORMED);
}
END_TEST

START_TEST(what_a_failed_parse_left_is_not_taken_over_by_the_next)
{
    ck_assert(parse(body_of(1)));
    ck_assert(parse_lens((struct lens){0, 2, 1, SIZE_MAX}));
    ck_assert(!ch.has_early_data && !ch.is_psk_last);
    ck_assert_ptr_null(ch.supported_versions.at);
    ck_assert_ptr_null(ch.server_name.at);
    ck_assert_ptr_null(ch.psk_identities.at);
}
END_TEST

START_TEST(lists_are_walked_code_by_code)
{
    struct bytes list = hex("1301130313021301");
    struct reader r = reader_of(list);
    uint16_t code, expected[] = {0x1301, 0x1303, 0x1302, 0x1301};

    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        ck_assert(code_list_next(&r, &code) && code == expected[i]);
    ck_assert(!code_list_next(&r, &code));
    ck_assert(code_list_has(list, 0x1302));
    ck_assert(!code_list_has(list, 0x0113)); /* across two of them */
    ck_assert(!code_list_has(bytes_of(NULL, 0), 0));
}
END_TEST

START_TEST(key_shares_are_walked_one_by_one)
{
    struct reader r = reader_of(hex("001d0002aabb"
                                    "fafa000100"
                                    "00170003010203"));
    struct key_share share;

    ck_assert(key_share_next(&r, &share) && share.group == 0x001d);
    assert_same(share.key_exchange, hex("aabb"), "the first share");
    ck_assert(key_share_next(&r, &share) && share.group == 0xfafa);
    ck_assert(key_share_next(&r, &share) && share.group == 0x0017);
    assert_same(share.key_exchange, hex("010203"), "the third share");
    ck_assert(!key_share_next(&r, &share));
}
END_TEST

/* ---- what is frozen by a HelloRetryRequest (RFC 8446 4.1.2) */

static void digest_of(struct bytes body, uint8_t digest[32])
{
    ck_assert(parse(body));
    ck_assert(client_hello_frozen_digest(&ch, digest));
}

/* A hello as a list of extensions, `type data`, put together anew for every question. */
struct part {
    uint16_t type;
    const char *data;
};
enum { MAX_PARTS = 12 };

static const struct part first_parts[MAX_PARTS] = {
    {EXTENSION_SERVER_NAME, "0009000006736572766572"},
    {EXTENSION_SUPPORTED_GROUPS, "0004001d0017"},
    {EXTENSION_SUPPORTED_VERSIONS, "020304"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "000404030804"},
    {EXTENSION_KEY_SHARE, "0006001d0002aabb"},
    {EXTENSION_ALPN, "0003026832"},
    {0xfafa, "01"},
    {EXTENSION_EARLY_DATA, ""},
    {EXTENSION_PADDING, "0000"},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, "0101"},
};

static void digest_of_parts(const struct part *parts, uint8_t digest[32])
{
    static uint8_t storage[2048];
    struct writer w = writer_of(storage, sizeof storage);
    struct vector_mark extensions, extension;

    write_bytes(&w, hex("0303"
                        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                        "0401020304"
                        "000413011302"
                        "0100"));
    extensions = write_vec16_begin(&w);
    for (size_t i = 0; i < MAX_PARTS && parts[i].data; i++) {
        write_u16(&w, parts[i].type);
        extension = write_vec16_begin(&w);
        write_bytes(&w, hex(parts[i].data));
        write_vec_end(&w, extension);
    }
    write_vec_end(&w, extensions);
    ck_assert(writer_ok(&w));
    digest_of(writer_view(&w), digest);
}

static struct part *copy_of_first(void)
{
    static struct part parts[MAX_PARTS];

    memcpy(parts, first_parts, sizeof parts);
    return parts;
}

static struct part *find_part(struct part *parts, uint16_t type)
{
    while (parts->type != type)
        parts++;
    return parts;
}

/* Replaces the extension's data; NULL takes the extension out; one that is not there yet is appended. */
static struct part *with(struct part *parts, uint16_t type, const char *data)
{
    size_t i = 0;

    while (i < MAX_PARTS - 1 && parts[i].data && parts[i].type != type)
        i++;
    if (data) {
        parts[i] = (struct part){type, data};
        return parts;
    }
    memmove(&parts[i], &parts[i + 1], (MAX_PARTS - 1 - i) * sizeof parts[0]);
    return parts;
}

static bool is_frozen_alike(const struct part *parts)
{
    uint8_t first[32], second[32];

    digest_of_parts(first_parts, first);
    digest_of_parts(parts, second);
    return memcmp(first, second, sizeof first) == 0;
}

static const char psk[] = "0009"
                          "0003616263"
                          "00000001"
                          "0021"
                          "20"
                          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char other_psk[] = "0009"
                                "0003616263"
                                "00000002"
                                "0021"
                                "20"
                                "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

START_TEST(what_may_change_does_not_change_the_digest)
{
    ck_assert(is_frozen_alike(copy_of_first()));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_KEY_SHARE, "000700170003010203")));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_KEY_SHARE, "0000")));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_EARLY_DATA, NULL)));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_PADDING, NULL)));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_PADDING, "00000000")));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_PADDING, "")));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_PRE_SHARED_KEY, psk)));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_ENCRYPTED_CLIENT_HELLO, "00112233")));
    ck_assert(is_frozen_alike(with(copy_of_first(), EXTENSION_PRE_SHARED_KEY, other_psk)));
}
END_TEST

START_TEST(an_extension_changed_taken_out_or_added_changes_the_digest)
{
    static const struct part changes[] = {
        {EXTENSION_SERVER_NAME, "0009000006736572766573"},
        {EXTENSION_SUPPORTED_GROUPS, "00020017"},
        {EXTENSION_SUPPORTED_VERSIONS, "0403040303"},
        {EXTENSION_SIGNATURE_ALGORITHMS, "000408040403"},
        {EXTENSION_ALPN, "0003026833"},
        {0xfafa, "02"},
        {EXTENSION_PSK_KEY_EXCHANGE_MODES, "0100"},
    };

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        ck_assert_msg(!is_frozen_alike(with(copy_of_first(), changes[i].type, changes[i].data)), "%zu", i);
        ck_assert_msg(!is_frozen_alike(with(copy_of_first(), changes[i].type, NULL)), "%zu", i);
    }
    ck_assert(!is_frozen_alike(with(copy_of_first(), 0xbaba, "")));
    ck_assert(!is_frozen_alike(with(copy_of_first(), EXTENSION_COOKIE, "0003796d6d"))); /* we give none */
    ck_assert(!is_frozen_alike(with(copy_of_first(), EXTENSION_CERTIFICATE_AUTHORITIES, "000400021234")));
}
END_TEST

START_TEST(another_order_or_another_type_changes_the_digest)
{
    struct part *parts = copy_of_first();
    struct part *alpn = find_part(parts, EXTENSION_ALPN), *grease = find_part(parts, 0xfafa), kept = *alpn;

    *alpn = *grease;
    *grease = kept;
    ck_assert(!is_frozen_alike(parts));
    parts = copy_of_first();
    find_part(parts, 0xfafa)->type = 0xcaca;
    ck_assert(!is_frozen_alike(parts));
}
END_TEST

/* True for a byte within the data of an extension that may change, or of its length. */
static bool may_change_at(struct bytes body, size_t at)
{
    size_t next = extensions_at(body) + 2;
    struct reader r = reader_of(ch.extensions);
    struct extension extension;

    for (; extension_next(&r, &extension); next += 4 + extension.data.len)
        if (at >= next + 4 && at < next + 4 + extension.data.len)
            return extension.type == EXTENSION_KEY_SHARE || extension.type == EXTENSION_EARLY_DATA ||
                   extension.type == EXTENSION_PRE_SHARED_KEY || extension.type == EXTENSION_PADDING;
    return false;
}

START_TEST(a_bit_flipped_changes_the_digest_where_nothing_may_change_and_only_there)
{
    unsigned parsed = 0;

    for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
        uint8_t copy[1024], before[32], after[32];
        struct bytes body = body_of(i);

        memcpy(copy, body.at, body.len);
        digest_of(body, before);
        for (size_t bit = 0; bit < body.len * 8; bit++) {
            bool may_change = may_change_at(body, bit / 8);

            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (parse(bytes_of(copy, body.len))) {
                parsed++;
                ck_assert(client_hello_frozen_digest(&ch, after));
                ck_assert_msg((memcmp(before, after, 32) == 0) == may_change, "hello %zu, byte %zu", i, bit / 8);
            }
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    ck_assert_uint_gt(parsed, 10000); /* most flips still parse, or this proves little */
}
END_TEST

/* Bytes that move from one vector to the next are a change, even if they look like what stands between the two. */
START_TEST(the_digest_knows_where_a_field_ends)
{
    static const struct {
        const char *first, *second; /* from the session id on */
    } pairs[] = {
        {"02"
         "0102"
         "0004"
         "03040506"
         "0100",
         "04"
         "01020304"
         "0002"
         "0506"
         "0100"},
        {"08"
         "000000000000aaaa"
         "0002"
         "bbbb"
         "0100",
         "00"
         "000a"
         "aaaa000000000000bbbb"
         "0100"},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        uint8_t body[128] = {3, 3}, first[32], second[32];
        struct bytes rest = hex(pairs[i].first);

        memcpy(body + 34, rest.at, rest.len);
        digest_of(bytes_of(body, 34 + rest.len), first);
        rest = hex(pairs[i].second);
        memcpy(body + 34, rest.at, rest.len);
        digest_of(bytes_of(body, 34 + rest.len), second);
        ck_assert_mem_ne(first, second, 32);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_parts_of_the_hello_of_rfc8448_are_found,
        the_parts_of_the_resuming_hello_of_rfc8448_are_found,
        a_hello_cut_at_any_length_is_refused,
        bytes_behind_the_extensions_are_refused,
        a_length_field_off_by_one_is_refused_wherever_it_stands,
        vectors_are_held_to_the_bounds_of_the_rfc,
        what_a_failed_parse_left_is_not_taken_over_by_the_next,
        lists_are_walked_code_by_code,
        key_shares_are_walked_one_by_one,
        what_may_change_does_not_change_the_digest,
        an_extension_changed_taken_out_or_added_changes_the_digest,
        another_order_or_another_type_changes_the_digest,
        a_bit_flipped_changes_the_digest_where_nothing_may_change_and_only_there,
        the_digest_knows_where_a_field_ends,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("client_hello", tests, ARRAY_LEN(tests));
}
