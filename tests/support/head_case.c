/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/head_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/heads/head_find.h"
#include "converter/heads/head_yaml_write.h"
#include "evaluator/evaluator.h"
#include "passes/pipeline.h"
#include "tests/support/temp_folder.h"

#define FEW 1e-3  /* of a box, in pixels or shares of it */
#define BEST 1500 /* candidates that are compared at most, best first */

struct head_expected *head_case_add(struct head_decoded *d)
{
	assert_true(d->count < HEAD_CASE_MOST);
	return &d->list[d->count++];
}

void head_case_center(struct head_expected *e, double x, double y, double w,
		      double h)
{
	e->box[0] = x - w / 2;
	e->box[1] = y - h / 2;
	e->box[2] = x + w / 2;
	e->box[3] = y + h / 2;
}

double head_case_sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

double head_case_largest(const float *v, int count, int step)
{
	double best = (double)v[0];

	for (int i = 1; i < count; i++)
		best = fmax(best, (double)v[i * step]);
	return best;
}

/* ---- Running the graph ---- */

struct running {
	struct arena arena;
	struct diag d;
	struct config c;
	struct graph *g;
	struct head head;
	struct evaluator *e;
	float *input;
	const float *out[DBP_MAX_IO];
	struct dbrt_head_output views[DBP_MAX_IO];
};

static void find(struct running *r, const char *text, struct graph_cut cut)
{
	arena_init(&r->arena, 0);
	diag_init(&r->d);
	config_init(&r->c);
	r->g = graph_parse(&r->arena, text, &r->d);
	if (r->g)
		r->g->cut = cut;
	if (!r->g || pipeline_begin(r->g, &r->c, NULL, &r->d) ||
	    head_find(r->g, &r->c, &r->arena, &r->head, &r->d))
		fail_msg("%s", r->d.entries[0].text);
}

static void run(struct running *r)
{
	int64_t n = shape_elements(&r->g->inputs[0]->shape);
	const void *inputs[1];
	uint32_t seed = 7;

	r->input = malloc((size_t)n * sizeof(*r->input));
	r->e = evaluator_new(r->g, &r->d);
	assert_true(r->input && r->e);
	for (int64_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		r->input[i] = (float)(seed >> 24) / 256;
	}
	inputs[0] = r->input;
	assert_int_equal(evaluator_run(r->e, inputs, NULL, NULL, &r->d), 0);
	for (int i = 0; i < r->g->output_count; i++) {
		const struct shape *s = &r->g->outputs[i]->shape;

		r->out[i] = evaluator_output(r->e, i);
		r->views[i].data = r->out[i];
		r->views[i].last = r->views[i].pitch =
			(uint32_t)s->dim[s->rank - 1];
	}
}

static void done(struct running *r)
{
	evaluator_free(r->e);
	free(r->input);
	arena_free(&r->arena);
	diag_free(&r->d);
}

void head_case_round_trip(const struct graph *g, const struct head *h)
{
	const char *names[DBP_MAX_IO];
	struct temp_folder folder;
	char path[TEMP_PATH_MAX];
	struct arena a;
	struct diag d;
	struct config c;
	struct head back;
	FILE *file;

	temp_folder_make(&folder);
	arena_init(&a, 0);
	diag_init(&d);
	config_init(&c);
	for (int i = 0; i < g->output_count; i++)
		names[i] = g->outputs[i]->name;
	c.head = temp_path(&folder, "head.yaml", path);
	file = fopen(path, "w");
	assert_non_null(file);
	head_yaml_write(h, names, file);
	fclose(file);
	if (head_find(g, &c, &a, &back, &d))
		fail_msg("%s", d.entries[0].text);
	assert_int_equal(back.bytes, h->bytes);
	assert_memory_equal(back.data, h->data, h->bytes);
	assert_ptr_equal(head_preprocess(&back), head_preprocess(h));
	temp_folder_remove(&folder);
	diag_free(&d);
	arena_free(&a);
}

/* ---- Comparing ---- */

