/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/float_op.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

uint32_t float_elements(const struct float_array *a)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < a->rank; i++)
		n *= a->dims[i];
	return n;
}

static uint32_t add_tensor(struct dbp_builder *b, const struct float_array *a,
			   uint32_t gap)
{
	int dtype = a->dtype ? a->dtype : DBP_F32;

	return dbp_run_tensor(b, dtype, a->rank, a->dims,
			      dtype == DBP_S8 ? 1 : 0, 0, gap);
}

static int open_work(struct dbp_run *r, const struct float_work *w)
{
	uint32_t in[2], out[2], inputs = w->in[1] ? 2 : 1;
	uint32_t outputs = w->out[1] ? 2 : 1;
	struct dbp_builder b;

	dbp_builder_init(&b);
	for (uint32_t i = 0; i < inputs; i++) {
		in[i] = add_tensor(&b, w->in[i], w->gap);
		dbp_add_input(&b, in[i]);
	}
	for (uint32_t i = 0; i < outputs; i++) {
		out[i] = add_tensor(&b, w->out[i], w->gap);
		dbp_add_output(&b, out[i]);
	}
	dbp_add_op(&b, w->kind, in, inputs, out, outputs, w->params,
		   w->params_bytes, 0);
	return dbp_run_open(r, &b, w->workers ? w->workers : 1);
}

static void run_once(const struct float_work *w)
{
	struct dbp_run r;

	assert_int_equal(open_work(&r, w), DBRT_OK);
	for (uint32_t i = 0; i < 2 && w->in[i]; i++)
		assert_int_equal(dbrt_set_input_f32(&r.model, i, w->in[i]->data,
						    float_elements(w->in[i])),
				 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	for (uint32_t i = 0; i < 2 && w->out[i]; i++) {
		assert_int_equal(dbrt_output_f32(&r.model, i, w->out[i]->data,
						 float_elements(w->out[i])),
				 DBRT_OK);
		assert_true(dbp_run_gaps_kept(&r, i));
	}
	dbp_run_close(&r);
}

/* Dense on one thread, then with gaps on three: the same bits. */
void float_run(struct float_work *w)
{
	static float first[2][FLOAT_MAX_ELEMENTS];

	w->gap = 0;
	w->workers = 1;
	run_once(w);
	for (uint32_t i = 0; i < 2 && w->out[i]; i++)
		memcpy(first[i], w->out[i]->data,
		       4 * float_elements(w->out[i]));
	w->gap = 3;
	w->workers = 3;
	run_once(w);
	for (uint32_t i = 0; i < 2 && w->out[i]; i++)
		assert_memory_equal(first[i], w->out[i]->data,
				    4 * float_elements(w->out[i]));
}

void float_refuse(const struct float_work *w)
{
	struct dbp_run r;

	assert_int_equal(open_work(&r, w), DBRT_ERROR_FORMAT);
	dbp_run_close(&r);
}

void float_shape(struct float_array *a, uint32_t rank, const uint32_t *dims)
{
	a->dtype = DBP_F32;
	a->rank = rank;
	memcpy(a->dims, dims, rank * sizeof(*dims));
	assert_true(float_elements(a) <= FLOAT_MAX_ELEMENTS);
}

void float_randomize(struct float_array *a, float size, uint32_t *seed)
{
	for (uint32_t i = 0; i < float_elements(a); i++)
		a->data[i] = size * dbp_run_random_float(seed);
}

/* Element `i`'s index along dim `d`. */
uint32_t float_index(const struct float_array *a, uint32_t i, uint32_t d)
{
	for (uint32_t k = a->rank; --k > d;)
		i /= a->dims[k];
	return i % a->dims[d];
}

/* Where `a`, broadcast, is read for element `i` of `y`. */
uint32_t float_broadcast(const struct float_array *a,
			 const struct float_array *y, uint32_t i)
{
	uint32_t at = 0;

	for (uint32_t d = 0; d < a->rank; d++) {
		uint32_t k = float_index(y, i, d + y->rank - a->rank);

		at = at * a->dims[d] + (a->dims[d] == 1 ? 0 : k);
	}
	return at;
}

void float_near(float got, double want, double tolerance, const char *what)
{
	if (isnan(want) && isnan(got))
		return;
	if ((double)got == want || (float)want == got)
		return;
	if (!(fabs((double)got - want) <= tolerance * (1 + fabs(want))))
		fail_msg("%s gives %a, expected %a", what, (double)got, want);
}
