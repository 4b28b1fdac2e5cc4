/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_ALIGN_H
#define DBC_BASE_ALIGN_H

#include <stddef.h>

/* n rounded up to a multiple of `to`, a power of two. */
static inline size_t align_up(size_t n, size_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
