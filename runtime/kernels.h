/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_KERNELS_H
#define DBRT_KERNELS_H

/*
 * The inner loops of the convolutions, one row for each instruction set. Names
 * give the bits of weights (w) and activations (a). The portable row is the
 * reference; every other row computes the same bits.
 */
#include <stddef.h>
#include <stdint.h>

#if (defined(__aarch64__) || defined(__ARM_NEON)) && defined(__ELF__) && \
	!defined(__ARM_BIG_ENDIAN) && !defined(DBRT_PORTABLE)
#define DBRT_NEON 1
#endif
/* Operators without weights have rows for AArch64 only (runtime/row_kernels.h).
 */
#if defined(DBRT_NEON) && defined(__aarch64__)
#define DBRT_NEON_ROWS 1
#endif

#if defined(__x86_64__) && !defined(DBRT_PORTABLE)
#define DBRT_X86 1
#endif

/* Requantization of the accumulator, per output channel (every enum dbp_post
 * but DBP_POST_FLOAT). multiplier2 and shift2 apply to acc < 0; their numbers
 * are those of multiplier and shift unless the post is DBP_POST_LEAKY. Any two
 * arrays may be the same one: equal arrays are stored once, so a pointer says
 * nothing about what an array is for. */
struct dbrt_post {
	const int32_t *bias;
	const uint16_t *multiplier, *multiplier2;
	const uint8_t *shift, *shift2;
	const int8_t *table; /* index q - low; NULL: none */
	uint32_t table_step; /* bytes to the next channel's table; 0: one */
	int32_t zero_point, low, high;
};

struct dbrt_conv_job;
struct dbrt_rows;

struct dbrt_depthwise_window {
	const int16_t *weights; /* of the first row: [rows][columns][16] */
	const int8_t *x;        /* cell of the first tap, first pixel */
	size_t row_stride;      /* bytes from a tap to the one below */
	size_t column_stride;   /* bytes to the tap on the right */
	size_t pixel_stride;    /* bytes to the next pixel's window */
	uint32_t rows, columns;
	uint32_t pixels, channels; /* 1 to 16 of them */
};

struct dbrt_kernels {
	const char *name;

	/*
	 * acc[p][r] = sum over c of w(r, c) * x[p * stride + c]: 4 rows of
	 * weights, `blocks` tiles of [4][16], with `pixels` windows.
	 */
	void (*dot_w8a8)(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			 size_t stride, uint32_t blocks, uint32_t pixels);

	/* The same for x in -8 to 7: sums of up to 31 products fit 16 bits. */
	void (*dot_w8a4)(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			 size_t stride, uint32_t blocks, uint32_t pixels);

	/*
	 * Unpacks `blocks` tiles of weight codes of 2 to 4 bits to tiles of
	 * int8 [4][16]: code k of row r becomes values[r][k].
	 */
	void (*decode_weights)(int8_t *out, const uint8_t *packed,
			       const int8_t values[4][16], uint32_t blocks,
			       uint32_t bits);

	/*
	 * int32 to int8: out[p * stride + c] from acc[p * lanes + c] and
	 * channel `channel` + c of p, for c < count <= lanes; lanes is 4 or
	 * 16.
	 */
	void (*requantize)(int8_t *out, size_t stride, const int32_t *acc,
			   uint32_t lanes, uint32_t pixels,
			   const struct dbrt_post *p, uint32_t channel,
			   uint32_t count);

	/* acc[p][c] = base[c] + the window's sum, for c < channels; the other
	 * entries are undefined. */
	void (*depthwise_w16a8)(int32_t (*acc)[16], const int32_t base[16],
				const struct dbrt_depthwise_window *w);

#ifdef DBRT_NEON
	/* Whole convolutions, and depthwise ones, with kernels of their own;
	 * NULL: none. 0: not this one, the entries above do it. */
	int (*conv)(const struct dbrt_conv_job *j);
	int (*depthwise)(const struct dbrt_conv_job *j);
	/* Operators without weights; NULL: the portable code does them. */
	const struct dbrt_rows *rows;
#endif
#ifdef DBRT_X86
	/*
	 * requantize of 16 channels whose sums are in four tiles of 64 windows
	 * each. Sums behind those of `pixels` may have any value. 0: not with
	 * these scales.
	 */
	int (*requantize_tiles)(int8_t *out, size_t stride,
				const int32_t (*acc)[64][4], uint32_t pixels,
				const struct dbrt_post *p, uint32_t channel);
	/* The windows of all input channels of output pixels from number
	 * `pixel` on, k16 bytes each. 0: not of this convolution. */
	int (*gather)(const struct dbrt_conv_job *j, uint32_t pixel,
		      uint32_t pixels, int8_t *windows);
#endif
};

/* The best row for this CPU. */
const struct dbrt_kernels *dbrt_kernels(void);

#ifdef DBRT_X86
/* Rows of x86-64, best first; NULL ends the list. A row may be called only if
 * dbrt_kernels_x86_runs() accepts it. Listed for tests and benches. */
extern const struct dbrt_kernels *const dbrt_kernels_x86[];
int dbrt_kernels_x86_runs(const struct dbrt_kernels *k);
#endif

#ifdef DBRT_NEON
/* The row of AArch64, which every processor of it runs, and of 32-bit Arm where
 * the compiler may use NEON. */
extern const struct dbrt_kernels dbrt_kernels_neon;
#endif

#endif
