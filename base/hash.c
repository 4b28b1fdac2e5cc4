/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <sodium.h>
#include <string.h>
#include <sys/random.h>

_Static_assert(sizeof(struct hash_key) == crypto_shorthash_KEYBYTES,
	       "the key of SipHash");

/* Early after boot there may be no random bytes: the key is then the same in
 * every run. */
struct hash_key hash_new_key(void)
{
	struct hash_key key = { { 0 } };

	if (getrandom(key.bytes, sizeof(key.bytes), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(key.bytes))
		memset(key.bytes, 0, sizeof(key.bytes));
	return key;
}

uint64_t hash_name(const struct hash_key *key, const char *name)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(out, (const unsigned char *)name, strlen(name),
			 key->bytes);
	memcpy(&h, out, sizeof(h));
	return h;
}
