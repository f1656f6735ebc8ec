/* negotiate.h as a table: what a ClientHello and a policy lead to. */
#include "tls/negotiate.h"

#include "support/check_run.h"
#include "support/code_lists.h"
#include "support/rig.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct choice choice;
static enum why why;

/* What a client offers; what is not said is that of an ordinary client, NULL is not sent. */
struct offer {
    const char *suites, *groups, *shares, *schemes, *sni, *alpn;
};
#define ORDINARY .suites = "1301 1302 1303", .groups = "1d 17 18", .shares = "1d", .schemes = "0403 0804 0503"

static struct client_hello hello_of(struct offer offer)
{
    static const uint8_t null_only[] = {0};
    static struct list suites, groups, shares, schemes, versions;

    return (struct client_hello){
        .legacy_version = TLS_1_2,
        .cipher_suites = list_of(&suites, offer.suites),
        .compression_methods = BYTES_OF_ARRAY(null_only),
        .supported_versions = list_of(&versions, "0304"),
        .supported_groups = list_of(&groups, offer.groups),
        .key_shares = shares_of(&shares, offer.shares),
        .signature_algorithms = list_of(&schemes, offer.schemes),
        .server_name = offer.sni ? bytes_of_string(offer.sni) : bytes_of(NULL, 0),
        .alpn = offer.alpn ? bytes_of_string(offer.alpn) : bytes_of(NULL, 0),
    };
}

static bool negotiate_hello(const struct client_hello *ch)
{
    static const struct offered_session no_ticket;

    why = WHY_NONE;
    return negotiate13(ch, rig.policy, &no_ticket, &choice, NULL, &why);
}

static bool negotiate_offer(struct offer offer)
{
    struct client_hello ch = hello_of(offer);

    return negotiate_hello(&ch);
}

static void is_refused(struct offer offer, enum why expected)
{
    ck_assert(!negotiate_offer(offer));
    ck_assert_str_eq(why_name(why), why_name(expected));
}

static void hello_is_refused(const struct client_hello *ch, enum why expected)
{
    ck_assert(!negotiate_hello(ch));
    ck_assert_str_eq(why_name(why), why_name(expected));
}

/* A policy with these certificates of tests/data/certificates, in this order; NULL ends them. */
static void begin_with(const char *const *certificates)
{
    ck_assert(rig_init(&rig, 1));
    for (; *certificates; certificates++)
        ck_assert_msg(rig_add_certificate(&rig, *certificates), "%s", *certificates);
}

static void begin(void)
{
    begin_with((const char *const[]){"p256", "rsa2048", NULL});
}

static void end(void)
{
    rig_wipe(&rig);
}

