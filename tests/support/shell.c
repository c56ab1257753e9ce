/* shell.c: see shell.h. */
#include "tests/support/shell.h"

#include <sys/wait.h>
#include <unistd.h>

int shell_run(const char *line) {
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)0);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}
