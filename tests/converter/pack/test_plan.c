/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory plan, by playing it: seeded random models run on labels instead
 * of numbers. Every operator writes its own labels where the plan puts its
 * output, spoils its scratch, and checks that its inputs still hold the labels
 * that were written there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/plan.h"
#include "tests/support/dbp_run.h"

#define MAX_TENSORS 64
#define MAX_ELEMENTS 1024
#define SPOILT UINT32_MAX

static uint32_t seed_now;

struct play {
	struct arena arena;
	struct device_model m;
	uint32_t *memory;            /* a label a byte of the work buffer */
	uint32_t *want[MAX_TENSORS]; /* labels that a tensor should hold */
};

static uint32_t pick(uint32_t low, uint32_t high)
{
	return low + dbp_run_random(&seed_now) % (high - low + 1);
}

/* ---- Random models ---- */

static uint32_t add_tensor(struct device_model *m, int rank,
			   const uint32_t *dims)
{
	struct dev_tensor t = { .dtype = DBP_S8, .rank = rank, .scale = 1 };

	for (int i = 0; i < DBP_MAX_RANK; i++)
		t.dims[i] = i < rank ? dims[i] : 1;
	return dev_add_tensor(m, &t);
}

/* A tensor that something has been put into. */
static uint32_t any(const struct device_model *m)
{
	return m->tensor_count - 1 -
	       pick(0, m->tensor_count > 6 ? 5 : m->tensor_count - 1);
}

static void add_op(struct device_model *m, enum dbp_op_kind kind,
		   const uint32_t *in, int count, uint32_t out,
		   const void *params, size_t bytes)
{
	struct dev_op *op =
		dev_add_op(m, kind, in, count, &out, 1, params, bytes);

	if (kind == DBP_OP_CONV)
		op->scratch_bytes = 64 * pick(0, 4);
}

static void add_same_shape(struct device_model *m, uint32_t in)
{
	static const enum dbp_op_kind kinds[] = { DBP_OP_TABLE, DBP_OP_RESCALE,
						  DBP_OP_CONV };
	const struct dev_tensor t = m->tensors[in];
	uint32_t params[32] = { 0 };

	add_op(m, kinds[pick(0, 2)], &in, 1, add_tensor(m, t.rank, t.dims),
	       params, sizeof(params));
}

static void add_sum(struct device_model *m, uint32_t in)
{
	const struct dev_tensor t = m->tensors[in];
	uint32_t pair[2] = { in, in }, params[4] = { 0 };

	for (uint32_t i = 0; i < m->tensor_count; i++)
		if (dev_same_dims(&m->tensors[i], &t) && pick(0, 1))
			pair[1] = i;
	add_op(m, DBP_OP_ADD, pair, 2, add_tensor(m, t.rank, t.dims), params,
	       sizeof(params));
}

static void add_reshape(struct device_model *m, uint32_t in)
{
	const struct dev_tensor t = m->tensors[in];
	uint32_t dims[2] = { dev_elements(&t), 1 };

	if (pick(0, 1)) {
		dims[0] = t.dims[t.rank - 1];
		dims[1] = dev_elements(&t) / dims[0];
	}
	add_op(m, DBP_OP_COPY, &in, 1, add_tensor(m, dims[1] > 1 ? 2 : 1, dims),
	       NULL, 0);
}

static void add_slice(struct device_model *m, uint32_t in)
{
	struct dbp_slice s = { .step = { 1, 1, 1, 1, 1, 1 } };
	const struct dev_tensor t = m->tensors[in];
	uint32_t dims[DBP_MAX_RANK];
	int cut = (int)pick(0, (uint32_t)t.rank - 1);

	memcpy(dims, t.dims, sizeof(dims));
	dims[cut] = pick(1, t.dims[cut]);
	s.start[cut] = pick(0, t.dims[cut] - dims[cut]);
	add_op(m, DBP_OP_SLICE, &in, 1, add_tensor(m, t.rank, dims), &s,
	       sizeof(s));
}

static void add_concat(struct device_model *m, uint32_t in)
{
	const struct dev_tensor t = m->tensors[in];
	uint32_t params[1 + 2 * 4] = { 0 }, list[4], dims[DBP_MAX_RANK];
	int axis = (int)pick(0, (uint32_t)t.rank - 1), count = 0;

	memcpy(dims, t.dims, sizeof(dims));
	dims[axis] = 0;
	for (uint32_t i = m->tensor_count; i-- > 0 && count < 4;) {
		const struct dev_tensor *x = &m->tensors[i];
		bool fits = x->rank == t.rank;

		for (int k = 0; fits && k < t.rank; k++)
			fits = k == axis || x->dims[k] == t.dims[k];
		if (!fits || (i != in && pick(0, 1)))
			continue;
		list[count++] = i;
		dims[axis] += x->dims[axis];
	}
	if (!count)
		return;
	params[0] = (uint32_t)axis;
	add_op(m, DBP_OP_CONCAT, list, count, add_tensor(m, t.rank, dims),
	       params, 4 + 8 * (size_t)count);
}

