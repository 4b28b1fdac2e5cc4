/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/packed_decibels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "converter/pack/packed_file.h"
#include "evaluator/evaluator.h"
#include "runtime/dbrt.h"

double packed_decibels(const struct packed *p, const float *input,
		       const float *want, int count, struct diag *d)
{
	float *got = malloc((size_t)count * sizeof(*got));
	struct packed_file file = { 0 };
	double signal = 0, noise = 0;

	assert_non_null(got);
	assert_int_equal(packed_file_open(&file, p->bytes, p->size, "", d), 0);
	assert_int_equal(packed_file_bind(&file, d), 0);
	assert_int_equal(
		dbrt_set_input_f32(&file.model, 0, input, (size_t)count), 0);
	assert_int_equal(dbrt_run(&file.model), 0);
	assert_int_equal(dbrt_output_f32(&file.model, 0, got, (size_t)count),
			 0);
	for (int i = 0; i < count; i++) {
		double error = (double)want[i] - (double)got[i];

		signal += (double)want[i] * (double)want[i];
		noise += error * error;
	}
	packed_file_close(&file);
	free(got);
	return 10 * log10(signal / noise);
}

double packed_decibels_of(const struct packed *p, const struct graph *g,
			  const float *input, int count, struct diag *d)
{
	struct evaluator *e = evaluator_new(g, d);
	const void *inputs[1] = { input };
	double decibels;

	assert_non_null(e);
	assert_int_equal(evaluator_run(e, inputs, NULL, NULL, d), 0);
	decibels = packed_decibels(p, input, evaluator_output(e, 0), count, d);
	evaluator_free(e);
	return decibels;
}
