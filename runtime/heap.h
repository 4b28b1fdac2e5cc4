/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_HEAP_H
#define DBRT_HEAP_H

#include <stdint.h>

/*
 * A heap in slots of the caller's memory, whose root is the last one in order:
 * it keeps the first few of any number of candidates and then sorts them. The
 * order must be total, so that the result does not depend on the order of
 * insertion.
 */
struct dbrt_heap {
	/* slot i comes before slot j */
	int (*before)(const void *ctx, uint32_t i, uint32_t j);
	void (*swap)(void *ctx, uint32_t i, uint32_t j);
	void *ctx;
};

/* Makes slots [0, n) a heap. n < 2^31 here and below. */
void dbrt_heap_make(const struct dbrt_heap *h, uint32_t n);
/* Restores the heap after slot 0 has changed. */
void dbrt_heap_sink(const struct dbrt_heap *h, uint32_t n);
/* Sorts the slots, the first in order first. */
void dbrt_heap_sort(const struct dbrt_heap *h, uint32_t n);

#endif