static void add_random_op(struct device_model *m)
{
	uint32_t in = any(m);

	if (dev_elements(&m->tensors[in]) > MAX_ELEMENTS / 4)
		add_slice(m, in);
	else
		switch (pick(0, 7)) {
		case 0:
		case 1:
			add_same_shape(m, in);
			break;
		case 2:
			add_sum(m, in);
			break;
		case 3:
			add_reshape(m, in);
			break;
		case 4:
			add_slice(m, in);
			break;
		default:
			add_concat(m, in);
		}
}

static void add_outputs(struct device_model *m)
{
	for (uint32_t i = 0; i < m->tensor_count; i++) {
		bool last = i == m->tensor_count - 1;

		if (m->tensors[i].is_input || (!last && pick(0, 5)))
			continue;
		m->tensors[i].is_output = true;
		m->outputs[m->output_count++] = i;
	}
}

static void make_model(struct play *p)
{
	uint32_t dims[4] = { 1, pick(1, 4), pick(1, 4), pick(1, 8) };
	uint32_t inputs = pick(1, 2), ops = pick(2, 20);
	struct diag d;

	diag_init(&d);
	arena_init(&p->arena, 0);
	assert_int_equal(dev_init(&p->m, &p->arena, &d), 0);
	p->m.inputs = arena_array(&p->arena, 2, sizeof(uint32_t));
	p->m.outputs = arena_array(&p->arena, MAX_TENSORS, sizeof(uint32_t));
	for (uint32_t i = 0; i < inputs; i++) {
		uint32_t id = add_tensor(&p->m, 4, dims);

		p->m.tensors[id].is_input = true;
		p->m.inputs[p->m.input_count++] = id;
	}
	while (p->m.op_count < ops && p->m.tensor_count < MAX_TENSORS)
		add_random_op(&p->m);
	add_outputs(&p->m);
	assert_false(p->m.failed);
}

/* ---- Playing ---- */

/* The byte of element i, in row order. */
static uint32_t address(const struct dev_tensor *t, uint32_t i)
{
	return t->offset + i / dev_row(t) * t->pitch + i % dev_row(t);
}

static uint32_t label(uint32_t writer, uint32_t element)
{
	return writer * MAX_ELEMENTS * 4 + element + 1;
}

static void write_all(struct play *p, uint32_t id)
{
	const struct dev_tensor *t = &p->m.tensors[id];

	for (uint32_t i = 0; i < dev_elements(t); i++)
		p->memory[address(t, i)] = p->want[id][i];
}

static void read_all(struct play *p, uint32_t id, uint32_t op)
{
	const struct dev_tensor *t = &p->m.tensors[id];

	for (uint32_t i = 0; i < dev_elements(t); i++)
		if (p->memory[address(t, i)] != p->want[id][i])
			fail_msg("operator %u: element %u of tensor %u has "
				 "been overwritten",
				 op, i, id);
}

/* Which element of which input an output element is, for those that move;
 * the labels that a computing operator makes are its own. */
static void want_slice(struct play *p, const struct dev_op *op)
{
	const struct dbp_slice *s = op->params;
	const struct dev_tensor *x = &p->m.tensors[op->inputs[0]];
	const struct dev_tensor *y = &p->m.tensors[op->outputs[0]];

	for (uint32_t i = 0; i < dev_elements(y); i++) {
		uint32_t rest = i, from = 0, step = 1;

		for (int k = y->rank - 1; k >= 0; k--) {
			from += (rest % y->dims[k] + s->start[k]) * step;
			rest /= y->dims[k];
			step *= x->dims[k];
		}
		p->want[op->outputs[0]][i] = p->want[op->inputs[0]][from];
	}
}

static void want_concat(struct play *p, const struct dev_op *op)
{
	uint32_t axis = *(const uint32_t *)op->params, inner = 1, outer = 1;
	const struct dev_tensor *y = &p->m.tensors[op->outputs[0]];
	uint32_t *to = p->want[op->outputs[0]];

	for (int k = 0; k < y->rank; k++)
		*(k < (int)axis ? &outer : &inner) *=
			k == (int)axis ? 1 : y->dims[k];
	for (uint32_t o = 0; o < outer; o++)
		for (int k = 0; k < op->input_count; k++) {
			uint32_t run =
				inner * p->m.tensors[op->inputs[k]].dims[axis];

			memcpy(to, p->want[op->inputs[k]] + o * run,
			       run * sizeof(*to));
			to += run;
		}
}

