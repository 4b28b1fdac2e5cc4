/* SPDX-License-Identifier: Apache-2.0 */
/* A detector whose anchors are an output beside boxes and scores, from the ONNX
 * file to a packed one: both are decoded as a plain decoder does it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/heads/head_find.h"
#include "converter/heads/head_yaml_write.h"
#include "converter/measure/model_runner.h"
#include "converter/onnx/model_load.h"
#include "tests/support/onnx_case.h"
#include "tests/support/random_input.h"
#include "tests/support/small_conversion.h"

#define SIDE 16 /* of the input */
#define CELLS 4 /* in a row, and rows */
#define PER_CELL 2
#define BOXES (PER_CELL * CELLS * CELLS)
#define CLASSES 3
#define PHOTO_WIDTH 32
#define PHOTO_HEIGHT 24
#define MOST (BOXES * CLASSES)

static const struct style {
	const char *yaml;
	bool corners, y_first; /* corners are shares of the input */
} styles[] = {
	{ "boxes: prior\nvariances: [0.1, 0.2]\noffset: 0\nclasses: 3\n"
	  "threshold: 0.01\nnms: 1\nlevels:\n- grid: [1, 1]\n"
	  "  anchors: {output: anchors}\n"
	  "  box: {output: boxes}\n  score: {output: scores}\n",
	  false, false },
	{ "boxes: prior\nvariances: [0.1, 0.2]\noffset: 0\nclasses: 3\n"
	  "order: yx\nthreshold: 0.01\nnms: 1\nlevels:\n- grid: [1, 1]\n"
	  "  anchors: {output: anchors, form: corners, normalized: true, "
	  "y-first: true}\n"
	  "  box: {output: boxes}\n  score: {output: scores}\n",
	  true, true },
};

/* ---- The model ---- */

/* x, y, width and height in pixels of the input. */
static void anchor_at(int i, float a[4])
{
	int cell = i / PER_CELL;

	a[0] = (float)(cell % CELLS) * 4 + 2;
	a[1] = (float)(cell / CELLS) * 4 + 1.5f;
	a[2] = i % PER_CELL ? 7 : 4;
	a[3] = i % PER_CELL ? 5 : 6;
}

static void put_anchor(const struct style *s, int i, float *to)
{
	float a[4], v[4];

	anchor_at(i, a);
	for (int k = 0; k < 4; k++) {
		v[k] = a[k];
		if (s->corners)
			v[k] = (a[k % 2] +
				(k < 2 ? -.5f : .5f) * a[k % 2 + 2]) /
			       SIDE;
	}
	for (int k = 0; k < 4; k++)
		to[s->y_first ? k ^ 1 : k] = v[k];
}

/* [1, BOXES, numbers] from a convolution; names begin with `to`. */
static void add_rows(struct onnx_builder *b, const char *from, const char *w,
		     const char *to, int numbers, uint32_t seed)
{
	const int64_t strides[] = { 4, 4 }, perm[] = { 0, 2, 3, 1 };
	const int64_t rows[] = { 1, BOXES, numbers };
	int channels = PER_CELL * numbers, count = channels * 3 * 4 * 4;
	float v[PER_CELL * 4 * 3 * 4 * 4];
	char shape[32], names[4][32], in[64];
	Onnx__NodeProto *n;

	assert_true((size_t)count <= sizeof(v) / sizeof(*v));
	random_input(v, count, seed);
	for (int i = 0; i < count; i++)
		v[i] *= .5f;
	for (int i = 0; i < 4; i++)
		snprintf(names[i], sizeof(names[i]), "%s.%d", to, i);
	snprintf(shape, sizeof(shape), "%dx3x4x4", channels);
	onnx_build_floats(b, w, shape, v, (size_t)count);
	snprintf(in, sizeof(in), "%s %s", from, w);
	n = onnx_build_node(b, "Conv", names[0], in, names[0]);
	onnx_build_attr_ints(b, n, "strides", strides, 2);
	n = onnx_build_node(b, "Transpose", names[1], names[0], names[1]);
	onnx_build_attr_ints(b, n, "perm", perm, 4);
	onnx_build_int64s(b, names[2], rows, 3);
	snprintf(in, sizeof(in), "%s %s", names[1], names[2]);
	onnx_build_node(b, "Reshape", names[3], in, to);
}

