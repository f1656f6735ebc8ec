/*
 * alloc_fault.h: base/alloc.h with a switch to let the n-th allocation fail.
 *
 * Linked into a test beside libbase.a it takes the place of base/alloc.c, whose symbols it defines. What the
 * libraries below us allocate by themselves is armed apart, through the C library's own calls: provider_fault_*.
 *
 *     for (unsigned long n = 1;; n++) {
 *         alloc_fault_arm(n);
 *         run what is tested: it must answer properly
 *         if (!alloc_fault_fired())
 *             break;
 *         ck_assert(alloc_fault_live() == 0);
 *     }
 */
#ifndef SUPPORT_ALLOC_FAULT_H
#define SUPPORT_ALLOC_FAULT_H

#include <stdbool.h>

/* From now on the n-th allocation fails, and only that one (n counts from 1; 0: none). Resets the count. */
void alloc_fault_arm(unsigned long n);
unsigned long alloc_fault_count(void); /* allocations since */
bool alloc_fault_fired(void);          /* whether the one that was to fail came */
long alloc_fault_live(void);           /* given out and not given back, over the life of the process */

/* Between these two every allocation succeeds and none is counted: for the other side of a conversation. */
void alloc_fault_pause(void);
void alloc_fault_resume(void);

/*
 * The same for malloc, calloc, realloc and free of everything else in the process while it is armed (n != 0),
 * as a library like libmbedcrypto calls them. Not with a sanitizer, which brings its own: then
 * provider_fault_works() is false, and the caller leaves that part out.
 */
bool provider_fault_works(void);
void provider_fault_arm(unsigned long n);
void provider_fault_disarm(void);
unsigned long provider_fault_count(void); /* also counts when armed with ~0UL, which never fires */
bool provider_fault_fired(void);
long provider_fault_live(void); /* while armed, and since the last arming */

#endif
