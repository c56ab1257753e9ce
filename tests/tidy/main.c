/* main.c: tidy [--tap] ROOT [SYMBOLS]: prints what breaks the rules of the house and fails if
 * anything does. SYMBOLS is a file with the output of nm (see tidy.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tidy/tidy.h"

static char *read_listing(const char *path) {
    FILE *stream = fopen(path, "r");
    if (!stream)
        return NULL;
    char *text = NULL;
    size_t room = 0;
    ssize_t size = getdelim(&text, &room, '\0', stream);
    (void)fclose(stream);
    if (size < 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* One TAP case for each rule. */
static void print_tap(const struct tidy *tidy) {
    printf("1..%d\n", (int)TIDY_RULES);
    for (int rule = 0; rule < TIDY_RULES; rule++) {
        size_t found = 0;
        for (size_t i = 0; i < tidy->finding_count; i++) {
            if ((int)tidy->findings[i].rule != rule)
                continue;
            printf("# %s\n", tidy->findings[i].text);
            found++;
        }
        printf("%s %d - %s: %s\n", found ? "not ok" : "ok", rule + 1,
               tidy_rule_name((enum tidy_rule)rule), tidy_rule_sentence((enum tidy_rule)rule));
    }
}

int main(int argc, char **argv) {
    bool tap = argc > 1 && strcmp(argv[1], "--tap") == 0;
    int first = tap ? 2 : 1;
    if (argc <= first || argc > first + 2) {
        fprintf(stderr, "usage: tidy [--tap] ROOT [SYMBOLS]\n");
        return 2;
    }
    struct tidy tidy;
    tidy_init(&tidy);
    int status = 3;
    char *listing = NULL;
    if (!tidy_load(&tidy, argv[first])) {
        fprintf(stderr, "tidy: cannot read %s: %s\n", argv[first], strerror(errno));
        goto out;
    }
    tidy_check_sources(&tidy);
    tidy_check_words(&tidy);
    if (argc == first + 2) {
        listing = read_listing(argv[first + 1]);
        if (!listing) {
            fprintf(stderr, "tidy: cannot read %s: %s\n", argv[first + 1], strerror(errno));
            goto out;
        }
        tidy_check_symbols(&tidy, listing);
    }
    status = tidy.finding_count ? 1 : 0;
    if (tap) {
        print_tap(&tidy);
        goto out;
    }
    for (size_t i = 0; i < tidy.finding_count; i++)
        printf("%s\n", tidy.findings[i].text);
    if (status == 0)
        printf("tidy: %zu files keep the rules\n", tidy.file_count);
out:
    free(listing);
    tidy_release(&tidy);
    return status;
}
