/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/onnx_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/onnx/model_load.h"
#include "converter/onnx/onnx_read.h"
#include "evaluator/evaluator.h"

int onnx_case_setup(void **state)
{
	struct onnx_case *c = calloc(1, sizeof(*c));

	if (!c)
		return -1;
	temp_folder_make(&c->folder);
	temp_path(&c->folder, "model.onnx", c->path);
	onnx_builder_init(&c->builder);
	arena_init(&c->arena, 0);
	diag_init(&c->d);
	config_init(&c->config);
	c->config.model_path = c->path;
	*state = c;
	return 0;
}

int onnx_case_teardown(void **state)
{
	struct onnx_case *c = *state;

	onnx_builder_free(&c->builder);
	arena_free(&c->arena);
	diag_free(&c->d);
	temp_folder_remove(&c->folder);
	free(c);
	return 0;
}

void onnx_case_reset(struct onnx_case *c)
{
	onnx_builder_free(&c->builder);
	onnx_builder_init(&c->builder);
	arena_free(&c->arena);
	diag_free(&c->d);
	c->graph = NULL;
}

static void write_model(struct onnx_case *c)
{
	uint8_t *file;
	size_t bytes = onnx_builder_finish(&c->builder, &file);

	temp_write(&c->folder, "model.onnx", file, bytes);
}

static struct graph *read_file(struct onnx_case *c)
{
	uint8_t sha256[32];

	c->graph = onnx_read(c->path, &c->arena, sha256, &c->d);
	if (c->graph)
		assert_int_equal(graph_check(c->graph, "reading", &c->d), 0);
	return c->graph;
}

struct graph *onnx_case_read(struct onnx_case *c)
{
	write_model(c);
	return read_file(c);
}

void onnx_case_reads(struct onnx_case *c)
{
	onnx_case_read(c);
	if (c->d.count)
		fail_msg("%s", c->d.entries[0].text);
	assert_non_null(c->graph);
}

/* One message, `PATH: ` and then the one expected. */
static void said(const struct onnx_case *c, const char *message)
{
	size_t n = strlen(c->path);

	assert_int_equal(c->d.errors, 1);
	assert_int_equal(c->d.count, 1);
	assert_memory_equal(c->d.entries[0].text, c->path, n);
	assert_memory_equal(c->d.entries[0].text + n, ": ", 2);
	assert_string_equal(c->d.entries[0].text + n + 2, message);
}

void onnx_case_refused(struct onnx_case *c, const char *message)
{
	if (onnx_case_read(c))
		fail_msg("was read, expected: %s", message);
	said(c, message);
}

void onnx_case_bytes_refused(struct onnx_case *c, const void *data,
			     size_t bytes, const char *message)
{
	temp_write(&c->folder, "model.onnx", data, bytes);
	if (read_file(c))
		fail_msg("was read, expected: %s", message);
	said(c, message);
}

static struct graph *load(struct onnx_case *c)
{
	uint8_t sha256[32];

	write_model(c);
	c->graph = model_load(&c->config, &c->arena, sha256, NULL, &c->d);
	return c->graph;
}

void onnx_case_load_refused(struct onnx_case *c, const char *message)
{
	onnx_case_reads(c);
	if (load(c))
		fail_msg("was taken, expected: %s", message);
	said(c, message);
}

static void has_shape(const struct value *v, const char *expected)
{
	char text[128];

	shape_print(&v->shape, text, sizeof(text));
	assert_string_equal(text, expected);
}

void onnx_case_constant(const struct onnx_case *c, const char *name,
			enum dtype dtype, const char *shape,
			const void *expected)
{
	const struct value *v = graph_find_value(c->graph, name);

	assert_true(v && value_is_const(v));
	assert_string_equal(dtype_name(v->dtype), dtype_name(dtype));
	has_shape(v, shape);
	assert_memory_equal(v->data, expected,
			    (size_t)shape_elements(&v->shape) *
				    dtype_size(dtype));
}

static void is_near(const struct value *v, const float *got,
		    const float *expected)
{
	for (int64_t i = 0; i < shape_elements(&v->shape); i++)
		if (!(fabsf(got[i] - expected[i]) <= 1e-5f))
			fail_msg("%s[%d] is %g, expected %g", v->name, (int)i,
				 (double)got[i], (double)expected[i]);
}

void onnx_case_computes(struct onnx_case *c, const float *x, const char *shape,
			const float *expected)
{
	const void *inputs[1] = { x };
	struct evaluator *e;

	if (!load(c))
		fail_msg("%s", c->d.entries[0].text);
	assert_int_equal(c->graph->input_count, x ? 1 : 0);
	assert_int_equal(c->graph->outputs[0]->dtype, DT_F32);
	has_shape(c->graph->outputs[0], shape);
	e = evaluator_new(c->graph, &c->d);
	assert_non_null(e);
	assert_int_equal(evaluator_run(e, inputs, NULL, NULL, &c->d), 0);
	is_near(c->graph->outputs[0], evaluator_output(e, 0), expected);
	evaluator_free(e);
}
