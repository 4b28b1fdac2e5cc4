/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_SIGNED_UPDATE_H
#define DBC_TESTS_SIGNED_UPDATE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/update/dbrt_update.h"

struct signing_key {
	struct dbu_key known;
	uint8_t secret[64];
};

/* The key of a number. */
struct signing_key signing_key(uint8_t seed);
/* For model "door", target "board-1". */
struct dbu_manifest update_manifest(uint64_t version);
/* Fills the sizes and hashes of the head, and signs it. */
void update_sign(struct dbu_head *head, const void *payload, uint32_t bytes,
		 const struct signing_key *keys, uint32_t count);
/* A file, malloc'ed, with a payload of `bytes` drawn from the version. */
uint8_t *update_make(uint64_t version, uint32_t bytes,
		     const struct signing_key *key, size_t *size);

#endif
