/* SPDX-License-Identifier: GPL-2.0-only */
/* screen.c: a terminal that is refreshed in place. */
#ifndef KSEM_SCREEN_H
#define KSEM_SCREEN_H

#include <stdbool.h>

/* False: standard output is no terminal that this can be done with. */
bool screen_begin(void);
void screen_end(void);

/* As much of @text as there are lines, from the top. */
void screen_show(const char *text);

enum screen_event { SCREEN_TIME, SCREEN_REDRAW, SCREEN_QUIT };

/*
 * Until @ms have passed, a signal or a key: 'q' is to quit. Does not return if a
 * signal ends the program.
 */
enum screen_event screen_wait(int ms);

#endif /* KSEM_SCREEN_H */
