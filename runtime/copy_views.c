/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/copy_views.h"

#include <string.h>

#include "runtime/row_kernels.h"

typedef uint32_t __attribute__((may_alias)) word;

static void copy_strided(const struct dbrt_walk *w, int32_t size)
{
	ptrdiff_t to_step = w->inner[0] * size, from_step = w->inner[1] * size;
	uint8_t *to = w->at[0];
	const uint8_t *from = w->at[1];
	uint32_t n = w->n;

	if (size == 1)
		for (; n; n--, to += to_step, from += from_step)
			*to = *from;
	else
		for (; n; n--, to += to_step, from += from_step)
			*(word *)(void *)to = *(const word *)(const void *)from;
}

void dbrt_copy_row(const void *ctx, struct dbrt_walk *w)
{
	uint32_t size = *(const uint32_t *)ctx;

	if (w->at[0] == w->at[1])
		return;
	if (w->inner[0] == 1 && w->inner[1] == 1)
		memcpy(w->at[0], w->at[1], (size_t)w->n * size);
	else
		copy_strided(w, (int32_t)size);
}

void dbrt_copy_views(const struct dbrt_model *m, const struct dbrt_view *views)
{
	dbrt_walk_rows(m, views, 2, 1,
		       dbrt_best_row(DBRT_ROW_COPY, dbrt_copy_row),
		       &views[0].size);
}

void dbrt_map_row(const void *ctx, struct dbrt_walk *w)
{
	const int8_t *table = ctx, *in = (const int8_t *)w->at[1];
	int8_t *out = (int8_t *)w->at[0];
	uint32_t n = w->n;
	int32_t to = w->inner[0], from = w->inner[1];

	for (; n; n--, out += to, in += from)
		*out = table[*in + 128];
}

void dbrt_map_views(const struct dbrt_model *m, const struct dbrt_view *views,
		    const int8_t *table)
{
	dbrt_walk_rows(m, views, 2, 1,
		       dbrt_best_row(DBRT_ROW_MAP, dbrt_map_row), table);
}
