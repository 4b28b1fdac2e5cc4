/* SPDX-License-Identifier: Apache-2.0 */
/* The knapsack against an exhaustive search, on networks of up to ten layers
 * with realistic options. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "quantizer/bits/knapsack.h"

#define LAYERS 10
#define OPTIONS 4
#define CASES 200

static uint32_t state_now;

static double random_number(void)
{
	state_now = state_now * 1664525u + 1013904223u;
	return (double)(state_now >> 8) / (1 << 24);
}

struct network {
	struct knapsack_option options[LAYERS][OPTIONS];
	struct knapsack_class classes[LAYERS];
	int layers;
};

/* Fewer bits are smaller, but not always faster; each bit less has about four
 * times the loss. */
static void make_network(struct network *n, int layers)
{
	n->layers = layers;
	for (int i = 0; i < layers; i++) {
		double weights = 100 * pow(1000, random_number());
		double time = weights * (0.5 + 8 * random_number());
		double loss = pow(10, -4 * random_number());

		for (int k = 0; k < OPTIONS; k++) {
			double bits = 2 * (k + 1);

			n->options[i][k] = (struct knapsack_option){
				weights * bits / 8,
				time * (1 + 0.4 * random_number()),
				loss * pow(0.25, bits) * (0.5 + random_number())
			};
		}
		n->classes[i] =
			(struct knapsack_class){ n->options[i], OPTIONS };
	}
}

struct total {
	double size, time, loss;
};

static struct total total_of(const struct network *n, const int *chosen)
{
	struct total t = { 0 };

	for (int i = 0; i < n->layers; i++) {
		const struct knapsack_option *o = &n->options[i][chosen[i]];

		t.size += o->size;
		t.time += o->time;
		t.loss += o->loss;
	}
	return t;
}

/* The least loss of all choices within the limits; INFINITY: none is. */
static double exhaustive(const struct network *n, double size, double time)
{
	double best = INFINITY;

	for (uint32_t c = 0; c < 1u << 2 * n->layers; c++) {
		int chosen[LAYERS];
		struct total t;

		for (int i = 0; i < n->layers; i++)
			chosen[i] = c >> 2 * i & 3;
		t = total_of(n, chosen);
		if (t.size <= size && t.time <= time && t.loss < best)
			best = t.loss;
	}
	return best;
}

static double between(double share, const struct network *n, int what)
{
	double least = 0, most = 0;

	for (int i = 0; i < n->layers; i++) {
		double low = INFINITY, high = 0;

		for (int k = 0; k < OPTIONS; k++) {
			const struct knapsack_option *o = &n->options[i][k];
			double x = what ? o->time : o->size;

			low = fmin(low, x);
			high = fmax(high, x);
		}
		least += low;
		most += high;
	}
	return least + share * (most - least);
}

static void check_case(int layers, bool sized, bool timed)
{
	struct network n;
	double size, time, best;
	int chosen[LAYERS], status;
	struct total t;

	make_network(&n, layers);
	size = sized ? between(random_number(), &n, 0) : INFINITY;
	time = timed ? between(random_number(), &n, 1) : INFINITY;
	best = exhaustive(&n, size, time);
	status = knapsack_solve(n.classes, layers, size, time, chosen);
	if (best == INFINITY) {
		assert_int_equal(status, 1);
		return;
	}
	assert_int_equal(status, 0);
	t = total_of(&n, chosen);
	assert_true(t.size <= size * (1 + 1e-6));
	assert_true(t.time <= time * (1 + 1e-6));
	if (t.loss > best * 1.01)
		fail_msg("%d layers: loss %g, the best is %g", layers, t.loss,
			 best);
}

static void test_exhaustive(void **state)
{
	(void)state;
	state_now = 1;
	for (int i = 0; i < CASES; i++)
		check_case(1 + i % 8, i % 3 != 1, i % 3 != 0);
	for (int i = 0; i < 6; i++)
		check_case(LAYERS, i % 3 != 1, i % 3 != 0);
}

static void test_no_layers(void **state)
{
	(void)state;
	assert_int_equal(knapsack_solve(NULL, 0, 1, 1, NULL), 0);
}

static void test_not_possible(void **state)
{
	struct network n;
	int chosen[LAYERS] = { -1 };

	(void)state;
	state_now = 5;
	make_network(&n, 4);
	assert_int_equal(knapsack_solve(n.classes, 4, between(0, &n, 0) * 0.999,
					INFINITY, chosen),
			 1);
	assert_int_equal(knapsack_solve(n.classes, 4, INFINITY,
					between(0, &n, 1) * 0.999, chosen),
			 1);
	assert_int_equal(chosen[0], -1);
	assert_int_equal(knapsack_solve(n.classes, 4, between(0, &n, 0),
					INFINITY, chosen),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exhaustive),
		cmocka_unit_test(test_no_layers),
		cmocka_unit_test(test_not_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
