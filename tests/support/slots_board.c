/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/slots_board.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/update/adapters/update_sodium.h"

void slots_board_make(struct slots_board *b, uint32_t sector_bytes,
		      uint32_t payload_bytes)
{
	uint32_t slot_bytes = (payload_bytes + 512 + sector_bytes - 1) /
			      sector_bytes * sector_bytes;
	struct dbrt_slots *s = &b->slots;

	memset(b, 0, sizeof(*b));
	b->key = signing_key(1);
	b->keys = (struct dbrt_update_keys){ .count = 1,
					     .keys = { b->key.known } };
	b->crypto = dbrt_update_sodium(&b->hash);
	cut_flash_make(&b->flash, 2 * sector_bytes + 2 * slot_bytes,
		       sector_bytes);
	s->flash = cut_flash_calls(&b->flash);
	s->slot_at[0] = 2 * sector_bytes;
	s->slot_at[1] = 2 * sector_bytes + slot_bytes;
	s->slot_bytes = slot_bytes;
	s->keys = &b->keys;
	s->crypto = &b->crypto;
	s->device.model = "door";
	s->device.target = "board-1";
	b->payload_bytes = payload_bytes;
	for (int v = 1; v < 4; v++)
		b->update[v] = update_make((uint64_t)v, payload_bytes, &b->key,
					   &b->update_bytes);
	memcpy(b->flash.bytes + s->slot_at[0], b->update[1], b->update_bytes);
}

void slots_board_free(struct slots_board *b)
{
	for (int v = 1; v < 4; v++)
		free(b->update[v]);
	cut_flash_free(&b->flash);
}

int slots_board_reset(struct slots_board *b)
{
	int status = dbrt_slots_mount(&b->slots);

	return status ? status : dbrt_slots_boot(&b->slots);
}

int slots_board_version(const struct slots_board *b, int slot)
{
	for (int v = 1; v < 4; v++)
		if (!memcmp(b->flash.bytes + b->slots.slot_at[slot],
			    b->update[v], b->update_bytes))
			return v;
	return 0;
}

int slots_board_download(struct slots_board *b, int version, uint32_t piece)
{
	struct dbrt_slots *s = &b->slots;
	struct dbu_head head;
	int status;

	memcpy(&head, b->update[version], sizeof(head));
	status = dbrt_slots_begin(s, &head);
	while (!status && dbrt_slots_received(s) < b->update_bytes) {
		uint32_t at = dbrt_slots_received(s);
		uint32_t left = (uint32_t)b->update_bytes - at;

		status = dbrt_slots_write(s, at, b->update[version] + at,
					  left < piece ? left : piece);
	}
	return status ? status : dbrt_slots_finish(s);
}

int slots_board_update(struct slots_board *b, int version, uint32_t piece)
{
	int slot = slots_board_reset(b), status;

	if (slot < 0)
		return slot;
	if (slots_board_version(b, slot) != version) {
		/* a boot that was cut may have begun the trial */
		dbrt_slots_revert(&b->slots);
		status = slots_board_download(b, version, piece);
		if (status)
			return status;
		slot = slots_board_reset(b);
		if (slot < 0)
			return slot;
	}
	if (b->slots.record.state != DBRT_SLOTS_TRIAL)
		return DBRT_UPDATE_OK;
	return dbrt_slots_confirm(&b->slots);
}
