/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/page_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *ends[PAGE_END_REGIONS];

static uint8_t *map_region(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p = mmap(NULL, PAGE_END_BYTES + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE_END_BYTES, page, PROT_NONE)) {
		perror("mmap");
		exit(1);
	}
	return p + PAGE_END_BYTES;
}

uint8_t *page_end(int region, size_t bytes)
{
	if (region < 0 || region >= PAGE_END_REGIONS ||
	    bytes > PAGE_END_BYTES) {
		fprintf(stderr, "page_end: no such region\n");
		exit(1);
	}
	if (!ends[region])
		ends[region] = map_region();
	return ends[region] - bytes;
}
