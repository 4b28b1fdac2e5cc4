/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's array format, https://numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html: a header that is a Python dictionary, then data. */
#include "converter/data/npy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_read.h"
#include "base/file_write.h"
#include "converter/onnx/onnx_tensor.h"

#define NPY_MAX_BYTES ((size_t)1 << 31)
#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6

/* The contents of the header. */
struct npy {
	const struct onnx_type
		*type; /* the conversion is that of this ONNX type */
	bool fortran_order;
	struct shape shape;
	const uint8_t *data;
	size_t data_bytes;
};

static int not_npy(struct diag *d, const char *what)
{
	return diag_error(d, "is not a .npy array that can be read: %s", what);
}

/* The text after `'key':` in the dictionary; NULL if there is none. */
static const char *find_key(const char *header, const char *key)
{
	char quoted[32];
	const char *at;

	snprintf(quoted, sizeof(quoted), "'%s'", key);
	at = strstr(header, quoted);
	if (!at)
		return NULL;
	at += strlen(quoted);
	at += strspn(at, " ");
	if (*at != ':')
		return NULL;
	return at + 1 + strspn(at + 1, " ");
}

static const struct onnx_type *type_of(const char *descr)
{
	static const struct {
		const char *name;
		enum onnx_data_type type;
	} types[] = {
		{ "f2'", ONNX_FLOAT16 }, { "f4'", ONNX_FLOAT },
		{ "f8'", ONNX_DOUBLE },  { "i1'", ONNX_INT8 },
		{ "u1'", ONNX_UINT8 },   { "i2'", ONNX_INT16 },
		{ "u2'", ONNX_UINT16 },  { "i4'", ONNX_INT32 },
		{ "u4'", ONNX_UINT32 },  { "i8'", ONNX_INT64 },
		{ "u8'", ONNX_UINT64 },  { "b1'", ONNX_BOOL },
	};

	if (!descr || descr[0] != '\'' || !descr[1] || !strchr("<|=", descr[1]))
		return NULL;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strncmp(descr + 2, types[i].name, 3))
			return onnx_type(types[i].type);
	return NULL;
}

static int parse_shape(const char *text, struct shape *s, struct diag *d)
{
	s->rank = 0;
	if (!text || *text++ != '(')
		return not_npy(d, "it has no shape");
	for (;;) {
		int64_t dim = 0;

		text += strspn(text, " ,");
		if (*text == ')')
			break;
		if (!isdigit((unsigned char)*text))
			return not_npy(d, "its shape is damaged");
		while (isdigit((unsigned char)*text)) {
			dim = 10 * dim + (*text++ - '0');
			if (dim > GRAPH_MAX_ELEMENTS)
				return not_npy(d, "it is too large");
		}
		if (s->rank == GRAPH_MAX_RANK)
			return not_npy(d, "it has too many dimensions");
		s->dim[s->rank++] = dim;
	}
	return shape_elements(s) < 0 ? not_npy(d, "it is too large") : 0;
}

static int parse_header(const char *header, struct npy *n, struct diag *d)
{
	const char *descr = find_key(header, "descr");
	const char *order = find_key(header, "fortran_order");

	n->type = type_of(descr);
	if (!n->type)
		return not_npy(d, "its element type is not supported");
	if (!order || (strncmp(order, "True", 4) && strncmp(order, "False", 5)))
		return not_npy(d, "it does not say its order");
	n->fortran_order = *order == 'T';
	return parse_shape(find_key(header, "shape"), &n->shape, d);
}

static int parse(const struct regular_file *f, struct npy *n, struct diag *d)
{
	size_t at, length;
	char *header;
	int err;

	if (f->size < 12 || memcmp(f->data, MAGIC, MAGIC_BYTES))
		return not_npy(d, "the first bytes are others");
	if (f->data[6] < 1 || f->data[6] > 3)
		return not_npy(d, "its version is not known");
	at = f->data[6] == 1 ? 10 : 12;
	length = f->data[8] | (size_t)f->data[9] << 8;
	if (at == 12)
		length |= (size_t)f->data[10] << 16 | (size_t)f->data[11] << 24;
	if (length > f->size - at)
		return not_npy(d, "it is cut short");
	header = strndup((const char *)f->data + at, length);
	if (!header)
		return diag_error(d, "out of memory");
	err = parse_header(header, n, d);
	free(header);
	n->data = f->data + at + length;
	n->data_bytes = f->size - at - length;
	return err;
}

