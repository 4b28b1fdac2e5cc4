/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/int_op.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

uint32_t int_op_seed;

int int_op_pick(int low, int high)
{
	return low +
	       (int)(dbp_run_random(&int_op_seed) % (uint32_t)(high - low + 1));
}

uint32_t int_op_elements(const struct int_tensor *t)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < t->rank; i++)
		n *= t->dims[i];
	return n;
}

int32_t int_op_at(const struct int_tensor *t, const uint32_t *index,
		  uint32_t rank)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < t->rank; i++) {
		uint32_t k = index[rank - t->rank + i];

		offset = offset * t->dims[i] + (t->dims[i] == 1 ? 0 : k);
	}
	return t->v[offset];
}

int64_t int_op_clamped(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

int64_t int_op_round_shift(int64_t v, int shift)
{
	return (int64_t)floorl((long double)v / ldexpl(1, shift) + 0.5L);
}

void int_op_pick_dims(struct int_tensor *t, uint32_t rank, int largest)
{
	t->rank = rank;
	for (uint32_t i = 0; i < rank; i++)
		t->dims[i] = (uint32_t)int_op_pick(1, largest);
}

void int_op_pick_broadcast(struct int_tensor *t, const struct int_tensor *out)
{
	uint32_t skip = int_op_pick(0, 2) ?
				0 :
				(uint32_t)int_op_pick(0, (int)out->rank - 1);

	t->rank = out->rank - skip;
	for (uint32_t i = 0; i < t->rank; i++)
		t->dims[i] = int_op_pick(0, 3) ? out->dims[skip + i] : 1;
}

void int_op_fill(struct int_tensor *t, int dtype, int32_t zero)
{
	t->dtype = dtype;
	t->zero = dtype == DBP_S8 ? zero : 0;
	t->gap = int_op_pick(0, 1) ? 0 : (uint32_t)int_op_pick(1, 4);
	assert_true(int_op_elements(t) <= INT_OP_MAX_ELEMENTS);
	for (uint32_t i = 0; i < int_op_elements(t); i++)
		t->v[i] = int_op_pick(-128, 127);
}

static uint32_t add_tensor(struct dbp_builder *b, const struct int_tensor *t)
{
	return dbp_run_tensor(b, t->dtype, t->rank, t->dims,
			      t->dtype == DBP_S8 ? 1 : 0, t->zero, t->gap);
}

int int_op_open(struct int_op *t, struct dbp_run *r)
{
	uint32_t in[INT_OP_MAX_INPUTS], out;
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
	return dbp_run_open(r, &b, (uint32_t)int_op_pick(1, 3));
}

static void set_input(struct dbp_run *r, uint32_t i, const struct int_tensor *t)
{
	static int8_t codes[INT_OP_MAX_ELEMENTS];
	static float floats[INT_OP_MAX_ELEMENTS];
	uint32_t n = int_op_elements(t);

	for (uint32_t k = 0; k < n; k++) {
		codes[k] = (int8_t)t->v[k];
		floats[k] = (float)t->v[k];
	}
	assert_int_equal(t->dtype == DBP_S8 ?
				 dbrt_set_input(&r->model, i, codes, n) :
				 dbrt_set_input(&r->model, i, floats, 4 * n),
			 DBRT_OK);
}

static void next_index(const struct int_tensor *t, uint32_t *index)
{
	for (uint32_t i = t->rank; i-- > 0;) {
		if (++index[i] < t->dims[i])
			return;
		index[i] = 0;
	}
}

void int_op_check(struct int_op *t, int_op_reference *reference)
{
	static float got[INT_OP_MAX_ELEMENTS];
	uint32_t index[DBP_MAX_RANK] = { 0 }, n = int_op_elements(&t->out);
	struct dbp_run r;

	assert_int_equal(int_op_open(t, &r), DBRT_OK);
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
