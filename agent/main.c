/* main.c: yg-agent, the tablet's program. Only here are argv and the environment read:
 *
 *   YG_DATA            the data directory, when --data is not given
 *   YG_PASSPHRASE      the secret of the person who acts
 *   YG_NEW_PASSPHRASE  `person add`: the secret of the new person
 *   LC_ALL, LC_MESSAGES, LANG   the language of messages, the first that is set */
#include "agent/face/face.h"

#include <malloc.h>
#include <unistd.h>

static const char *first_set(const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return value;
    }
    return NULL;
}

/* A running service does not see our environment: what only `person add` needs goes to it as
 * standard input. The terminal cannot be asked for the other secret then; scripts set both. */
static bool pass_as_input(const char *secret, int *argc, char **argv, char **longer) {
    int pipe_ends[2];
    size_t size = strlen(secret);

    for (int i = 1; i < *argc; i++)
        if (strncmp(argv[i], "--new-passphrase-file", 21) == 0 || strcmp(argv[i], "--help") == 0)
            return false;
    if (*argc < 3 || strcmp(argv[1], "person") != 0 || strcmp(argv[2], "add") != 0)
        return false;
    /* Smaller than what a pipe always takes without a reader. */
    if (size == 0 || size > 512 || pipe(pipe_ends) != 0)
        return false;
    if (write(pipe_ends[1], secret, size) != (ssize_t)size || dup2(pipe_ends[0], 0) != 0)
        return false;
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
    memcpy(longer, argv, (size_t)*argc * sizeof(*argv));
    longer[*argc] = longer[*argc + 1];
    ++*argc;
    return true;
}

int main(int argc, char **argv) {
    static const char *const languages[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    static char option[] = "--new-passphrase-file=-";
    const struct command_environment environment = {
        .passphrase = getenv("YG_PASSPHRASE"),
        .language = first_set(languages, sizeof(languages) / sizeof(languages[0])),
        .data = getenv("YG_DATA"),
    };
    const char *new_secret = getenv("YG_NEW_PASSPHRASE");
    struct face face;
    char **longer = calloc((size_t)argc + 2, sizeof(*longer));
    int status;

    /* Unlocking stretches a secret in 64 MiB and reads every record once: give that back. */
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    if (longer == NULL)
        return 3;
    longer[argc + 1] = option;
    if (new_secret == NULL || !pass_as_input(new_secret, &argc, argv, longer))
        memcpy(longer, argv, (size_t)argc * sizeof(*longer));
    face_init(&face, env_system());
    face.environment = environ;
    status = command_main(&face.table, argc, longer, &environment);
    face_release(&face);
    free(longer);
    return status;
}
