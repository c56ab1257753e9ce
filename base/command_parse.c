/* command_parse.c: what a command line says, and what --help says of it. Words are matched against
 * the table by their first one or two; what begins with "--" is an option, with its value behind it
 * or after "="; "--" ends the options. */
#include "base/command_parts.h"
#include "base/words.h"

static const struct command_option COMMON[] = {
    {"--data", "DIR", "the data directory", false},
    {"--json", NULL, "print one JSON document", false},
    {"--lang", "zh|en", "language of messages", false},
    {"--person", "P", "who acts, where several people share a device", false},
    {"--passphrase-file", "FILE", "read the secret from this file (else YG_PASSPHRASE)", false},
    {"--help", NULL, "show this help", false},
    {NULL, NULL, NULL, false},
};

/* --- help --- */

static void help_options(struct buf *out, enum lang lang, const struct command_option *options) {
    char left[80];

    for (; options != NULL && options->name != NULL; options++) {
        snprintf(left, sizeof(left), "%s%s%s", options->name, options->value == NULL ? "" : " ",
                 options->value == NULL ? "" : options->value);
        buf_addf(out, "  %-28s %s\n", left, words(lang, options->help));
    }
}

void command_help(struct buf *out, enum lang lang, const char *program,
                  const struct command_spec *spec) {
    buf_addf(out, "%s %s%s%s\n\n%s\n\n", program, spec->name, spec->arguments[0] == '\0' ? "" : " ",
             spec->arguments, words(lang, spec->help));
    help_options(out, lang, spec->options);
    help_options(out, lang, COMMON);
}

void command_help_all(struct buf *out, enum lang lang, const struct command_table *table) {
    char left[120];

    buf_addf(out, "%s: %s\n\n", table->program, words(lang, table->summary));
    for (size_t i = 0; i < table->count; i++) {
        snprintf(left, sizeof(left), "%s %s", table->specs[i].name, table->specs[i].arguments);
        buf_addf(out, "  %-44s %s\n", left, words(lang, table->specs[i].help));
    }
    buf_addf(out, "\n%s COMMAND --help\n", table->program);
}

/* --- parsing --- */

static const struct command_option *find_option(const struct command_option *options,
                                                const char *name, size_t size) {
    for (; options != NULL && options->name != NULL; options++)
        if (strlen(options->name) == size && memcmp(options->name, name, size) == 0)
            return options;
    return NULL;
}

static const struct command_spec *find_spec(const struct command_table *table, size_t count,
                                            const char *const *arguments, size_t *used) {
    char both[128];

    *used = 0;
    if (count > 1) {
        snprintf(both, sizeof(both), "%s %s", arguments[0], arguments[1]);
        for (size_t i = 0; i < table->count; i++)
            if (strcmp(table->specs[i].name, both) == 0) {
                *used = 2;
                return &table->specs[i];
            }
    }
    for (size_t i = 0; i < table->count && count > 0; i++)
        if (strcmp(table->specs[i].name, arguments[0]) == 0) {
            *used = 1;
            return &table->specs[i];
        }
    return NULL;
}

static enum rc parse_option(struct command *command, size_t count, const char *const *arguments,
                            size_t *at, struct err *err) {
    const char *text = arguments[*at];
    const char *equals = strchr(text, '=');
    size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct command_option *option = find_option(command->spec->options, text, size);
    struct command_given *given = &command->given[command->option_count];

    if (option == NULL)
        option = find_option(COMMON, text, size);
    if (option == NULL)
        return err_set(err, RC_USAGE, "%s: no such option; see: %s --help", text,
                       command->spec->name);
    if (command->option_count == COMMAND_WORDS_MAX)
        return err_set(err, RC_USAGE, "too many options");
    if (!option->repeated && command_option(command, option->name) != NULL)
        return err_set(err, RC_USAGE, "%s: given twice; leave one out", option->name);
    given->name = option->name;
    given->value = "";
    if (option->value == NULL && equals != NULL)
        return err_set(err, RC_USAGE, "%s: takes no value", option->name);
    if (option->value != NULL) {
        if (equals == NULL && *at + 1 >= count)
            return err_set(err, RC_USAGE, "%s: its value (%s) is missing", option->name,
                           option->value);
        given->value = equals != NULL ? equals + 1 : arguments[++*at];
    }
    command->option_count++;
    return RC_OK;
}

enum rc command_parse(const struct command_table *table, struct command *command, size_t count,
                      const char *const *arguments, struct err *err) {
    size_t at = 0;
    bool options_end = false;
    enum rc rc = RC_OK;

    command->spec = find_spec(table, count, arguments, &at);
    if (command->spec == NULL)
        return err_set(err, RC_USAGE, "%s: no such command; see: %s --help",
                       count == 0 ? "" : arguments[0], table->program);
    for (; at < count && rc == RC_OK; at++) {
        const char *text = arguments[at];

        if (!options_end && strcmp(text, "--") == 0)
            options_end = true;
        else if (!options_end && strncmp(text, "--", 2) == 0)
            rc = parse_option(command, count, arguments, &at, err);
        else if (command->word_count == COMMAND_WORDS_MAX)
            rc = err_set(err, RC_USAGE, "too many words");
        else
            command->words[command->word_count++] = text;
    }
    if (rc != RC_OK)
        return rc;
    command->json = command_option(command, "--json") != NULL;
    command->person = command_option(command, "--person");
    command->data = command_option(command, "--data");
    if (command_option(command, "--help") != NULL)
        return RC_OK;
    if ((int)command->word_count < command->spec->least ||
        (command->spec->most >= 0 && (int)command->word_count > command->spec->most))
        return err_set(err, RC_USAGE, "wrong number of words; usage: %s %s %s", table->program,
                       command->spec->name, command->spec->arguments);
    return RC_OK;
}
