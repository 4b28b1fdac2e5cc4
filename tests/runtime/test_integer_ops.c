/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementwise operators on codes and operators that move elements, against the
 * rules of schemas/dbp.md element by element, over seeded random shapes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

#define MAX_ELEMENTS 8192
#define MAX_INPUTS 5
#define MAX_CHANNELS 12

/* Elements are whole numbers: codes, or floats that are whole. */
struct tensor {
	int dtype;
	uint32_t rank, dims[DBP_MAX_RANK], gap;
	int32_t zero;
	int32_t v[MAX_ELEMENTS];
};

struct test_op {
	int kind, input_count;
	struct tensor in[MAX_INPUTS], out;
	union {
		struct dbp_add add;
		struct dbp_add_channels add_channels;
		struct dbp_mul mul;
		struct dbp_rescale rescale;
		struct dbp_table table;
		struct dbp_transpose transpose;
		struct dbp_slice slice;
		struct dbp_pad pad;
		struct dbp_gather gather;
		struct {
			struct dbp_concat head;
			struct dbp_rescale inputs[MAX_INPUTS];
		} concat;
	} p;
	size_t params_bytes;
	const void *data; /* that parameters name: put into data */
	size_t data_bytes;
	uint32_t *data_at;
};

typedef int64_t reference_fn(const struct test_op *t, const uint32_t *index);

static struct test_op op; /* too large for the stack */
static uint32_t seed_now;

static int pick(int low, int high)
{
	return low +
	       (int)(dbp_run_random(&seed_now) % (uint32_t)(high - low + 1));
}

static uint32_t elements(const struct tensor *t)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < t->rank; i++)
		n *= t->dims[i];
	return n;
}

/* An element; an index of a higher rank is aligned at the last dim, and dims
 * of 1 broadcast. */
static int32_t at(const struct tensor *t, const uint32_t *index, uint32_t rank)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < t->rank; i++) {
		uint32_t k = index[rank - t->rank + i];

		offset = offset * t->dims[i] + (t->dims[i] == 1 ? 0 : k);
	}
	return t->v[offset];
}

static int64_t clamped(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static int64_t round_shift(int64_t v, int shift)
{
	return (int64_t)floorl((long double)v / ldexpl(1, shift) + 0.5L);
}

/* ---- One operator ---- */

static void pick_dims(struct tensor *t, uint32_t rank, int largest)
{
	t->rank = rank;
	for (uint32_t i = 0; i < rank; i++)
		t->dims[i] = (uint32_t)pick(1, largest);
}

static void fill(struct tensor *t, int dtype, int32_t zero)
{
	t->dtype = dtype;
	t->zero = dtype == DBP_S8 ? zero : 0;
	t->gap = pick(0, 1) ? 0 : (uint32_t)pick(1, 4);
	assert_true(elements(t) <= MAX_ELEMENTS);
	for (uint32_t i = 0; i < elements(t); i++)
		t->v[i] = pick(-128, 127);
}

static uint32_t add_tensor(struct dbp_builder *b, const struct tensor *t)
{
	return dbp_run_tensor(b, t->dtype, t->rank, t->dims,
			      t->dtype == DBP_S8 ? 1 : 0, t->zero, t->gap);
}

static int open_op(struct test_op *t, struct dbp_run *r)
{
	uint32_t in[MAX_INPUTS], out;
	struct dbp_builder b;

	dbp_builder_init(&b);
	for (int i = 0; i < t->input_count; i++) {
		in[i] = add_tensor(&b, &t->in[i]);
		dbp_add_input(&b, in[i]);
	}
	out = add_tensor(&b, &t->out);
	dbp_add_output(&b, out);
	if (t->data)
		*t->data_at = dbp_add_data(&b, t->data, t->data_bytes);
	dbp_add_op(&b, t->kind, in, (uint32_t)t->input_count, &out, 1,
		   t->params_bytes ? &t->p : NULL, t->params_bytes, 0);
	return dbp_run_open(r, &b, (uint32_t)pick(1, 3));
}

static void set_input(struct dbp_run *r, uint32_t i, const struct tensor *t)
{
	static int8_t codes[MAX_ELEMENTS];
	static float floats[MAX_ELEMENTS];
	uint32_t n = elements(t);

	for (uint32_t k = 0; k < n; k++) {
		codes[k] = (int8_t)t->v[k];
		floats[k] = (float)t->v[k];
	}
	assert_int_equal(t->dtype == DBP_S8 ?
				 dbrt_set_input(&r->model, i, codes, n) :
				 dbrt_set_input(&r->model, i, floats, 4 * n),
			 DBRT_OK);
}

static void next_index(const struct tensor *t, uint32_t *index)
{
	for (uint32_t i = t->rank; i-- > 0;) {
		if (++index[i] < t->dims[i])
			return;
		index[i] = 0;
	}
}

static void check(struct test_op *t, reference_fn *reference)
{
	static float got[MAX_ELEMENTS];
	uint32_t index[DBP_MAX_RANK] = { 0 }, n = elements(&t->out);
	struct dbp_run r;

	assert_int_equal(open_op(t, &r), DBRT_OK);
	for (int i = 0; i < t->input_count; i++)
		set_input(&r, (uint32_t)i, &t->in[i]);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output_f32(&r.model, 0, got, n), DBRT_OK);
	for (uint32_t i = 0; i < n; i++, next_index(&t->out, index)) {
		int64_t want = reference(t, index);

		if ((double)got[i] + t->out.zero != (double)want)
			fail_msg("kind %d: element %u is %g, expected %lld",
				 t->kind, i, (double)got[i] + t->out.zero,
				 (long long)want);
	}
	assert_true(dbp_run_gaps_kept(&r, 0));
	dbp_run_close(&r);
}

