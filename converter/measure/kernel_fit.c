/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/kernel_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_LONG 4 /* operators, for a row of a name with a dot */
#define EACH_TERM 3  /* operators a term */
#define LEAST_PIVOT 1e-12

static bool has_weights(const char *kernel)
{
	return strstr(kernel, "_w") != NULL;
}

struct fit_sample fit_sample_of(const struct op_time *o, double hz, int set)
{
	bool weights = has_weights(o->kernel);
	double bytes = (double)o->work.bytes;
	struct fit_sample s = {
		.terms = { [FIT_SETUP] = 1,
			   [FIT_WORK] = weights ? (double)o->work.steps : bytes,
			   [FIT_OUTPUTS] = (double)o->outputs,
			   [FIT_WINDOWS] = (double)o->window_rows,
			   [FIT_BYTES] = weights ? bytes : 0 },
		.cycles = o->us * 1e-6 * hz,
		.set = set
	};

	memcpy(s.kernel, o->kernel, sizeof(s.kernel));
	return s;
}

double fit_cycles(const struct fit_row *r, const struct fit_sample *s)
{
	double sum = 0;

	for (int i = 0; i < FIT_TERMS; i++)
		sum += r->terms[i] * s->terms[i];
	return sum;
}

/* ---- One kernel ---- */

/* The operators of one kernel. */
struct group {
	const struct fit_sample **list;
	int count;
};

static double squared_error(const struct fit_row *r, const struct group *g)
{
	double sum = 0;

	for (int i = 0; i < g->count; i++) {
		double e = fit_cycles(r, g->list[i]) / g->list[i]->cycles - 1;

		sum += e * e;
	}
	return sum;
}

/* Solves m, of n rows of n + 1 numbers, by Gaussian elimination with pivots.
 * -1: singular. */
static int solve(double m[FIT_TERMS][FIT_TERMS + 1], int n)
{
	for (int i = 0; i < n; i++) {
		int pivot = i;

		for (int r = i + 1; r < n; r++)
			if (fabs(m[r][i]) > fabs(m[pivot][i]))
				pivot = r;
		if (fabs(m[pivot][i]) < LEAST_PIVOT)
			return -1;
		for (int k = 0; k <= n; k++) {
			double t = m[i][k];

			m[i][k] = m[pivot][k];
			m[pivot][k] = t;
		}
		for (int r = 0; r < n; r++) {
			double f = m[r][i] / m[i][i];

			for (int k = i; r != i && k <= n; k++)
				m[r][k] -= f * m[i][k];
		}
	}
	return 0;
}

/* Least squares over the terms whose bits are set, the others 0. Terms are
 * scaled by their means, so that the normal equations have numbers of one
 * size. -1: singular, or a term is negative. */
static int fit_terms(const struct group *g, unsigned set, struct fit_row *r)
{
	double m[FIT_TERMS][FIT_TERMS + 1] = { { 0 } };
	double mean[FIT_TERMS];
	int of[FIT_TERMS], n = 0;

	for (int t = 0; t < FIT_TERMS; t++) {
		r->terms[t] = 0;
		if (!(set >> t & 1))
			continue;
		mean[n] = 0;
		for (int i = 0; i < g->count; i++)
			mean[n] += g->list[i]->terms[t] / g->list[i]->cycles;
		if (!(mean[n] > 0))
			return -1;
		of[n++] = t;
	}
	for (int i = 0; i < g->count; i++)
		for (int a = 0; a < n; a++) {
			const struct fit_sample *s = g->list[i];
			double x = s->terms[of[a]] / s->cycles / mean[a];

			for (int b = 0; b < n; b++)
				m[a][b] += x * s->terms[of[b]] / s->cycles /
					   mean[b];
			m[a][n] += x;
		}
	if (solve(m, n))
		return -1;
	for (int a = 0; a < n; a++) {
		double x = m[a][n] / m[a][a] / mean[a];

		if (!(x >= 0))
			return -1;
		r->terms[of[a]] = x;
	}
	return 0;
}

