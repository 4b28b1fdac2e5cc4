/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of a file that no operator makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "converter/onnx/onnx_read.h"
#include "tests/support/fixture.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

/* An initializer and a Constant keep their names as outputs. */
static void test_constants_keep_names(void **state)
{
	const float k[3] = { 1, 2, 3 };
	struct fixture *f = *state;
	struct temp_folder folder;
	struct onnx_builder b;
	char path[TEMP_PATH_MAX];
	uint8_t *file, sha256[32];
	Onnx__NodeProto *n;
	struct graph *g;
	size_t bytes;

	temp_folder_make(&folder);
	onnx_builder_init(&b);
	onnx_build_input(&b, "x", ONNX_FLOAT, "1x3");
	onnx_build_floats(&b, "w", "3", k, 3);
	n = onnx_build_node(&b, "Constant", "k", "", "k");
	onnx_build_attr_floats(&b, n, "value_floats", k, 3);
	onnx_build_node(&b, "Add", "y", "x k", "y");
	onnx_build_output(&b, "y");
	onnx_build_output(&b, "k");
	onnx_build_output(&b, "w");
	bytes = onnx_builder_finish(&b, &file);
	temp_write(&folder, "m.onnx", file, bytes);
	g = onnx_read(temp_path(&folder, "m.onnx", path), &f->arena, sha256,
		      &f->d);
	if (!g)
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	assert_int_equal(g->output_count, 3);
	assert_string_equal(g->outputs[0]->name, "y");
	assert_string_equal(g->outputs[1]->name, "k");
	assert_string_equal(g->outputs[2]->name, "w");
	onnx_builder_free(&b);
	temp_folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_constants_keep_names,
						fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
