/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/cut_flash.h"

#include <stdlib.h>
#include <string.h>

void cut_flash_make(struct cut_flash *f, uint32_t size, uint32_t sector_bytes)
{
	*f = (struct cut_flash){ .size = size, .sector_bytes = sector_bytes };
	f->bytes = malloc(size);
	if (!f->bytes)
		abort();
	memset(f->bytes, 0xff, size);
}

void cut_flash_free(struct cut_flash *f)
{
	free(f->bytes);
}

void cut_flash_power(struct cut_flash *f, uint64_t steps)
{
	f->dead = 0;
	f->cut = steps ? f->steps + steps : 0;
}

/* splitmix64 (Steele, Lea & Flood). */
static uint64_t draw(struct cut_flash *f)
{
	uint64_t z = f->draw += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Whether this step is the last one. */
static int fails(struct cut_flash *f)
{
	f->dead = ++f->steps == f->cut;
	return f->dead;
}

static void check_lock(struct cut_flash *f, uint32_t at, uint32_t bytes)
{
	if (at < f->locked_at + f->locked_bytes && f->locked_at < at + bytes)
		f->misuses++;
}

static int read_bytes(void *ctx, uint32_t at, void *data, uint32_t bytes)
{
	const struct cut_flash *f = ctx;

	if (f->dead || at > f->size || bytes > f->size - at)
		return -1;
	memcpy(data, f->bytes + at, bytes);
	return 0;
}

/* Bits of `mask` reach the cell before the power fails. */
static uint8_t torn_mask(struct cut_flash *f, int torn, uint32_t i,
			 uint32_t whole)
{
	if (!torn || i < whole)
		return 0xff;
	return i == whole || draw(f) % 8 == 0 ? (uint8_t)draw(f) : 0;
}

static int program_bytes(void *ctx, uint32_t at, const void *data,
			 uint32_t bytes)
{
	struct cut_flash *f = ctx;
	const uint8_t *p = data;
	uint32_t whole;
	int torn;

	if (f->dead)
		return -1;
	f->misuses += at % DBRT_SLOTS_UNIT || bytes % DBRT_SLOTS_UNIT ||
		      at > f->size || bytes > f->size - at;
	check_lock(f, at, bytes);
	torn = fails(f);
	whole = torn ? (uint32_t)(draw(f) % bytes) : bytes;
	for (uint32_t i = 0; i < bytes; i++) {
		f->misuses += f->bytes[at + i] != 0xff;
		f->bytes[at + i] &=
			(uint8_t)(p[i] | ~torn_mask(f, torn, i, whole));
	}
	return torn ? -1 : 0;
}

static int erase_sector(void *ctx, uint32_t at)
{
	struct cut_flash *f = ctx;
	uint32_t whole;
	int torn;

	if (f->dead)
		return -1;
	f->misuses += at % f->sector_bytes || at >= f->size;
	check_lock(f, at, f->sector_bytes);
	torn = fails(f);
	whole = torn ? (uint32_t)(draw(f) % f->sector_bytes) : f->sector_bytes;
	for (uint32_t i = 0; i < f->sector_bytes; i++)
		f->bytes[at + i] |= torn_mask(f, torn, i, whole);
	return torn ? -1 : 0;
}

static int sync_all(void *ctx)
{
	const struct cut_flash *f = ctx;

	return f->dead ? -1 : 0;
}

struct dbrt_flash cut_flash_calls(struct cut_flash *f)
{
	return (struct dbrt_flash){
		read_bytes, program_bytes,  erase_sector, sync_all,
		f,          f->sector_bytes
	};
}
