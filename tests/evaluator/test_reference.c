/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluator on real models, as their authors wrote them and behind all
 * passes, against the outputs of an independent executor. Largest error at
 * most 1e-3 of the output's range.
 */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "converter/onnx/model_load.h"
#include "converter/data/tensor_file.h"
#include "evaluator/evaluator.h"
#include "base/text.h"

#define DATA "../shared/data"
#define TOLERANCE 1e-3

static double element(enum dtype t, const void *data, int64_t i)
{
	return t == DT_F32 ? (double)((const float *)data)[i] :
	       t == DT_I64 ? (double)((const int64_t *)data)[i] :
			     (double)((const int32_t *)data)[i];
}

/* Largest error over the range; shapes may differ by dims of 1. */
static double error_of(const struct value *v, const void *got,
		       const struct tensor *want)
{
	int64_t n = shape_elements(&want->shape);
	double low = INFINITY, high = -INFINITY, error = 0;

	if (shape_elements(&v->shape) != n)
		return INFINITY;
	for (int64_t i = 0; i < n; i++) {
		double w = element(want->dtype, want->data, i);
		double e = fabs(element(v->dtype, got, i) - w);

		low = fmin(low, w);
		high = fmax(high, w);
		error = e > error || e != e ? e : error;
	}
	return high > low ? error / (high - low) : error;
}

/* The one file of the folder that begins and ends so. */
static bool find_file(const char *folder, const char *begin, const char *name,
		      char *path, size_t bytes)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (strncmp(e->d_name, begin, strlen(begin)) ||
		    (strcmp(e->d_name + n - 4, ".npy") &&
		     strcmp(e->d_name + n - 3, ".pb")))
			continue;
		if (name && *name && e->d_name[strlen(begin)] == '_' &&
		    strncmp(e->d_name + strlen(begin) + 1, name,
			    n - strlen(begin) - 5))
			continue;
		snprintf(path, bytes, "%s/%s", folder, e->d_name);
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}

struct reference_model {
	const char *name, *shape; /* NULL: the file's own */
	bool is_pb;               /* setK_input_0.pb, setK_output_0.pb */
};

/* Names of outputs as file names have them. */
static void file_name(const char *from, char *to, size_t bytes)
{
	snprintf(to, bytes, "%s", from);
	for (; *to; to++)
		if (*to == '/' || *to == ':')
			*to = '_';
}

static double check_outputs(const struct reference_model *m,
			    const struct graph *g, const struct evaluator *e,
			    int sample, const char *folder)
{
	double worst = 0;

	for (int i = 0; i < g->output_count; i++) {
		char begin[64], name[256], path[512];
		struct diag d;
		struct tensor want;
		double error;

		diag_init(&d);
		file_name(g->outputs[i]->name, name, sizeof(name));
		snprintf(begin, sizeof(begin),
			 m->is_pb ? "set%d_output_0" : "out%d", sample);
		assert_true(find_file(folder, begin, m->is_pb ? NULL : name,
				      path, sizeof(path)));
		assert_int_equal(tensor_read(path, &want, &d), 0);
		error = error_of(g->outputs[i], evaluator_output(e, i), &want);
		worst = fmax(worst, error);
		tensor_free(&want);
		diag_free(&d);
	}
	return worst;
}

/* Both samples; the worst error. */
static double check_graph(const struct reference_model *m,
			  const struct graph *g)
{
	char folder[256], begin[64], path[512];
	double worst = 0;
	struct diag d;

	diag_init(&d);
	snprintf(folder, sizeof(folder), DATA "/reference/%s", m->name);
	for (int sample = 0; sample < 2; sample++) {
		const struct value *x = g->inputs[0];
		struct tensor in, converted;
		struct evaluator *e = evaluator_new(g, &d);
		const void *inputs[1];

		snprintf(begin, sizeof(begin),
			 m->is_pb ? "set%d_input_0" : "in%d", sample);
		assert_non_null(e);
		assert_true(find_file(folder, begin, NULL, path, sizeof(path)));
		assert_int_equal(tensor_read(path, &in, &d), 0);
		assert_int_equal(tensor_init(&converted, x->dtype, &x->shape),
				 0);
		assert_int_equal(tensor_convert(&in, path, x->dtype, &x->shape,
						LAYOUT_NCHW, converted.data,
						&d),
				 0);
		inputs[0] = converted.data;
		assert_int_equal(evaluator_run(e, inputs, NULL, NULL, &d), 0);
		worst = fmax(worst, check_outputs(m, g, e, sample, folder));
		tensor_free(&in);
		tensor_free(&converted);
		evaluator_free(e);
	}
	diag_free(&d);
	return worst;
}

static void test_model(void **state)
{
	const struct reference_model *m = *state;
	struct config c;
	struct diag d;
	char path[256];
	double error[2];

	if (access(DATA, R_OK)) {
		print_message("skipped: " DATA " is not there\n");
		skip();
	}
	config_init(&c);
	snprintf(path, sizeof(path), DATA "/models/%s.onnx", m->name);
	c.model_path = path;
	if (m->shape) {
		c.shape_count = 1;
		assert_int_equal(shape_from_text(m->shape, &c.shapes[0].shape),
				 0);
	}
	diag_init(&d);
	for (int prepared = 0; prepared < 2; prepared++) {
		struct arena a;
		uint8_t sha256[32];
		struct graph *g;

		arena_init(&a, 0);
		g = prepared ? model_prepare(&c, &a, sha256, &d) :
			       model_load(&c, &a, sha256, NULL, &d);
		if (!g)
			fail_msg("%s", d.entries[0].text);
		error[prepared] = check_graph(m, g);
		arena_free(&a);
	}
	print_message("%-28s as written %.1e, behind all passes %.1e\n",
		      m->name, error[0], error[1]);
	assert_true(error[0] <= TOLERANCE && error[1] <= TOLERANCE);
	diag_free(&d);
}

int main(void)
{
	static const struct reference_model models[] = {
		{ "FastestDet", NULL, false },
		{ "alibaba_ic", NULL, false },
		{ "mnist_cntk", NULL, true },
		{ "nanodet_hpc203", NULL, false },
		{ "qonnx_kws_w3a3_hls4ml", NULL, false },
		{ "resnet8_K1", NULL, false },
		{ "ultraface_RFB-320", NULL, false },
		{ "ultraface_RFB-320_nopost", NULL, false },
		{ "ultraface_RFB-320_simplified", NULL, false },
		{ "vww_96_float_kaijiang", NULL, false },
		{ "yolox_nano_bigisland", NULL, false },
		{ "yunet_n_320_320", NULL, false },
		{ "yunet_n_dynamic", "1x3x320x320", false },
	};
	enum { COUNT = sizeof(models) / sizeof(*models) };
	struct CMUnitTest tests[COUNT] = { 0 };

	for (int i = 0; i < COUNT; i++) {
		tests[i].name = models[i].name;
		tests[i].test_func = test_model;
		tests[i].initial_state = (void *)&models[i];
	}
	return _cmocka_run_group_tests("reference", tests, COUNT, NULL, NULL);
}
