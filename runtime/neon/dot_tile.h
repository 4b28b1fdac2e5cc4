/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_DOT_TILE_H
#define DBRT_DOT_TILE_H

#include <stddef.h>
#include <stdint.h>

/* A window: `pieces` runs of whole blocks of 16 bytes, each `skip` bytes
 * behind the end of the one before. */
struct dbrt_window {
	const int8_t *at;
	size_t skip;
};

/* Sums of products of a tile of 4 rows of weights with windows, three at a
 * time: acc[p][r]. */
struct dbrt_dot_tile {
	const int8_t *w;             /* [pieces * blocks][4][16] */
	const struct dbrt_window *x; /* 3 * groups */
	int32_t (*acc)[4];           /* 3 * groups */
	uint32_t groups;
	uint32_t pieces, blocks; /* of a window; blocks of a piece */
	uint32_t widen;          /* blocks whose sums fit the narrow lanes */
};

typedef void dbrt_dot_tile_kernel(const struct dbrt_dot_tile *t);

/*
 * 32-bit Arm has half as many registers. There a run of `widen` blocks goes on
 * from a piece of a window to the next one, sums in 8 bits would be widened too
 * often to gain anything, and those of few blocks in 16 bits, too; and three
 * windows where there is one take longer than dot_w8a8 of kernels.h.
 */
#ifdef __aarch64__
#define DBRT_TILE_FEW_BLOCKS 1 /* to sum before they are widened */
#define DBRT_TILE_RUNS_GO_ON 0
#define DBRT_TILE_LEAST_PIXELS 1
#else
#define DBRT_TILE_FEW_BLOCKS 5
#define DBRT_TILE_RUNS_GO_ON 1
#define DBRT_TILE_LEAST_PIXELS 3
#endif

/*
 * What is summed in narrow lanes before it is widened. A block adds two
 * products to a lane of 16 bits, or one to a lane of 8 bits.
 */
/* One block in 16 bits: |w * x| < 2^14. `widen` is not used. */
dbrt_dot_tile_kernel dbrt_dot_w8a8_neon_4x3;
/* `widen` blocks in 16 bits: 2 * widen * |w * x| < 2^15. */
dbrt_dot_tile_kernel dbrt_dot_w4a8_neon_4x3;
#ifdef __aarch64__
/* `widen` blocks in 8 bits: widen * |w * x| < 2^7; all blocks in 16 bits:
 * 4 * pieces * blocks * |w * x| < 2^15. */
dbrt_dot_tile_kernel dbrt_dot_w4a4_neon_4x3;
#endif

#endif
