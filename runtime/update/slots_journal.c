/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: two sectors of records of 64 bytes, each a whole state. The
 * newest with a right checksum counts. The sector without it is erased before
 * it is used, so that one whole record is always there.
 */
#include <string.h>

#include "runtime/dbrt_internal.h"
#include "runtime/update/slots_parts.h"

#define MAGIC 0x4a554244u /* D B U J */
#define RECORD ((uint32_t)sizeof(struct dbrt_slots_record))
_Static_assert(sizeof(struct dbrt_slots_record) == DBRT_SLOTS_UNIT,
	       "a record is one unit");

static uint32_t crc_of(const struct dbrt_slots_record *r)
{
	return dbrt_crc32(0, r, offsetof(struct dbrt_slots_record, crc32));
}

static int is_valid(const struct dbrt_slots_record *r)
{
	return r->magic == MAGIC && r->crc32 == crc_of(r) && r->active < 2 &&
	       r->state <= DBRT_SLOTS_TRIAL;
}

static int is_blank(const struct dbrt_slots_record *r)
{
	const uint8_t *p = (const uint8_t *)r;
	uint8_t all = 0xff;

	for (uint32_t i = 0; i < RECORD; i++)
		all &= p[i];
	return all == 0xff;
}

static int read_record(const struct dbrt_slots *s, uint32_t at,
		       struct dbrt_slots_record *r)
{
	return s->flash.read(s->flash.ctx, s->journal_at + at, r, RECORD) ?
		       DBRT_UPDATE_ERROR_FLASH :
		       DBRT_UPDATE_OK;
}

int dbrt_journal_find(struct dbrt_slots *s)
{
	struct dbrt_slots_record r;
	int found = 0;

	s->record_at = 0;
	for (uint32_t at = 0; at < 2 * s->flash.sector_bytes; at += RECORD) {
		if (read_record(s, at, &r))
			return DBRT_UPDATE_ERROR_FLASH;
		if (!is_valid(&r) ||
		    (found && r.sequence <= s->record.sequence))
			continue;
		s->record = r;
		s->record_at = at + RECORD;
		found = 1;
	}
	return !found;
}

/* Whether `at` is the end of a sector; 0 is one where nothing is known. */
static int at_sector(const struct dbrt_slots *s, uint32_t at)
{
	return at % s->flash.sector_bytes == 0;
}

/* A place that is blank: behind the newest record, or in the other sector. */
static int find_place(struct dbrt_slots *s)
{
	const struct dbrt_flash *f = &s->flash;
	struct dbrt_slots_record r;

	for (; !at_sector(s, s->record_at); s->record_at += RECORD) {
		if (read_record(s, s->record_at, &r))
			return DBRT_UPDATE_ERROR_FLASH;
		if (is_blank(&r))
			return DBRT_UPDATE_OK;
	}
	s->record_at %= 2 * f->sector_bytes;
	return f->erase(f->ctx, s->journal_at + s->record_at) ||
			       f->sync(f->ctx) ?
		       DBRT_UPDATE_ERROR_FLASH :
		       DBRT_UPDATE_OK;
}

/* One attempt at the next place, read back. */
static int put_record(struct dbrt_slots *s)
{
	const struct dbrt_flash *f = &s->flash;
	struct dbrt_slots_record r;
	uint32_t at;

	if (find_place(s))
		return DBRT_UPDATE_ERROR_FLASH;
	at = s->record_at;
	s->record_at += RECORD;
	if (f->program(f->ctx, s->journal_at + at, &s->record, RECORD) ||
	    f->sync(f->ctx) || read_record(s, at, &r) ||
	    memcmp(&r, &s->record, RECORD) != 0)
		return DBRT_UPDATE_ERROR_FLASH;
	return DBRT_UPDATE_OK;
}

int dbrt_journal_append(struct dbrt_slots *s)
{
	s->record.magic = MAGIC;
	s->record.sequence++;
	s->record.crc32 = crc_of(&s->record);
	return put_record(s);
}
