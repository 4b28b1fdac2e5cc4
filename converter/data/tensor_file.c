/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/tensor_file.h"

#include <float.h>
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

int tensor_read_finite(const char *path, const char *name, struct tensor *t,
		       struct diag *d)
{
	int64_t count;

	if (tensor_read(path, t, d))
		return -1;
	count = shape_elements(&t->shape);
	for (int64_t i = 0; i < count; i++) {
		double x = tensor_element(t->dtype, t->data, i);

		if (x >= -(double)FLT_MAX && x <= (double)FLT_MAX)
			continue;
		tensor_free(t);
		/* a NaN has a sign that says nothing */
		return diag_error(d,
				  "'%s': element %lld is %s, not a finite "
				  "number",
				  name, (long long)i,
				  x > 0 ? "inf" :
				  x < 0 ? "-inf" :
					  "nan");
	}
	return 0;
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

static bool is_picture(int64_t channels)
{
	return channels == 1 || channels == 3;
}

/* The other form of a shape in one of the layouts. */
static struct shape turned(const struct shape *s, enum layout from)
{
	struct shape t = *s;

	if (from == LAYOUT_NHWC) {
		t.dim[1] = s->dim[3];
		t.dim[2] = s->dim[1];
		t.dim[3] = s->dim[2];
	} else {
		t.dim[1] = s->dim[2];
		t.dim[2] = s->dim[3];
		t.dim[3] = s->dim[1];
	}
	return t;
}

/*
 * Whether a shape may be one of a layout, so that a tensor in the other form is
 * to be turned: with the channels of a picture in their place, or, where that
 * decides nothing, in the layout that is known or with square pictures.
 */
static bool may_be(const struct shape *s, enum layout layout, enum layout known)
{
	bool first = is_picture(s->dim[1]), last = is_picture(s->dim[3]);
	bool is_last = layout == LAYOUT_NHWC;

	if (s->rank != 4)
		return false;
	if (first != last)
		return last == is_last;
	return (is_last && known == LAYOUT_NHWC) || first ||
	       (is_last ? s->dim[1] == s->dim[2] : s->dim[2] == s->dim[3]);
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

/* Turns a tensor into `to`, of that layout, from the other one. */
static void transpose(const struct tensor *t, enum dtype dtype,
		      const struct shape *to, enum layout layout, void *out)
{
	bool last = layout == LAYOUT_NHWC;
	int64_t channels = to->dim[last ? 3 : 1];
	int64_t pixels = last ? to->dim[1] * to->dim[2] :
				to->dim[2] * to->dim[3];
	int64_t rows = last ? pixels : channels;
	int64_t columns = last ? channels : pixels;
	size_t at = 0;

	for (int64_t n = 0; n < to->dim[0]; n++)
		for (int64_t i = 0; i < rows; i++)
			for (int64_t k = 0; k < columns; k++)
				store_element(
					out, dtype, at++,
					tensor_element(
						t->dtype, t->data,
						(n * columns + k) * rows + i));
}

/* "1x28x28x3, or 1x3x28x28": images may have the channels elsewhere. */
static void print_wanted(const struct shape *s, enum layout known, char *out,
			 size_t bytes)
{
	size_t used;

	shape_print(s, out, bytes);
	for (int i = 0; i < 2; i++) {
		enum layout layout = i ? LAYOUT_NCHW : LAYOUT_NHWC;
		struct shape other;

		if (!may_be(s, layout, known))
			continue;
		other = turned(s, layout);
		if (shape_equal(&other, s))
			continue;
		used = strlen(out);
		snprintf(out + used, bytes - used, ", or ");
		used = strlen(out);
		shape_print(&other, out + used, bytes - used);
		return;
	}
}

/* Whether the tensor is to be turned, and into which layout. */
static bool is_turned(const struct tensor *t, const struct shape *shape,
		      enum layout known, enum layout *layout)
{
	if (t->shape.rank != 4 || shape_equal(&t->shape, shape))
		return false;
	for (int i = 0; i < 2; i++) {
		struct shape other;

		*layout = i ? LAYOUT_NCHW : LAYOUT_NHWC;
		if (!may_be(shape, *layout, known))
			continue;
		other = turned(shape, *layout);
		if (shape_equal(&t->shape, &other))
			return true;
	}
	return false;
}

int tensor_convert(const struct tensor *t, const char *name, enum dtype dtype,
		   const struct shape *shape, enum layout known, void *out,
		   struct diag *d)
{
	char have[128], want[280];
	enum layout layout;

	if (is_turned(t, shape, known, &layout)) {
		transpose(t, dtype, shape, layout, out);
		return 0;
	}
	if (!same_dims(&t->shape, shape)) {
		shape_print(&t->shape, have, sizeof(have));
		print_wanted(shape, known, want, sizeof(want));
		return diag_error(d, "'%s': a tensor of %s, expected %s", name,
				  have, want);
	}
	for (size_t i = 0; i < (size_t)shape_elements(shape); i++)
		store_element(out, dtype, i,
			      tensor_element(t->dtype, t->data, (int64_t)i));
	return 0;
}
