/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models of a few operators for tests of the command line:
 *
 *	small_model FOLDER
 *
 * writes names.onnx (outputs whose file names would be one, and one with
 * control characters), two.onnx (two inputs, y = x + z), classes.onnx (the
 * class is the brightest channel), and tensors for them: x.npy, z.npy of
 * 1x3x8x10, hwc.npy of 1x8x10x3, odd.npy of 1x10x3x8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file_write.h"
#include "converter/data/npy.h"
#include "tests/support/onnx_builder.h"

static int finish(struct onnx_builder *b, const char *folder, const char *name,
		  struct diag *d)
{
	uint8_t *file;
	size_t bytes = onnx_builder_finish(b, &file);
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	err = file_write_atomic(path, file, bytes, d);
	onnx_builder_free(b);
	return err;
}

static int write_names(const char *folder, struct diag *d)
{
	struct onnx_builder b;

	onnx_builder_init(&b);
	onnx_build_input(&b, "x", ONNX_FLOAT, "1x3x8x10");
	onnx_build_node(&b, "Relu", "one", "x", "a/b");
	onnx_build_node(&b, "Sigmoid", "two", "x", "a_b");
	onnx_build_node(&b, "Tanh", "three", "x", "\x1b[31mred\xc2\x9b");
	onnx_build_output(&b, "a/b");
	onnx_build_output(&b, "a_b");
	onnx_build_output(&b, "\x1b[31mred\xc2\x9b");
	return finish(&b, folder, "names.onnx", d);
}

static int write_two(const char *folder, struct diag *d)
{
	struct onnx_builder b;

	onnx_builder_init(&b);
	onnx_build_input(&b, "x", ONNX_FLOAT, "1x3x8x10");
	onnx_build_input(&b, "z", ONNX_FLOAT, "1x3x8x10");
	onnx_build_node(&b, "Add", "sum", "x z", "y");
	onnx_build_output(&b, "y");
	return finish(&b, folder, "two.onnx", d);
}

static int write_classes(const char *folder, struct diag *d)
{
	struct onnx_builder b;

	onnx_builder_init(&b);
	onnx_build_input(&b, "x", ONNX_FLOAT, "1x3x8x10");
	onnx_build_node(&b, "GlobalAveragePool", "mean", "x", "means");
	onnx_build_node(&b, "Flatten", "flat", "means", "scores");
	onnx_build_output(&b, "scores");
	return finish(&b, folder, "classes.onnx", d);
}

/* Values count up by `step`. */
static int write_tensor(const char *folder, const char *name,
			const int64_t dims[4], float step, struct diag *d)
{
	struct shape s = { .rank = 4,
			   .dim = { dims[0], dims[1], dims[2], dims[3] } };
	struct tensor t;
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (tensor_init(&t, DT_F32, &s))
		return -1;
	for (int64_t i = 0; i < shape_elements(&s); i++)
		((float *)t.data)[i] = step * (float)i;
	err = npy_write(path, &t, d);
	tensor_free(&t);
	return err;
}

int main(int argc, char **argv)
{
	static const int64_t chw[] = { 1, 3, 8, 10 }, hwc[] = { 1, 8, 10, 3 };
	static const int64_t odd[] = { 1, 10, 3, 8 };
	struct diag d;
	int err;

	if (argc != 2)
		return 2;
	diag_init(&d);
	mkdir(argv[1], 0777);
	err = write_names(argv[1], &d) || write_two(argv[1], &d) ||
	      write_classes(argv[1], &d) ||
	      write_tensor(argv[1], "x.npy", chw, 1 / 256.0f, &d) ||
	      write_tensor(argv[1], "z.npy", chw, 1 / 128.0f, &d) ||
	      write_tensor(argv[1], "hwc.npy", hwc, 1 / 256.0f, &d) ||
	      write_tensor(argv[1], "odd.npy", odd, 1 / 256.0f, &d);
	for (size_t i = 0; i < d.count; i++)
		fprintf(stderr, "small_model: %s\n", d.entries[i].text);
	diag_free(&d);
	return err ? 1 : 0;
}
