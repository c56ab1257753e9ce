/* Any bytes as the three sheets of a form, parted by lines of "====". A form that compiles must
 * load, which xlsform_compile itself checks, and must compile again against itself. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct formkit kit, again;
    char *sheets[3];
    size_t at = 0;

    for (size_t i = 0; i < 3; i++)
        sheets[i] = next_sheet(data, size, &at);
    formkit_init(&kit, LANG_ZH);
    formkit_init(&again, LANG_EN);
    if (formkit_compile(&kit, sheets[0], sheets[1], sheets[2], NULL, 1) == RC_OK) {
        if (formkit_compile(&again, sheets[0], sheets[1], sheets[2], kit.form, 2) != RC_OK ||
            again.form->next_number != kit.form->next_number)
            abort();
    }
    formkit_release(&kit);
    formkit_release(&again);
    for (size_t i = 0; i < 3; i++)
        free(sheets[i]);
    return 0;
}