/* Tells the policy what it allows, as code points in text. */
#define ALLOW(what, find)                                                                                              \
    static void allow_##what##s(const char *codes)                                                                     \
    {                                                                                                                  \
        const struct tls_##what *allowed[8];                                                                           \
        size_t count = 0;                                                                                              \
        for (char *next; *codes; codes = next)                                                                         \
            allowed[count++] = find((uint16_t)strtoul(codes, &next, 16));                                              \
        ck_assert(tls_policy_set_##what##s(rig.policy, allowed, count));                                               \
    }
ALLOW(suite, tls_suite_find)
ALLOW(group, tls_group_find)

static void allow_scheme(uint16_t code)
{
    ck_assert(tls_policy_set_schemes(rig.policy,
                                     (const struct tls_signature_scheme *[]){tls_signature_scheme_find(code)}, 1));
}

/* ---- version */

START_TEST(the_version_comes_from_supported_versions_alone)
{
    /* RFC 8446 4.2.1 MUST: only supported_versions counts where it is present; without it 1.3 is out of reach.
     * RFC 8446 D.5 MUST: abort when legacy_version is 0x0300. */
    static const struct {
        uint16_t legacy_version;
        const char *supported;
        enum why why;
        uint16_t version; /* 0: 1.3 */
    } rows[] = {
        {0x0303, "0304", WHY_NONE, 0},
        {0x0303, "fafa 0304 0303", WHY_NONE, 0},
        {0x0303, "0303 0304", WHY_NONE, 0},
        {0x0301, "0304", WHY_NONE, 0},
        {0x0304, "0304", WHY_NONE, 0},
        {0xffff, "0304", WHY_NONE, 0},
        {0x0300, "0304", WHY_LEGACY_VERSION, 0},
        {0x0200, "0304", WHY_LEGACY_VERSION, 0},
        {0x0000, "0304", WHY_LEGACY_VERSION, 0},
        {0x0300, NULL, WHY_LEGACY_VERSION, 0},
        {0x0303, "0303 0302", WHY_NONE, TLS_1_2},
        {0x0304, "0303", WHY_NONE, TLS_1_2},
        {0x0303, "0302 0301", WHY_NO_COMMON_VERSION, 0},
        {0x0303, "0305 7f1c fafa", WHY_NO_COMMON_VERSION, 0},
        {0x0303, NULL, WHY_NONE, TLS_1_2},
        {0x0304, NULL, WHY_NONE, TLS_1_2},
        {0x0302, NULL, WHY_NO_COMMON_VERSION, 0},
        {0x0301, NULL, WHY_NO_COMMON_VERSION, 0},
    };
    struct list list;

    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client_hello ch = hello_of((struct offer){ORDINARY});
        uint16_t version = 0;
        bool is_ok;

        ch.legacy_version = rows[i].legacy_version;
        ch.supported_versions = list_of(&list, rows[i].supported);
        is_ok = negotiate_version(&ch, rig.policy, &version, NULL, &why);
        ck_assert_msg(is_ok == (rows[i].why == WHY_NONE), "row %zu", i);
        if (is_ok)
            ck_assert_uint_eq(version, rows[i].version ? rows[i].version : TLS_1_3);
        else
            ck_assert_msg(why == rows[i].why, "row %zu: %s", i, why_name(why));
    }
    ck_assert_uint_eq(why_alert(WHY_LEGACY_VERSION), ALERT_PROTOCOL_VERSION);
    ck_assert_uint_eq(why_alert(WHY_NO_COMMON_VERSION), ALERT_PROTOCOL_VERSION);
    end();
}
END_TEST

/* ---- what must be there */

/* RFC 8446 4.1.2 MUST: exactly one byte, zero, or illegal_parameter. */
START_TEST(compression_methods_are_one_zero)
{
    static const char *const bad[] = {"\1", "\1\0", "\0\1", "\0\0", "\100"};
    static const size_t lens[] = {1, 2, 2, 2, 1};
    struct client_hello ch;

    begin();
    ch = hello_of((struct offer){ORDINARY});
    ck_assert(negotiate_hello(&ch));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ch.compression_methods = bytes_of(bad[i], lens[i]);
        hello_is_refused(&ch, WHY_COMPRESSION);
    }
    ck_assert_uint_eq(why_alert(WHY_COMPRESSION), ALERT_ILLEGAL_PARAMETER);
    end();
}
END_TEST

/* RFC 8446 4.2.3 MUST, 9.2 MUST: missing_extension. */
START_TEST(a_missing_extension_is_named)
{
    begin();
    is_refused((struct offer){.suites = "1301", .groups = "1d", .shares = "1d"}, WHY_NO_SIGNATURE_ALGORITHMS);
    is_refused((struct offer){.suites = "1301", .schemes = "0403", .shares = "1d"}, WHY_NO_SUPPORTED_GROUPS);
    is_refused((struct offer){.suites = "1301", .groups = "1d", .schemes = "0403"}, WHY_NO_KEY_SHARE);
    ck_assert_uint_eq(why_alert(WHY_NO_SIGNATURE_ALGORITHMS), ALERT_MISSING_EXTENSION);
    ck_assert_uint_eq(why_alert(WHY_NO_SUPPORTED_GROUPS), ALERT_MISSING_EXTENSION);
    ck_assert_uint_eq(why_alert(WHY_NO_KEY_SHARE), ALERT_MISSING_EXTENSION);
    end();
}
END_TEST

/* RFC 8446 4.2.11 MUST: the last extension, or illegal_parameter. RFC 8446 4.2.9 MUST: abort without the modes. */
START_TEST(a_psk_comes_last_and_with_its_modes_and_is_declined)
{
    struct client_hello ch;

    begin();
    ch = hello_of((struct offer){ORDINARY});
    ch.psk_identities = BYTES_OF_LITERAL("\0\1a\0\0\0\0");
    ch.psk_modes = BYTES_OF_LITERAL("\1");
    ch.is_psk_last = true;
    ck_assert(negotiate_hello(&ch));
    ch.psk_modes.at = NULL;
    hello_is_refused(&ch, WHY_PSK_WITHOUT_MODES);
    ch.psk_modes = BYTES_OF_LITERAL("\1");
    ch.is_psk_last = false;
    hello_is_refused(&ch, WHY_PSK_NOT_LAST);
    ck_assert_uint_eq(why_alert(WHY_PSK_NOT_LAST), ALERT_ILLEGAL_PARAMETER);
    end();
}
END_TEST

