/* What people read on standard error: standard output carries data alone. */
#ifndef PIPE_SAY_H
#define PIPE_SAY_H

/* "pipe: ...": what is wrong and what to do, in one sentence. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* A line about what happens. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif
