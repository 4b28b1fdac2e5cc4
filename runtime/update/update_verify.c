/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "runtime/update/dbrt_update.h"

#define MOST_PAYLOAD (0x7fffffffu - (uint32_t)sizeof(struct dbu_head))

const char *dbrt_update_status_text(int status)
{
	static const char *const texts[] = {
		"ok",
		"bad argument",
		"truncated",
		"not a signed update",
		"a field is out of its range",
		"signed by no trusted key",
		"wrong signature",
		"the payload is not the signed one",
		"for another model",
		"for other hardware",
		"not newer than the confirmed model",
		"needs a newer library",
		"needs more memory or flash",
		"the flash failed",
		"the model failed its self-test",
		"not possible in this state",
		"no valid model",
	};

	return status <= 0 && status > -(int)(sizeof(texts) / sizeof(*texts)) ?
		       texts[-status] :
		       "unknown status";
}

static int is_zero(const uint8_t *p, size_t bytes)
{
	uint8_t any = 0;

	while (bytes--)
		any |= *p++;
	return !any;
}

/* 1 to 31 bytes, NULs behind them. */
static int is_text(const char text[32])
{
	size_t n = 0;

	while (n < 32 && text[n])
		n++;
	return n && n < 32 && is_zero((const uint8_t *)text + n, 32 - n);
}

static int same_text(const char text[32], const char *wanted)
{
	return strlen(wanted) < 32 && !strcmp(text, wanted);
}

static int check_fields(const struct dbu_head *h)
{
	const struct dbu_manifest *m = &h->manifest;
	size_t used = m->signature_count * sizeof(h->signatures[0]);
	int ok = m->signature_count >= 1 &&
		 m->signature_count <= DBU_MAX_SIGNATURES &&
		 m->payload_bytes >= 1 && m->payload_bytes <= MOST_PAYLOAD &&
		 m->total_bytes == sizeof(*h) + m->payload_bytes &&
		 m->result_bytes == m->payload_bytes &&
		 (m->payload_kind == DBU_FULL || m->payload_kind == DBU_KEYS) &&
		 is_text(m->model) && is_text(m->target) &&
		 is_zero(m->reserved, sizeof(m->reserved)) &&
		 is_zero(m->reserved_too, sizeof(m->reserved_too)) &&
		 !memcmp(m->payload_sha256, m->result_sha256, DBU_HASH_BYTES);

	ok = ok && is_zero((const uint8_t *)h->signatures + used,
			   sizeof(*h) - sizeof(*m) - used);
	return ok ? DBRT_UPDATE_OK : DBRT_UPDATE_ERROR_FORMAT;
}

static const struct dbu_key *find_key(const struct dbrt_update_keys *keys,
				      const uint8_t *id)
{
	for (uint32_t i = 0; i < keys->count && i < DBRT_UPDATE_MAX_KEYS; i++)
		if (!memcmp(keys->keys[i].id, id, DBU_KEY_ID_BYTES))
			return &keys->keys[i];
	return NULL;
}

int dbrt_update_verify(const struct dbu_head *head,
		       const struct dbrt_update_keys *keys,
		       const struct dbrt_update_crypto *crypto)
{
	int status = DBRT_UPDATE_ERROR_KEY;

	if (!head || !keys || !crypto)
		return DBRT_UPDATE_ERROR_ARGUMENT;
	if (head->manifest.magic != DBU_MAGIC)
		return DBRT_UPDATE_ERROR_MAGIC;
	if (head->manifest.major != DBU_MAJOR)
		return DBRT_UPDATE_ERROR_FORMAT;
	for (int i = 0; i < DBU_MAX_SIGNATURES; i++) {
		const struct dbu_signature *s = &head->signatures[i];
		const struct dbu_key *key = find_key(keys, s->key_id);

		if (!key)
			continue;
		if (!crypto->verify(key->key, s->bytes,
				    (const uint8_t *)&head->manifest,
				    sizeof(head->manifest)))
			return check_fields(head);
		status = DBRT_UPDATE_ERROR_SIGNATURE;
	}
	return status;
}

static int over(uint32_t needed, uint32_t most)
{
	return most && needed > most;
}

int dbrt_update_fits(const struct dbu_head *head,
		     const struct dbrt_update_device *device)
{
	const struct dbu_manifest *m = &head->manifest;

	if (m->payload_kind != DBU_FULL)
		return DBRT_UPDATE_ERROR_FORMAT;
	if (!same_text(m->model, device->model))
		return DBRT_UPDATE_ERROR_MODEL;
	if (!same_text(m->target, device->target))
		return DBRT_UPDATE_ERROR_TARGET;
	if (m->version <= device->version)
		return DBRT_UPDATE_ERROR_OLDER;
	if (over(m->library, device->library))
		return DBRT_UPDATE_ERROR_LIBRARY;
	if (over(m->arena_bytes, device->arena_bytes) ||
	    over(m->ram_bytes, device->ram_bytes) ||
	    over(m->total_bytes, device->flash_bytes))
		return DBRT_UPDATE_ERROR_SPACE;
	return DBRT_UPDATE_OK;
}

int dbrt_update_payload(const struct dbu_head *head, const void *payload,
			size_t bytes, const struct dbrt_update_crypto *crypto)
{
	uint8_t sha256[DBU_HASH_BYTES];

	if (bytes != head->manifest.payload_bytes)
		return DBRT_UPDATE_ERROR_TRUNCATED;
	if (crypto->hash_begin(crypto->hash) ||
	    crypto->hash_add(crypto->hash, payload, bytes) ||
	    crypto->hash_end(crypto->hash, sha256) ||
	    memcmp(sha256, head->manifest.payload_sha256, sizeof(sha256)) != 0)
		return DBRT_UPDATE_ERROR_HASH;
	return DBRT_UPDATE_OK;
}

int dbrt_update_rotate(struct dbrt_update_keys *keys, const void *dbu,
		       size_t bytes, const struct dbrt_update_crypto *crypto)
{
	struct dbu_head head;
	const uint8_t *payload = (const uint8_t *)dbu + sizeof(head);
	int status;

	if (!dbu || !keys || !crypto)
		return DBRT_UPDATE_ERROR_ARGUMENT;
	if (bytes < sizeof(head))
		return DBRT_UPDATE_ERROR_TRUNCATED;
	memcpy(&head, dbu, sizeof(head));
	status = dbrt_update_verify(&head, keys, crypto);
	if (status)
		return status;
	if (head.manifest.payload_kind != DBU_KEYS ||
	    !same_text(head.manifest.model, "keys") ||
	    head.manifest.payload_bytes % sizeof(struct dbu_key) ||
	    head.manifest.payload_bytes > sizeof(keys->keys))
		return DBRT_UPDATE_ERROR_FORMAT;
	if (head.manifest.version <= keys->version)
		return DBRT_UPDATE_ERROR_OLDER;
	status = dbrt_update_payload(&head, payload, bytes - sizeof(head),
				     crypto);
	if (status)
		return status;
	memset(keys->keys, 0, sizeof(keys->keys));
	memcpy(keys->keys, payload, head.manifest.payload_bytes);
	keys->count = head.manifest.payload_bytes / sizeof(struct dbu_key);
	keys->version = head.manifest.version;
	return DBRT_UPDATE_OK;
}
