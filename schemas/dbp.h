/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_H
#define DBP_H

/*
 * The packed model file, version 2. schemas/dbp.md is the specification; this
 * header is its C form, read by the converter and the device library. All
 * numbers are little-endian; every structure is naturally aligned and has no
 * compiler padding. Offsets into a section count from its first byte.
 * DBP_NONE means "absent" in every field that is an offset or index.
 */
#include <stdint.h>

#if defined(__cplusplus) && __cplusplus >= 201103L
#define DBP_ASSERT_SIZE(type, bytes) \
	static_assert(sizeof(type) == (bytes), "layout of " #type)
#elif defined(__cplusplus) || __STDC_VERSION__ < 201112L
#define DBP_ASSERT_SIZE(type, bytes) \
	extern const int dbp_layout[sizeof(type) == (bytes) ? 1 : -1]
#else
#define DBP_ASSERT_SIZE(type, bytes) \
	_Static_assert(sizeof(type) == (bytes), "layout of " #type)
#endif

#define DBP_MAGIC 0x1a504244u /* the bytes 'D' 'B' 'P' 0x1a */
#define DBP_MAJOR 2
#define DBP_MINOR 3
#define DBP_NONE 0xffffffffu
#define DBP_MAX_RANK 6
#define DBP_ALIGN 64              /* of the file in memory, and of sections */
#define DBP_BLOB_ALIGN 16         /* of each array in the data section */
#define DBP_MAX_BYTES 0x7fffffffu /* of the file, the arena, any tensor */
#define DBP_MAX_TENSORS 65535
#define DBP_MAX_OPS 65535
#define DBP_MAX_IO 64 /* inputs, and outputs */

struct dbp_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t flags;         /* 0 */
	uint32_t total_bytes;   /* end of the last section, up to 63 zeros */
	uint32_t section_count; /* table right behind the header */
	uint32_t header_crc32;  /* header with this field 0, section table */
	uint32_t arena_bytes;   /* with one worker; a multiple of 64 */
	uint32_t worker_bytes;  /* added for each further worker: the largest
				 * scratch_bytes, a multiple of 64 */
	uint8_t sha256[32];     /* of bytes 128 to total_bytes */
	char tool[32];          /* "dbconvert 0.1.0", NUL-padded */
	uint64_t run_steps;     /* work, at least what it is (schemas/dbp.md, */
	uint64_t run_bytes;     /* "Work"); 0: not declared */
	uint64_t head_steps;
	uint32_t reserved[2]; /* 0 */
};
DBP_ASSERT_SIZE(struct dbp_header, 128);

/* Sections follow each other in table order, each aligned to 64 bytes, with
 * zero bytes between. Unknown kinds are skipped. Each kind at most once. */
enum dbp_section_kind {
	DBP_SECTION_TENSORS = 1, /* struct dbp_tensor[] */
	DBP_SECTION_OPS = 2,     /* struct dbp_op[], in order of execution */
	DBP_SECTION_PARAMS = 3,  /* operator parameters and index lists */
	DBP_SECTION_DATA = 4,    /* weights and other arrays, used in place */
	DBP_SECTION_STRINGS = 5, /* NUL-terminated UTF-8; optional */
	DBP_SECTION_IO = 6,      /* struct dbp_io, then tensor indices */
	DBP_SECTION_PREPROCESS = 7, /* struct dbp_preprocess; optional */
	DBP_SECTION_HEAD = 8,       /* struct dbp_head; optional */
	DBP_SECTION_GOLDEN = 9,     /* struct dbp_golden; optional */
	DBP_SECTION_META = 10,      /* UTF-8 "key=value\n" lines; optional */
	DBP_SECTION_SIGNATURE = 11, /* optional */
};

struct dbp_section {
	uint32_t kind, offset, bytes, crc32;
};
DBP_ASSERT_SIZE(struct dbp_section, 16);

struct dbp_io {
	uint32_t input_count, output_count; /* then input, output tensor ids */
};
DBP_ASSERT_SIZE(struct dbp_io, 8);

enum dbp_dtype {
	DBP_S8 = 1, /* real = scale * (q - zero_point) */
	DBP_F32 = 2,
	DBP_I32 = 3, /* indices and counts in the float tail */
};

enum dbp_memory {
	DBP_IN_ARENA = 0,
	DBP_IN_DATA = 1, /* constant, in the data section */
};

/*
 * A tensor. The last dim is the innermost: images are N, H, W, C. All rows
 * (runs of the last dim) are `pitch` elements apart, so that a tensor can be
 * a range of channels within another (concatenation and split in place);
 * pitch == dims[rank - 1] for a dense one. A scalar has rank 1, dims 1.
 *
 * An operator's outputs share no element with each other, its inputs or its
 * scratch, except that ADD, ADD_CHANNELS, MUL, TABLE, RESCALE, UNARY and
 * BINARY may write over an input of the same offset, dims, pitch and dtype, and
 * that inputs of CONCAT may lie in their own places in the output already. Two
 * ranges of channels of one buffer (same pitch, rows interleaved) share no
 * element.
 */
struct dbp_tensor {
	uint8_t dtype, rank, memory, reserved0;
	int32_t zero_point;          /* S8: -128 to 127; else 0 */
	float scale;                 /* S8: finite, > 0; else 0 */
	uint32_t dims[DBP_MAX_RANK]; /* entries past rank are 1 */
	uint32_t pitch;
	uint32_t offset; /* of the first element, bytes, in arena or data;
			  * 4-aligned for F32 and I32 */
	uint32_t bytes;  /* from the first to past the last element */
	uint32_t name;   /* in strings, or DBP_NONE */
	uint32_t writer; /* the operator (index) that writes it, DBP_NONE for
			  * constants and model inputs. A view carries the
			  * writer of the tensor that it lies within */
	uint32_t reserved1;
};
DBP_ASSERT_SIZE(struct dbp_tensor, 60);

enum dbp_op_kind {
	DBP_OP_CONV = 1,       /* x S8 -> S8 or F32; dbp_conv */
	DBP_OP_CONV_TRANSPOSE, /* x S8 -> S8 or F32; dbp_conv */
	DBP_OP_MAX_POOL,       /* S8 or F32; dbp_pool */
	DBP_OP_AVG_POOL,       /* S8 or F32; dbp_pool */
	DBP_OP_ADD,            /* S8, S8 -> S8, broadcasting; dbp_add */
	DBP_OP_MUL,            /* S8, S8 -> S8, broadcasting; dbp_mul */
	DBP_OP_TABLE,          /* S8 -> S8; dbp_table */
	DBP_OP_RESCALE,        /* S8 -> S8 of another scale; dbp_rescale */
	DBP_OP_QUANTIZE,       /* F32 -> S8; no parameters */
	DBP_OP_DEQUANTIZE,     /* S8 -> F32; no parameters */
	DBP_OP_COPY,      /* same dtype, same element count; none: reshape */
	DBP_OP_CONCAT,    /* n inputs; dbp_concat */
	DBP_OP_TRANSPOSE, /* dbp_transpose */
	DBP_OP_SLICE,     /* dbp_slice */
	DBP_OP_PAD,       /* dbp_pad */
	DBP_OP_GATHER,    /* along one axis, constant indices; dbp_gather */
	DBP_OP_RESIZE,    /* N,H,W,C: S8 or F32; dbp_resize */
	DBP_OP_UNARY,     /* F32 -> F32; dbp_unary */
	DBP_OP_BINARY,    /* F32, F32 -> F32, broadcasting; dbp_binary */
	DBP_OP_SOFTMAX,   /* F32; dbp_softmax */
	DBP_OP_REDUCE,    /* F32; dbp_reduce */
	DBP_OP_MATMUL,    /* F32 [.., M, K] x [.., K, N]; none */
	DBP_OP_EXPAND,    /* any dtype, broadcast to the output's dims; none */
	DBP_OP_ARG_MAX,   /* F32 -> I32, first of equals; dbp_softmax's axis */
	DBP_OP_TOP_K,     /* F32 -> F32 values, I32 indices; dbp_softmax */
	DBP_OP_ADD_CHANNELS, /* S8, S8 -> S8; dbp_add_channels */
	DBP_OP_COUNT
};

struct dbp_op {
	uint16_t kind; /* enum dbp_op_kind */
	uint8_t input_count, output_count;
	uint32_t tensors; /* in params: uint32_t ids, inputs then outputs */
	uint32_t params;  /* in params, or DBP_NONE */
	uint32_t params_bytes;
	uint32_t scratch;       /* in the arena, 64-aligned; 0 bytes: none */
	uint32_t scratch_bytes; /* for one worker */
	uint32_t name;          /* in strings, or DBP_NONE */
	uint32_t source;        /* for the tool that wrote the file; 0: none */
};
/* In source: channels have separate units, so the scale is not usable. */
#define DBP_SOURCE_UNITS 0x80000000u
DBP_ASSERT_SIZE(struct dbp_op, 32);

/* Weight grids: the number of a code, before the scale of the channel. */
enum dbp_grid {
	DBP_GRID_UNIFORM = 0, /* the code as a two's-complement number */
	DBP_GRID_HALF = 1,    /* 2 * code + 1, code two's complement */
	DBP_GRID_LEVELS = 2,  /* levels[channel][code], int8 */
};

/* Operation after the accumulator. */
enum dbp_post {
	DBP_POST_CLAMP = 0,  /* requantize, clamp to [clamp_min, clamp_max] */
	DBP_POST_LEAKY = 1,  /* acc < 0 takes the second multiplier; clamp */
	DBP_POST_TABLE = 2,  /* requantize to an inner scale, look up */
	DBP_POST_FLOAT = 3,  /* F32 output: (float)acc * float_scale[channel] */
	DBP_POST_TABLES = 4, /* as TABLE, one table for each channel */
};

/*
 * Conv and transposed conv, N,H,W,C. With x the raw codes, padding counted as
 * the input's zero point, and w the grid's numbers,
 *   acc = bias[o] + sum x * w             (exact in int32)
 *   q   = zo + ((acc * multiplier[o] + (1 << (shift[o] - 1))) >> shift[o])
 * in 64 bits, >> rounding down, zo the output's zero point (of the inner
 * scale with DBP_POST_TABLE: inner_zero_point << inner_extra). bias holds the
 * real bias in units of scale_x * scale_w minus zero_point_x * sum w.
 *
 * Weights, "row" = output channel within a group, "column" = index in the
 * flattened window (ky, kx, ci), K = kh * kw * Cin/groups:
 * - conv: for each group, for each 4 rows (the last ones padded), for each 16
 *   columns (K padded to a multiple of 16): 4 x 16 codes in 8 * bits bytes,
 *   b = 8 / bits rows a byte: byte 16 * (r / b) + c holds row r, column c in
 *   bits (r % b) * bits and up. b is 1 for 8 bits, 2 for 4, 4 for 2.
 *   3 bits: the low two of each code as for 2 bits, in 16 bytes; then 8 bytes
 *   with the highest one, byte 16 + c / 2, bit c % 2 * 4 + r.
 *   Padding codes are 0.
 * - depthwise (groups == Cin == Cout): for each 16 channels (padded), the
 *   taps (ky, kx) padded to a multiple of b: tap t, channel c at byte
 *   16 * (t / b) + c, bits (t % b) * bits.
 * - transposed conv: as conv, the window flattened in the same way over the
 *   taps of the kernel as they scatter: y[s*i + k*d - pad] += x[i] * w[k].
 */
struct dbp_conv {
	uint16_t kernel_h, kernel_w, stride_h, stride_w;
	uint16_t dilation_h, dilation_w;
	uint16_t pad_top, pad_left; /* bottom and right follow from the dims */
	uint32_t groups;
	uint8_t weight_bits; /* 2, 3 (not depthwise), 4, 8 */
	uint8_t grid;        /* enum dbp_grid */
	uint8_t post;        /* enum dbp_post */
	uint8_t depthwise;   /* 1: weights in depthwise order */
	int8_t clamp_min, clamp_max;
	/* DBP_POST_TABLE, DBP_POST_TABLES: */
	int8_t inner_zero_point; /* times 1 << inner_extra */
	uint8_t inner_extra;     /* bits of inner codes over 8, 0 to 2; or 0 */
	/* offsets in the data section: */
	uint32_t weights, weights_bytes;
	uint32_t levels;              /* int8_t[Cout][1 << bits] or DBP_NONE */
	uint32_t bias;                /* int32_t[Cout], |bias| <= 1 << 30 */
	uint32_t multiplier;          /* uint16_t[Cout] 32768 to 65535, or 0 */
	uint32_t shift;               /* uint8_t[Cout] 1 to 62 */
	uint32_t multiplier2, shift2; /* DBP_POST_LEAKY, the same for acc < 0 */
	uint32_t table;       /* int8_t[n], n = dbp_conv_table_size(), index
			       * q + n / 2; DBP_POST_TABLES: [Cout][n] */
	uint32_t float_scale; /* float[Cout] */
	uint32_t reserved2[2];
};
DBP_ASSERT_SIZE(struct dbp_conv, 76);
#define DBP_CONV_MAX_K 65535 /* keeps the accumulator within int32 */
#define DBP_CONV_PATCH_PIXELS 16

/* The stored code of row r, column c in a block of 4 rows and 16 columns. */
static inline uint32_t dbp_block_code(const uint8_t *block, uint32_t bits,
				      uint32_t row, uint32_t column)
{
	uint32_t low = bits == 3 ? 2 : bits, rows = 8 / low;
	uint32_t code = (uint32_t)block[row / rows * 16 + column] >>
				row % rows * low &
			((1u << low) - 1);

	if (bits == 3)
		code |= (block[16 + column / 2] >> (column % 2 * 4 + row) & 1u)
			<< 2;
	return code;
}

/* Stores the low bits of a code into a block where they are 0. */
static inline void dbp_block_put(uint8_t *block, uint32_t bits, uint32_t row,
				 uint32_t column, uint32_t code)
{
	uint32_t low = bits == 3 ? 2 : bits, rows = 8 / low;

	block[row / rows * 16 + column] |=
		(uint8_t)((code & ((1u << low) - 1)) << row % rows * low);
	if (bits == 3)
		block[16 + column / 2] |=
			(uint8_t)((code >> 2 & 1) << (column % 2 * 4 + row));
}

/* The next multiple of DBP_ALIGN. */
static inline uint64_t dbp_align_up(uint64_t bytes)
{
	return (bytes + DBP_ALIGN - 1) & ~(uint64_t)(DBP_ALIGN - 1);
}

/* Entries of a table, one for each inner code. */
static inline uint32_t dbp_conv_table_size(const struct dbp_conv *c)
{
	return 256u << (c->inner_extra & 3);
}

/* K, and K padded to whole tiles, of a conv or transposed conv. */
static inline uint64_t dbp_conv_k(const struct dbp_conv *c,
				  uint32_t in_channels)
{
	return (uint64_t)c->kernel_h * c->kernel_w *
	       (c->groups ? in_channels / c->groups : 0);
}

static inline uint64_t dbp_conv_k16(const struct dbp_conv *c,
				    uint32_t in_channels)
{
	return (dbp_conv_k(c, in_channels) + 15) & ~(uint64_t)15;
}

/* The kernel reads its windows from x itself: 1x1, stride 1, no padding on any
 * side, whole tiles. */
static inline int dbp_conv_is_direct(const struct dbp_conv *c,
				     const struct dbp_tensor *x,
				     const struct dbp_tensor *y)
{
	return c->kernel_h == 1 && c->kernel_w == 1 && c->stride_h == 1 &&
	       c->stride_w == 1 && c->pad_top == 0 && c->pad_left == 0 &&
	       c->groups == 1 && x->dims[3] % 16 == 0 &&
	       x->dims[1] == y->dims[1] && x->dims[2] == y->dims[2];
}

/* Rows of the windows of a convolution are whole blocks, side by side in x, so
 * that kernels may read them there: most do, none has to. */
static inline int dbp_conv_in_place(const struct dbp_conv *c,
				    const struct dbp_tensor *x)
{
	return c->groups == 1 && x->dims[3] * c->kernel_w % 16 == 0 &&
	       (c->kernel_w == 1 || c->dilation_w == 1);
}

/*
 * Scratch of a conv or transposed conv from x to y, the same for kernels of
 * every instruction set: 4 rows of decoded weights, unless they are numbers
 * of 8 bits already, and 16 gathered windows, unless they are read from x;
 * depthwise: the taps of 16 channels in 16 bits, and 16 sums.
 */
static inline uint32_t dbp_conv_scratch_bytes(const struct dbp_conv *c,
					      const struct dbp_tensor *x,
					      const struct dbp_tensor *y)
{
	uint64_t k16 = dbp_conv_k16(c, x->dims[3]), bytes = 0;

	if (c->depthwise)
		bytes = ((uint64_t)c->kernel_h * c->kernel_w + 1) / 2 * 64 + 64;
	else {
		if (c->weight_bits != 8 || c->grid != DBP_GRID_UNIFORM)
			bytes += 4 * k16;
		if (!dbp_conv_is_direct(c, x, y))
			bytes += DBP_CONV_PATCH_PIXELS * k16;
	}
	bytes = (bytes + 63) & ~(uint64_t)63;
	return bytes > DBP_MAX_BYTES ? DBP_MAX_BYTES : (uint32_t)bytes;
}

struct dbp_pool {
	uint16_t kernel_h, kernel_w, stride_h, stride_w;
	uint16_t dilation_h, dilation_w; /* max pool; 1 for average */
	uint16_t pad_top, pad_left;
	uint8_t count_include_pad;
	uint8_t reserved;
	uint16_t pad_bottom, pad_right; /* declared pads, for the count */
	uint16_t reserved2;
	/*
	 * Average of S8: with n the cell count of a window, s the sum of
	 * (x - zx): q = zo + round(s * multiplier / (n << shift)), round half
	 * up, i.e. floor((2 * s * multiplier + d) / (2 * d)), d = n << shift.
	 */
	uint32_t multiplier; /* 32768 to 65535 */
	uint32_t shift;      /* 0 to 40 */
};
DBP_ASSERT_SIZE(struct dbp_pool, 32);

/* q = zo + ((a-za)*ma + (b-zb)*mb + (1 << (shift-1))) >> shift, 64 bits;
 * clamped. A subtraction has a negative mb. */
struct dbp_add {
	int32_t multiplier_a, multiplier_b; /* |m| <= 1 << 30 */
	uint8_t shift;                      /* 1 to 62 */
	int8_t clamp_min, clamp_max;
	uint8_t reserved;
};
DBP_ASSERT_SIZE(struct dbp_add, 12);

/* As dbp_add, in 32 bits, with ma and mb of the channel (index on the last
 * dim): a pair of int16_t each. */
struct dbp_add_channels {
	uint32_t multipliers; /* in data: int16_t[channels][2], 4-aligned */
	uint8_t shift;        /* 1 to 24 */
	int8_t clamp_min, clamp_max;
	uint8_t reserved;
};
DBP_ASSERT_SIZE(struct dbp_add_channels, 8);

/* q = zo + ((a-za)*(b-zb)*m + (1 << (shift-1))) >> shift; clamped. */
struct dbp_mul {
	uint32_t multiplier; /* 32768 to 65535, or 0 */
	uint8_t shift;       /* 1 to 62 */
	int8_t clamp_min, clamp_max;
	uint8_t reserved;
};
DBP_ASSERT_SIZE(struct dbp_mul, 8);

struct dbp_table {
	uint32_t table; /* in data: int8_t[256], index q + 128 */
};
DBP_ASSERT_SIZE(struct dbp_table, 4);

/* q = zo + ((a-za)*m + (1 << (shift-1))) >> shift, clamped to int8. */
struct dbp_rescale {
	uint32_t multiplier; /* 32768 to 65535, or 0 */
	uint32_t shift;      /* 1 to 62 */
};
DBP_ASSERT_SIZE(struct dbp_rescale, 8);

/* For S8, one struct dbp_rescale for each input follows. multiplier 0 and
 * shift 0: the input is copied unchanged, or already lies in place. */
struct dbp_concat {
	uint32_t axis;
};
DBP_ASSERT_SIZE(struct dbp_concat, 4);

struct dbp_transpose {
	uint32_t perm[DBP_MAX_RANK]; /* out dim i is in dim perm[i] */
};
DBP_ASSERT_SIZE(struct dbp_transpose, 24);

struct dbp_slice {
	uint32_t start[DBP_MAX_RANK];
	int32_t step[DBP_MAX_RANK]; /* not 0; out dims give the counts */
};
DBP_ASSERT_SIZE(struct dbp_slice, 48);

enum dbp_pad_mode {
	DBP_PAD_CONSTANT = 0,
	DBP_PAD_EDGE = 1,
	DBP_PAD_REFLECT = 2
};

struct dbp_pad {
	uint32_t begin[DBP_MAX_RANK]; /* end follows from the out dims */
	uint32_t mode;                /* enum dbp_pad_mode */
	float value;                  /* F32 */
	int32_t code;                 /* S8: -128 to 127 */
};
DBP_ASSERT_SIZE(struct dbp_pad, 36);

struct dbp_gather {
	uint32_t axis;
	uint32_t indices; /* in data: uint32_t[count] */
	uint32_t count;
};
DBP_ASSERT_SIZE(struct dbp_gather, 12);

/*
 * Source coordinates are computed by the converter: for each output row (and
 * column) a first source index, a second one and the second's weight of 2048 (0
 * for nearest). S8: sum of code * wy * wx over four cells, wy and wx of 2048,
 * plus 1 << 21, >> 22, which stays in the input's own scale; F32: the same in
 * float, ((a*(1-wx) + b*wx)*(1-wy) + (...)*wy), weights / 2048.
 */
struct dbp_resize {
	uint32_t rows, columns; /* in data: struct dbp_resize_tap[H or W] */
};
DBP_ASSERT_SIZE(struct dbp_resize, 8);
struct dbp_resize_tap {
	uint16_t first, second, weight, reserved;
};
DBP_ASSERT_SIZE(struct dbp_resize_tap, 8);

enum dbp_unary {
	DBP_U_NEG = 1,
	DBP_U_ABS,
	DBP_U_EXP,
	DBP_U_LOG,
	DBP_U_SQRT,
	DBP_U_SIGMOID,
	DBP_U_TANH,
	DBP_U_ERF,
	DBP_U_FLOOR,
	DBP_U_CEIL,
	DBP_U_ROUND, /* half to even */
	DBP_U_RECIPROCAL,
	DBP_U_CLIP,         /* min(max(x, a), b) */
	DBP_U_LEAKY,        /* x < 0 ? a * x : x */
	DBP_U_HARD_SIGMOID, /* clip(a * x + b, 0, 1) */
	DBP_U_SILU,
	DBP_U_HARD_SWISH,
	DBP_U_GELU,
	DBP_U_MISH,
	DBP_U_ELU, /* x < 0 ? a * (exp(x) - 1) : x */
	DBP_U_SOFTPLUS,
	DBP_U_SIGN,
	DBP_U_NOT,
	DBP_U_POW, /* pow(x, a); exact squares and roots for 2 and .5 */
	DBP_U_COUNT
};

struct dbp_unary_params {
	uint32_t kind; /* enum dbp_unary */
	float a, b;
};
DBP_ASSERT_SIZE(struct dbp_unary_params, 12);

/* Comparisons give 1.0 or 0.0. */
enum dbp_binary {
	DBP_B_ADD = 1,
	DBP_B_SUB,
	DBP_B_MUL,
	DBP_B_DIV,
	DBP_B_MIN,
	DBP_B_MAX,
	DBP_B_POW,
	DBP_B_MOD,
	DBP_B_LESS,
	DBP_B_LESS_EQUAL,
	DBP_B_GREATER,
	DBP_B_GREATER_EQUAL,
	DBP_B_EQUAL,
	DBP_B_AND,
	DBP_B_OR,
	DBP_B_PRELU,
	DBP_B_COUNT
};

struct dbp_binary_params {
	uint32_t kind; /* enum dbp_binary */
};
DBP_ASSERT_SIZE(struct dbp_binary_params, 4);

struct dbp_softmax {
	uint32_t axis;
	uint32_t flags; /* softmax: 1 = logarithm; top-k: 1 = smallest */
};
DBP_ASSERT_SIZE(struct dbp_softmax, 8);

enum dbp_reduce_kind {
	DBP_R_SUM = 1,
	DBP_R_MEAN,
	DBP_R_MAX,
	DBP_R_MIN,
	DBP_R_PROD,
	DBP_R_L1,
	DBP_R_L2,
	DBP_R_SUM_SQUARE,
	DBP_R_COUNT
};

/* The output keeps the reduced dims as 1 (a reshape drops them). */
struct dbp_reduce {
	uint32_t kind;
	uint32_t axes; /* bit i: dim i is reduced */
};
DBP_ASSERT_SIZE(struct dbp_reduce, 8);

enum dbp_color { DBP_RGB = 0, DBP_BGR = 1, DBP_GRAY = 2 };
enum dbp_fit { DBP_STRETCH = 0, DBP_LETTERBOX = 1, DBP_LETTERBOX_TOPLEFT = 2 };

/*
 * From an 8-bit RGB photo to the first input (N,H,W,C of C = 1 or 3):
 * bilinear resize to 8-bit pixels, padding, colour order, then
 * real = (pixel - mean[c]) * scale[c] in the model's channel order, held as
 * codes by a table, so that the device computes no float.
 *
 * A photo of w x h pixels takes nw x nh of the input's iw x ih: all of them
 * to stretch; for a letterbox, where iw * h <= ih * w, nw = iw and
 * nh = max(1, floor((2 * h * iw + w) / (2 * w))), else the other way round.
 * It lies at (iw - nw) / 2, (ih - nh) / 2, rounded down, or at the top left.
 * Pixel i of n on an axis of s photo pixels shows the point
 *   at = max(0, i * step + floor(step / 2) - 2^31), step = floor(s * 2^32 / n)
 * of 2^32: between pixels first = floor(at / 2^32) and min(first + 1, s - 1),
 * the weight of the second being (at mod 2^32 + 2^20) >> 21 of 2048; of the
 * four cells, top = first * (2048 - wx) + second * wx, bottom likewise,
 *   (((top >> 4) * (2048 - wy) >> 16) + ((bottom >> 4) * wy >> 16) + 2) >> 2,
 * as OpenCV's bilinear resize has it. Gray is
 * (77 * r + 150 * g + 29 * b + 128) >> 8.
 */
struct dbp_preprocess {
	uint8_t color; /* enum dbp_color, the model's order */
	uint8_t fit;   /* enum dbp_fit */
	uint8_t pad_value;
	uint8_t channels;
	float mean[4], scale[4];
	uint32_t
		table; /* in data: int8_t[channels][256]; DBP_NONE: F32 input */
};
DBP_ASSERT_SIZE(struct dbp_preprocess, 40);

enum dbp_head_kind {
	DBP_HEAD_CLASSIFIER = 2, /* one score for each class */
	DBP_HEAD_DETECTOR = 3,   /* boxes and scores, decoded as below */
};

/*
 * How four numbers d[0..3] of a candidate become a box, in pixels of the
 * input. (px, py) = ((column + offset) * stride_x, (row + offset) * stride_y)
 * is the point of its cell, (aw, ah) its anchor. With DBP_HEAD_ANCHOR_CENTERS
 * the point is moved by the anchor's (ax, ay).
 */
enum dbp_box_form {
	DBP_BOX_CORNERS = 0, /* x1 y1 x2 y2 */
	DBP_BOX_CENTER = 1,  /* cx cy w h */
	/* cx = px + d0 * center_variance * aw, w = aw * exp(d2 *
	 * size_variance): SSD; YOLOX and YuNet with a stride as anchor */
	DBP_BOX_PRIOR = 2,
	/* x1 = px - d0 * aw, y1 = py - d1 * ah, x2 = px + d2 * aw, ... */
	DBP_BOX_DISTANCE = 3,
	/* s = sigmoid(d) (or d, see box_act): cx = px + (2 * s0 - 0.5) *
	 * stride_x, w = (2 * s2)^2 * aw: YOLOv5 */
	DBP_BOX_SQUARE = 4,
	/* cx = px + tanh(d0) * stride_x, w = sigmoid(d2) * input width */
	DBP_BOX_TANH = 5,
	/* cx = px + d0 * center_variance * aw, w = d2 * size_variance * aw:
	 * BlazeFace (pixels, with anchors of 1), CenterNet (strides) */
	DBP_BOX_OFFSET = 6,
	/* s = sigmoid(d0) (or d0, see box_act), v = center_variance: cx = px +
	 * (s * v - (v - 1) / 2) * stride_x, w = aw * exp(d2 * size_variance):
	 * YOLOv3, YOLOv4 */
	DBP_BOX_EXPONENTIAL = 7,
	/* x1 = px - aw / 2 + d0 * center_variance * aw, x2 = px + aw / 2 + d2 *
	 * size_variance * aw: offsets of the anchor's corners */
	DBP_BOX_CORNER_OFFSETS = 8,
	DBP_BOX_FORMS
};

/* How two numbers d[0..1] become a key point; y in the same way. */
enum dbp_point_form {
	/* x = d0, or d0 * input width if normalized */
	DBP_POINT_DIRECT = 0,
	/* x = px + d0 * point_scale * aw */
	DBP_POINT_ANCHOR = 1,
	/* x = x1 + d0 * (x2 - x1), of the box: CenterFace */
	DBP_POINT_BOX = 2,
	/* x = px + (2 * d0 - 0.5) * stride_x: poses of YOLOv8 */
	DBP_POINT_CELL = 3,
	DBP_POINT_FORMS
};

enum dbp_head_flags {
	DBP_HEAD_Y_FIRST = 1, /* numbers of boxes and points: y before x */
	/* an anchor is ax, ay, aw, ah, not aw, ah; ax, ay from the cell's point
	 * to the anchor's centre, in pixels of the input */
	DBP_HEAD_ANCHOR_CENTERS = 2,
	/* only a score that is not below those of the same class and anchor in
	 * the up to eight cells around: heat maps */
	DBP_HEAD_PEAKS = 4,
	/* a struct dbp_head_level_more for each level ends the section */
	DBP_HEAD_MORE_PARTS = 8,
	DBP_HEAD_FLAGS = 15
};

enum dbp_head_act {
	DBP_ACT_NONE = 0,
	DBP_ACT_SIGMOID = 1,
	DBP_ACT_SOFTMAX = 2, /* over the classes, background included */
};

/*
 * The position of a part of every candidate in a model output: field f of
 * anchor a in cell c is element first + c * cell + a * anchor + f * field of
 * the output's elements, counted as if it were dense.
 */
struct dbp_head_part {
	uint32_t output; /* index; DBP_NONE: there is no such part */
	uint32_t first, cell, anchor, field;
};

#define DBP_HEAD_MAX_LEVELS 16
#define DBP_HEAD_MAX_BINS 64
#define DBP_HEAD_MAX_CANDIDATES (1u << 26)

/* A grid of cells, row by row. */
struct dbp_head_level {
	uint32_t columns, rows, anchors; /* each at least 1 */
	uint32_t first_anchor; /* of the sizes; DBP_NONE: the strides */
	float stride_x, stride_y, offset;
	struct dbp_head_part box, object, score;
};
DBP_ASSERT_SIZE(struct dbp_head_level, 88);

#define DBP_HEAD_MAX_POINTS 64

struct dbp_head_level_more {
	/* where the size of a box (d2, d3) lies if `box` has d0, d1 only */
	struct dbp_head_part size;
	struct dbp_head_part points; /* point_count runs of point_fields */
};
DBP_ASSERT_SIZE(struct dbp_head_level_more, 40);

/*
 * Then level_count levels, anchor_count times the floats aw, ah (or ax, ay, aw,
 * ah) in pixels of the input, class_count offsets of class names in strings (or
 * DBP_NONE), and level_count times more parts if the flags say so.
 *
 * score = act(object)^object_power * act(class)^class_power; without an
 * object part act(class)^class_power. With bins each of the four distances is
 * sum(i * softmax(b)_i) over its own run of `bins` fields.
 */
struct dbp_head {
	uint8_t kind;       /* enum dbp_head_kind */
	uint8_t box_form;   /* enum dbp_box_form */
	uint8_t normalized; /* 1: corners and centres of 0..1; 0: pixels */
	uint8_t background; /* 1: class 0 of the scores is background */
	uint8_t box_act;    /* 1: take the sigmoid of the box numbers */
	uint8_t object_act, class_act; /* enum dbp_head_act */
	uint8_t bins;                  /* of a distance; 0: a plain number */
	uint32_t scores_output;        /* classifier: index, F32 [1, classes] */
	uint32_t class_count, level_count, anchor_count;
	float score_threshold, nms_iou;
	float object_power, class_power;
	float center_variance, size_variance;
	/* 0 in files of minor 0 to 2 */
	uint8_t flags;        /* enum dbp_head_flags */
	uint8_t point_count;  /* key points of a detection */
	uint8_t point_fields; /* numbers of each, 2 or more; 0: no points */
	uint8_t point_form;   /* enum dbp_point_form */
	float point_scale;
};
DBP_ASSERT_SIZE(struct dbp_head, 56);

/*
 * Self-test: all inputs in order, dense, are filled by one generator,
 * s = s * 1664525 + 1013904223 (mod 2^32, first s = seed), code = s >> 24 as
 * int8; S8 and I32 take the code, F32 code / 128. After one run: CRC-32
 * (zlib's) over all outputs' bytes in order, dense.
 */
struct dbp_golden {
	uint32_t seed, crc32;
};
DBP_ASSERT_SIZE(struct dbp_golden, 8);

#endif
