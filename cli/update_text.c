/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "converter/json_text.h"

int update_command_key(const struct command *cmd, struct update_key *key,
		       struct diag *d)
{
	const char *text = getenv("DBCONVERT_KEY");

	if (cmd->key_file)
		return update_key_read(cmd->key_file, key, d);
	if (text && *text)
		return update_key_parse("DBCONVERT_KEY", text, key, d);
	diag_error(d, "no key is given");
	diag_hint(d, "give '--key-file', or the key in DBCONVERT_KEY");
	return -1;
}

/* Fields of a file that nobody verified need not end in NUL. */
static void field(const char in[32], char out[33])
{
	memcpy(out, in, 32);
	out[32] = 0;
}

static void print_lines(const char *path, const struct dbu_manifest *m,
			bool verified)
{
	char model[33], target[33], sha256[2 * DBU_HASH_BYTES + 1];

	field(m->model, model);
	field(m->target, target);
	sodium_bin2hex(sha256, sizeof(sha256), m->payload_sha256,
		       sizeof(m->payload_sha256));
	printf("%s: %s\n", TEXT_PRINTABLE(path),
	       verified ? "signature and payload are right" :
			  "signature not checked");
	printf("model %s, version %" PRIu64 ", for %s\n", TEXT_PRINTABLE(model),
	       m->version, TEXT_PRINTABLE(target));
	printf("payload %u bytes, SHA-256 %s\n", m->payload_bytes, sha256);
	printf("needs libdbrt %u.%u.%u, work memory %u bytes, memory %u "
	       "bytes\n",
	       m->library >> 16, m->library >> 8 & 255, m->library & 255,
	       m->arena_bytes, m->ram_bytes);
}

static void print_keys(const struct dbu_head *head)
{
	for (uint32_t i = 0;
	     i < head->manifest.signature_count && i < DBU_MAX_SIGNATURES;
	     i++) {
		char id[2 * DBU_KEY_ID_BYTES + 1];

		sodium_bin2hex(id, sizeof(id), head->signatures[i].key_id,
			       DBU_KEY_ID_BYTES);
		printf("signature by key %s\n", id);
	}
}

void update_print(const char *path, const struct dbu_head *head, bool verified,
		  bool json)
{
	const struct dbu_manifest *m = &head->manifest;
	char model[33], target[33];
	json_t *root;

	if (!json) {
		print_lines(path, m, verified);
		print_keys(head);
		return;
	}
	field(m->model, model);
	field(m->target, target);
	root = json_pack("{s:i,s:s,s:b,s:o,s:o,s:I,s:I,s:I,s:I}", "schema", 1,
			 "kind", "dbu", "verified", verified, "model",
			 json_text(model), "target", json_text(target),
			 "version", (json_int_t)m->version, "payload_bytes",
			 (json_int_t)m->payload_bytes, "arena_bytes",
			 (json_int_t)m->arena_bytes, "ram_bytes",
			 (json_int_t)m->ram_bytes);
	json_dumpf(root, stdout, JSON_INDENT(1));
	fputc('\n', stdout);
	json_decref(root);
}