/* ---- suites */

START_TEST(the_clients_first_suite_that_we_allow_is_taken)
{
    static const struct {
        const char *allowed, *offered;
        uint16_t chosen; /* 0: none */
    } rows[] = {
        {"1301 1302 1303", "1301", 0x1301},
        {"1301 1302 1303", "1303 1302 1301", 0x1303},
        {"1301 1302 1303", "1302 1303", 0x1302},
        {"1301 1302 1303", "fafa 1305 c02f 00ff 1302", 0x1302},
        {"1303", "1301 1302 1303", 0x1303},
        {"1303 1301", "1302 1301 1303", 0x1301},
        {"1303", "1301 1302", 0},
        {"1301 1302 1303", "1304 1305 c02b fafa", 0},
        {"1301 1302 1303", "0113 0213", 0},
    };

    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offer offer = {ORDINARY};

        allow_suites(rows[i].allowed);
        offer.suites = rows[i].offered;
        if (rows[i].chosen == 0) {
            is_refused(offer, WHY_NO_COMMON_SUITE);
            continue;
        }
        ck_assert_msg(negotiate_offer(offer), "row %zu", i);
        ck_assert_uint_eq(choice.suite->code, rows[i].chosen);
    }
    ck_assert_uint_eq(why_alert(WHY_NO_COMMON_SUITE), ALERT_HANDSHAKE_FAILURE);
    end();
}
END_TEST

START_TEST(a_client_gets_aes_that_comes_last_only_when_it_offers_nothing_else)
{
    static const struct {
        const char *allowed, *offered;
        uint16_t chosen;
    } rows[] = {
        {"1301 1302 1303", "1301 1302 1303", 0x1303},
        {"1301 1302 1303", "1303 1301", 0x1303},
        {"1301 1302 1303", "fafa 1302 1301", 0x1302},
        {"1301 1302", "1303 1302 1301", 0x1302},
    };

    begin();
    tls_policy_set_aes_last(rig.policy, true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offer offer = {ORDINARY};

        allow_suites(rows[i].allowed);
        offer.suites = rows[i].offered;
        ck_assert_msg(negotiate_offer(offer), "row %zu", i);
        ck_assert_msg(choice.suite->code == rows[i].chosen, "row %zu: %04x", i, choice.suite->code);
    }
    tls_policy_set_aes_last(rig.policy, false);
    ck_assert(negotiate_offer((struct offer){ORDINARY}));
    ck_assert_uint_eq(choice.suite->code, 0x1301);
    end();
}
END_TEST

/* ---- groups */

START_TEST(our_first_group_with_a_share_is_taken_and_a_retry_only_without_one)
{
    static const struct {
        const char *allowed, *offered, *shares;
        uint16_t chosen; /* 0: none */
        bool needs_retry;
    } rows[] = {
        {"1d 17 18", "1d 17 18", "1d", 0x1d, false},
        {"1d 17 18", "18 17 1d", "18 17 1d", 0x1d, false},
        {"18 17 1d", "1d 17 18", "1d 17", 0x17, false},
        {"1d 17 18", "1d 17 18", "17", 0x17, false},        /* a share beats our order: no round trip */
        {"1d 17 18", "11ec 1d 17", "11ec 1d", 0x1d, false}, /* post-quantum share first */
        {"1d 17 18", "fafa 1d", "fafa 1d", 0x1d, false},
        {"1d 17 18", "1d 17 18", "", 0x1d, true},
        {"17 1d", "1d 17 18", "", 0x17, true}, /* our order, not the client's */
        {"1d 17 18", "18 17", "", 0x17, true},
        {"1d 17 18", "11ec 18", "11ec", 0x18, true},
        {"17", "1d 17", "1d", 0x17, true},
        {"1d 17 18", "1d 1d 17", "1d", 0x1d, false}, /* naming a group twice is no offence */
        {"1d 17 18", "19 1e 0100", "19", 0, false},
        {"1d", "17 18", "17", 0, false},
        {"1d 17 18", "", "", 0, false},
    };

    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offer offer = {ORDINARY};
        uint8_t share[] = {0, (uint8_t)rows[i].chosen};

        allow_groups(rows[i].allowed);
        offer.groups = rows[i].offered;
        offer.shares = rows[i].shares;
        if (rows[i].chosen == 0) {
            is_refused(offer, WHY_NO_COMMON_GROUP);
            continue;
        }
        ck_assert_msg(negotiate_offer(offer), "row %zu: %s", i, why_name(why));
        ck_assert_msg(choice.group->code == rows[i].chosen, "row %zu: %s", i, choice.group->name);
        ck_assert_msg(choice.needs_retry == rows[i].needs_retry, "row %zu", i);
        if (choice.needs_retry)
            ck_assert_uint_eq(choice.share.len, 0);
        else /* of the group that was chosen, and no other */
            ck_assert(bytes_equal(choice.share, BYTES_OF_ARRAY(share)));
    }
    ck_assert_uint_eq(why_alert(WHY_NO_COMMON_GROUP), ALERT_HANDSHAKE_FAILURE);
    end();
}
END_TEST

