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

#include "schemas/dbp_trellis.h"

#define STATES DBP_TRELLIS_STATES
#define SURVIVORS_MAX (STATES * GRID_MOST_SURVIVORS)

/* The best code of one parity. */
struct branch {
	double error; /* in steps */
	double cost;  /* squared error plus price of the bits */
	int code;
};

struct survivor {
	double cost; /* INFINITY: there is none */
	float rest[GPTQ_BLOCK];
};

/* The last branch of a survivor. */
struct trellis_step {
	double error; /* over the pivot: its square is the cost */
	uint8_t from; /* the survivor before it */
	int8_t code;
};

struct trellis {
	struct survivor lists[2][SURVIVORS_MAX];
	struct trellis_step steps[GPTQ_BLOCK][SURVIVORS_MAX];
};

struct trellis *trellis_new(struct arena *a)
{
	return arena_alloc(a, sizeof(struct trellis));
}

static void try_size(double x, double weight, const struct code_grid *grid,
		     uint32_t state, int size, struct branch out[2])
{
	int level = (int)dbp_trellis_level(state, (uint32_t)size);
	struct branch *b = &out[size & 1];
	double error, cost;

	if (x < 0) {
		level = -level;
		size = -size;
	}
	if (level < grid->low || level > grid->high)
		return;
	error = x - level;
	cost = error * error * weight;
	if (grid->rates)
		cost += grid->price *
			grid->rates[256 * (state & 1) + (uint32_t)(size + 128)];
	if (cost < b->cost)
		*b = (struct branch){ error, cost, level };
}

/* Tries the two codes around x, the next one towards zero, and zero. */
static void find_branches(double x, double weight, const struct code_grid *grid,
			  uint32_t state, struct branch out[2])
{
	double most = x < 0 ? -grid->low : grid->high;
	double size = fmin(fabs(x), most) + (state & 1);
	int at = (int)(size / 2);

	out[0].cost = out[1].cost = INFINITY;
	try_size(x, weight, grid, state, 0, out);
	for (int i = at > 1 ? at - 1 : 1; i <= at + 1; i++)
		try_size(x, weight, grid, state, i, out);
}

/* Inserts a path into a state's list, which is sorted by cost; the last one
 * drops out. */
static void insert_survivor(struct survivor *list, struct trellis_step *steps,
			    int count, double cost, struct trellis_step step)
{
	int k = count - 1;

	for (; k > 0 && cost < list[k - 1].cost; k--) {
		list[k].cost = list[k - 1].cost;
		steps[k] = steps[k - 1];
	}
	list[k].cost = cost;
	steps[k] = step;
}

/* Extends the paths of `old` by column `at` to those of `new`: `each` survivors
 * per state. steps gets their last branches. */
static void extend_paths(const struct survivor *old, struct survivor *new,
			 struct trellis_step *steps, int each, double pivot,
			 const struct code_grid *grid, int at)
{
	for (int i = 0; i < STATES * each; i++)
		new[i].cost = INFINITY;
	for (int i = 0; i < STATES * each; i++) {
		uint32_t state = (uint32_t)(i / each);
		struct branch b[2];

		if (!(old[i].cost < INFINITY))
			continue;
		find_branches((double)old[i].rest[at], 1 / (pivot * pivot),
			      grid, state, b);
		for (uint32_t parity = 0; parity < 2; parity++) {
			int to = (int)dbp_trellis_next(state, parity) * each;
			double cost = old[i].cost + b[parity].cost;

			if (cost < new[to + each - 1].cost)
				insert_survivor(
					new + to, steps + to, each, cost,
					(struct trellis_step){
						b[parity].error / pivot,
						(uint8_t)i,
						(int8_t)b[parity].code });
		}
	}
}

/* Compensates for the error of column `at` in the columns after it. */
static void compensate_error(const struct survivor *old, struct survivor *new,
			     const struct trellis_step *steps, int survivors,
			     const float *u, int at, int count)
{
	for (int i = 0; i < survivors; i++) {
		const float *rest = old[steps[i].from].rest;
		float error = (float)steps[i].error;

		if (!(new[i].cost < INFINITY))
			continue;
		for (int k = at + 1; k < count; k++)
			new[i].rest[k] = rest[k] - u[k - at] * error;
	}
}

static int cheapest(const struct survivor *s, int count)
{
	int best = 0;

	for (int i = 1; i < count; i++)
		if (s[i].cost < s[best].cost)
			best = i;
	return best;
}

void trellis_block(struct trellis *t, const struct gptq_factor *c,
		   struct gptq_row *row, const float *rest, int first, int end,
		   const struct code_grid *grid, float *errors)
{
	int each = grid->survivors, survivors = STATES * each;
	int count = end - first, begin = (int)row->state * each, best;

	for (int i = 0; i < survivors; i++)
		t->lists[0][i].cost = INFINITY;
	t->lists[0][begin].cost = 0;
	memcpy(t->lists[0][begin].rest, rest + first,
	       (size_t)count * sizeof(*rest));
	for (int i = 0; i < count; i++) {
		const struct survivor *old = t->lists[i % 2];
		struct survivor *new = t->lists[(i + 1) % 2];
		size_t j = (size_t)(first + i);
		const float *u = c->rows + j * (size_t)c->length + j;

		extend_paths(old, new, t->steps[i], each, (double)u[0], grid,
			     i);
		compensate_error(old, new, t->steps[i], survivors, u, i, count);
	}
	best = cheapest(t->lists[count % 2], survivors);
	row->state = (uint32_t)(best / each);
	for (int i = count - 1; i >= 0; i--) {
		const struct trellis_step *s = &t->steps[i][best];

		row->codes[c->order[first + i]] = s->code;
		row->loss += s->error * s->error;
		errors[i] = (float)s->error;
		best = s->from;
	}
}
