/*
 * descriptor_places.h: what libevent keeps for a descriptor's number, made before the descriptor comes.
 *
 * The first event of each number costs it a small piece of memory, which it keeps for ever. Made one by one they would
 * lie between what connections hold, one in each page of it, and nothing of that could go back to the system after a
 * storm. So they are made for many numbers at a time, side by side.
 */
#ifndef PROXY_DESCRIPTOR_PLACES_H
#define PROXY_DESCRIPTOR_PLACES_H

struct event_base;

struct descriptor_places {
    int count; /* numbers below it have theirs */
};

/* Before an event of that number is added. Without memory it is as it would be without this. */
void descriptor_places_make(struct descriptor_places *places, struct event_base *base, int fd);

#endif
