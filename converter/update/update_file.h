/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_UPDATE_FILE_H
#define DBC_CONVERTER_UPDATE_FILE_H

#include "base/file_read.h"
#include "converter/update/update_key.h"

/* What the maker says of an update; texts have 1 to 31 bytes. */
struct update_about {
	uint64_t version;
	const char *model, *target;
};

/* Signs `bytes` of `message`: by a key, or by a command. */
struct update_signer {
	const struct update_key *key;
	/* run by sh: the message on standard input, 64 bytes of signature on
	 * standard output; NULL: the secret half of the key */
	const char *command;
};

/* Whether the name ends in .dbu. */
bool update_file_name(const char *path);
/* Writes the signed update of a packed model, which must be a valid one. */
int update_file_write(const char *path, const char *dbp,
		      const struct update_about *about,
		      const struct update_signer *signer, struct diag *d);
/* Reads an update. With a key it is verified, signature and payload; without,
 * only its size and magic are looked at. */
int update_file_read(const char *path, const struct update_key *key,
		     struct regular_file *f, struct dbu_head *head,
		     struct diag *d);

#endif