/* ---- Elementwise ---- */

static int64_t add_reference(const struct test_op *t, const uint32_t *index)
{
	const struct dbp_add *p = &t->p.add;
	int64_t a = at(&t->in[0], index, t->out.rank) - t->in[0].zero;
	int64_t b = at(&t->in[1], index, t->out.rank) - t->in[1].zero;
	int64_t q = round_shift(a * p->multiplier_a + b * p->multiplier_b,
				p->shift);

	return clamped(q + t->out.zero, p->clamp_min, p->clamp_max);
}

static int64_t add_channels_reference(const struct test_op *t,
				      const uint32_t *index)
{
	const struct dbp_add_channels *p = &t->p.add_channels;
	const int16_t *m = (const int16_t *)t->data +
			   (ptrdiff_t)2 * index[t->out.rank - 1];
	int64_t a = at(&t->in[0], index, t->out.rank) - t->in[0].zero;
	int64_t b = at(&t->in[1], index, t->out.rank) - t->in[1].zero;
	int64_t q = round_shift(a * m[0] + b * m[1], p->shift);

	return clamped(q + t->out.zero, p->clamp_min, p->clamp_max);
}

static int64_t mul_reference(const struct test_op *t, const uint32_t *index)
{
	const struct dbp_mul *p = &t->p.mul;
	int64_t a = at(&t->in[0], index, t->out.rank) - t->in[0].zero;
	int64_t b = at(&t->in[1], index, t->out.rank) - t->in[1].zero;
	int64_t q = round_shift(a * b * p->multiplier, p->shift);

	return clamped(q + t->out.zero, p->clamp_min, p->clamp_max);
}

/* An input that broadcasts to the output: some dims 1, some leading ones not
 * there. */
static void pick_broadcast(struct tensor *t, const struct tensor *out)
{
	uint32_t skip = pick(0, 2) ? 0 : (uint32_t)pick(0, (int)out->rank - 1);

	t->rank = out->rank - skip;
	for (uint32_t i = 0; i < t->rank; i++)
		t->dims[i] = pick(0, 3) ? out->dims[skip + i] : 1;
}

