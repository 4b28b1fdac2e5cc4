/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path_digest.h"

#include <errno.h>
#include <fts.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 65536

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A digest of each file, so that no content can look like a name. */
static int hash_file(crypto_hash_sha256_state *h, const char *path,
		     const char *name, struct diag *d)
{
	static const uint8_t end;
	crypto_hash_sha256_state own;
	uint8_t block[BLOCK], digest[crypto_hash_sha256_BYTES];
	FILE *f = fopen(path, "rb");
	size_t n;
	int err;

	if (!f)
		return diag_error(d, "%s: %s", path, strerror(errno));
	crypto_hash_sha256_init(&own);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		crypto_hash_sha256_update(&own, block, n);
	err = ferror(f);
	fclose(f);
	if (err)
		return diag_error(d, "%s: cannot be read", path);
	crypto_hash_sha256_final(&own, digest);
	crypto_hash_sha256_update(h, (const uint8_t *)name, strlen(name));
	crypto_hash_sha256_update(h, &end, 1);
	crypto_hash_sha256_update(h, digest, sizeof(digest));
	return 0;
}

int path_digest(const char *path, uint8_t sha256[32], struct diag *d)
{
	char *const paths[] = { (char *)path, NULL };
	crypto_hash_sha256_state h;
	FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;
	int err = 0;

	if (!tree)
		return diag_error(d, "%s: %s", path, strerror(errno));
	crypto_hash_sha256_init(&h);
	while (!err && (errno = 0, e = fts_read(tree))) {
		const char *name = e->fts_path + strlen(path);

		if (e->fts_info == FTS_F)
			err = hash_file(&h, e->fts_path, name, d);
		else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR ||
			 e->fts_info == FTS_NS)
			err = diag_error(d, "%s: %s", e->fts_path,
					 strerror(e->fts_errno));
	}
	if (!err && errno)
		err = diag_error(d, "%s: %s", path, strerror(errno));
	fts_close(tree);
	crypto_hash_sha256_final(&h, sha256);
	return err;
}