static void build(struct onnx_case *c, const struct style *s)
{
	struct onnx_builder *b = &c->builder;
	float anchors[4 * BOXES];

	onnx_case_reset(c);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x16x16");
	add_rows(b, "x", "w_box", "boxes", 4, 1);
	add_rows(b, "x", "w_score", "logits", CLASSES, 2);
	onnx_build_node(b, "Sigmoid", "score", "logits", "scores");
	for (int i = 0; i < BOXES; i++)
		put_anchor(s, i, anchors + 4 * i);
	onnx_build_floats(b, "priors", "1x32x4", anchors, 4 * BOXES);
	onnx_build_node(b, "Identity", "anchor", "priors", "anchors");
	onnx_build_output(b, "boxes");
	onnx_build_output(b, "scores");
	onnx_build_output(b, "anchors");
}

/* ---- A plain decoder ---- */

static double inside(double v, double most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

/* x1, y1, x2, y2 in pixels of the photo, from an offset of the model. */
static void decode(const struct style *s, int i, const float *offset,
		   double box[4])
{
	static const double photo[2] = { PHOTO_WIDTH, PHOTO_HEIGHT };
	float a[4];

	anchor_at(i, a);
	for (int k = 0; k < 2; k++) {
		int at = s->y_first ? 1 - k : k;
		double center = (double)a[k] +
				.1 * (double)offset[at] * (double)a[k + 2];
		double size =
			(double)a[k + 2] * exp(.2 * (double)offset[at + 2]);
		double scale = photo[k] / SIDE;

		box[k] = inside((center - size / 2) * scale, photo[k]);
		box[k + 2] = inside((center + size / 2) * scale, photo[k]);
	}
}

static void near(const char *what, int i, double got, double want)
{
	if (!(fabs(got - want) <= 1e-3))
		fail_msg("%s of box %d is %g, not %g", what, i, got, want);
}

/* What a model finds, by box and class; its own outputs decide. */
struct found {
	struct dbrt_detection all[BOXES][CLASSES];
};

static void check(const struct style *s, struct model_runner *m,
		  struct found *f, struct diag *d)
{
	struct dbrt_detection list[MOST];
	struct tensor boxes, scores;
	const char *name;
	int n = model_runner_detections(m, list, MOST);

	assert_int_equal(n, MOST);
	assert_int_equal(model_runner_output(m, 0, &name, &boxes, d), 0);
	assert_string_equal(name, "boxes");
	assert_int_equal(model_runner_output(m, 1, &name, &scores, d), 0);
	assert_string_equal(name, "scores");
	for (int i = 0; i < n; i++) {
		const struct dbrt_detection *b = &list[i];
		int at = (int)b->candidate, class = (int)b->class_id;
		double box[4];

		assert_true(at < BOXES && class < CLASSES);
		assert_true(i == 0 || b->score <= list[i - 1].score);
		decode(s, at, (const float *)boxes.data + 4 * at, box);
		near("x1", at, (double)b->x1, box[0]);
		near("y1", at, (double)b->y1, box[1]);
		near("x2", at, (double)b->x2, box[2]);
		near("y2", at, (double)b->y2, box[3]);
		near("the score", at, (double)b->score,
		     (double)((const float *)
				      scores.data)[CLASSES * at + class]);
		f->all[at][class] = *b;
	}
	tensor_free(&boxes);
	tensor_free(&scores);
}

/* ---- Both files ---- */

/* The anchors are an output of both. */
static void check_anchors(const struct style *s, const struct model_runner *m,
			  struct diag *d)
{
	struct tensor t;
	const char *name;

	assert_int_equal(model_runner_outputs(m), 3);
	assert_int_equal(model_runner_output(m, 2, &name, &t, d), 0);
	assert_string_equal(name, "anchors");
	assert_int_equal(shape_elements(&t.shape), 4 * BOXES);
	for (int i = 0; i < BOXES; i++) {
		float want[4];

		put_anchor(s, i, want);
		for (int k = 0; k < 4; k++)
			near("the anchor", i,
			     (double)((const float *)t.data)[4 * i + k],
			     (double)want[k]);
	}
	tensor_free(&t);
}

static void run_file(struct onnx_case *c, const struct style *s,
		     const char *path, struct found *f)
{
	uint8_t pixels[3 * PHOTO_WIDTH * PHOTO_HEIGHT];
	struct image photo = { pixels, PHOTO_WIDTH, PHOTO_HEIGHT };
	struct model_runner *m = model_runner_open(path, &c->config, &c->d);

	if (!m)
		fail_msg("%s", c->d.entries[c->d.count - 1].text);
	for (size_t i = 0; i < sizeof(pixels); i++)
		pixels[i] = (uint8_t)(i * i * 31 + i * 7);
	assert_int_equal(model_runner_run_photo(m, "photo", &photo, &c->d), 0);
	check(s, m, f, &c->d);
	check_anchors(s, m, &c->d);
	model_runner_close(m);
}

static void compare(const struct found *a, const struct found *b)
{
	double box = 0, score = 0;

	for (int i = 0; i < MOST; i++) {
		const struct dbrt_detection *p = &a->all[0][0] + i;
		const struct dbrt_detection *q = &b->all[0][0] + i;

		box = fmax(box, fabs((double)(p->x1 - q->x1)));
		box = fmax(box, fabs((double)(p->y1 - q->y1)));
		box = fmax(box, fabs((double)(p->x2 - q->x2)));
		box = fmax(box, fabs((double)(p->y2 - q->y2)));
		score = fmax(score, fabs((double)(p->score - q->score)));
	}
	print_message("packed: %.3f pixels, scores to %.3f\n", box, score);
	assert_true(box < .25 && score < .02);
}

static void check_style(struct onnx_case *c, const struct style *s)
{
	struct found of_float = { 0 }, of_packed = { 0 };
	char head[TEMP_PATH_MAX], dbp[TEMP_PATH_MAX];
	struct packed p;
	uint8_t *file;
	size_t bytes;

	build(c, s);
	bytes = onnx_builder_finish(&c->builder, &file);
	temp_write(&c->folder, "m.onnx", file, bytes);
	temp_write(&c->folder, "head.yaml", s->yaml, strlen(s->yaml));
	c->config.model_path = temp_path(&c->folder, "m.onnx", c->path);
	c->config.head = temp_path(&c->folder, "head.yaml", head);
	c->config.jobs = 1;
	if (convert_small(&c->config, false, &c->arena, &p, &c->d))
		fail_msg("%s", c->d.entries[c->d.count - 1].text);
	temp_write(&c->folder, "m.dbp", p.bytes, p.size);
	run_file(c, s, c->path, &of_float);
	run_file(c, s, temp_path(&c->folder, "m.dbp", dbp), &of_packed);
	compare(&of_float, &of_packed);
}

static void test_anchors(void **state)
{
	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++)
		check_style(*state, &styles[i]);
}

