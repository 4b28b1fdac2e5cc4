/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_CODED_H
#define DBP_CODED_H

/*
 * The coded form of a packed file: a short header, then the bytes of the .dbp,
 * compressed by an adaptive binary range coder: carries as in LZMA (Martin
 * 1979; Pavlov), adaptive contexts with a fast and a slow estimate as in VVC's
 * CABAC. schemas/dbp.md specifies it. The probability model is written once,
 * here, for both directions: with DBP_CODED_ENCODER defined the coder can also
 * write.
 */
#include <stddef.h>
#include <stdint.h>

#include "schemas/dbp.h"
#include "schemas/dbp_trellis.h"

#define DBP_CODED_MAGIC 0x1b504244u /* the bytes 'D' 'B' 'P' 0x1b */
#define DBP_CODED_MAJOR 3
#define DBP_CODED_MINOR 0

struct dbp_coded {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t coded_bytes; /* of this file, with the header */
	uint32_t plain_bytes; /* of the expanded .dbp */
	uint32_t crc32;       /* of all bytes behind this header */
	uint32_t reserved;    /* 0 */
};
DBP_ASSERT_SIZE(struct dbp_coded, 24);
/* Most bytes that a byte of the file may expand to: limits memory. */
#define DBP_CODED_MOST 256

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

/* ---- The coder ---- */

/* Probability of a 1 in units of 2^-16, twice: the mean of a fast and a slow
 * estimate. Both adapt faster at first. */
struct dbp_chance {
	uint16_t fast, slow;
	uint8_t age, pace;
};
#define DBP_CHANCE_EVEN            \
	{                          \
		32768, 32768, 1, 1 \
	}
/* The step of both is 2^-pace; pace grows up to these. */
#define DBP_CHANCE_FAST 4
#define DBP_CHANCE_SLOW 7

#define DBP_CODED_LEVELS 6 /* contexts by the size of recent codes */
#define DBP_CODED_UNARY 14 /* magnitudes coded in unary */

/* All probabilities, by what they code. */
struct dbp_model {
	struct dbp_chance same[DBP_CODED_STRIDES][2];
	struct dbp_chance other[DBP_CODED_STRIDES][2], byte[4][256];
	struct dbp_chance kind[4], width[4], stride[DBP_CODED_STRIDES];
	struct dbp_chance dependent, number[6][32];
	/* of weights, by set of levels */
	struct dbp_chance zero[2][DBP_CODED_LEVELS], sign[2][DBP_CODED_LEVELS];
	struct dbp_chance more[2][DBP_CODED_LEVELS][2][DBP_CODED_UNARY];
	struct dbp_chance rest[32];
	struct dbp_chance minus, length[32], bit[32];
};

struct dbp_coder {
	const uint8_t *in; /* NULL: it writes */
	size_t at, bytes;  /* of `in` */
	uint32_t range, code;
#ifdef DBP_CODED_ENCODER
	uint8_t *out;
	size_t out_at, out_bytes; /* over out_bytes: counted, not written */
	uint64_t low;
	uint32_t pending;
	uint8_t held;
	int begun;
#endif
	struct dbp_model model;
};

static inline void dbp_coder_init(struct dbp_coder *k)
{
	struct dbp_chance *c = (struct dbp_chance *)(void *)&k->model;

	for (size_t i = 0; i < sizeof(k->model) / sizeof(*c); i++)
		c[i] = (struct dbp_chance)DBP_CHANCE_EVEN;
	k->range = 0xffffffffu;
}

static inline void dbp_coder_read(struct dbp_coder *k, const uint8_t *in,
				  size_t bytes)
{
	dbp_coder_init(k);
	k->in = in;
	k->bytes = bytes;
	k->at = k->code = 0;
	for (int i = 0; i < 4; i++, k->at++)
		k->code = k->code << 8 | (k->at < bytes ? in[k->at] : 0);
}

#ifdef DBP_CODED_ENCODER
static inline void dbp_coder_write(struct dbp_coder *k, uint8_t *out,
				   size_t bytes)
{
	dbp_coder_init(k);
	k->in = NULL;
	k->out = out;
	k->out_at = 0;
	k->out_bytes = bytes;
	k->low = 0;
	k->pending = 0;
	k->held = 0;
	k->begun = 0;
}

static inline void dbp_coder_put(struct dbp_coder *k, uint8_t byte)
{
	if (k->out_at < k->out_bytes)
		k->out[k->out_at] = byte;
	k->out_at++;
}

