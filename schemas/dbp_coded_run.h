/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_CODED_RUN_H
#define DBP_CODED_RUN_H

/* The runs that a coded file is made of, and where the codes of weights lie. */
#include <stdint.h>

#include "schemas/dbp.h"

/* How a run of the file is coded. */
enum dbp_coded_kind {
	DBP_CODED_BYTES = 0,     /* rows of `stride` bytes */
	DBP_CODED_TILES = 1,     /* weights of a conv: groups, rows, columns */
	DBP_CODED_DEPTHWISE = 2, /* channels and taps */
	DBP_CODED_INTS = 3,      /* int32_t, by sign, length and bits */
};
#define DBP_CODED_STRIDES 64

struct dbp_run {
	uint32_t kind, stride; /* bytes: 1 to DBP_CODED_STRIDES */
	uint32_t back,
		other; /* bytes: distance back to the byte that is expected, and
			  to the next best one; other kinds 0: none */
	uint32_t bits; /* tiles: 2, 3, 4, 8; depthwise: not 3 */
	uint32_t dependent; /* both: codes by schemas/dbp_trellis.h */
	uint32_t groups, rows, columns; /* tiles; depthwise: 1, channels, taps;
					 * bytes, ints: 1, 1, their number */
};

/* ---- Where tiles lie: struct dbp_conv ---- */

/* The run of the weights of a conv; 0 bytes if it is not possible. */
static inline struct dbp_run dbp_conv_run(const struct dbp_conv *c,
					  uint32_t in_channels,
					  uint32_t out_channels)
{
	uint32_t groups = c->depthwise ? 1 : c->groups;

	return (struct dbp_run){
		.kind = c->depthwise ? DBP_CODED_DEPTHWISE : DBP_CODED_TILES,
		.bits = c->weight_bits >= 2 && c->weight_bits <= 4 ?
				c->weight_bits :
				8,
		.groups = groups,
		.rows = groups ? out_channels / groups : 0,
		.columns = c->depthwise ? (uint32_t)c->kernel_h * c->kernel_w :
					  (uint32_t)dbp_conv_k(c, in_channels)
	};
}

/* Bytes of a run; 0: not possible. */
static inline uint64_t dbp_run_bytes(const struct dbp_run *r)
{
	uint64_t each = 8 / (r->bits ? r->bits : 8);

	if (r->kind == DBP_CODED_BYTES)
		return r->columns;
	if (r->kind == DBP_CODED_INTS)
		return 4 * (uint64_t)r->columns;
	if (r->bits > 8 || !r->groups || r->groups > 0xffffff ||
	    r->rows > 0xffffff || r->columns > 0xffffff)
		return 0;
	if (r->kind == DBP_CODED_DEPTHWISE)
		return r->groups > 1 || r->bits == 3 ?
			       0 :
			       ((uint64_t)r->rows + 15) / 16 *
				       ((r->columns + each - 1) / each) * 16;
	each = (((uint64_t)r->rows + 3) / 4) *
	       (((uint64_t)r->columns + 15) / 16);
	return each > DBP_MAX_BYTES / r->groups ?
		       0 :
		       each * r->groups * 8 * r->bits;
}

/* The byte of a depthwise code, and its lowest bit. */
static inline uint64_t dbp_run_tap(const struct dbp_run *r, uint32_t row,
				   uint32_t tap, uint32_t *shift)
{
	uint32_t each = 8 / r->bits;

	*shift = tap % each * r->bits;
	return ((uint64_t)(row / 16) * ((r->columns + each - 1) / each) +
		tap / each) *
		       16 +
	       row % 16;
}

/* The start of the block of a code. */
static inline uint64_t dbp_run_block(const struct dbp_run *r, uint32_t group,
				     uint32_t row, uint32_t column)
{
	uint64_t tile = (uint64_t)group * ((r->rows + 3) / 4) + row / 4;

	return (tile * ((r->columns + 15) / 16) + column / 16) * 8 * r->bits;
}

/* A code of the run that begins at `tiles`, with its sign. */
static inline int32_t dbp_run_code(const uint8_t *tiles,
				   const struct dbp_run *r, uint32_t group,
				   uint32_t row, uint32_t column)
{
	uint32_t sign = 1u << (r->bits - 1), code, shift;

	if (r->kind == DBP_CODED_DEPTHWISE) {
		code = tiles[dbp_run_tap(r, row, column, &shift)];
		code = code >> shift & (2 * sign - 1);
	} else {
		code = dbp_block_code(
			tiles + dbp_run_block(r, group, row, column), r->bits,
			row % 4, column % 16);
	}
	return (int32_t)(code ^ sign) - (int32_t)sign;
}

/* Stores a code whose bits are 0. */
static inline void dbp_run_put(uint8_t *tiles, const struct dbp_run *r,
			       uint32_t group, uint32_t row, uint32_t column,
			       int32_t code)
{
	uint32_t bits = (uint32_t)code & ((1u << r->bits) - 1), shift;

	if (r->kind == DBP_CODED_DEPTHWISE) {
		uint64_t at = dbp_run_tap(r, row, column, &shift);

		tiles[at] |= (uint8_t)(bits << shift);
	} else {
		dbp_block_put(tiles + dbp_run_block(r, group, row, column),
			      r->bits, row % 4, column % 16, bits);
	}
}

#endif
