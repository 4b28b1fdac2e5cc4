/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A codebook per channel, by alternating minimization as in Lloyd's algorithm
 * (Lloyd 1982), but of the output's error w' H w instead of the weights'.
 * For given codes the best levels are a closed form, (Q' H Q)^-1 Q' H w, where
 * H is the covariance of the inputs, w are the weights, and Q[i][k] is 1 where
 * weight i has code k. For given levels each weight takes the level nearest to
 * its optimum, given the errors of all others (coordinate descent).
 */
#include "quantizer/weights/codebook.h"

#include <math.h>
#include <string.h>

#include "evaluator/cholesky.h"

#define ROUNDS 3
#define SWEEPS 2   /* over all codes, per round */
#define STIFF 1e-4 /* share of the mean Hessian that keeps a level in place */
#define STIFF_MIN 1e-30
#define LEVEL_MIN 1e-30 /* levels that are all smaller get scale 1 */

struct codebook_work {
	double *sums; /* [level][length]: H times the indicator of level */
	double *pull; /* [length]: H times the target */
	double *rest; /* [length]: H times the error, target - level */
	uint8_t *at;  /* [length]: level of each weight */
};

struct codebook_work *codebook_work_new(int length, struct arena *a)
{
	struct codebook_work *w = arena_alloc(a, sizeof(*w));
	size_t n = (size_t)length;

	if (!w)
		return NULL;
	w->sums = arena_array(a, CODEBOOK_MOST * n, sizeof(*w->sums));
	w->pull = arena_array(a, n, sizeof(*w->pull));
	w->rest = arena_array(a, n, sizeof(*w->rest));
	w->at = arena_array(a, n, sizeof(*w->at));
	return w->sums && w->pull && w->rest && w->at ? w : NULL;
}

/* to += x times row i of H. */
static void add_row(const struct codebook_problem *problem, int i, double x,
		    double *to)
{
	const double *h =
		problem->covariance + (size_t)i * (size_t)problem->length;

	for (int k = 0; k < problem->length; k++)
		to[k] += x * h[k];
	to[i] += x * problem->damping;
}

static void set_sums(const struct codebook_problem *problem, int levels,
		     struct codebook_work *w)
{
	size_t n = (size_t)problem->length;

	memset(w->sums, 0, (size_t)levels * n * sizeof(*w->sums));
	for (int i = 0; i < problem->length; i++)
		add_row(problem, i, 1, w->sums + w->at[i] * n);
}

/* The levels of least loss for the given codes. */
static int fit_values(const struct codebook_problem *problem, int levels,
		      double *value, const struct codebook_work *w,
		      struct diag *d)
{
	double h[CODEBOOK_MOST * CODEBOOK_MOST] = { 0 };
	double y[CODEBOOK_MOST] = { 0 }, x[CODEBOOK_MOST], stiff = STIFF_MIN;
	size_t n = (size_t)problem->length;

	for (size_t i = 0; i < n; i++) {
		y[w->at[i]] += w->pull[i];
		for (int k = 0; k < levels; k++)
			h[w->at[i] * levels + k] += w->sums[(size_t)k * n + i];
	}
	for (int k = 0; k < levels; k++)
		stiff += STIFF / levels * h[k * levels + k];
	for (int k = 0; k < levels; k++) {
		h[k * levels + k] += stiff;
		y[k] += stiff * value[k];
	}
	if (cholesky_inverse(h, levels, d))
		return -1;
	for (int i = 0; i < levels; i++) {
		x[i] = 0;
		for (int k = 0; k <= i; k++)
			x[i] += h[i * levels + k] * y[k];
	}
	for (int i = 0; i < levels; i++) {
		value[i] = 0;
		for (int k = i; k < levels; k++)
			value[i] += h[k * levels + i] * x[k];
	}
	return 0;
}

/* Rounds the levels to int8 times a scale, which it returns. */
static double round_values(int levels, double *value, int8_t *out)
{
	double top = 0, scale;

	for (int k = 0; k < levels; k++)
		top = fmax(top, fabs(value[k]));
	scale = top > LEVEL_MIN ? (double)(float)(top / 127) : 1;
	for (int k = 0; k < levels; k++) {
		double x = rint(value[k] / scale);

		out[k] = (int8_t)(x > 127 ? 127 : x < -127 ? -127 : x);
		value[k] = scale * out[k];
	}
	return scale;
}

static void set_rest(const struct codebook_problem *problem, int levels,
		     const double *value, struct codebook_work *w)
{
	size_t n = (size_t)problem->length;

	memcpy(w->rest, w->pull, n * sizeof(*w->rest));
	for (int k = 0; k < levels; k++)
		for (size_t i = 0; i < n; i++)
			w->rest[i] -= value[k] * w->sums[(size_t)k * n + i];
}

static double loss_of(const struct codebook_problem *problem,
		      const double *value, const struct codebook_work *w)
{
	double loss = 0;

	for (int i = 0; i < problem->length; i++)
		loss += (problem->target[i] - value[w->at[i]]) * w->rest[i];
	return loss;
}

static int nearest_level(double x, int levels, const double *value)
{
	int best = 0;

	for (int k = 1; k < levels; k++)
		if (fabs(x - value[k]) < fabs(x - value[best]))
			best = k;
	return best;
}

static void descend_codes(const struct codebook_problem *problem, int levels,
			  const double *value, struct codebook_work *w)
{
	size_t n = (size_t)problem->length;

	for (size_t i = 0; i < n; i++) {
		double h = problem->covariance[i * n + i] + problem->damping;
		double now = value[w->at[i]];
		int to = nearest_level(now + w->rest[i] / h, levels, value);

		if (to == w->at[i])
			continue;
		add_row(problem, (int)i, now - value[to], w->rest);
		w->at[i] = (uint8_t)to;
	}
}

static void keep_if_better(const struct codebook_problem *problem,
			   const double *value, const int8_t *levels,
			   double scale, bool first, struct codebook *book,
			   const struct codebook_work *w)
{
	int count = 1 << book->bits;
	double loss = loss_of(problem, value, w);

	if (!first && loss >= book->loss)
		return;
	book->loss = loss;
	book->scale = scale;
	memcpy(book->levels, levels, (size_t)count);
	for (int i = 0; i < problem->length; i++)
		book->codes[i] = (int8_t)(w->at[i] < count / 2 ?
						  w->at[i] :
						  w->at[i] - count);
}

int codebook_find(const struct codebook_problem *problem, const double *values,
		  struct codebook *book, struct codebook_work *w,
		  struct diag *d)
{
	int count = 1 << book->bits;
	double value[CODEBOOK_MOST];
	int8_t levels[CODEBOOK_MOST];

	memcpy(value, values, (size_t)count * sizeof(*value));
	memset(w->pull, 0, (size_t)problem->length * sizeof(*w->pull));
	for (int i = 0; i < problem->length; i++) {
		add_row(problem, i, problem->target[i], w->pull);
		w->at[i] = (uint8_t)(book->codes[i] & (count - 1));
	}
	for (int round = 0; round < ROUNDS; round++) {
		double scale;

		set_sums(problem, count, w);
		if (fit_values(problem, count, value, w, d))
			return -1;
		scale = round_values(count, value, levels);
		set_rest(problem, count, value, w);
		keep_if_better(problem, value, levels, scale, round == 0, book,
			       w);
		for (int i = 0; i < SWEEPS; i++)
			descend_codes(problem, count, value, w);
		keep_if_better(problem, value, levels, scale, false, book, w);
	}
	return 0;
}
