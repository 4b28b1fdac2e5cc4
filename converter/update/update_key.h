/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_UPDATE_KEY_H
#define DBC_CONVERTER_UPDATE_KEY_H

#include <stdbool.h>

#include "base/diag.h"
#include "schemas/dbu.h"

/* A key of Ed25519; its text is that of minisign, without a password: a line
 * of comment, and base64 of "Ed", the id and the key. */
struct update_key {
	struct dbu_key known; /* the public half */
	uint8_t secret[64];
	bool has_secret;
};

/* Draws a key; writes STEM.key with mode 0600, which must not exist yet, and
 * STEM.pub. */
int update_key_generate(const char *stem, struct update_key *key,
			struct diag *d);
/* Reads a file of either half. */
int update_key_read(const char *path, struct update_key *key, struct diag *d);
/* Reads a text; `subject` says in messages where it is from. */
int update_key_parse(const char *subject, const char *text,
		     struct update_key *key, struct diag *d);
/* Forgets a secret. */
void update_key_wipe(struct update_key *key);

#endif
