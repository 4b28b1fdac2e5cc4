/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed updates of any bytes. As they are, only bytes with a signature of
 * ours may be taken; FUZZ_SEEDS gets such files. Then the signature is made
 * right, so that the fields behind it are read, and the update is put into
 * slots in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/fuzz_seed.h"
#include "tests/support/slots_board.h"

#define PAYLOAD 600

static struct slots_board board;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (sodium_init() < 0)
		abort();
	slots_board_make(&board, 256, PAYLOAD);
	if (fuzz_seeds()) {
		fuzz_seed("1.dbu", board.update[1], board.update_bytes);
		fuzz_seed("2.dbu", board.update[2], board.update_bytes);
	}
	return 0;
}

/* Whether the bytes are those of an update that we signed. */
static int is_ours(const uint8_t *data, size_t bytes)
{
	for (int v = 1; v < 4; v++)
		if (bytes == board.update_bytes &&
		    !memcmp(data, board.update[v], bytes))
			return 1;
	return 0;
}

static int take(struct slots_board *b, const struct dbu_head *head,
		const uint8_t *payload, size_t bytes)
{
	uint32_t n = head->manifest.payload_bytes;

	if (slots_board_reset(b) < 0)
		abort();
	if (dbrt_slots_begin(&b->slots, head) != DBRT_UPDATE_OK || n > bytes)
		return -1;
	if (dbrt_slots_write(&b->slots, sizeof(*head), payload, n) !=
	    DBRT_UPDATE_OK)
		return -1;
	return dbrt_slots_finish(&b->slots);
}

/* A new board, as the one that holds the keys and updates. */
static int try(const struct dbu_head *head, const uint8_t *payload,
	       size_t bytes)
{
	struct slots_board b;
	int status, slot;

	slots_board_make(&b, 256, PAYLOAD);
	status = take(&b, head, payload, bytes);
	slot = slots_board_reset(&b);
	if (slot < 0 || (status && slot != 0) || b.flash.misuses)
		abort();
	slots_board_free(&b);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct dbrt_update_keys keys = board.keys;
	struct dbu_head head;

	if (bytes < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	if (try(&head, data + sizeof(head), bytes - sizeof(head)) ==
		    DBRT_UPDATE_OK &&
	    !is_ours(data, sizeof(head) + head.manifest.payload_bytes))
		abort();
	if (dbrt_update_rotate(&keys, data, bytes, &board.crypto) ==
	    DBRT_UPDATE_OK)
		abort();
	memcpy(head.signatures[0].key_id, board.key.known.id, DBU_KEY_ID_BYTES);
	crypto_sign_detached(head.signatures[0].bytes, NULL,
			     (const uint8_t *)&head.manifest,
			     sizeof(head.manifest), board.key.secret);
	try(&head, data + sizeof(head), bytes - sizeof(head));
	return 0;
}