/* The top byte of low is final unless a carry may still change it. */
static inline void dbp_coder_shift(struct dbp_coder *k)
{
	if (k->low < 0xff000000u || k->low > 0xffffffffu) {
		uint8_t carry = (uint8_t)(k->low >> 32);

		if (k->begun)
			dbp_coder_put(k, (uint8_t)(k->held + carry));
		for (; k->pending; k->pending--)
			dbp_coder_put(k, (uint8_t)(0xff + carry));
		k->held = (uint8_t)(k->low >> 24);
		k->begun = 1;
	} else {
		k->pending++;
	}
	k->low = (k->low & 0x00ffffffu) << 8;
}

static inline void dbp_coder_end(struct dbp_coder *k)
{
	for (int i = 0; i < 5; i++)
		dbp_coder_shift(k);
	/* the reader reads zeros after the end */
	while (k->out_at && k->out_at <= k->out_bytes && !k->out[k->out_at - 1])
		k->out_at--;
}
#endif

static inline uint16_t dbp_moved(uint16_t estimate, uint32_t bit, uint32_t pace)
{
	uint32_t now = estimate, one = 65535;

	return (uint16_t)(bit ? now + ((one - now) >> pace) :
				now - (now >> pace));
}

static inline void dbp_chance_learn(struct dbp_chance *c, uint32_t bit)
{
	c->fast = dbp_moved(c->fast, bit,
			    c->pace < DBP_CHANCE_FAST ? c->pace :
							DBP_CHANCE_FAST);
	c->slow = dbp_moved(c->slow, bit, c->pace);
	if (c->pace < DBP_CHANCE_SLOW && ++c->age >> c->pace)
		c->pace++;
}

/* Codes one bit. When reading, `bit` is ignored and the bit read is
 * returned. */
static inline uint32_t dbp_code_bit(struct dbp_coder *k, struct dbp_chance *c,
				    uint32_t bit)
{
	uint32_t chance = ((uint32_t)c->fast + c->slow) >> 1, bound;

	chance = chance < 64 ? 64 : chance > 65472 ? 65472 : chance;
	bound = (uint32_t)((uint64_t)k->range * chance >> 16);
#ifdef DBP_CODED_ENCODER
	if (!k->in && bit) {
		k->range = bound;
	} else if (!k->in) {
		k->low += bound;
		k->range -= bound;
	} else
#endif
	{
		bit = k->code < bound;
		if (bit) {
			k->range = bound;
		} else {
			k->code -= bound;
			k->range -= bound;
		}
	}
	dbp_chance_learn(c, bit);
	while (k->range < 1u << 24) {
		k->range <<= 8;
#ifdef DBP_CODED_ENCODER
		if (!k->in) {
			dbp_coder_shift(k);
			continue;
		}
#endif
		k->code = k->code << 8 | (k->at < k->bytes ? k->in[k->at] : 0);
		k->at++;
	}
	return bit;
}

/* `bits` bits, the highest first, each in the context of the bits before it: 1
 * << bits contexts. */
static inline uint32_t dbp_code_tree(struct dbp_coder *k,
				     struct dbp_chance *tree, uint32_t bits,
				     uint32_t value)
{
	uint32_t node = 1;

	while (bits--)
		node = node << 1 |
		       dbp_code_bit(k, &tree[node], value >> bits & 1);
	return node;
}

/* Exp-Golomb style: a number under 0x7fffffff plus 1, as its length in bits,
 * and then the bits, each with probability 1/2. */
static inline uint32_t dbp_code_number(struct dbp_coder *k,
				       struct dbp_chance *lengths,
				       uint32_t value)
{
	uint32_t bits = 0, known = 1;

	while (bits < 30 &&
	       dbp_code_bit(k, &lengths[bits], (value + 1) >> bits > 1))
		bits++;
	while (bits--) {
		struct dbp_chance even = DBP_CHANCE_EVEN;

		known = known << 1 |
			dbp_code_bit(k, &even, (value + 1) >> bits & 1);
	}
	return known - 1;
}

/* ---- Runs ---- */