static void start_pair(struct test_op *t, int kind)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->input_count = 2;
	pick_dims(&t->out, (uint32_t)pick(1, 5), 5);
	for (int i = 0; i < 2; i++) {
		pick_broadcast(&t->in[i], &t->out);
		fill(&t->in[i], DBP_S8, pick(-128, 127));
	}
	fill(&t->out, DBP_S8, pick(-128, 127));
}

static void test_add(void **state)
{
	(void)state;
	seed_now = 1;
	for (int i = 0; i < 300; i++) {
		start_pair(&op, DBP_OP_ADD);
		op.p.add = (struct dbp_add){
			pick(-60000, 60000),  pick(-60000, 60000),
			(uint8_t)pick(1, 24), (int8_t)pick(-128, 0),
			(int8_t)pick(0, 127), 0
		};
		op.params_bytes = sizeof(op.p.add);
		check(&op, add_reference);
	}
}

static void start_add_channels(struct test_op *t, int16_t *multipliers)
{
	memset(t, 0, sizeof(*t));
	t->kind = DBP_OP_ADD_CHANNELS;
	t->input_count = 2;
	pick_dims(&t->out, (uint32_t)pick(1, 5), 5);
	t->out.dims[t->out.rank - 1] = (uint32_t)pick(1, MAX_CHANNELS);
	for (int i = 0; i < 2; i++) {
		t->in[i].rank = t->out.rank;
		memcpy(t->in[i].dims, t->out.dims, sizeof(t->out.dims));
		fill(&t->in[i], DBP_S8, pick(-128, 127));
	}
	fill(&t->out, DBP_S8, pick(-128, 127));
	for (uint32_t i = 0; i < 2 * t->out.dims[t->out.rank - 1]; i++)
		multipliers[i] = (int16_t)pick(-32768, 32767);
	t->data = multipliers;
	t->data_bytes = 4 * t->out.dims[t->out.rank - 1];
	t->data_at = &t->p.add_channels.multipliers;
	t->params_bytes = sizeof(t->p.add_channels);
}

static void test_add_channels(void **state)
{
	int16_t multipliers[2 * MAX_CHANNELS];

	(void)state;
	seed_now = 5;
	for (int i = 0; i < 300; i++) {
		start_add_channels(&op, multipliers);
		op.p.add_channels.shift = (uint8_t)pick(1, 24);
		op.p.add_channels.clamp_min = (int8_t)pick(-128, 0);
		op.p.add_channels.clamp_max = (int8_t)pick(0, 127);
		check(&op, add_channels_reference);
	}
}

static void check_refused(struct test_op *t)
{
	struct dbp_run r;

	assert_int_equal(open_op(t, &r), DBRT_ERROR_FORMAT);
	dbp_run_close(&r);
}

static void test_add_channels_refused(void **state)
{
	int16_t multipliers[2 * MAX_CHANNELS];
	const struct dbp_add_channels wrong[] = {
		{ .shift = 0 }, { .shift = 25 }, { .shift = 8, .clamp_min = 1 }
	};

	(void)state;
	seed_now = 6;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		start_add_channels(&op, multipliers);
		op.p.add_channels = wrong[i];
		check_refused(&op);
	}
	/* a pair is missing; an input has a channel more */
	start_add_channels(&op, multipliers);
	op.p.add_channels.shift = 8;
	op.data_bytes -= 4;
	check_refused(&op);
	start_add_channels(&op, multipliers);
	op.p.add_channels.shift = 8;
	op.in[1].dims[op.in[1].rank - 1]++;
	check_refused(&op);
}

static void test_mul(void **state)
{
	(void)state;
	seed_now = 2;
	for (int i = 0; i < 300; i++) {
		start_pair(&op, DBP_OP_MUL);
		op.p.mul = (struct dbp_mul){ (uint32_t)pick(32768, 65535),
					     (uint8_t)pick(15, 30),
					     (int8_t)pick(-128, 0),
					     (int8_t)pick(0, 127), 0 };
		op.params_bytes = sizeof(op.p.mul);
		check(&op, mul_reference);
	}
}

