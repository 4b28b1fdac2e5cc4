/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/quantizer_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/graph/weighted_layers.h"
#include "tests/support/random_input.h"

void find_channel_groups(struct fixture *f, struct graph *g,
			 struct channel_groups *groups)
{
	const struct node **trained_grids;
	uint32_t *scale_group;

	assert_int_equal(layers_own_constants(g), 0);
	scale_group = scale_groups_assign(g, &f->arena, &trained_grids);
	assert_non_null(scale_group);
	assert_int_equal(channel_groups_init(groups, g, scale_group, &f->arena),
			 0);
	assert_int_equal(channel_groups_find(groups, g, scale_group,
					     trained_grids, true, &f->arena),
			 0);
}

void run_float(struct fixture *f, const struct graph *g, float *y, int elements)
{
	struct evaluator *e = evaluator_new(g, &f->d);
	float *x = calloc((size_t)elements, sizeof(*x));
	const void *inputs[1] = { x };

	assert_non_null(x);
	random_input(x, elements, 5);
	assert_non_null(e);
	assert_int_equal(evaluator_run(e, inputs, NULL, NULL, &f->d), 0);
	memcpy(y, evaluator_output(e, 0), (size_t)elements * sizeof(*y));
	evaluator_free(e);
	free(x);
}
