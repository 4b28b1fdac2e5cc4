/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/update/update_file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_write.h"
#include "converter/pack/packed_file.h"
#include "converter/update/sign_command.h"
#include "runtime/update/adapters/update_sodium.h"

#define MOST_BYTES 0x7fffffffu

bool update_file_name(const char *path)
{
	size_t n = strlen(path);

	return n >= 4 && !strcmp(path + n - 4, ".dbu");
}

static int set_text(char out[32], const char *text, const char *what,
		    struct diag *d)
{
	size_t n = strlen(text);

	if (n < 1 || n > 31)
		return diag_error(d, "the %s has %zu bytes, not 1 to 31", what,
				  n);
	memcpy(out, text, n);
	return 0;
}

/* "0.1.0" as in the manifest. */
static uint32_t library_version(void)
{
	unsigned major = 0, minor = 0, patch = 0;

	sscanf(dbrt_version(), "%u.%u.%u", &major, &minor, &patch);
	return major << 16 | minor << 8 | patch;
}

/* What the model needs. */
static int set_needs(struct dbu_manifest *m, const char *dbp, struct diag *d)
{
	struct packed_file f = { 0 };
	int err = packed_file_read(&f, dbp, d);

	if (!err) {
		m->arena_bytes = f.header->arena_bytes;
		m->ram_bytes = (uint32_t)packed_file_load_bytes(&f);
	}
	packed_file_close(&f);
	return err;
}

static int set_manifest(struct dbu_manifest *m, const char *dbp,
			const struct regular_file *payload,
			const struct update_about *about, struct diag *d)
{
	m->magic = DBU_MAGIC;
	m->major = DBU_MAJOR;
	m->minor = DBU_MINOR;
	m->payload_kind = DBU_FULL;
	m->payload_bytes = m->result_bytes = (uint32_t)payload->size;
	m->total_bytes = m->payload_bytes + (uint32_t)sizeof(struct dbu_head);
	m->version = about->version;
	m->library = library_version();
	m->signature_count = 1;
	crypto_hash_sha256(m->payload_sha256, payload->data, payload->size);
	memcpy(m->result_sha256, m->payload_sha256, DBU_HASH_BYTES);
	return set_text(m->model, about->model, "model's id", d) ||
			       set_text(m->target, about->target,
					"name of the hardware", d) ||
			       set_needs(m, dbp, d) ?
		       -1 :
		       0;
}

static int sign(struct dbu_head *head, const struct update_signer *signer,
		struct diag *d)
{
	const uint8_t *message = (const uint8_t *)&head->manifest;
	struct dbu_signature *s = &head->signatures[0];
	const size_t bytes = sizeof(head->manifest);

	memcpy(s->key_id, signer->key->known.id, sizeof(s->key_id));
	if (signer->command) {
		if (sign_command(signer->command, message, bytes, s->bytes, d))
			return -1;
	} else if (!signer->key->has_secret) {
		return diag_error(d, "the key is the public half: it cannot "
				     "sign");
	} else {
		crypto_sign_detached(s->bytes, NULL, message, bytes,
				     signer->key->secret);
	}
	if (crypto_sign_verify_detached(s->bytes, message, bytes,
					signer->key->known.key))
		return diag_error(d, "the signature is not of this key");
	return 0;
}

static int write_file(const char *path, const struct dbu_head *head,
		      const struct regular_file *payload, struct diag *d)
{
	size_t bytes = sizeof(*head) + payload->size;
	uint8_t *file = malloc(bytes);
	int err;

	if (!file)
		return diag_error(d, "out of memory");
	memcpy(file, head, sizeof(*head));
	memcpy(file + sizeof(*head), payload->data, payload->size);
	err = file_write_atomic(path, file, bytes, d);
	free(file);
	return err;
}

int update_file_write(const char *path, const char *dbp,
		      const struct update_about *about,
		      const struct update_signer *signer, struct diag *d)
{
	struct regular_file payload = { 0 };
	struct dbu_head head = { 0 };
	char *former = diag_enter(d, dbp);
	int err =
		regular_file_read(dbp, MOST_BYTES - sizeof(head), &payload, d);

	diag_leave(d, former);
	if (!err)
		err = set_manifest(&head.manifest, dbp, &payload, about, d) ||
				      sign(&head, signer, d) ||
				      write_file(path, &head, &payload, d) ?
			      -1 :
			      0;
	regular_file_free(&payload);
	return err;
}

/* As a device does it. */
static int verify(const char *path, const struct update_key *key,
		  const struct regular_file *f, const struct dbu_head *head,
		  struct diag *d)
{
	struct dbrt_update_keys keys = { .count = 1, .keys = { key->known } };
	crypto_hash_sha256_state hash;
	struct dbrt_update_crypto crypto = dbrt_update_sodium(&hash);
	int status = dbrt_update_verify(head, &keys, &crypto);

	if (!status)
		status = dbrt_update_payload(head, f->data + sizeof(*head),
					     f->size - sizeof(*head), &crypto);
	return status ? diag_error(d, "%s: %s", path,
				   dbrt_update_status_text(status)) :
			0;
}

int update_file_read(const char *path, const struct update_key *key,
		     struct regular_file *f, struct dbu_head *head,
		     struct diag *d)
{
	char *former = diag_enter(d, path);
	int err = regular_file_read(path, MOST_BYTES, f, d);

	diag_leave(d, former);
	if (err)
		return -1;
	if (f->size < sizeof(*head))
		return diag_error(d, "%s: is too short for a signed update",
				  path);
	memcpy(head, f->data, sizeof(*head));
	if (head->manifest.magic != DBU_MAGIC)
		return diag_error(d, "%s: is not a signed update", path);
	return key ? verify(path, key, f, head, d) : 0;
}
