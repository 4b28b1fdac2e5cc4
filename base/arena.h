/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_ARENA_H
#define DBC_BASE_ARENA_H

#include <stddef.h>

/*
 * Bump allocator: all memory is freed at once, never single objects. A cap
 * limits how much memory a hostile file can make the host allocate.
 */
struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used_bytes; /* total of all requests */
	size_t cap_bytes;  /* 0: no cap */
};

void arena_init(struct arena *a, size_t cap_bytes);
/* Frees everything; the arena may be used again. */
void arena_free(struct arena *a);
/*
 * Zeroed memory, aligned to 64 bytes if it has 64 or more, else to 16. NULL
 * when the cap or the machine's memory is exhausted. A size of 0 gives a
 * valid pointer.
 */
void *arena_alloc(struct arena *a, size_t size);
/* Like arena_alloc(count * size), NULL when the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strdup(struct arena *a, const char *s);
/* Copies n bytes and appends a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
