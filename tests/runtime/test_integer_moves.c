/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements, over seeded random shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/int_op.h"

static struct int_op op; /* too large for the stack */

/* One input and an output of the same type. */
static void start_move(struct int_op *t, int kind, uint32_t rank, int largest)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->input_count = 1;
	int_op_pick_dims(&t->in[0], rank, largest);
	t->out.rank = rank;
	memcpy(t->out.dims, t->in[0].dims, sizeof(t->out.dims));
}

static void fill_move(struct int_op *t)
{
	int dtype = int_op_pick(0, 1) ? DBP_S8 : DBP_F32,
	    zero = int_op_pick(-128, 127);

	for (int i = 0; i < t->input_count; i++)
		int_op_fill(&t->in[i], dtype, zero);
	int_op_fill(&t->out, dtype, zero);
}

static int64_t transpose_reference(const struct int_op *t,
				   const uint32_t *index)
{
	uint32_t from[DBP_MAX_RANK];

	for (uint32_t i = 0; i < t->out.rank; i++)
		from[t->p.transpose.perm[i]] = index[i];
	return int_op_at(&t->in[0], from, t->out.rank);
}

static void test_transpose(void **state)
{
	(void)state;
	int_op_seed = 5;
	for (int i = 0; i < 300; i++) {
		uint32_t *perm = op.p.transpose.perm;

		start_move(&op, DBP_OP_TRANSPOSE, (uint32_t)int_op_pick(1, 6),
			   int_op_pick(0, 3) ? 4 : 1 + int_op_pick(1, 3));
		for (uint32_t k = 0; k < DBP_MAX_RANK; k++)
			perm[k] = k < op.out.rank ? k : 0;
		for (uint32_t k = 1; k < op.out.rank; k++) {
			uint32_t other = (uint32_t)int_op_pick(0, (int)k);
			uint32_t kept = perm[k];

			perm[k] = perm[other];
			perm[other] = kept;
		}
		for (uint32_t k = 0; k < op.out.rank; k++)
			op.out.dims[k] = op.in[0].dims[perm[k]];
		op.params_bytes = sizeof(op.p.transpose);
		fill_move(&op);
		int_op_check(&op, transpose_reference);
	}
}

static int64_t slice_reference(const struct int_op *t, const uint32_t *index)
{
	uint32_t from[DBP_MAX_RANK];

	for (uint32_t i = 0; i < t->out.rank; i++)
		from[i] = (uint32_t)((int64_t)t->p.slice.start[i] +
				     (int64_t)index[i] * t->p.slice.step[i]);
	return int_op_at(&t->in[0], from, t->out.rank);
}

static void test_slice(void **state)
{
	(void)state;
	int_op_seed = 6;
	for (int i = 0; i < 300; i++) {
		start_move(&op, DBP_OP_SLICE, (uint32_t)int_op_pick(1, 5), 6);
		for (uint32_t k = 0; k < DBP_MAX_RANK; k++) {
			int size = k < op.out.rank ? (int)op.in[0].dims[k] : 1;
			int start = int_op_pick(0, size - 1),
			    step = int_op_pick(1, 3);
			int room = size - 1 - start;

			if (int_op_pick(0, 3) == 0) {
				step = -step;
				room = start;
			}
			op.p.slice.start[k] = (uint32_t)start;
			op.p.slice.step[k] = step;
			if (k < op.out.rank)
				op.out.dims[k] = (uint32_t)int_op_pick(
					1, 1 + room / abs(step));
		}
		op.params_bytes = sizeof(op.p.slice);
		fill_move(&op);
		int_op_check(&op, slice_reference);
	}
}

static int64_t gather_reference(const struct int_op *t, const uint32_t *index)
{
	uint32_t from[DBP_MAX_RANK];

	memcpy(from, index, sizeof(from));
	from[t->p.gather.axis] =
		((const uint32_t *)t->data)[index[t->p.gather.axis]];
	return int_op_at(&t->in[0], from, t->out.rank);
}

static void test_gather(void **state)
{
	uint32_t indices[9];

	(void)state;
	int_op_seed = 7;
	for (int i = 0; i < 200; i++) {
		struct dbp_gather *p = &op.p.gather;

		start_move(&op, DBP_OP_GATHER, (uint32_t)int_op_pick(1, 5), 5);
		p->axis = (uint32_t)int_op_pick(0, (int)op.out.rank - 1);
		p->count = (uint32_t)int_op_pick(1, 9);
		for (uint32_t k = 0; k < p->count; k++)
			indices[k] = (uint32_t)int_op_pick(
				0, (int)op.in[0].dims[p->axis] - 1);
		op.out.dims[p->axis] = p->count;
		op.data = indices;
		op.data_bytes = 4 * p->count;
		op.data_at = &p->indices;
		op.params_bytes = sizeof(*p);
		fill_move(&op);
		int_op_check(&op, gather_reference);
	}
}