/* Converts Fortran order to C order. */
static void reorder(const struct npy *n, const uint8_t *from, uint8_t *to,
		    size_t size)
{
	int64_t index[GRAPH_MAX_RANK] = { 0 };
	int64_t count = shape_elements(&n->shape);

	for (int64_t k = 0; k < count; k++) {
		int64_t at = 0;

		for (int i = n->shape.rank - 1; i >= 0; i--)
			at = at * n->shape.dim[i] + index[i];
		memcpy(to + (size_t)k * size, from + (size_t)at * size, size);
		for (int i = n->shape.rank - 1; i >= 0; i--) {
			if (++index[i] < n->shape.dim[i])
				break;
			index[i] = 0;
		}
	}
}

static int convert_data(const struct npy *n, struct tensor *t, struct diag *d)
{
	int64_t count = shape_elements(&n->shape);
	size_t size = (size_t)n->type->bits / 8;
	uint8_t *ordered;

	if (n->data_bytes < (size_t)count * size)
		return not_npy(d, "it is cut short");
	if (tensor_init(t, n->type->dtype, &n->shape))
		return diag_error(d, "out of memory");
	if (!n->fortran_order || n->shape.rank < 2) {
		onnx_tensor_convert(n->type, count, n->data, t->data);
		return 0;
	}
	ordered = malloc((size_t)count * size + 1);
	if (!ordered) {
		tensor_free(t);
		return diag_error(d, "out of memory");
	}
	reorder(n, n->data, ordered, size);
	onnx_tensor_convert(n->type, count, ordered, t->data);
	free(ordered);
	return 0;
}

int npy_read(const char *path, struct tensor *t, struct diag *d)
{
	char *former = diag_enter(d, path);
	struct regular_file file = { NULL, 0 };
	struct npy n;
	int err = -1;

	*t = (struct tensor){ 0 };
	if (!regular_file_read(path, NPY_MAX_BYTES, &file, d) &&
	    !parse(&file, &n, d))
		err = convert_data(&n, t, d);
	regular_file_free(&file);
	diag_leave(d, former);
	return err;
}

static const char *descr_of(enum dtype t)
{
	static const char *const names[DT_COUNT] = {
		[DT_F32] = "<f4", [DT_I64] = "<i8", [DT_I32] = "<i4",
		[DT_I8] = "|i1",  [DT_U8] = "|u1",  [DT_BOOL] = "|b1",
	};

	return names[t];
}

/* The dictionary, padded so that data begins at a multiple of 64. */
static size_t write_header(char *out, const struct tensor *t)
{
	char shape[GRAPH_MAX_RANK * 22 + 2] = "";
	size_t used = 0, length;

	for (int i = 0; i < t->shape.rank; i++)
		used += (size_t)snprintf(
			shape + used, sizeof(shape) - used, "%s%lld%s",
			i ? " " : "", (long long)t->shape.dim[i],
			t->shape.rank == 1 || i + 1 < t->shape.rank ? "," : "");
	length = (size_t)sprintf(out + 10,
				 "{'descr': '%s', 'fortran_order': False, "
				 "'shape': (%s), }",
				 descr_of(t->dtype), shape);
	while ((10 + length + 1) % 64)
		out[10 + length++] = ' ';
	out[10 + length++] = '\n';
	memcpy(out, MAGIC "\x01\x00", 8);
	out[8] = (char)(length & 0xff);
	out[9] = (char)(length >> 8);
	return 10 + length;
}

int npy_write(const char *path, const struct tensor *t, struct diag *d)
{
	size_t bytes = tensor_bytes(t), header;
	char *out = malloc(512 + bytes);
	int err;

	if (!out)
		return diag_error(d, "out of memory");
	header = write_header(out, t);
	memcpy(out + header, t->data, bytes);
	err = file_write_atomic(path, out, header + bytes, d);
	free(out);
	return err;
}