/* Least squares of relative errors predict too little; the sum is right. */
static void scale_sum(const struct group *g, struct fit_row *r)
{
	double sum = 0, predicted = 0;

	for (int i = 0; i < g->count; i++) {
		sum += g->list[i]->cycles;
		predicted += fit_cycles(r, g->list[i]);
	}
	for (int t = 0; t < FIT_TERMS && predicted > 0; t++)
		r->terms[t] *= sum / predicted;
}

/* Of all sets of terms with the work among them, the one of least error. */
static bool fit_group(const struct group *g, struct fit_row *out)
{
	int most = g->count / EACH_TERM;
	double least = INFINITY;

	for (unsigned set = 0; set < 1u << FIT_TERMS; set++) {
		int terms = __builtin_popcount(set);
		struct fit_row r = *out;
		double error;

		if (!(set >> FIT_WORK & 1) || (terms > 1 && terms > most) ||
		    fit_terms(g, set, &r))
			continue;
		error = squared_error(&r, g);
		if (error < least) {
			least = error;
			*out = r;
		}
	}
	scale_sum(g, out);
	out->samples = g->count;
	return least < INFINITY && out->terms[FIT_WORK] > 0;
}

/* ---- All kernels ---- */

/* Whether `name` is the kernel's, or the part of it before a dot. */
static bool names(const char *name, const char *kernel)
{
	size_t n = strlen(name);

	return strncmp(name, kernel, n) == 0 &&
	       (kernel[n] == '\0' || kernel[n] == '.');
}

static int dots(const char *s)
{
	int count = 0;

	for (; *s; s++)
		count += *s == '.';
	return count;
}

/* By operator; the longer names of one before the shorter. */
static int file_order(const void *a, const void *b)
{
	const char *x = ((const struct fit_row *)a)->kernel;
	const char *y = ((const struct fit_row *)b)->kernel;
	size_t n = strcspn(x, "."), m = strcspn(y, ".");
	int by = strncmp(x, y, n < m ? n : m);

	if (by || n != m)
		return by ? by : n < m ? -1 : 1;
	return dots(x) != dots(y) ? dots(y) - dots(x) : strcmp(x, y);
}

static void add_name(struct kernel_fit *f, const char *name, size_t length)
{
	struct fit_row r = { .samples = 0 };

	memcpy(r.kernel, name, length);
	for (int i = 0; i < f->count; i++)
		if (strcmp(f->rows[i].kernel, r.kernel) == 0)
			return;
	f->rows[f->count++] = r;
}

static void add_names(struct kernel_fit *f, const char *kernel)
{
	size_t length = strlen(kernel);

	for (size_t i = 1; i <= length; i++)
		if (i == length || kernel[i] == '.')
			add_name(f, kernel, i);
}

/* Samples that a name stands for, of those that are not claimed, or of all. */
static void select_group(const struct fit_sample *list, int count,
			 const bool *claimed, const char *name,
			 struct group *out)
{
	out->count = 0;
	for (int i = 0; i < count; i++)
		if (!(claimed && claimed[i]) && names(name, list[i].kernel))
			out->list[out->count++] = &list[i];
}

/* The rows in their order, each from the operators that no longer name before
 * it has; long names that few operators have are left out. */
static void fit_rows(struct kernel_fit *f, const struct fit_sample *list,
		     int count, bool *claimed, struct group *g)
{
	int kept = 0;

	for (int i = 0; i < f->count; i++) {
		struct fit_row r = f->rows[i];

		select_group(list, count, claimed, r.kernel, g);
		if (g->count < LEAST_LONG) {
			if (strchr(r.kernel, '.'))
				continue;
			select_group(list, count, NULL, r.kernel, g);
		}
		if (!fit_group(g, &r))
			continue;
		for (int k = 0; k < g->count; k++)
			claimed[g->list[k] - list] = true;
		f->rows[kept++] = r;
	}
	f->count = kept;
}