static int64_t rescale_reference(const struct test_op *t, const uint32_t *index)
{
	int64_t a = at(&t->in[0], index, t->out.rank) - t->in[0].zero;

	return clamped(round_shift(a * t->p.rescale.multiplier,
				   (int)t->p.rescale.shift) +
			       t->out.zero,
		       -128, 127);
}

static void start_unary(struct test_op *t, int kind)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->input_count = 1;
	pick_dims(&t->out, (uint32_t)pick(1, 5), 6);
	t->in[0].rank = t->out.rank;
	memcpy(t->in[0].dims, t->out.dims, sizeof(t->out.dims));
	fill(&t->in[0], DBP_S8, pick(-128, 127));
	fill(&t->out, DBP_S8, pick(-128, 127));
}

static void test_rescale(void **state)
{
	(void)state;
	seed_now = 3;
	for (int i = 0; i < 200; i++) {
		start_unary(&op, DBP_OP_RESCALE);
		op.p.rescale =
			(struct dbp_rescale){ (uint32_t)pick(32768, 65535),
					      (uint32_t)pick(12, 20) };
		op.params_bytes = sizeof(op.p.rescale);
		check(&op, rescale_reference);
	}
}

static int64_t table_reference(const struct test_op *t, const uint32_t *index)
{
	return ((const int8_t *)
			t->data)[128 + at(&t->in[0], index, t->out.rank)];
}

static void test_table(void **state)
{
	int8_t table[256];

	(void)state;
	seed_now = 4;
	for (int i = 0; i < 100; i++) {
		start_unary(&op, DBP_OP_TABLE);
		for (int k = 0; k < 256; k++)
			table[k] = (int8_t)pick(-128, 127);
		op.data = table;
		op.data_bytes = sizeof(table);
		op.data_at = &op.p.table.table;
		op.params_bytes = sizeof(op.p.table);
		check(&op, table_reference);
	}
}

/* ---- Moving ---- */

/* One input and an output of the same type. */
static void start_move(struct test_op *t, int kind, uint32_t rank, int largest)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->input_count = 1;
	pick_dims(&t->in[0], rank, largest);
	t->out.rank = rank;
	memcpy(t->out.dims, t->in[0].dims, sizeof(t->out.dims));
}

static void fill_move(struct test_op *t)
{
	int dtype = pick(0, 1) ? DBP_S8 : DBP_F32, zero = pick(-128, 127);

	for (int i = 0; i < t->input_count; i++)
		fill(&t->in[i], dtype, zero);
	fill(&t->out, dtype, zero);
}

static int64_t transpose_reference(const struct test_op *t,
				   const uint32_t *index)
{
	uint32_t from[DBP_MAX_RANK];

	for (uint32_t i = 0; i < t->out.rank; i++)
		from[t->p.transpose.perm[i]] = index[i];
	return at(&t->in[0], from, t->out.rank);
}

static void test_transpose(void **state)
{
	(void)state;
	seed_now = 5;
	for (int i = 0; i < 300; i++) {
		uint32_t *perm = op.p.transpose.perm;

		start_move(&op, DBP_OP_TRANSPOSE, (uint32_t)pick(1, 6),
			   pick(0, 3) ? 4 : 1 + pick(1, 3));
		for (uint32_t k = 0; k < DBP_MAX_RANK; k++)
			perm[k] = k < op.out.rank ? k : 0;
		for (uint32_t k = 1; k < op.out.rank; k++) {
			uint32_t other = (uint32_t)pick(0, (int)k);
			uint32_t kept = perm[k];

			perm[k] = perm[other];
			perm[other] = kept;
		}
		for (uint32_t k = 0; k < op.out.rank; k++)
			op.out.dims[k] = op.in[0].dims[perm[k]];
		op.params_bytes = sizeof(op.p.transpose);
		fill_move(&op);
		check(&op, transpose_reference);
	}
}

static int64_t slice_reference(const struct test_op *t, const uint32_t *index)
{
	uint32_t from[DBP_MAX_RANK];

	for (uint32_t i = 0; i < t->out.rank; i++)
		from[i] = (uint32_t)((int64_t)t->p.slice.start[i] +
				     (int64_t)index[i] * t->p.slice.step[i]);
	return at(&t->in[0], from, t->out.rank);
}

