/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_ROWS_NEON_H
#define DBRT_ROWS_NEON_H

#include "runtime/row_kernels.h"

#ifdef DBRT_NEON_ROWS

dbrt_row dbrt_copy_row_neon;
dbrt_row dbrt_map_row_neon;
dbrt_row dbrt_add_row_neon;
dbrt_row dbrt_add_channels_row_neon;
dbrt_row dbrt_mul_row_neon;
void dbrt_max_windows_neon(int8_t *out, const struct dbrt_pool_window *w);
void dbrt_average_windows_neon(int8_t *out, const struct dbrt_pool_window *w,
			       const struct dbrt_average *k);

/* The rows along the walk's inner level, for functions that compute all of
 * them with the first one. */
static inline uint32_t dbrt_walk_inner_rows(const struct dbrt_walk *w)
{
	return w->rank ? w->dims[0] : 1;
}

static inline void dbrt_walk_to_last(struct dbrt_walk *w)
{
	uint32_t rows = dbrt_walk_inner_rows(w) - 1;

	w->index[0] = rows;
	for (uint32_t k = 0; k < w->views; k++)
		w->at[k] += w->step[k][0] * (ptrdiff_t)rows;
}

extern const struct dbrt_rows dbrt_rows_neon;

#endif
#endif
