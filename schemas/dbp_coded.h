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
#include <string.h>

#include "schemas/dbp.h"
#include "schemas/dbp_coded_run.h"
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

/* Both estimates, `fast` in the low half. */
static inline uint32_t dbp_chance_both(const struct dbp_chance *c)
{
	uint32_t both;

	memcpy(&both, c, sizeof(both));
	return both;
}

/* Without branches on the bit: a 1 moves the distance to 65535 as a 0 moves
 * the estimate. */
static inline void dbp_chance_learn(struct dbp_chance *c, uint32_t both,
				    uint32_t bit)
{
	uint32_t flip = 0u - bit, pace = c->pace, fast;

	both ^= flip;
	if (pace == DBP_CHANCE_SLOW) { /* both halves at once */
		both -= (both >> DBP_CHANCE_FAST & 0xffff >> DBP_CHANCE_FAST) +
			(both >> DBP_CHANCE_SLOW & (0xffffu >> DBP_CHANCE_SLOW)
							   << 16);
	} else {
		fast = both & 0xffff;
		both -= fast >>
			(pace < DBP_CHANCE_FAST ? pace : DBP_CHANCE_FAST);
		both -= both >> 16 >> pace << 16;
		if (++c->age >> pace)
			c->pace++;
	}
	both ^= flip;
	memcpy(c, &both, sizeof(both));
}

/* The part of the range that is a 1. The estimates keep away from 0 and 1: the
 * limits 64 and 65472 of schemas/dbp.md are never reached. */
static inline uint32_t dbp_chance_bound(uint32_t both, uint32_t range)
{
	uint32_t chance = ((both & 0xffff) + (both >> 16)) >> 1;

	return (uint32_t)((uint64_t)range * chance >> 16);
}

/* The bit by the place of the code in the range, whose first `bound` are 1s. */
static inline uint32_t dbp_read_half(struct dbp_coder *k, uint32_t bound)
{
	uint32_t range = k->range, code = k->code, bit = code < bound;

	range = bit ? bound : range - bound;
	code -= bit ? 0 : bound;
	while (range < 1u << 24) {
		range <<= 8;
		code = code << 8 | (k->at < k->bytes ? k->in[k->at] : 0);
		k->at++;
	}
	k->range = range;
	k->code = code;
	return bit;
}

static inline uint32_t dbp_read_bit(struct dbp_coder *k, struct dbp_chance *c)
{
	uint32_t both = dbp_chance_both(c);
	uint32_t bit = dbp_read_half(k, dbp_chance_bound(both, k->range));

	dbp_chance_learn(c, both, bit);
	return bit;
}

#ifdef DBP_CODED_ENCODER
static inline void dbp_write_half(struct dbp_coder *k, uint32_t bound,
				  uint32_t bit)
{
	k->low += bit ? 0 : bound;
	k->range = bit ? bound : k->range - bound;
	for (; k->range < 1u << 24; k->range <<= 8)
		dbp_coder_shift(k);
}

static inline void dbp_write_bit(struct dbp_coder *k, struct dbp_chance *c,
				 uint32_t bit)
{
	uint32_t both = dbp_chance_both(c);

	dbp_write_half(k, dbp_chance_bound(both, k->range), bit);
	dbp_chance_learn(c, both, bit);
}
#endif

/* Codes one bit. When reading, `bit` is ignored and the bit read is
 * returned. */
static inline uint32_t dbp_code_bit(struct dbp_coder *k, struct dbp_chance *c,
				    uint32_t bit)
{
#ifdef DBP_CODED_ENCODER
	if (!k->in) {
		dbp_write_bit(k, c, bit);
		return bit;
	}
#endif
	(void)bit;
	return dbp_read_bit(k, c);
}

/* The same with a new chance of 1/2 that nobody keeps. */
static inline uint32_t dbp_code_even(struct dbp_coder *k, uint32_t bit)
{
#ifdef DBP_CODED_ENCODER
	if (!k->in) {
		dbp_write_half(k, k->range >> 1, bit);
		return bit;
	}
#endif
	(void)bit;
	return dbp_read_half(k, k->range >> 1);
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
	while (bits--)
		known = known << 1 | dbp_code_even(k, (value + 1) >> bits & 1);
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

#endif
