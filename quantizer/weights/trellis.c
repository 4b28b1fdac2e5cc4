/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trellis-coded quantization (Marcellin and Fischer 1990) with the error
 * compensation of GPTQ. The trellis is that of dependent quantization in VVC
 * (Schwarz et al., DCC 2019; schemas/dbp_trellis.h): the state chooses one of
 * two sets of levels, and the parity of each code chooses the next state.
 *
 * The path is found by a list Viterbi algorithm (Seshadri and Sundberg 1994).
 * Each survivor has its own remaining weights, which compensate for its own
 * errors. These differ, so more than one survivor per state is kept. The
 * decision is taken at the end of each GPTQ block: that costs little, and the
 * columns after the block are updated once.
 */
#include "quantizer/weights/trellis.h"

#include <math.h>
#include <string.h>

#include "evaluator/simd/simd.h"
#include "schemas/dbp_trellis.h"

#define STATES DBP_TRELLIS_STATES
#define SURVIVORS_MAX (STATES * GRID_MOST_SURVIVORS)

/* Survivors, by state and in order of their costs. */
struct survivors {
	double cost[SURVIVORS_MAX]; /* INFINITY: there is none */
	float rest[SURVIVORS_MAX][GPTQ_BLOCK];
};

/* The last branch of a survivor. */
struct trellis_step {
	double error; /* over the pivot: its square is the cost */
	uint8_t from; /* the survivor before it */
	int8_t code;
};

struct trellis {
	struct survivors lists[2];
	struct trellis_step steps[GPTQ_BLOCK][SURVIVORS_MAX];
	/* of all survivors, the branches by parity */
	double x[SURVIVORS_MAX], odd[SURVIVORS_MAX];
	double cost[2][SURVIVORS_MAX], error[2][SURVIVORS_MAX];
	double level[2][SURVIVORS_MAX];
};

struct trellis *trellis_new(struct arena *a)
{
	return arena_alloc(a, sizeof(struct trellis));
}

/* The branches of column `at`. */
static void find_branches(struct trellis *t, const struct survivors *old,
			  int survivors, double pivot,
			  const struct code_grid *grid, int at)
{
	static const double no_rates[GRID_RATES];
	const struct simd_branches b = {
		.x = t->x,
		.odd = t->odd,
		.n = survivors,
		.low = grid->low,
		.high = grid->high,
		.weight = 1 / (pivot * pivot),
		.price = grid->rates ? grid->price : 0,
		.rates = grid->rates ? grid->rates : no_rates,
		.pivot = pivot,
		.cost = { t->cost[0], t->cost[1] },
		.error = { t->error[0], t->error[1] },
		.level = { t->level[0], t->level[1] },
	};

	for (int i = 0; i < survivors; i++)
		t->x[i] = (double)old->rest[i][at];
	simd()->find_branches(&b);
}

/* Inserts a path into a state's list, which is sorted by cost; the last one
 * drops out. */
static void insert_survivor(double *list, struct trellis_step *steps, int count,
			    double cost, struct trellis_step step)
{
	int k = count - 1;

	for (; k > 0 && cost < list[k - 1]; k--) {
		list[k] = list[k - 1];
		steps[k] = steps[k - 1];
	}
	list[k] = cost;
	steps[k] = step;
}

/* Extends the paths of `old` by the branches to those of `new`: `each`
 * survivors per state. steps gets their last branches. */
static void extend_paths(const struct trellis *t, const struct survivors *old,
			 struct survivors *new, struct trellis_step *steps,
			 int each)
{
	for (int i = 0; i < STATES * each; i++)
		new->cost[i] = INFINITY;
	for (int i = 0; i < STATES * each; i++) {
		uint32_t state = (uint32_t)(i / each);

		if (!(old->cost[i] < INFINITY))
			continue;
		for (uint32_t parity = 0; parity < 2; parity++) {
			int to = (int)dbp_trellis_next(state, parity) * each;
			double cost = old->cost[i] + t->cost[parity][i];

			if (cost < new->cost[to + each - 1])
				insert_survivor(
					new->cost + to, steps + to, each, cost,
					(struct trellis_step){
						t->error[parity][i], (uint8_t)i,
						(int8_t)t->level[parity][i] });
		}
	}
}

/* Compensates for the error of column `at` in the columns after it. */
static void compensate_error(const struct survivors *old, struct survivors *new,
			     const struct trellis_step *steps, int survivors,
			     const float *u, int at, int count)
{
	simd_subtract_fn *subtract = simd()->subtract_product;

	for (int i = 0; i < survivors; i++)
		if (new->cost[i] < INFINITY)
			subtract(old->rest[steps[i].from] + at + 1, u + 1,
				 (float)steps[i].error, count - at - 1,
				 new->rest[i] + at + 1);
}

static int cheapest(const double *cost, int count)
{
	int best = 0;

	for (int i = 1; i < count; i++)
		if (cost[i] < cost[best])
			best = i;
	return best;
}

void trellis_block(struct trellis *t, const struct gptq_factor *c,
		   struct gptq_row *row, const float *rest, int first, int end,
		   const struct code_grid *grid, float *errors)
{
	int each = grid->survivors, survivors = STATES * each;
	int count = end - first, begin = (int)row->state * each, best;

	for (int i = 0; i < survivors; i++) {
		t->lists[0].cost[i] = INFINITY;
		t->odd[i] = i / each % 2;
	}
	t->lists[0].cost[begin] = 0;
	memcpy(t->lists[0].rest[begin], rest + first,
	       (size_t)count * sizeof(*rest));
	for (int i = 0; i < count; i++) {
		const struct survivors *old = &t->lists[i % 2];
		struct survivors *new = &t->lists[(i + 1) % 2];
		size_t j = (size_t)(first + i);
		const float *u = c->rows + j * (size_t)c->length + j;

		find_branches(t, old, survivors, (double)u[0], grid, i);
		extend_paths(t, old, new, t->steps[i], each);
		compensate_error(old, new, t->steps[i], survivors, u, i, count);
	}
	best = cheapest(t->lists[count % 2].cost, survivors);
	row->state = (uint32_t)(best / each);
	for (int i = count - 1; i >= 0; i--) {
		const struct trellis_step *s = &t->steps[i][best];

		row->codes[c->order[first + i]] = s->code;
		row->loss += s->error * s->error;
		errors[i] = (float)s->error;
		best = s->from;
	}
}
