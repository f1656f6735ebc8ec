/* The table itself: a row that contradicts itself would be found by a user. */
#include "config/schema.h"

#include "config/address.h"
#include "config/quantity.h"
#include "support/check_run.h"

#include <ctype.h>
#include <stdio.h>

#define FOR_EACH_OPTION(option) for (size_t i_ = 0; ((option) = option_at(i_)); i_++)

START_TEST(every_option_is_found_by_its_section_and_key_alone)
{
    const struct option *option;
    unsigned count = 0;

    FOR_EACH_OPTION(option)
    {
        ck_assert_ptr_eq(option_find(option->section, option->key), option);
        count++;
    }
    ck_assert_uint_gt(count, 10);
    ck_assert_ptr_null(option_find(SECTION_SALLYPORT, "address"));
    ck_assert_ptr_null(option_at(count));
}
END_TEST

START_TEST(keys_are_lower_case_words_joined_by_hyphens)
{
    const struct option *option;

    FOR_EACH_OPTION(option)
    ck_assert_uint_eq(strspn(option->key, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(option->key));
}
END_TEST

static bool is_key(const char *word)
{
    for (int section = 0; section < SECTION_KINDS; section++)
        if (option_find((enum section_kind)section, word))
            return true;
    return false;
}

START_TEST(a_synonym_is_no_key_and_leads_to_one)
{
    for (const struct option_synonym *synonym = option_synonyms; synonym->word; synonym++) {
        ck_assert_msg(!is_key(synonym->word), "%s", synonym->word);
        ck_assert_msg(is_key(synonym->key), "%s", synonym->key);
    }
    ck_assert_str_eq(option_find_synonym(SECTION_LISTEN, "ssl_ecdh-curve")->key, "groups");
    ck_assert_ptr_null(option_find_synonym(SECTION_LISTEN, "ssl-ecdh-curv"));
    ck_assert_ptr_null(option_find_synonym(SECTION_LISTEN, "ssl-ecdh-curves"));
    ck_assert_ptr_null(option_find_synonym(SECTION_SALLYPORT, "ssl-ecdh-curve"));
    ck_assert_str_eq(option_find_synonym(SECTION_SALLYPORT, "maxconn")->key, "max-connections");
}
END_TEST

START_TEST(an_option_is_required_or_has_a_default_or_is_a_list)
{
    const struct option *option;

    FOR_EACH_OPTION(option)
    {
        ck_assert(!(option->is_required && option->default_text));
        ck_assert_msg(option->is_required || option->default_text || option_is_list(option), "%s", option->key);
        ck_assert_msg((option->default_text && *option->default_text) || option->example, "%s", option->key);
    }
}
END_TEST

START_TEST(a_default_is_a_value_the_option_takes)
{
    const struct option *option;

    FOR_EACH_OPTION(option)
    {
        const struct option_choice *choice = option->choices;
        char fault[2 * QUANTITY_LEN];
        uint64_t value;
        if (option->type <= OPTION_COUNT)
            ck_assert_msg(!quantity_parse(option, option->default_text, &value, fault), "%s", option->key);
        while (choice && choice->word && strcmp(choice->word, option->default_text) != 0)
            choice++;
        ck_assert_msg(!choice || choice->word, "%s", option->key);
    }
}
END_TEST

START_TEST(numbers_have_a_range)
{
    const struct option *option;

    FOR_EACH_OPTION(option)
    if (option->type <= OPTION_COUNT)
        ck_assert_msg(0 < option->min && option->min < option->max, "%s", option->key);
}
END_TEST

START_TEST(help_is_one_sentence_without_its_dot)
{
    const struct option *option;

    FOR_EACH_OPTION(option)
    {
        size_t len = strlen(option->help);
        ck_assert_msg(len > 20 && len < 200, "%s", option->key);
        ck_assert_msg(isupper((unsigned char)option->help[0]), "%s", option->key);
        ck_assert_msg(option->help[len - 1] != '.' && !strchr(option->help, '\n'), "%s", option->key);
        ck_assert_msg(!option->takes_zero || strstr(option->help, "; 0 "), "%s does not say what 0 is", option->key);
    }
}
END_TEST

START_TEST(members_do_not_overlap)
{
    const struct option *a;
    size_t sizes[] = {
        [OPTION_TIME] = sizeof(uint64_t),
        [OPTION_SIZE] = sizeof(uint64_t),
        [OPTION_COUNT] = sizeof(uint64_t),
        [OPTION_CHOICE] = sizeof(int),
        [OPTION_TEXT] = sizeof(struct config_value),
        [OPTION_TEXTS] = sizeof(struct config_list),
        [OPTION_WORDS] = sizeof(struct config_list),
        [OPTION_LISTEN_ADDRESS] = sizeof(struct config_address_list),
        [OPTION_SERVER_ADDRESS] = sizeof(struct config_address_list),
        [OPTION_NETWORK] = sizeof(struct config_network_list),
    };

    for (size_t i = 0; (a = option_at(i)); i++) {
        for (size_t j = 0; j < i; j++) {
            const struct option *b = option_at(j);
            if (a->section == b->section)
                ck_assert_msg(a->offset + sizes[a->type] <= b->offset || b->offset + sizes[b->type] <= a->offset,
                              "%s and %s", a->key, b->key);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_option_is_found_by_its_section_and_key_alone,
        keys_are_lower_case_words_joined_by_hyphens,
        a_synonym_is_no_key_and_leads_to_one,
        an_option_is_required_or_has_a_default_or_is_a_list,
        a_default_is_a_value_the_option_takes,
        numbers_have_a_range,
        help_is_one_sentence_without_its_dot,
        members_do_not_overlap,
    };
    return check_run("schema", tests, ARRAY_LEN(tests));
}
