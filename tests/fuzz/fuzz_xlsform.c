/* Any bytes as the sheets of a form (survey, choices, settings, entities, external_choices), parted
 * by lines of "====". A form that compiles must load, which xlsform_compile itself checks, its
 * XForm must be XML, and it must compile again against itself. What is accepted strictly is
 * accepted leniently. */
#include "base/xml_tree.h"
#include "tests/support/formkit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text up to the next divider. */
static char *next_sheet(const uint8_t *data, size_t size, size_t *at) {
    static const char divider[] = "\n====\n";
    const size_t length = sizeof(divider) - 1;
    size_t start = *at, end = start;
    char *text;

    while (end < size && (size - end < length || memcmp(data + end, divider, length) != 0))
        end++;
    *at = end < size ? end + length : size;
    text = malloc(end - start + 1);
    if (text == NULL)
        abort();
    for (size_t i = start; i < end; i++)
        text[i - start] = data[i] == 0 ? ' ' : (char)data[i];
    text[end - start] = '\0';
    return text;
}

static void check_xform(struct formkit *kit) {
    struct xml_node *document;

    if (xml_tree_parse(kit->form->xform, XML_LIMITS_DEFAULT, &kit->arena, &document, &kit->err) ==
        RC_INVALID)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"survey", "choices", "settings", "entities",
                                        "external_choices"};
    struct formkit_sheet sheets[5];
    struct xlsform_options options = {.lenient = true};
    struct formkit kit, again;
    char *texts[5];
    size_t at = 0;

    for (size_t i = 0; i < 5; i++) {
        texts[i] = next_sheet(data, size, &at);
        sheets[i] = (struct formkit_sheet){names[i], texts[i]};
    }
    formkit_init(&kit, LANG_ZH);
    formkit_init(&again, LANG_EN);
    if (formkit_compile(&kit, texts[0], texts[1], texts[2], NULL, 1) == RC_OK) {
        check_xform(&kit);
        if (formkit_compile(&again, texts[0], texts[1], texts[2], kit.form, 2) != RC_OK ||
            again.form->next_number != kit.form->next_number)
            abort();
    }
    if (formkit_workbook(&kit, sheets, 5, NULL, NULL) == RC_OK) {
        check_xform(&kit);
        if (formkit_workbook(&again, sheets, 5, NULL, &options) != RC_OK)
            abort();
    } else if (formkit_workbook(&again, sheets, 5, NULL, &options) == RC_OK) {
        check_xform(&again);
    }
    formkit_release(&kit);
    formkit_release(&again);
    for (size_t i = 0; i < 5; i++)
        free(texts[i]);
    return 0;
}
