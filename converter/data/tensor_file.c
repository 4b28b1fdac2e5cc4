/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/tensor_file.h"

#include <string.h>
#include <strings.h>

#include "converter/data/npy.h"
#include "converter/onnx/onnx_tensor_file.h"

static bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcasecmp(s + n - m, suffix) == 0;
}

bool tensor_file_name(const char *path)
{
	return ends_with(path, ".npy") || ends_with(path, ".pb");
}

int tensor_read(const char *path, struct tensor *t, struct diag *d)
{
	return ends_with(path, ".pb") ? tensor_read_pb(path, t, d) :
					npy_read(path, t, d);
}

/* Dims of 1 do not change the order, so they may be added or dropped. */
static bool same_dims(const struct shape *a, const struct shape *b)
{
	int i = 0, j = 0;

	for (;;) {
		while (i < a->rank && a->dim[i] == 1)
			i++;
		while (j < b->rank && b->dim[j] == 1)
			j++;
		if (i == a->rank || j == b->rank)
			return i == a->rank && j == b->rank;
		if (a->dim[i++] != b->dim[j++])
			return false;
	}
}

static bool is_channels_first_of(const struct shape *from,
				 const struct shape *to)
{
	struct shape moved = *to;

	if (from->rank != 4 || to->rank != 4 || shape_equal(from, to))
		return false;
	moved.dim[1] = to->dim[3];
	moved.dim[2] = to->dim[1];
	moved.dim[3] = to->dim[2];
	return shape_equal(from, &moved);
}

/* Clamps values out of range; NaN becomes 0. */
static int64_t to_integer(double x, double low, double high)
{
	if (x != x)
		return 0;
	return (int64_t)(x < low ? low : x > high ? high : x);
}

static void store_element(void *out, enum dtype dtype, size_t i, double x)
{
	switch (dtype) {
	case DT_F32:
		((float *)out)[i] = (float)x;
		break;
	case DT_I64:
		((int64_t *)out)[i] = to_integer(x, -9e15, 9e15);
		break;
	case DT_I32:
		((int32_t *)out)[i] =
			(int32_t)to_integer(x, INT32_MIN, INT32_MAX);
		break;
	case DT_I8:
		((int8_t *)out)[i] = (int8_t)to_integer(x, -128, 127);
		break;
	case DT_BOOL:
		((uint8_t *)out)[i] = x != 0;
		break;
	default:
		((uint8_t *)out)[i] = (uint8_t)to_integer(x, 0, 255);
	}
}

static void transpose(const struct tensor *t, enum dtype dtype,
		      const struct shape *s, void *out)
{
	size_t pixels = (size_t)(s->dim[1] * s->dim[2]);
	size_t channels = (size_t)s->dim[3], at = 0;

	for (size_t n = 0; n < (size_t)s->dim[0]; n++)
		for (size_t p = 0; p < pixels; p++)
			for (size_t c = 0; c < channels; c++)
				store_element(
					out, dtype, at++,
					tensor_element(t->dtype, t->data,
						       (int64_t)((n * channels +
								  c) * pixels +
								 p)));
}

/* "1x28x28x3, or 1x3x28x28": images may have the channels first. */
static void print_wanted(const struct shape *s, char *out, size_t bytes)
{
	size_t used;

	shape_print(s, out, bytes);
	used = strlen(out);
	if (s->rank == 4) {
		struct shape first = *s;

		first.dim[1] = s->dim[3];
		first.dim[2] = s->dim[1];
		first.dim[3] = s->dim[2];
		snprintf(out + used, bytes - used, ", or ");
		used = strlen(out);
		shape_print(&first, out + used, bytes - used);
	}
}

int tensor_convert(const struct tensor *t, const char *name, enum dtype dtype,
		   const struct shape *shape, void *out, struct diag *d)
{
	char have[128], want[280];

	if (is_channels_first_of(&t->shape, shape)) {
		transpose(t, dtype, shape, out);
		return 0;
	}
	if (!same_dims(&t->shape, shape)) {
		shape_print(&t->shape, have, sizeof(have));
		print_wanted(shape, want, sizeof(want));
		return diag_error(d, "'%s': a tensor of %s, expected %s", name,
				  have, want);
	}
	for (size_t i = 0; i < (size_t)shape_elements(shape); i++)
		store_element(out, dtype, i,
			      tensor_element(t->dtype, t->data, (int64_t)i));
	return 0;
}