/* RFC 8446 4.2.8 MUST NOT: two shares for one group, a share for a group that supported_groups does not name. */
START_TEST(shares_are_one_a_group_and_for_groups_that_are_offered)
{
    static const struct {
        const char *groups, *shares;
        enum why why;
    } rows[] = {
        {"1d 17", "1d 1d", WHY_KEY_SHARE_DUPLICATE},
        {"1d 17", "1d 17 1d", WHY_KEY_SHARE_DUPLICATE},
        {"1d fafa", "1d fafa fafa", WHY_KEY_SHARE_DUPLICATE}, /* also of groups we do not know */
        {"1d 17", "18", WHY_KEY_SHARE_UNOFFERED},
        {"1d 17", "1d 18", WHY_KEY_SHARE_UNOFFERED},
        {"1d 17", "1d fafa", WHY_KEY_SHARE_UNOFFERED},
        {"", "1d", WHY_KEY_SHARE_UNOFFERED},
    };

    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offer offer = {ORDINARY};

        offer.groups = rows[i].groups;
        offer.shares = rows[i].shares;
        is_refused(offer, rows[i].why);
        ck_assert_uint_eq(why_alert(why), ALERT_ILLEGAL_PARAMETER);
    }
    end();
}
END_TEST

/* ---- certificates by signature scheme */

