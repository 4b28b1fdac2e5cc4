/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_HEAP_H
#define DBRT_HEAP_H

#include <stdint.h>

/*
 * Slots of the caller's memory as a heap whose root is the last in order: of
 * any number of candidates it keeps the first few, and then sorts them. The
 * order must be total, so that the result does not depend on the way there.
 */
struct dbrt_heap {
	/* slot i comes before slot j */
	int (*before)(const void *ctx, uint32_t i, uint32_t j);
	void (*swap)(void *ctx, uint32_t i, uint32_t j);
	void *ctx;
};

/* Makes slots [0, n) a heap. n < 2^31 here and below. */
void dbrt_heap_make(const struct dbrt_heap *h, uint32_t n);
/* Makes it one again after slot 0 has changed. */
void dbrt_heap_sink(const struct dbrt_heap *h, uint32_t n);
/* Sorts it, first one first. */
void dbrt_heap_sort(const struct dbrt_heap *h, uint32_t n);

#endif