static void want_output(struct play *p, uint32_t at)
{
	const struct dev_op *op = &p->m.ops[at];
	uint32_t out = op->outputs[0];
	uint32_t n = dev_elements(&p->m.tensors[out]);

	p->want[out] = calloc(n, sizeof(uint32_t));
	assert_non_null(p->want[out]);
	if (op->kind == DBP_OP_SLICE)
		want_slice(p, op);
	else if (op->kind == DBP_OP_CONCAT)
		want_concat(p, op);
	else if (op->kind == DBP_OP_COPY)
		memcpy(p->want[out], p->want[op->inputs[0]],
		       n * sizeof(uint32_t));
	else
		for (uint32_t i = 0; i < n; i++)
			p->want[out][i] = label(at + 2, i);
}

static void play_op(struct play *p, uint32_t at)
{
	const struct dev_op *op = &p->m.ops[at];

	want_output(p, at);
	if (op->dropped)
		return; /* not run: who reads the output finds it there */
	assert_true(op->scratch + op->scratch_bytes <= p->m.arena_bytes);
	for (uint32_t i = 0; i < op->scratch_bytes; i++)
		p->memory[op->scratch + i] = SPOILT;
	/* scratch is in use while inputs are read */
	for (int k = 0; k < op->input_count; k++)
		read_all(p, op->inputs[k], at);
	write_all(p, op->outputs[0]);
}

/* The end of the last byte in use, and not a byte more than 64 rounds to. */
static void check_size(const struct play *p)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < p->m.tensor_count; i++) {
		const struct dev_tensor *t = &p->m.tensors[i];
		uint32_t last = address(t, dev_elements(t) - 1) + 1;

		end = last > end ? last : end;
	}
	for (uint32_t i = 0; i < p->m.op_count; i++) {
		const struct dev_op *op = &p->m.ops[i];

		if (op->scratch_bytes && op->scratch + op->scratch_bytes > end)
			end = op->scratch + op->scratch_bytes;
	}
	assert_int_equal(p->m.arena_bytes, (end + 63) / 64 * 64);
	assert_true(p->m.arena_bytes >= plan_lower_bound(&p->m));
}

static void play(struct play *p)
{
	p->memory = calloc(p->m.arena_bytes + 1, sizeof(uint32_t));
	assert_non_null(p->memory);
	for (uint32_t i = 0; i < p->m.input_count; i++) {
		uint32_t id = p->m.inputs[i];
		uint32_t n = dev_elements(&p->m.tensors[id]);

		p->want[id] = calloc(n, sizeof(uint32_t));
		assert_non_null(p->want[id]);
		for (uint32_t k = 0; k < n; k++)
			p->want[id][k] = label(i, k);
		write_all(p, id);
	}
	for (uint32_t i = 0; i < p->m.op_count; i++)
		play_op(p, i);
	for (uint32_t i = 0; i < p->m.output_count; i++)
		read_all(p, p->m.outputs[i], p->m.op_count);
}

static int dropped_ops(const struct device_model *m)
{
	int n = 0;

	for (uint32_t i = 0; i < m->op_count; i++)
		n += m->ops[i].dropped;
	return n;
}

static void test_random_models(void **state)
{
	int dropped = 0;

	(void)state;
	seed_now = 1;
	for (int i = 0; i < 2000; i++) {
		struct play p = { 0 };
		struct diag d;

		diag_init(&d);
		make_model(&p);
		assert_int_equal(plan_memory(&p.m, &d), 0);
		check_size(&p);
		play(&p);
		dropped += dropped_ops(&p.m);
		for (int k = 0; k < MAX_TENSORS; k++)
			free(p.want[k]);
		free(p.memory);
		arena_free(&p.arena);
		diag_free(&d);
	}
	assert_true(dropped > 1000); /* or views were not tried */
}

/* Behind the input, a chain of elementwise operators stays in one buffer. */
static void test_chain_in_place(void **state)
{
	static const uint32_t dims[4] = { 1, 4, 4, 16 };
	uint32_t params[32] = { 0 }, at;
	struct play p = { 0 };
	struct diag d;

	(void)state;
	diag_init(&d);
	arena_init(&p.arena, 0);
	assert_int_equal(dev_init(&p.m, &p.arena, &d), 0);
	p.m.inputs = arena_array(&p.arena, 1, sizeof(uint32_t));
	p.m.outputs = arena_array(&p.arena, 1, sizeof(uint32_t));
	at = add_tensor(&p.m, 4, dims);
	p.m.tensors[at].is_input = true;
	p.m.inputs[p.m.input_count++] = at;
	for (int i = 0; i < 4; i++) {
		uint32_t pair[2] = { at, at };
		uint32_t out = add_tensor(&p.m, 4, dims);

		if (i % 2)
			add_op(&p.m, DBP_OP_ADD, pair, 2, out, params, 12);
		else
			add_op(&p.m, DBP_OP_TABLE, pair, 1, out, params, 4);
		at = out;
	}
	p.m.tensors[at].is_output = true;
	p.m.outputs[p.m.output_count++] = at;
	assert_int_equal(plan_memory(&p.m, &d), 0);
	assert_int_equal(p.m.arena_bytes, 2 * 256);
	arena_free(&p.arena);
	diag_free(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_models),
		cmocka_unit_test(test_chain_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
