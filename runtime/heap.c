/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/heap.h"

static void sink(const struct dbrt_heap *h, uint32_t root, uint32_t n)
{
	uint32_t child;

	while (root < n / 2) {
		child = 2 * root + 1;
		if (child + 1 < n && h->before(h->ctx, child, child + 1))
			child++;
		if (!h->before(h->ctx, root, child))
			return;
		h->swap(h->ctx, root, child);
		root = child;
	}
}

void dbrt_heap_make(const struct dbrt_heap *h, uint32_t n)
{
	uint32_t i;

	for (i = n / 2; i-- > 0;)
		sink(h, i, n);
}

void dbrt_heap_sink(const struct dbrt_heap *h, uint32_t n)
{
	sink(h, 0, n);
}

void dbrt_heap_sort(const struct dbrt_heap *h, uint32_t n)
{
	for (; n > 1; n--) {
		h->swap(h->ctx, 0, n - 1);
		sink(h, 0, n - 1);
	}
}
