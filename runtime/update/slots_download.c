/* SPDX-License-Identifier: Apache-2.0 */
/* A download into the slot that does not run. */
#include <string.h>

#include "runtime/update/slots_parts.h"

#define LEAST_STEP 4096u /* bytes between records of the journal */

static uint32_t target_at(const struct dbrt_slots *s)
{
	return s->slot_at[!s->record.active];
}

static int store_state(struct dbrt_slots *s, int state, uint32_t received)
{
	s->record.state = (uint8_t)state;
	s->record.received = received;
	s->record.tried = 0;
	return dbrt_journal_append(s);
}

/* Stores the page that ends at s->received. */
static int put_page(struct dbrt_slots *s)
{
	const struct dbrt_flash *f = &s->flash;
	uint32_t page = (s->received - 1) / DBRT_SLOTS_PAGE * DBRT_SLOTS_PAGE;
	uint32_t at = target_at(s) + page;

	if (page % f->sector_bytes == 0 && f->erase(f->ctx, at))
		return DBRT_UPDATE_ERROR_FLASH;
	if (f->program(f->ctx, at, s->page, sizeof(s->page)))
		return DBRT_UPDATE_ERROR_FLASH;
	return DBRT_UPDATE_OK;
}

/* After each step the journal says how far the download is. */
static int put_progress(struct dbrt_slots *s)
{
	uint32_t step = s->flash.sector_bytes > LEAST_STEP ?
				s->flash.sector_bytes :
				LEAST_STEP;

	if (s->received % step)
		return DBRT_UPDATE_OK;
	if (s->flash.sync(s->flash.ctx))
		return DBRT_UPDATE_ERROR_FLASH;
	return store_state(s, DBRT_SLOTS_DOWNLOAD, s->received);
}

static int append(struct dbrt_slots *s, const uint8_t *data, uint32_t bytes)
{
	while (bytes) {
		uint32_t from = s->received % DBRT_SLOTS_PAGE;
		uint32_t n = DBRT_SLOTS_PAGE - from;
		int status;

		n = n < bytes ? n : bytes;
		memcpy(s->page + from, data, n);
		data += n;
		bytes -= n;
		s->received += n;
		if (s->received % DBRT_SLOTS_PAGE)
			continue;
		status = put_page(s);
		if (!status)
			status = put_progress(s);
		if (status) {
			s->downloading = 0;
			return status;
		}
	}
	return DBRT_UPDATE_OK;
}

/* Whether the slot holds the beginning of this download. */
static int continues(const struct dbrt_slots *s, const struct dbu_head *head)
{
	struct dbu_head stored;

	return s->record.state == DBRT_SLOTS_DOWNLOAD &&
	       s->record.received >= sizeof(stored) &&
	       s->record.received <= head->manifest.total_bytes &&
	       !s->flash.read(s->flash.ctx, target_at(s), &stored,
			      sizeof(stored)) &&
	       !memcmp(&stored, head, sizeof(stored));
}

int dbrt_slots_begin(struct dbrt_slots *s, const struct dbu_head *head)
{
	struct dbrt_update_device device;
	int status;

	if (!s || !head)
		return DBRT_UPDATE_ERROR_ARGUMENT;
	if (s->record.state == DBRT_SLOTS_TRIAL)
		return DBRT_UPDATE_ERROR_STATE;
	device = s->device;
	device.version = s->record.version;
	device.flash_bytes = s->slot_bytes;
	status = dbrt_update_verify(head, s->keys, s->crypto);
	if (!status)
		status = dbrt_update_fits(head, &device);
	if (status)
		return status;
	s->head = *head;
	s->downloading = 1;
	s->received = s->record.received;
	if (continues(s, head))
		return DBRT_UPDATE_OK;
	s->received = 0;
	status = store_state(s, DBRT_SLOTS_DOWNLOAD, 0);
	return status ? status :
			append(s, (const uint8_t *)&s->head, sizeof(s->head));
}

uint32_t dbrt_slots_received(const struct dbrt_slots *s)
{
	return s->downloading ? s->received : 0;
}

int dbrt_slots_write(struct dbrt_slots *s, uint32_t at, const void *data,
		     uint32_t bytes)
{
	if (!s->downloading || at != s->received ||
	    bytes > s->head.manifest.total_bytes - at)
		return DBRT_UPDATE_ERROR_STATE;
	return append(s, data, bytes);
}

/* The last page, which may be a part of one. */
static int put_rest(struct dbrt_slots *s)
{
	uint32_t used = s->received % DBRT_SLOTS_PAGE;
	int status = DBRT_UPDATE_OK;

	if (used) {
		memset(s->page + used, 0xff, sizeof(s->page) - used);
		status = put_page(s);
	}
	if (!status && s->flash.sync(s->flash.ctx))
		status = DBRT_UPDATE_ERROR_FLASH;
	return status;
}

int dbrt_slots_finish(struct dbrt_slots *s)
{
	int status;

	if (!s->downloading)
		return DBRT_UPDATE_ERROR_STATE;
	if (s->received != s->head.manifest.total_bytes)
		return DBRT_UPDATE_ERROR_TRUNCATED;
	s->downloading = 0;
	status = put_rest(s);
	if (!status)
		status = dbrt_slots_check(s, !s->record.active);
	if (!status && s->selftest &&
	    s->selftest(s->selftest_ctx, target_at(s) + sizeof(s->head),
			s->head.manifest.payload_bytes))
		status = DBRT_UPDATE_ERROR_SELFTEST;
	if (!status)
		return store_state(s, DBRT_SLOTS_TRIAL, 0);
	if (status != DBRT_UPDATE_ERROR_FLASH)
		store_state(s, DBRT_SLOTS_IDLE, 0);
	return status;
}