/* ---- The template ---- */

/* A file of --head from the template's proposal for such outputs. */
static void complete(const char *template, const char *to)
{
	const char *line = strstr(template, "# - grid: [1, 1]");
	FILE *file = fopen(to, "w");

	assert_true(line && file);
	fputs("boxes: prior\nvariances: [0.1, 0.2]\nclasses: 3\n"
	      "threshold: 0.01\nnms: 1\nlevels:\n",
	      file);
	for (; !strncmp(line, "# ", 2); line = strchr(line, '\n') + 1)
		fprintf(file, "%.*s", (int)(strchr(line, '\n') + 1 - line - 2),
			line + 2);
	fclose(file);
}

static void write_template(struct onnx_case *c, const char *to)
{
	struct head head;
	uint8_t sha256[32];
	struct graph *g =
		model_load(&c->config, &c->arena, sha256, NULL, &c->d);
	FILE *file = fopen(to, "w");

	assert_true(g && file);
	assert_int_equal(head_find(g, &c->config, &c->arena, &head, &c->d), 0);
	assert_null(head.data);
	assert_int_equal(head_yaml_write_template(g, &head, &c->config,
						  &c->arena, file, &c->d),
			 0);
	fclose(file);
}

static void test_template(void **state)
{
	struct onnx_case *c = *state;
	struct found f = { 0 };
	char from[TEMP_PATH_MAX], to[TEMP_PATH_MAX];
	uint8_t *file;
	char *text;
	size_t bytes;

	build(c, &styles[0]);
	bytes = onnx_builder_finish(&c->builder, &file);
	temp_write(&c->folder, "m.onnx", file, bytes);
	c->config.model_path = temp_path(&c->folder, "m.onnx", c->path);
	write_template(c, temp_path(&c->folder, "template.yaml", from));
	text = temp_read(&c->folder, "template.yaml", &bytes);
	assert_non_null(text);
	c->config.head = temp_path(&c->folder, "head.yaml", to);
	complete(text, to);
	free(text);
	run_file(c, &styles[0], c->path, &f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_template, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_anchors, onnx_case_setup,
						onnx_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