static void test_slice(void **state)
{
	(void)state;
	seed_now = 6;
	for (int i = 0; i < 300; i++) {
		start_move(&op, DBP_OP_SLICE, (uint32_t)pick(1, 5), 6);
		for (uint32_t k = 0; k < DBP_MAX_RANK; k++) {
			int size = k < op.out.rank ? (int)op.in[0].dims[k] : 1;
			int start = pick(0, size - 1), step = pick(1, 3);
			int room = size - 1 - start;

			if (pick(0, 3) == 0) {
				step = -step;
				room = start;
			}
			op.p.slice.start[k] = (uint32_t)start;
			op.p.slice.step[k] = step;
			if (k < op.out.rank)
				op.out.dims[k] =
					(uint32_t)pick(1, 1 + room / abs(step));
		}
		op.params_bytes = sizeof(op.p.slice);
		fill_move(&op);
		check(&op, slice_reference);
	}
}

static int64_t gather_reference(const struct test_op *t, const uint32_t *index)
{
	uint32_t from[DBP_MAX_RANK];

	memcpy(from, index, sizeof(from));
	from[t->p.gather.axis] =
		((const uint32_t *)t->data)[index[t->p.gather.axis]];
	return at(&t->in[0], from, t->out.rank);
}

static void test_gather(void **state)
{
	uint32_t indices[9];

	(void)state;
	seed_now = 7;
	for (int i = 0; i < 200; i++) {
		struct dbp_gather *p = &op.p.gather;

		start_move(&op, DBP_OP_GATHER, (uint32_t)pick(1, 5), 5);
		p->axis = (uint32_t)pick(0, (int)op.out.rank - 1);
		p->count = (uint32_t)pick(1, 9);
		for (uint32_t k = 0; k < p->count; k++)
			indices[k] = (uint32_t)pick(
				0, (int)op.in[0].dims[p->axis] - 1);
		op.out.dims[p->axis] = p->count;
		op.data = indices;
		op.data_bytes = 4 * p->count;
		op.data_at = &p->indices;
		op.params_bytes = sizeof(*p);
		fill_move(&op);
		check(&op, gather_reference);
	}
}

static int64_t expand_reference(const struct test_op *t, const uint32_t *index)
{
	return at(&t->in[0], index, t->out.rank);
}

static void test_expand(void **state)
{
	(void)state;
	seed_now = 8;
	for (int i = 0; i < 200; i++) {
		start_move(&op, DBP_OP_EXPAND, (uint32_t)pick(1, 5), 5);
		pick_broadcast(&op.in[0], &op.out);
		fill_move(&op);
		check(&op, expand_reference);
	}
}

static int64_t copy_reference(const struct test_op *t, const uint32_t *index)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < t->out.rank; i++)
		offset = offset * t->out.dims[i] + index[i];
	return t->in[0].v[offset];
}

static void test_copy_reshapes(void **state)
{
	(void)state;
	seed_now = 9;
	for (int i = 0; i < 200; i++) {
		start_move(&op, DBP_OP_COPY, (uint32_t)pick(1, 5), 5);
		if (pick(0, 1)) {
			op.out.dims[0] = elements(&op.in[0]);
			op.out.rank = 1;
		} else {
			for (uint32_t k = 0; k < op.in[0].rank; k++)
				op.out.dims[k] =
					op.in[0].dims[op.in[0].rank - 1 - k];
		}
		fill_move(&op);
		check(&op, copy_reference);
	}
}

/* Where an index outside of 0 to n - 1 reads; -1: a constant. */
static int64_t pad_source(const struct dbp_pad *p, int64_t at, int64_t n)
{
	if (at >= 0 && at < n)
		return at;
	if (p->mode == DBP_PAD_CONSTANT)
		return -1;
	if (p->mode == DBP_PAD_EDGE)
		return at < 0 ? 0 : n - 1;
	return at < 0 ? -at : 2 * (n - 1) - at;
}