static int64_t expand_reference(const struct int_op *t, const uint32_t *index)
{
	return int_op_at(&t->in[0], index, t->out.rank);
}

static void test_expand(void **state)
{
	(void)state;
	int_op_seed = 8;
	for (int i = 0; i < 200; i++) {
		start_move(&op, DBP_OP_EXPAND, (uint32_t)int_op_pick(1, 5), 5);
		int_op_pick_broadcast(&op.in[0], &op.out);
		fill_move(&op);
		int_op_check(&op, expand_reference);
	}
}

static int64_t copy_reference(const struct int_op *t, const uint32_t *index)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < t->out.rank; i++)
		offset = offset * t->out.dims[i] + index[i];
	return t->in[0].v[offset];
}

static void test_copy_reshapes(void **state)
{
	(void)state;
	int_op_seed = 9;
	for (int i = 0; i < 200; i++) {
		start_move(&op, DBP_OP_COPY, (uint32_t)int_op_pick(1, 5), 5);
		if (int_op_pick(0, 1)) {
			op.out.dims[0] = int_op_elements(&op.in[0]);
			op.out.rank = 1;
		} else {
			for (uint32_t k = 0; k < op.in[0].rank; k++)
				op.out.dims[k] =
					op.in[0].dims[op.in[0].rank - 1 - k];
		}
		fill_move(&op);
		int_op_check(&op, copy_reference);
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

static int64_t pad_reference(const struct int_op *t, const uint32_t *index)
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
	return int_op_at(&t->in[0], from, t->out.rank);
}

static void test_pad(void **state)
{
	(void)state;
	int_op_seed = 10;
	for (int i = 0; i < 300; i++) {
		struct dbp_pad *p = &op.p.pad;

		start_move(&op, DBP_OP_PAD, (uint32_t)int_op_pick(1, 4), 3);
		p->mode = (uint32_t)int_op_pick(0, 2);
		p->code = int_op_pick(-128, 127);
		p->value = (float)int_op_pick(-1000, 1000);
		for (uint32_t k = 0; k < op.out.rank; k++) {
			int most = p->mode == DBP_PAD_REFLECT ?
					   (int)op.in[0].dims[k] - 1 :
					   3;
			int begin = int_op_pick(0, most),
			    end = int_op_pick(0, most);

			p->begin[k] = (uint32_t)begin;
			op.out.dims[k] += (uint32_t)(begin + end);
		}
		op.params_bytes = sizeof(*p);
		fill_move(&op);
		int_op_check(&op, pad_reference);
	}
}

static int64_t concat_reference(const struct int_op *t, const uint32_t *index)
{
	uint32_t axis = t->p.concat.head.axis, from[DBP_MAX_RANK];
	const struct dbp_rescale *r = t->p.concat.inputs;
	const struct int_tensor *in = t->in;
	int32_t v;

	memcpy(from, index, sizeof(from));
	for (; from[axis] >= in->dims[axis]; in++, r++)
		from[axis] -= in->dims[axis];
	v = int_op_at(in, from, t->out.rank);
	if (t->out.dtype != DBP_S8 || !r->shift)
		return v;
	return int_op_clamped(
		int_op_round_shift((int64_t)(v - in->zero) * r->multiplier,
				   (int)r->shift) +
			t->out.zero,
		-128, 127);
}

static void test_concat(void **state)
{
	(void)state;
	int_op_seed = 11;
	for (int i = 0; i < 300; i++) {
		uint32_t axis;

		start_move(&op, DBP_OP_CONCAT, (uint32_t)int_op_pick(1, 5), 4);
		op.input_count = int_op_pick(1, INT_OP_MAX_INPUTS);
		axis = (uint32_t)int_op_pick(0, (int)op.out.rank - 1);
		op.p.concat.head.axis = axis;
		op.out.dims[axis] = 0;
		for (int k = 0; k < op.input_count; k++) {
			op.in[k].rank = op.out.rank;
			if (k)
				memcpy(op.in[k].dims, op.in[0].dims,
				       sizeof(op.in[0].dims));
			op.in[k].dims[axis] = (uint32_t)int_op_pick(1, 4);
			op.out.dims[axis] += op.in[k].dims[axis];
		}
		fill_move(&op);
		op.params_bytes = sizeof(op.p.concat.head);
		if (op.out.dtype == DBP_S8)
			op.params_bytes += sizeof(struct dbp_rescale) *
					   (size_t)op.input_count;
		for (int k = 0; k < op.input_count; k++) {
			if (op.out.dtype != DBP_S8 || int_op_pick(0, 1))
				continue;
			op.in[k].zero = int_op_pick(-128, 127);
			op.p.concat.inputs[k] = (struct dbp_rescale){
				(uint32_t)int_op_pick(32768, 65535),
				(uint32_t)int_op_pick(14, 18)
			};
		}
		int_op_check(&op, concat_reference);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
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
