/* banned.h: functions that this house does not use, each with what to use instead.
 *
 * err.h includes this file and every file of the house includes err.h, so a use of a banned name
 * is a compile error. The system headers that declare the names come first, because the compiler
 * refuses a poisoned name wherever it appears afterwards.
 *
 *   strcpy strcat stpcpy strncpy strncat   memcpy with a known size, snprintf, struct buf
 *   sprintf vsprintf                       snprintf, vsnprintf, buf_addf
 *   gets strtok                            struct reader, struct view
 *   localtime gmtime ctime asctime mktime  base/date.h
 *   atoi atol atoll atof                   parse_i64, decimal_parse
 *   rand srand                             struct env (entropy)
 *   tmpnam tempnam mktemp                  file_write_atomic, mkdtemp */
#ifndef YG_BASE_BANNED_H
#define YG_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Some libraries wrap a few of them in macros, which the compiler would warn about. */
#undef strcpy
#undef strcat
#undef stpcpy
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef localtime
#undef gmtime
#undef ctime
#undef asctime
#undef mktime
#undef atoi
#undef atol
#undef atoll
#undef atof
#undef rand
#undef srand
#undef tmpnam
#undef tempnam
#undef mktemp

#pragma GCC poison strcpy strcat stpcpy strncpy strncat
#pragma GCC poison sprintf vsprintf gets strtok
#pragma GCC poison localtime gmtime ctime asctime mktime
#pragma GCC poison atoi atol atoll atof
#pragma GCC poison rand srand
#pragma GCC poison tmpnam tempnam mktemp

#endif
