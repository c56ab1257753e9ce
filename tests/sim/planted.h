/* planted.h: choosing one of the mistakes of base/planted.h. */
#ifndef YG_TESTS_SIM_PLANTED_H
#define YG_TESTS_SIM_PLANTED_H

#include "base/planted.h"

const char *planted_name(int mistake);
int planted_find(const char *name); /* -1: there is none of that name */
void planted_choose(int mistake);

#endif