static void near(const struct head_case *c, uint32_t i, const char *what,
		 double got, double want)
{
	if (!(fabs(got - want) <= FEW * (1 + fabs(want))))
		fail_msg("%s: %s of candidate %u is %g, not %g", c->kind, what,
			 i, got, want);
}

static double clamped(double x, double size)
{
	return x < 0 ? 0 : x > size ? size : x;
}

static bool has_area(const double b[4], const struct head_decoded *d)
{
	return clamped(b[2], d->width) - clamped(b[0], d->width) > FEW &&
	       clamped(b[3], d->height) - clamped(b[1], d->height) > FEW;
}

static void compare(const struct head_case *c, const struct running *r,
		    const struct dbrt_frame *frame,
		    const struct head_decoded *d,
		    const struct dbrt_detection *got)
{
	const struct head_expected *e = &d->list[got->candidate];
	float xy[2 * DBP_HEAD_MAX_POINTS];
	uint32_t i = got->candidate;

	near(c, i, "x1", (double)got->x1, clamped(e->box[0], d->width));
	near(c, i, "y1", (double)got->y1, clamped(e->box[1], d->height));
	near(c, i, "x2", (double)got->x2, clamped(e->box[2], d->width));
	near(c, i, "y2", (double)got->y2, clamped(e->box[3], d->height));
	assert_int_equal(dbrt_select_points(r->head.data, r->views, frame, got,
					    xy, DBP_HEAD_MAX_POINTS),
			 c->points);
	for (int k = 0; k < 2 * c->points; k++)
		near(c, i, "a point", (double)xy[k], e->points[k]);
}

/* Each class is one detection; the best of a candidate has its score. */
static void compare_all(const struct head_case *c, const struct running *r,
			const struct head_decoded *d)
{
	const struct dbrt_frame frame = dbrt_frame_of(
		(uint32_t)d->width, (uint32_t)d->height, (uint32_t)d->width,
		(uint32_t)d->height, DBP_STRETCH);
	uint32_t classes = head_classes(r->head.data);
	uint32_t most = (uint32_t)d->count * classes;
	bool peaks = r->head.data->flags & DBP_HEAD_PEAKS;
	struct dbrt_detection *got = calloc(BEST, sizeof(*got));
	float *best = calloc((size_t)d->count + 1, sizeof(*best));
	int n, expected = 0, found = 0;

	assert_true(got && best);
	n = dbrt_select(r->head.data, r->views, &frame, 0, 2, got, BEST);
	for (int i = 0; i < n; i++) {
		float *b = &best[got[i].candidate];

		assert_true(got[i].candidate < (uint32_t)d->count);
		found += *b == 0;
		*b = *b > got[i].score ? *b : got[i].score;
		compare(c, r, &frame, d, &got[i]);
	}
	for (int i = 0; i < d->count; i++) {
		expected += has_area(d->list[i].box, d);
		if (best[i] > 0 && (!peaks || classes == 1))
			near(c, (uint32_t)i, "score", (double)best[i],
			     d->list[i].score);
	}
	/* heat maps keep their peaks only */
	if (!peaks && most < BEST)
		assert_true(found >= expected);
	assert_true(found > 0);
	free(got);
	free(best);
}

void head_case_check_cut(const struct head_case *c, struct graph_cut cut)
{
	struct head_graph *g = calloc(1, sizeof(*g));
	struct running r = { 0 };
	struct head_decoded d = { .width = c->width, .height = c->height };

	d.list = calloc(HEAD_CASE_MOST, sizeof(*d.list));
	assert_true(g && d.list);
	head_graph_begin(g, c->height, c->width);
	c->write(g);
	find(&r, g->text, cut);
	if (!r.head.data)
		fail_msg("%s: not recognised: %s", c->kind,
			 r.head.why ? r.head.why : "no reason");
	assert_string_equal(r.head.kind, c->kind);
	head_case_round_trip(r.g, &r.head);
	run(&r);
	d.out = r.out;
	c->decode(&d);
	compare_all(c, &r, &d);
	done(&r);
	free(d.list);
	free(g);
}

void head_case_check(const struct head_case *c)
{
	head_case_check_cut(c, (struct graph_cut){ NULL, 0 });
}
