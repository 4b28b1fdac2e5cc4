/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_ROW_KERNELS_H
#define DBRT_ROW_KERNELS_H

/*
 * Kernels of operators without weights. The functions declared here are the
 * portable ones and the reference; those of an instruction set compute the
 * same bits. What w->at holds and ctx is, by kind, out = views[0]:
 */
#include "runtime/kernels.h"
#include "runtime/tensor_walk.h"

enum dbrt_row_kind {
	DBRT_ROW_COPY,         /* ctx: uint32_t, bytes an element */
	DBRT_ROW_MAP,          /* codes; ctx: int8_t[256], index code + 128 */
	DBRT_ROW_ADD,          /* a, b; ctx: struct dbrt_pair, dbp_add */
	DBRT_ROW_ADD_CHANNELS, /* a, b, multipliers; dbp_add_channels */
	DBRT_ROW_MUL,          /* a, b; dbp_mul */
	DBRT_ROW_COUNT
};

/* Codes a and b to codes: parameters and zero points. */
struct dbrt_pair {
	const void *params;
	int32_t za, zb, zo;
};

dbrt_row dbrt_copy_row;
dbrt_row dbrt_map_row;
dbrt_row dbrt_add_row;
dbrt_row dbrt_add_channels_row;
dbrt_row dbrt_mul_row;

/* Windows of a pool that have as many cells each in the image, at least one. */
struct dbrt_pool_window {
	const int8_t *in; /* the first cell of the first window */
	size_t row_stride, column_stride, pixel_stride, out_stride;
	uint32_t rows, columns, pixels, channels;
};

/* An average as struct dbp_pool has it; the divisor is a number of cells. */
struct dbrt_average {
	uint32_t divisor, multiplier, shift;
	int32_t zero_in, zero_out;
};

#define DBRT_WINDOW_CHANNELS 8 /* at least, of the functions for windows */
#define DBRT_AVERAGE_CELLS 128 /* at most, of an average, and its divisor */

struct dbrt_rows {
	dbrt_row *row[DBRT_ROW_COUNT];
	void (*max_windows)(int8_t *out, const struct dbrt_pool_window *w);
	void (*average_windows)(int8_t *out, const struct dbrt_pool_window *w,
				const struct dbrt_average *a);
};

/* The function of this CPU, or the portable one. */
static inline dbrt_row *dbrt_best_row(enum dbrt_row_kind kind,
				      dbrt_row *portable)
{
#ifdef DBRT_NEON_ROWS
	const struct dbrt_rows *rows = dbrt_kernels()->rows;

	if (rows)
		return rows->row[kind];
#endif
	(void)kind;
	return portable;
}

#endif
