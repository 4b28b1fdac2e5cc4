/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "runtime/update/slots_parts.h"

static int read_flash(const struct dbrt_slots *s, uint32_t at, void *data,
		      uint32_t bytes)
{
	return s->flash.read(s->flash.ctx, at, data, bytes) ?
		       DBRT_UPDATE_ERROR_FLASH :
		       DBRT_UPDATE_OK;
}

/* The hash of what is stored against the head. */
static int check_payload(struct dbrt_slots *s, uint32_t at)
{
	const struct dbrt_update_crypto *c = s->crypto;
	uint32_t left = s->head.manifest.payload_bytes;
	uint8_t sha256[DBU_HASH_BYTES];

	if (c->hash_begin(c->hash))
		return DBRT_UPDATE_ERROR_HASH;
	while (left) {
		uint32_t n = left < sizeof(s->page) ? left : sizeof(s->page);

		if (read_flash(s, at, s->page, n))
			return DBRT_UPDATE_ERROR_FLASH;
		if (c->hash_add(c->hash, s->page, n))
			return DBRT_UPDATE_ERROR_HASH;
		at += n;
		left -= n;
	}
	if (c->hash_end(c->hash, sha256) ||
	    memcmp(sha256, s->head.manifest.payload_sha256, sizeof(sha256)))
		return DBRT_UPDATE_ERROR_HASH;
	return DBRT_UPDATE_OK;
}

int dbrt_slots_check(struct dbrt_slots *s, int slot)
{
	struct dbrt_update_device device = s->device;
	int status = read_flash(s, s->slot_at[slot], &s->head, sizeof(s->head));

	device.version = 0;
	device.flash_bytes = s->slot_bytes;
	if (!status)
		status = dbrt_update_verify(&s->head, s->keys, s->crypto);
	if (!status)
		status = dbrt_update_fits(&s->head, &device);
	if (!status)
		status = check_payload(s, dbrt_slots_payload(s, slot));
	return status;
}

static int other(const struct dbrt_slots *s)
{
	return !s->record.active;
}

uint32_t dbrt_slots_payload(const struct dbrt_slots *s, int slot)
{
	return s->slot_at[slot] + (uint32_t)sizeof(struct dbu_head);
}

/* No journal: a new device, or both sectors are lost. */
static int guess(struct dbrt_slots *s)
{
	int found = 0;

	memset(&s->record, 0, sizeof(s->record));
	for (int slot = 0; slot < 2; slot++) {
		if (dbrt_slots_check(s, slot) ||
		    (found && s->head.manifest.version <= s->record.version))
			continue;
		s->record.active = (uint8_t)slot;
		s->record.version = s->head.manifest.version;
		found = 1;
	}
	return found ? dbrt_journal_append(s) : DBRT_UPDATE_ERROR_EMPTY;
}

static int is_geometry(const struct dbrt_slots *s)
{
	uint32_t sector = s->flash.sector_bytes;

	return sector >= DBRT_SLOTS_PAGE && sector <= 131072 &&
	       !(sector & (sector - 1)) && s->slot_bytes &&
	       !((s->journal_at | s->slot_at[0] | s->slot_at[1] |
		  s->slot_bytes) &
		 (sector - 1));
}

int dbrt_slots_mount(struct dbrt_slots *s)
{
	int status;

	if (!s || !s->keys || !s->crypto || !is_geometry(s))
		return DBRT_UPDATE_ERROR_ARGUMENT;
	s->downloading = 0;
	s->received = 0;
	status = dbrt_journal_find(s);
	return status == 1 ? guess(s) : status;
}

/* The confirmed slot is damaged: whatever else is valid and signed. */
static int rescue(struct dbrt_slots *s)
{
	if (dbrt_slots_check(s, other(s)))
		return DBRT_UPDATE_ERROR_EMPTY;
	s->record.active = (uint8_t)other(s);
	s->record.state = DBRT_SLOTS_IDLE;
	return dbrt_journal_append(s) ? DBRT_UPDATE_ERROR_FLASH :
					s->record.active;
}

int dbrt_slots_boot(struct dbrt_slots *s)
{
	if (s->record.state == DBRT_SLOTS_TRIAL) {
		int tried = s->record.tried;

		s->record.tried = 1;
		if (tried)
			s->record.state = DBRT_SLOTS_IDLE;
		if (dbrt_journal_append(s))
			return DBRT_UPDATE_ERROR_FLASH;
		if (!tried && !dbrt_slots_check(s, other(s)))
			return other(s);
	}
	if (!dbrt_slots_check(s, s->record.active))
		return s->record.active;
	return rescue(s);
}

/* Stored twice: if a bit of the newest record is lost, the one before it must
 * not bring back a trial or an older version. */
static int store_decision(struct dbrt_slots *s)
{
	int status;

	s->record.state = DBRT_SLOTS_IDLE;
	status = dbrt_journal_append(s);
	return status ? status : dbrt_journal_append(s);
}

int dbrt_slots_confirm(struct dbrt_slots *s)
{
	if (s->record.state != DBRT_SLOTS_TRIAL || !s->record.tried)
		return DBRT_UPDATE_ERROR_STATE;
	if (read_flash(s, s->slot_at[other(s)], &s->head, sizeof(s->head)))
		return DBRT_UPDATE_ERROR_FLASH;
	s->record.active = (uint8_t)other(s);
	s->record.version = s->head.manifest.version;
	return store_decision(s);
}

int dbrt_slots_revert(struct dbrt_slots *s)
{
	if (s->record.state != DBRT_SLOTS_TRIAL)
		return DBRT_UPDATE_ERROR_STATE;
	return store_decision(s);
}
