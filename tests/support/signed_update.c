/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/signed_update.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct signing_key signing_key(uint8_t seed)
{
	struct signing_key k;
	uint8_t bytes[crypto_sign_SEEDBYTES];

	memset(bytes, seed, sizeof(bytes));
	memset(k.known.id, seed, sizeof(k.known.id));
	crypto_sign_seed_keypair(k.known.key, k.secret, bytes);
	return k;
}

struct dbu_manifest update_manifest(uint64_t version)
{
	return (struct dbu_manifest){ .magic = DBU_MAGIC,
				      .major = DBU_MAJOR,
				      .minor = DBU_MINOR,
				      .payload_kind = DBU_FULL,
				      .version = version,
				      .model = "door",
				      .target = "board-1" };
}

void update_sign(struct dbu_head *head, const void *payload, uint32_t bytes,
		 const struct signing_key *keys, uint32_t count)
{
	struct dbu_manifest *m = &head->manifest;

	m->payload_bytes = m->result_bytes = bytes;
	m->total_bytes = (uint32_t)sizeof(*head) + bytes;
	m->signature_count = count;
	crypto_hash_sha256(m->payload_sha256, payload, bytes);
	memcpy(m->result_sha256, m->payload_sha256, DBU_HASH_BYTES);
	for (uint32_t i = 0; i < count; i++) {
		struct dbu_signature *s = &head->signatures[i];

		memcpy(s->key_id, keys[i].known.id, sizeof(s->key_id));
		crypto_sign_detached(s->bytes, NULL, (const uint8_t *)m,
				     sizeof(*m), keys[i].secret);
	}
}

uint8_t *update_make(uint64_t version, uint32_t bytes,
		     const struct signing_key *key, size_t *size)
{
	struct dbu_head head = { .manifest = update_manifest(version) };
	uint8_t seed[randombytes_SEEDBYTES] = { (uint8_t)version };
	uint8_t *file;

	*size = sizeof(head) + bytes;
	file = malloc(*size);
	if (!file)
		abort();
	randombytes_buf_deterministic(file + sizeof(head), bytes, seed);
	update_sign(&head, file + sizeof(head), bytes, key, 1);
	memcpy(file, &head, sizeof(head));
	return file;
}
