/* Stands between the program with all its libraries and the C library's allocator, and keeps what every
 * block held when it was freed (masked), and who freed it. */
#ifndef HEAP_WATCH_H
#define HEAP_WATCH_H

#include <stddef.h>

/* Keeps records from here on. */
void heap_watch_start(void);
void heap_watch_stop(void);

/* Prints `freed SECRET SIZE MODULE OFFSET` for every block that held a secret when it was freed. */
void heap_watch_report_freed(void);
/* Reads the whole memory of the process and prints `left SECRET REGION HOW SIZE MODULE OFFSET` for every
 * piece of a secret: HOW is `freed` or `held` for the heap (the module is who did that), `-` elsewhere. */
void heap_watch_report_left(void);
/* Searches the part of the stack that is not in use; prints `stack SECRET WHERE DEPTH`. */
void heap_watch_report_stack(const char *where);

#endif
