/* SPDX-License-Identifier: Apache-2.0 */
/* A tensor of any bytes, .npy by its first ones or else .pb: read, and put into
 * an input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "converter/data/npy.h"
#include "converter/data/tensor_file.h"
#include "ir/tensor.h"
#include "tests/support/fuzz_seed.h"
#include "tests/support/onnx_builder.h"

#define MOST_ELEMENTS 100000

static void write_npy(const char *descr, const char *order, const char *shape,
		      int version)
{
	uint8_t file[512] = "\x93NUMPY";
	char header[160], name[64];
	size_t at = version == 1 ? 10 : 12;
	int length = snprintf(header, sizeof(header),
			      "{'descr': '%s', 'fortran_order': %s, "
			      "'shape': %s, }\n",
			      descr, order, shape);

	file[6] = (uint8_t)version;
	file[8] = (uint8_t)length;
	memcpy(file + at, header, (size_t)length);
	for (size_t i = at + (size_t)length; i < sizeof(file); i++)
		file[i] = (uint8_t)i;
	snprintf(name, sizeof(name), "%s-%d-%c.npy", descr + 1, version,
		 *order);
	/* eight elements */
	fuzz_seed(name, file,
		  at + (size_t)length + 8 * (size_t)(descr[2] - '0'));
}

static void write_pb(int type, size_t element_bytes)
{
	static const uint8_t raw[256] = { 1, 2, 3, 4, 5 };
	Onnx__TensorProto *t;
	struct onnx_builder b;
	uint8_t file[512];
	char name[32];

	onnx_builder_init(&b);
	t = onnx_build_tensor(&b, "x", type, "1x2x4");
	onnx_build_raw(&b, t, raw, 8 * element_bytes);
	snprintf(name, sizeof(name), "%d.pb", type);
	fuzz_seed(name, file, onnx__tensor_proto__pack(t, file));
	onnx_builder_free(&b);
}

static void write_pb_lists(void)
{
	static float floats[8] = { 1, 2, 3 };
	static int64_t ints[8] = { 1, -2, 3 };
	Onnx__TensorProto *t;
	struct onnx_builder b;
	uint8_t file[512];

	onnx_builder_init(&b);
	t = onnx_build_tensor(&b, "x", ONNX_FLOAT, "8");
	t->n_float_data = 8;
	t->float_data = floats;
	fuzz_seed("floats.pb", file, onnx__tensor_proto__pack(t, file));
	t = onnx_build_tensor(&b, "x", ONNX_INT64, "2x4");
	t->n_int64_data = 8;
	t->int64_data = ints;
	fuzz_seed("ints.pb", file, onnx__tensor_proto__pack(t, file));
	onnx_builder_free(&b);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const types[] = { "<f2", "<f4", "<f8", "|i1",
					     "<i2", "<i4", "<i8", "|u1",
					     "<u2", "<u4", "<u8", "|b1" };
	static const struct {
		int type;
		size_t bytes;
	} pb[] = { { ONNX_FLOAT, 4 },  { ONNX_DOUBLE, 8 },  { ONNX_FLOAT16, 2 },
		   { ONNX_INT8, 1 },   { ONNX_INT64, 8 },   { ONNX_BOOL, 1 },
		   { ONNX_UINT16, 2 }, { ONNX_BFLOAT16, 2 } };

	(void)argc;
	(void)argv;
	if (!fuzz_seeds())
		return 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		write_npy(types[i], "False", "(1, 2, 4)", 1 + (int)(i % 3));
		write_npy(types[i], "True", "(2, 2, 2)", 1);
	}
	write_npy("<f4", "False", "(8,)", 2);
	for (size_t i = 0; i < sizeof(pb) / sizeof(*pb); i++)
		write_pb(pb[i].type, pb[i].bytes);
	write_pb_lists();
	return 0;
}

/* As each type, in its shape and in that of a picture's other layout. */
static void convert(const struct tensor *t, struct diag *d)
{
	int64_t count = shape_elements(&t->shape);
	struct shape turned = t->shape;
	void *out;

	if (count < 0 || count > MOST_ELEMENTS)
		return;
	if (t->shape.rank == 4) {
		turned.dim[1] = t->shape.dim[2];
		turned.dim[2] = t->shape.dim[3];
		turned.dim[3] = t->shape.dim[1];
	}
	out = malloc((size_t)count * 8 + 1);
	for (int type = DT_F32; out && type < DT_COUNT; type++) {
		tensor_convert(t, "x", (enum dtype)type, &t->shape, LAYOUT_NCHW,
			       out, d);
		tensor_convert(t, "x", (enum dtype)type, &turned, LAYOUT_NHWC,
			       out, d);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	bool npy = bytes > 1 && data[0] == 0x93;
	const char *path = fuzz_file(npy ? "x.npy" : "x.pb", data, bytes);
	struct tensor t = { 0 };
	struct diag d;

	diag_init(&d);
	if (!tensor_read(path, &t, &d)) {
		convert(&t, &d);
		tensor_free(&t);
	} else if (d.errors != 1) {
		abort();
	}
	if (!tensor_read_finite(path, "x", &t, &d))
		tensor_free(&t);
	diag_free(&d);
	return 0;
}
