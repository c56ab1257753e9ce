/* show.h: what the commands that read records share. */
#ifndef YG_AGENT_FACE_SHOW_H
#define YG_AGENT_FACE_SHOW_H

#include "agent/face/face.h"

/* Adds "form" and "version"; null while the form has not come. */
void show_form(struct json *document, const struct seen *seen);

/* Prints the sides of each open question; conflicts as answers_conflicts makes them. */
enum rc show_conflicts(struct visit *visit, const struct json *conflicts, struct err *err);

#endif
