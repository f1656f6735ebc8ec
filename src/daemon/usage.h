/*
 * usage.h: what the processes take of the machine, time and memory, as the master puts it on the board.
 *
 * The time of a child is read by its number. Its memory stands in /proc, in a file that is opened when the child is
 * born: soon it is another user's, of whom the master may not be allowed to see anything there.
 */
#ifndef DAEMON_USAGE_H
#define DAEMON_USAGE_H

struct child;
struct master;
struct rusage;

void usage_begin(struct master *master); /* it counts from here on; what a binary before this one took is counted */
void usage_adopt(struct child *child);   /* likewise */
void usage_born(struct child *child);    /* it was forked just now */
void usage_look(struct master *master);  /* once a second */
void usage_ended(struct child *child, const struct rusage *all);

#endif