START_TEST(our_first_scheme_that_the_client_takes_chooses_among_certificates_of_one_name)
{
    static const struct {
        uint16_t allowed; /* 0: all */
        const char *offered;
        uint16_t scheme; /* 0: none */
        const char *certificate;
    } rows[] = {
        {0, "0403 0804", 0x0403, "p256"},
        {0, "0804 0403", 0x0403, "p256"}, /* our order */
        {0, "0804", 0x0804, "rsa2048"},
        {0, "0806 0805", 0x0805, "rsa2048"},
        {0, "0503 0806", 0x0503, "p384"},
        {0, "0401 0503 0403", 0x0403, "p256"},
        {0x0806, "0403 0804 0806", 0x0806, "rsa2048"},
        {0, "0401 0601 0203 0807 fafa", 0, NULL},
        {0, "0809 080a 080b", 0, NULL}, /* rsa_pss_pss: for another kind of key */
        {0x0403, "0804 0503", 0, NULL},
        {0, "", 0, NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offer offer = {ORDINARY, .sni = "app.example"};

        begin_with((const char *const[]){"rsa2048", "p384", "p256", NULL});
        if (rows[i].allowed)
            allow_scheme(rows[i].allowed);
        offer.schemes = rows[i].offered;
        if (rows[i].scheme == 0) {
            is_refused(offer, WHY_NO_COMMON_SCHEME);
        } else {
            ck_assert_msg(negotiate_offer(offer), "row %zu: %s", i, why_name(why));
            ck_assert_uint_eq(choice.scheme->code, rows[i].scheme);
            ck_assert_str_eq(tls_credential_label(choice.credential), rows[i].certificate);
        }
        end();
    }
    ck_assert_uint_eq(why_alert(WHY_NO_COMMON_SCHEME), ALERT_HANDSHAKE_FAILURE);
}
END_TEST

/* ---- certificates by name */

START_TEST(the_name_chooses_the_certificate)
{
    static const struct {
        const char *sni, *certificate;
        enum why rejected; /* under TLS_UNKNOWN_SNI_REJECT */
    } rows[] = {
        {"app.example", "p256", WHY_NONE},
        {"other.example", "other", WHY_NONE},
        {"OTHER.Example", "other", WHY_NONE},     /* RFC 4343: without regard to case */
        {"a.wild.example", "wildcard", WHY_NONE}, /* RFC 6125 6.4.3: one whole label */
        {"A-1.WILD.example", "wildcard", WHY_NONE},
        {"wild.example", "wildcard", WHY_NONE},    /* by its own name */
        {"exact.wild.example", "exact", WHY_NONE}, /* exact beats wildcard, though it was added later */
        {"Exact.Wild.Example", "exact", WHY_NONE},
        {"a.exact.wild.example", "p256", WHY_SNI_UNKNOWN}, /* a wildcard is for one label */
        {"a.b.wild.example", "p256", WHY_SNI_UNKNOWN},
        {"awild.example", "p256", WHY_SNI_UNKNOWN},
        {"example", "p256", WHY_SNI_UNKNOWN},
        {"app.example.org", "p256", WHY_SNI_UNKNOWN},
        {"xapp.example", "p256", WHY_SNI_UNKNOWN},
        {"pp.example", "p256", WHY_SNI_UNKNOWN},
        {"wild", "p256", WHY_SNI_UNKNOWN},
        {"127.0.0.1", "p256", WHY_SNI_UNKNOWN},
        {"a..wild.example", "p256", WHY_SNI_UNKNOWN},
        {NULL, "p256", WHY_NONE}, /* no name is no unknown name */
    };
    struct offer offer = {ORDINARY};

    begin_with((const char *const[]){"p256", "wildcard", "other", "exact", NULL});
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        offer.sni = rows[i].sni;
        tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_DEFAULT);
        ck_assert_msg(negotiate_offer(offer), "row %zu: %s", i, why_name(why));
        ck_assert_msg(strcmp(tls_credential_label(choice.credential), rows[i].certificate) == 0, "%s gets %s",
                      rows[i].sni, tls_credential_label(choice.credential));
        tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_REJECT);
        if (rows[i].rejected == WHY_NONE)
            ck_assert_msg(negotiate_offer(offer), "row %zu: %s", i, why_name(why));
        else
            is_refused(offer, rows[i].rejected);
    }
    ck_assert_uint_eq(why_alert(WHY_SNI_UNKNOWN), ALERT_UNRECOGNIZED_NAME);
    end();
}
END_TEST

START_TEST(a_known_name_whose_certificates_cannot_sign_is_not_answered_by_the_default)
{
    struct offer offer = {ORDINARY, .sni = "exact.wild.example"};

    begin_with((const char *const[]){"rsa2048", "wildcard", "exact", NULL});
    ck_assert(negotiate_offer(offer));
    offer.schemes = "0804";
    is_refused(offer, WHY_NO_COMMON_SCHEME);
    offer.sni = "nobody.example";
    ck_assert(negotiate_offer(offer));
    ck_assert_str_eq(tls_credential_label(choice.credential), "rsa2048");
    end();
}
END_TEST

START_TEST(without_a_name_the_first_certificate_and_its_namesakes_answer_then_any)
{
    static const struct {
        const char *schemes, *certificate;
    } rows[] = {
        {"0403", "p256"},    /* the first */
        {"0804", "rsa2048"}, /* shares its name with the first */
        {"0503", "p384"},
    };
    struct offer offer = {ORDINARY};

    begin_with((const char *const[]){"p256", "other", "rsa2048", "p384", NULL});
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        offer.schemes = rows[i].schemes;
        ck_assert(negotiate_offer(offer));
        ck_assert_str_eq(tls_credential_label(choice.credential), rows[i].certificate);
    }
    end();

    begin_with((const char *const[]){"p384", "rsa2048", NULL}); /* both of app.example */
    offer.schemes = "0806";
    ck_assert(negotiate_offer(offer));
    ck_assert_str_eq(tls_credential_label(choice.credential), "rsa2048");
    end();

    begin_with((const char *const[]){"rsa2048", "other", NULL}); /* better the default than a better scheme */
    offer.schemes = "0403 0804";
    ck_assert(negotiate_offer(offer));
    ck_assert_str_eq(tls_credential_label(choice.credential), "rsa2048");
    end();

    begin_with((const char *const[]){"p384", "other", NULL}); /* no default can: better any than none */
    offer.schemes = "0403 0804";
    ck_assert(negotiate_offer(offer));
    ck_assert_str_eq(tls_credential_label(choice.credential), "other");
    end();
}
END_TEST

