/* shell.h: for tests and benches that set the scene with ordinary tools. */
#ifndef YG_TESTS_SUPPORT_SHELL_H
#define YG_TESTS_SUPPORT_SHELL_H

/* Runs a line with /bin/sh and returns its exit status; -1 when it could not be run or was
 * killed. */
int shell_run(const char *line);

#endif
