/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_HASH_H
#define DBC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits (Fowler, Noll & Vo): for fingerprints, not against
 * attackers. */
static inline uint64_t hash_fnv1a(const void *data, size_t bytes)
{
	const unsigned char *p = data;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

/*
 * The hash of tables with names from files: SipHash-2-4 (Aumasson & Bernstein)
 * with a key of this run, so that no file can hold names that collide. A table
 * may be searched, never listed in its own order: results must not depend on
 * the key.
 */
struct hash_key {
	unsigned char bytes[16];
};

struct hash_key hash_new_key(void);
uint64_t hash_name(const struct hash_key *key, const char *name);

#endif