START_TEST(names_in_certificates_match_however_they_are_written)
{
    static const struct {
        const char *sni;
        bool is_known;
    } rows[] = {
        {"app.example", true},                             /* App.Example */
        {"x.wild.example", true},                          /* *.Wild.Example */
        {"wild.example", false},  {"other.example", true}, /* other.example. */
        {"w.example", false},                              /* w*.example is no wildcard */
        {"wx.example", false},    {"two..dots", false},
    };
    struct offer offer = {ORDINARY};

    begin_with((const char *const[]){"names", NULL});
    tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_REJECT);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        offer.sni = rows[i].sni;
        ck_assert_msg(negotiate_offer(offer) == rows[i].is_known, "%s", rows[i].sni);
    }
    end();
}
END_TEST

/* ---- ALPN */

START_TEST(our_first_protocol_that_the_client_offers_is_taken)
{
    static const struct {
        const char *ours, *offered; /* offered: as on the wire, without the length of the list */
        const char *chosen;         /* NULL: no common one */
    } rows[] = {
        {"h2 http/1.1", "\2h2\10http/1.1", "h2"},
        {"h2 http/1.1", "\10http/1.1\2h2", "h2"}, /* RFC 7301 3.2: the server's preference */
        {"http/1.1 h2", "\2h2\10http/1.1", "http/1.1"},
        {"h2 http/1.1", "\10http/1.1", "http/1.1"},
        {"h2", "\2H2\10http/1.1", NULL}, /* names are octets */
        {"h2", "\1h\0032h2", NULL},
        {"h2", "\3h2c", NULL},
        {"h2", NULL, ""}, /* the client has no ALPN: nothing is said */
        {"", "\2h2", ""}, /* we have none: the extension is ignored */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offer offer = {ORDINARY};
        const char *name = rows[i].ours;

        begin();
        for (size_t len; *name; name += len + (name[len] == ' ')) {
            len = strcspn(name, " ");
            ck_assert(tls_policy_add_alpn(rig.policy, bytes_of(name, len)));
        }
        offer.alpn = rows[i].offered;
        if (rows[i].chosen) {
            ck_assert_msg(negotiate_offer(offer), "row %zu: %s", i, why_name(why));
            ck_assert_msg(bytes_equal(choice.alpn, bytes_of_string(rows[i].chosen)), "row %zu", i);
        } else {
            is_refused(offer, WHY_NO_COMMON_ALPN);
        }
        end();
    }
    ck_assert_uint_eq(why_alert(WHY_NO_COMMON_ALPN), ALERT_NO_APPLICATION_PROTOCOL);
}
END_TEST

START_TEST(a_choice_that_failed_holds_nothing_of_the_one_before)
{
    begin();
    ck_assert(negotiate_offer((struct offer){ORDINARY}));
    is_refused((struct offer){.suites = "fafa", .groups = "1d", .shares = "1d", .schemes = "0403"},
               WHY_NO_COMMON_SUITE);
    ck_assert_ptr_null(choice.suite);
    ck_assert_ptr_null(choice.group);
    ck_assert_ptr_null(choice.credential);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_version_comes_from_supported_versions_alone,
        compression_methods_are_one_zero,
        a_missing_extension_is_named,
        a_psk_comes_last_and_with_its_modes_and_is_declined,
        the_clients_first_suite_that_we_allow_is_taken,
        a_client_gets_aes_that_comes_last_only_when_it_offers_nothing_else,
        our_first_group_with_a_share_is_taken_and_a_retry_only_without_one,
        shares_are_one_a_group_and_for_groups_that_are_offered,
        our_first_scheme_that_the_client_takes_chooses_among_certificates_of_one_name,
        the_name_chooses_the_certificate,
        a_known_name_whose_certificates_cannot_sign_is_not_answered_by_the_default,
        without_a_name_the_first_certificate_and_its_namesakes_answer_then_any,
        names_in_certificates_match_however_they_are_written,
        our_first_protocol_that_the_client_offers_is_taken,
        a_choice_that_failed_holds_nothing_of_the_one_before,
    };
    return check_run("negotiate", tests, ARRAY_LEN(tests));
}
