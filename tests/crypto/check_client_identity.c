/*
 * Who a client is, out of subjects made byte by byte: the CN reaches backends, which compare it.
 */
#include "crypto/client_trust_types.h"
#include "crypto/der.h"
#include "support/check_run.h"

static struct client_identity identity;

/* Name ::= SEQUENCE { SET { SEQUENCE { commonName, value } } } */
static void read_subject_of(uint8_t tag, struct bytes value)
{
    static const uint8_t common_name[] = {0x06, 0x03, 0x55, 0x04, 0x03};
    uint8_t der[200];
    struct certificate leaf = {.not_after = 1};
    struct writer w = writer_of(der, sizeof der);
    uint8_t inner = (uint8_t)(sizeof common_name + 2 + value.len);

    ck_assert_uint_lt(value.len, 112);
    write_bytes(&w, bytes_of((const uint8_t[]){0x30, inner + 4, 0x31, inner + 2, 0x30, inner}, 6));
    write_bytes(&w, BYTES_OF_ARRAY(common_name));
    write_bytes(&w, bytes_of((const uint8_t[]){tag, (uint8_t)value.len}, 2));
    write_bytes(&w, value);
    leaf.subject = writer_view(&w);
    client_identity_read(&leaf, &identity);
    ck_assert_ptr_nonnull(strstr(identity.subject, "CN=")); /* the certificate is well made */
}

START_TEST(a_common_name_of_text_is_taken_as_it_is)
{
    static const char *const names[] = {
        "alice",
        "a, b = \"c\\d\"",
        "J\xc3\xbcrgen \xc3\x85se",                                                 /* two bytes each */
        "\xe4\xb8\xad\xe6\x96\x87",                                                 /* three */
        "\xf0\x9f\x94\x91 key",                                                     /* four */
        "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", /* the ends of each length */
        "0123456789012345678901234567890123456789012345678901234567890123",         /* 64 bytes */
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        read_subject_of(DER_UTF8_STRING, bytes_of_string(names[i]));
        ck_assert_str_eq(identity.common_name, names[i]);
    }
}
END_TEST

/* RFC 3629 3, and what would end a string or move a cursor. Cut or escaped it would be another name: none is better. */
START_TEST(a_common_name_that_is_no_text_or_too_long_is_none)
{
    static const struct bytes names[] = {
        BYTES_OF_LITERAL(""),
        BYTES_OF_LITERAL("alice\0.example"),
        BYTES_OF_LITERAL("ev\nil"),
        BYTES_OF_LITERAL("del\x7f"),
        BYTES_OF_LITERAL("\xc2\x85next line"),
        BYTES_OF_LITERAL("J\xfcrgen"), /* Latin-1 */
        BYTES_OF_LITERAL("\x80"),      /* begins with a later byte */
        BYTES_OF_LITERAL("\xc3"),      /* ends too early */
        BYTES_OF_LITERAL("\xe4\xb8"),
        BYTES_OF_LITERAL("\xc3(x"),   /* no later byte */
        BYTES_OF_LITERAL("\xc0\xaf"), /* longer than needed */
        BYTES_OF_LITERAL("\xe0\x9f\xbf"),
        BYTES_OF_LITERAL("\xf0\x8f\xbf\xbf"),
        BYTES_OF_LITERAL("\xed\xa0\x80"), /* surrogates */
        BYTES_OF_LITERAL("\xed\xbf\xbf"),
        BYTES_OF_LITERAL("\xf4\x90\x80\x80"), /* beyond the last */
        BYTES_OF_LITERAL("\xf8\x88\x80\x80\x80"),
        BYTES_OF_LITERAL("\xf9\x80\x80\x80"),
        BYTES_OF_LITERAL("01234567890123456789012345678901234567890123456789012345678901234"), /* 65 */
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        read_subject_of(DER_UTF8_STRING, names[i]);
        ck_assert_msg(identity.common_name[0] == 0, "row %zu: %s", i, identity.common_name);
    }
}
END_TEST

/* The bytes of a BMPString are no text, though "admins" may be read in them; a TeletexString is in another alphabet. */
START_TEST(a_common_name_of_another_kind_of_string_is_none)
{
    read_subject_of(DER_BMP_STRING, BYTES_OF_LITERAL("admins"));
    ck_assert_str_eq(identity.common_name, "");
    ck_assert_str_eq(identity.subject, "CN=#1e0661646d696e73"); /* RFC 4514 2.4 */
    read_subject_of(DER_TELETEX_STRING, BYTES_OF_LITERAL("J\xc3\xbcrgen"));
    ck_assert_str_eq(identity.common_name, "");
    ck_assert_str_eq(identity.subject, "CN=J\\C3\\BCrgen");
    read_subject_of(DER_PRINTABLE_STRING, BYTES_OF_LITERAL("alice"));
    ck_assert_str_eq(identity.common_name, "alice");
    read_subject_of(DER_IA5_STRING, BYTES_OF_LITERAL("alice@example.org"));
    ck_assert_str_eq(identity.common_name, "alice@example.org");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_common_name_of_text_is_taken_as_it_is,
        a_common_name_that_is_no_text_or_too_long_is_none,
        a_common_name_of_another_kind_of_string_is_none,
    };
    return check_run("client_identity", tests, ARRAY_LEN(tests));
}