/* The header of a run; its fields are filled in when reading. */
static inline void dbp_code_run(struct dbp_coder *k, struct dbp_run *r)
{
	int plain;

	r->kind = dbp_code_tree(k, k->model.kind, 2, r->kind) & 3;
	plain = r->kind == DBP_CODED_BYTES || r->kind == DBP_CODED_INTS;
	if (r->kind == DBP_CODED_BYTES) {
		r->stride =
			(dbp_code_tree(k, k->model.stride, 6, r->stride - 1) &
			 63) +
			1;
		r->back = dbp_code_number(k, k->model.number[4], r->back);
		r->other = dbp_code_number(k, k->model.number[5], r->other);
	}
	if (plain) {
		r->groups = r->rows = 1;
	} else {
		uint32_t width = r->bits == 8 ? 2 :
				 r->bits == 3 ? 3 :
						r->bits == 4;

		width = dbp_code_tree(k, k->model.width, 2, width) & 3;
		r->bits = width == 3 ? 3 : 2u << width;
		r->dependent =
			dbp_code_bit(k, &k->model.dependent, r->dependent);
		r->groups = dbp_code_number(k, k->model.number[0], r->groups);
		r->rows = dbp_code_number(k, k->model.number[1], r->rows);
	}
	r->columns =
		dbp_code_number(k, k->model.number[plain ? 3 : 2], r->columns);
}

/* The bytes of a run, one at a time. */
struct dbp_bytes {
	const struct dbp_run *run;
	const uint8_t *file;     /* as far as it has been coded */
	uint32_t start, at;      /* of the run, and of the next byte */
	int was_same, was_other; /* the last time that it was asked */
};

/* The byte at a distance back, 0 before the file. */
static inline uint8_t dbp_byte_before(const struct dbp_bytes *b, uint32_t back)
{
	return back > b->at ? 0 : b->file[b->at - back];
}

static inline uint8_t dbp_code_byte(struct dbp_coder *k, struct dbp_bytes *b,
				    uint8_t byte)
{
	const struct dbp_run *r = b->run;
	uint32_t place = (b->at - b->start) % r->stride;
	uint8_t above = dbp_byte_before(b, r->back);
	uint8_t other = r->other ? dbp_byte_before(b, r->other) : above;

	b->at++;
	b->was_same = (int)dbp_code_bit(k, &k->model.same[place][b->was_same],
					byte == above);
	if (b->was_same)
		return above;
	if (other != above) {
		b->was_other = (int)dbp_code_bit(
			k, &k->model.other[place][b->was_other], byte == other);
		if (b->was_other)
			return other;
	}
	return (uint8_t)dbp_code_tree(k, k->model.byte[place < 3 ? place : 3],
				      8, byte);
}

/* A number of 32 bits, not INT32_MIN, whose low bits are often 0. */
static inline int32_t dbp_code_int(struct dbp_coder *k, int32_t value)
{
	uint32_t minus = dbp_code_bit(k, &k->model.minus, value < 0);
	uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
	uint32_t bits = 0, known = 1;

	while (bits < 31 &&
	       dbp_code_bit(k, &k->model.length[bits], size >> bits > 0))
		bits++;
	if (!bits)
		return 0;
	while (--bits)
		known = known << 1 | dbp_code_bit(k, &k->model.bit[bits],
						  size >> (bits - 1) & 1);
	return minus ? -(int32_t)known : (int32_t)known;
}

/* The weights of a run, one at a time. */
struct dbp_weights {
	const struct dbp_run *run;
	uint32_t recent; /* 32 times the mean size of the last few */
	uint32_t state;  /* 0 where a row begins */
};

/* Codes a weight in the context of the weights before it in its layer. */
static inline int32_t dbp_code_weight(struct dbp_coder *k,
				      struct dbp_weights *w, int32_t number)
{
	static const uint8_t limits[DBP_CODED_LEVELS - 1] = { 6, 14, 28, 56,
							      128 };
	uint32_t size = (uint32_t)(number < 0 ? -number : number), level = 0;
	uint32_t minus, set = w->state & 1, n = 0;

	if (w->run->dependent)
		size = dbp_trellis_size(w->state, size);
	while (level < DBP_CODED_LEVELS - 1 && w->recent >= limits[level])
		level++;
	w->recent -= w->recent >> 3;
	if (!dbp_code_bit(k, &k->model.zero[set][level], size != 0)) {
		if (w->run->dependent)
			w->state = dbp_trellis_next(w->state, 0);
		return 0;
	}
	minus = dbp_code_bit(k, &k->model.sign[set][level], number < 0);
	while (n < DBP_CODED_UNARY &&
	       dbp_code_bit(k, &k->model.more[set][level][minus][n],
			    size > n + 1))
		n++;
	if (n == DBP_CODED_UNARY)
		n += dbp_code_number(k, k->model.rest, size - n - 1);
	size = (n & 0xff) + 1;
	w->recent += size << 2;
	if (w->run->dependent) {
		n = dbp_trellis_level(w->state, size);
		w->state = dbp_trellis_next(w->state, size);
		size = n;
	}
	return minus ? -(int32_t)size : (int32_t)size;
}

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
