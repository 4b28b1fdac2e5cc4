/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_SLOTS_BOARD_H
#define DBC_TESTS_SLOTS_BOARD_H

#include <sodium.h>

#include "tests/support/cut_flash.h"
#include "tests/support/signed_update.h"

/* A device with two slots in simulated flash, and the updates it may get. */
struct slots_board {
	struct cut_flash flash;
	struct signing_key key;
	struct dbrt_update_keys keys;
	crypto_hash_sha256_state hash;
	struct dbrt_update_crypto crypto;
	struct dbrt_slots slots;
	uint32_t payload_bytes;
	uint8_t *update[4]; /* by version, from 1 */
	size_t update_bytes;
};

/* A board of the factory, with version 1 in slot 0. */
void slots_board_make(struct slots_board *b, uint32_t sector_bytes,
		      uint32_t payload_bytes);
void slots_board_free(struct slots_board *b);
/* A reset: mounts and boots; the slot or a status. */
int slots_board_reset(struct slots_board *b);
/* The version that a slot holds, its bytes compared; 0: something else. */
int slots_board_version(const struct slots_board *b, int slot);
/* Downloads a version in pieces of `piece` bytes, from where it stopped. */
int slots_board_download(struct slots_board *b, int version, uint32_t piece);
/* Resets, downloads, resets, confirms: until `version` runs confirmed or a
 * call fails. */
int slots_board_update(struct slots_board *b, int version, uint32_t piece);

#endif