static int64_t pad_reference(const struct test_op *t, const uint32_t *index)
{
	const struct dbp_pad *p = &t->p.pad;
	uint32_t from[DBP_MAX_RANK];

	for (uint32_t i = 0; i < t->out.rank; i++) {
		int64_t k = pad_source(p, (int64_t)index[i] - p->begin[i],
				       t->in[0].dims[i]);

		if (k < 0)
			return t->out.dtype == DBP_S8 ? p->code :
							(int64_t)p->value;
		from[i] = (uint32_t)k;
	}
	return at(&t->in[0], from, t->out.rank);
}

static void test_pad(void **state)
{
	(void)state;
	seed_now = 10;
	for (int i = 0; i < 300; i++) {
		struct dbp_pad *p = &op.p.pad;

		start_move(&op, DBP_OP_PAD, (uint32_t)pick(1, 4), 3);
		p->mode = (uint32_t)pick(0, 2);
		p->code = pick(-128, 127);
		p->value = (float)pick(-1000, 1000);
		for (uint32_t k = 0; k < op.out.rank; k++) {
			int most = p->mode == DBP_PAD_REFLECT ?
					   (int)op.in[0].dims[k] - 1 :
					   3;
			int begin = pick(0, most), end = pick(0, most);

			p->begin[k] = (uint32_t)begin;
			op.out.dims[k] += (uint32_t)(begin + end);
		}
		op.params_bytes = sizeof(*p);
		fill_move(&op);
		check(&op, pad_reference);
	}
}

static int64_t concat_reference(const struct test_op *t, const uint32_t *index)
{
	uint32_t axis = t->p.concat.head.axis, from[DBP_MAX_RANK];
	const struct dbp_rescale *r = t->p.concat.inputs;
	const struct tensor *in = t->in;
	int32_t v;

	memcpy(from, index, sizeof(from));
	for (; from[axis] >= in->dims[axis]; in++, r++)
		from[axis] -= in->dims[axis];
	v = at(in, from, t->out.rank);
	if (t->out.dtype != DBP_S8 || !r->shift)
		return v;
	return clamped(round_shift((int64_t)(v - in->zero) * r->multiplier,
				   (int)r->shift) +
			       t->out.zero,
		       -128, 127);
}

static void test_concat(void **state)
{
	(void)state;
	seed_now = 11;
	for (int i = 0; i < 300; i++) {
		uint32_t axis;

		start_move(&op, DBP_OP_CONCAT, (uint32_t)pick(1, 5), 4);
		op.input_count = pick(1, MAX_INPUTS);
		axis = (uint32_t)pick(0, (int)op.out.rank - 1);
		op.p.concat.head.axis = axis;
		op.out.dims[axis] = 0;
		for (int k = 0; k < op.input_count; k++) {
			op.in[k].rank = op.out.rank;
			if (k)
				memcpy(op.in[k].dims, op.in[0].dims,
				       sizeof(op.in[0].dims));
			op.in[k].dims[axis] = (uint32_t)pick(1, 4);
			op.out.dims[axis] += op.in[k].dims[axis];
		}
		fill_move(&op);
		op.params_bytes = sizeof(op.p.concat.head);
		if (op.out.dtype == DBP_S8)
			op.params_bytes += sizeof(struct dbp_rescale) *
					   (size_t)op.input_count;
		for (int k = 0; k < op.input_count; k++) {
			if (op.out.dtype != DBP_S8 || pick(0, 1))
				continue;
			op.in[k].zero = pick(-128, 127);
			op.p.concat.inputs[k] = (struct dbp_rescale){
				(uint32_t)pick(32768, 65535),
				(uint32_t)pick(14, 18)
			};
		}
		check(&op, concat_reference);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_channels),
		cmocka_unit_test(test_add_channels_refused),
		cmocka_unit_test(test_mul),
		cmocka_unit_test(test_rescale),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_transpose),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_copy_reshapes),
		cmocka_unit_test(test_pad),
		cmocka_unit_test(test_concat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