int kernel_fit_find(const struct fit_sample *list, int count, int left_out,
		    struct arena *a, struct kernel_fit *out)
{
	size_t n = (size_t)count + 1;
	struct group g = { .list = arena_array(a, n, sizeof(*g.list)) };
	bool *claimed = arena_array(a, n, sizeof(*claimed));
	struct fit_sample *used = arena_array(a, n, sizeof(*used));
	int uses = 0;

	/* a name has at most three parts */
	*out = (struct kernel_fit){ .rows = arena_array(a, 3 * n,
							sizeof(*out->rows)) };
	if (!g.list || !claimed || !used || !out->rows)
		return -1;
	for (int i = 0; i < count; i++) {
		if (list[i].set == left_out || !(list[i].cycles > 0))
			continue;
		add_names(out, list[i].kernel);
		used[uses++] = list[i];
	}
	qsort(out->rows, (size_t)out->count, sizeof(*out->rows), file_order);
	fit_rows(out, used, uses, claimed, &g);
	return 0;
}

const struct fit_row *kernel_fit_row(const struct kernel_fit *f,
				     const char *kernel)
{
	for (int i = 0; i < f->count; i++)
		if (names(f->rows[i].kernel, kernel))
			return &f->rows[i];
	return NULL;
}

/* ---- Results ---- */

/* Kernels without weights that the cores share. */
static bool is_shared(const char *kernel)
{
	static const char *const shared[] = { "avg_pool", "max_pool",
					      "resize" };

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (strncmp(kernel, shared[i], strlen(shared[i])) == 0)
			return true;
	return has_weights(kernel);
}

void kernel_fit_print(const struct kernel_fit *f, FILE *out)
{
	static const char *const keys[FIT_TERMS] = {
		[FIT_SETUP] = "setup_cycles",
		[FIT_OUTPUTS] = "output_cycles",
		[FIT_WINDOWS] = "window_cycles",
		[FIT_BYTES] = "byte_cycles",
	};

	for (int i = 0; i < f->count; i++) {
		const struct fit_row *r = &f->rows[i];

		fprintf(out, "  %s: {%s_per_cycle: %.3g", r->kernel,
			has_weights(r->kernel) ? "macs" : "bytes",
			1 / r->terms[FIT_WORK]);
		for (int t = 0; t < FIT_TERMS; t++)
			if (keys[t] && r->terms[t] >= 1e-3)
				fprintf(out,
					r->terms[t] < 1000 ? ", %s: %.3g" :
							     ", %s: %.0f",
					keys[t], r->terms[t]);
		fprintf(out, "%s} # %d operator%s\n",
			is_shared(r->kernel) ? "" : ", parallel: false",
			r->samples, r->samples > 1 ? "s" : "");
	}
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int kernel_fit_check(const struct kernel_fit *f, const struct fit_sample *list,
		     int count, int set, struct fit_quality *out)
{
	double *errors = calloc((size_t)count + 1, sizeof(*errors));
	double sum = 0, predicted = 0;

	*out = (struct fit_quality){ 0, NAN, NAN };
	if (!errors)
		return -1;
	for (int i = 0; i < count; i++) {
		const struct fit_row *r = kernel_fit_row(f, list[i].kernel);
		double cycles;

		if (list[i].set != set || !r || !(list[i].cycles > 0))
			continue;
		cycles = fit_cycles(r, &list[i]);
		errors[out->operators++] = fabs(cycles / list[i].cycles - 1);
		sum += list[i].cycles;
		predicted += cycles;
	}
	if (out->operators) {
		qsort(errors, (size_t)out->operators, sizeof(*errors),
		      ascending);
		out->median_error = errors[out->operators / 2];
		out->whole_error = predicted / sum - 1;
	}
	free(errors);
	return 0;
}
