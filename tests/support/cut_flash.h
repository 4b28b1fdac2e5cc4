/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_CUT_FLASH_H
#define DBC_TESTS_CUT_FLASH_H

#include <stdint.h>

#include "runtime/update/dbrt_slots.h"

/*
 * Flash in memory. Programming only clears bits; erasing sets a sector. At
 * step number `cut` (from 1; 0: never) the power fails: the step is done in
 * part, some bits at random, and all calls fail until cut_flash_power().
 */
struct cut_flash {
	uint8_t *bytes;
	uint32_t size, sector_bytes;
	uint64_t steps, cut;
	uint64_t draw;    /* state of what is torn at random */
	int dead;         /* no power */
	uint64_t misuses; /* programmed what was not erased, or off the grid */
	uint32_t locked_at, locked_bytes; /* must not change */
};

void cut_flash_make(struct cut_flash *f, uint32_t size, uint32_t sector_bytes);
void cut_flash_free(struct cut_flash *f);
/* Power is back; the next cut is `steps` steps away (0: never). */
void cut_flash_power(struct cut_flash *f, uint64_t steps);
struct dbrt_flash cut_flash_calls(struct cut_flash *f);

#endif
