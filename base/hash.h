/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_HASH_H
#define DBC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits (Fowler, Noll & Vo): for tables and fingerprints, not
 * against attackers. */
static inline uint64_t hash_fnv1a(const void *data, size_t bytes)
{
	const unsigned char *p = data;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

#endif
