/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounding with error compensation: GPTQ (Frantar et al. 2022, arXiv
 * 2210.17323). The weights of an output channel are rounded one after another,
 * and the weights that are still free compensate for the error of each:
 *   e = (w[j] - code) / u[j][j],  w[k] -= e u[j][k]  for k > j,
 * in blocks of columns (its "lazy batch updates"). Means are not part of the
 * covariance: bias correction handles them.
 */
#include "quantizer/weights/gptq.h"

#include "evaluator/gemm.h"
#include "evaluator/simd/simd.h"
#include "quantizer/weights/trellis.h"

/* Rounds columns [first, end) of one row, and adds its errors to the columns
 * after each. */
static void round_block(const struct gptq_factor *c, struct gptq_row *row,
			float *rest, int first, int end,
			const struct code_grid *grid, float *errors)
{
	simd_subtract_fn *subtract = simd()->subtract_product;

	for (int j = first; j < end; j++) {
		const float *u = c->rows + (size_t)j * (size_t)c->length;
		double pivot = (double)u[j], error;
		int code =
			grid_code((double)rest[j], 1 / (pivot * pivot), grid);

		row->codes[c->order[j]] = (int8_t)code;
		error = ((double)rest[j] - grid_level(code, grid)) / pivot;
		row->loss += error * error;
		errors[j - first] = (float)error;
		subtract(rest + j + 1, u + j + 1, (float)error, end - j - 1,
			 rest + j + 1);
	}
}

int gptq_work_new(struct gptq_work *w, int length, int count, struct arena *a)
{
	w->rest = arena_array(a, (size_t)count * (size_t)length, sizeof(float));
	w->errors = arena_array(a, (size_t)count * GPTQ_BLOCK, sizeof(float));
	w->trellis = trellis_new(a);
	return w->rest && w->errors && w->trellis ? 0 : -1;
}

int gptq_round(const struct gptq_factor *c, struct gptq_row *rows, int count,
	       const struct code_grid *grid, const struct gptq_work *w,
	       struct diag *d)
{
	int n = c->length;

	for (int r = 0; r < count; r++) {
		rows[r].loss = 0;
		rows[r].state = 0;
		for (int j = 0; j < n; j++)
			w->rest[r * n + j] =
				(float)(rows[r].target[c->order[j]] *
					rows[r].inverse);
	}
	for (int first = 0; first < n; first += GPTQ_BLOCK) {
		int end = first + GPTQ_BLOCK < n ? first + GPTQ_BLOCK : n;

		for (int r = 0; r < count; r++) {
			float *rest = w->rest + r * n;
			float *errors = w->errors + r * GPTQ_BLOCK;

			if (grid->dependent)
				trellis_block(w->trellis, c, &rows[r], rest,
					      first, end, grid, errors);
			else
				round_block(c, &rows[r], rest, first, end, grid,
					    errors);
		}
		if (end < n &&
		    gemm_f32(false, false, count, n - end, end - first, -1,
			     w->errors, GPTQ_BLOCK,
			     c->rows + (size_t)first * (size_t)n + end, n, 1,
			     w->rest + end, n, d))
			return -1;
	}
	return 0;
}
