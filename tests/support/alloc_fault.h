/*
 * alloc_fault.h: base/alloc.h with a hand on the tap.
 *
 * A test that links alloc_fault.c before libbase.a gets these definitions instead of base/alloc.c's. Not for threads.
 */
#ifndef SUPPORT_ALLOC_FAULT_H
#define SUPPORT_ALLOC_FAULT_H

/* The n-th allocation from now answers NULL, only that one; 0 lets all succeed. Counting begins anew. */
void alloc_fault_arm(unsigned long n);

/* Between these two every allocation succeeds and none is counted: for the other side of a conversation. */
void alloc_fault_pause(void);
void alloc_fault_resume(void);

/* Allocations asked for since alloc_fault_arm(). */
unsigned long alloc_fault_count(void);

/* Allocations that were not given back, since the start of the program. */
unsigned long alloc_fault_live(void);

#endif
