/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"

/* Blocks grow from 64 KiB to 4 MiB. A request over 16 KiB gets its own block.
 */
#define BLOCK_BYTES ((size_t)1 << 16)
#define BLOCK_BYTES_MAX ((size_t)1 << 22)

struct arena_block {
	struct arena_block *next;
	unsigned char *bytes; /* aligned to 64 */
	size_t used, capacity;
};

void arena_init(struct arena *a, size_t cap_bytes)
{
	*a = (struct arena){ .cap_bytes = cap_bytes };
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->blocks;

	while (b) {
		struct arena_block *next = b->next;

		free(b->bytes);
		free(b);
		b = next;
	}
	a->blocks = NULL;
	a->used_bytes = 0;
}

static struct arena_block *new_block(size_t capacity)
{
	struct arena_block *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->bytes = aligned_alloc(64, capacity);
	if (!b->bytes) {
		free(b);
		return NULL;
	}
	b->capacity = capacity;
	return b;
}

/* A block for one large request. It is linked second: the first block goes on
 * taking small requests. */
static void *alloc_alone(struct arena *a, size_t size)
{
	struct arena_block *b = new_block(align_up(size, 64));

	if (!b)
		return NULL;
	b->used = b->capacity;
	if (a->blocks) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		a->blocks = b;
	}
	return b->bytes;
}

static size_t next_capacity(const struct arena *a)
{
	size_t last = a->blocks ? a->blocks->capacity : 0;

	if (last < BLOCK_BYTES)
		return BLOCK_BYTES;
	return last >= BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : last * 2;
}

static void *alloc_shared(struct arena *a, size_t size, size_t align)
{
	struct arena_block *b = a->blocks;
	size_t at = b ? align_up(b->used, align) : 0;

	if (!b || at > b->capacity || b->capacity - at < size) {
		b = new_block(next_capacity(a));
		if (!b)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
		at = 0;
	}
	b->used = at + size;
	return b->bytes + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 2 ||
	    (a->cap_bytes && (a->used_bytes > a->cap_bytes ||
			      size > a->cap_bytes - a->used_bytes)))
		return NULL;
	p = size > BLOCK_BYTES / 4 ?
		    alloc_alone(a, size) :
		    alloc_shared(a, size ? size : 1, size >= 64 ? 64 : 16);
	if (!p)
		return NULL;
	a->used_bytes += size;
	return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, count * size);
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}
