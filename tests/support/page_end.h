/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_PAGE_END_H
#define DBC_TESTS_PAGE_END_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory whose last byte is the last one of a page, behind which nothing can
 * be read: what a kernel reads too much ends the program. Each region is one
 * piece of memory, used again by the next call.
 */
#define PAGE_END_REGIONS 8
#define PAGE_END_BYTES (1 << 17)

/* `bytes` bytes at the end of a region. */
uint8_t *page_end(int region, size_t bytes);

#endif
