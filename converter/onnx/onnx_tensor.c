/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_tensor.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "raw_data is read as it stands");

static const struct onnx_type types[ONNX_TYPE_COUNT] = {
	[0] = { "undefined", DT_NONE, 0, false, false },
	[ONNX_FLOAT] = { "float", DT_F32, 32, true, true },
	[ONNX_UINT8] = { "uint8", DT_U8, 8, false, false },
	[ONNX_INT8] = { "int8", DT_I8, 8, true, false },
	[ONNX_UINT16] = { "uint16", DT_I32, 16, false, false },
	[ONNX_INT16] = { "int16", DT_I32, 16, true, false },
	[ONNX_INT32] = { "int32", DT_I32, 32, true, false },
	[ONNX_INT64] = { "int64", DT_I64, 64, true, false },
	[ONNX_STRING] = { "string", DT_NONE, 0, false, false },
	[ONNX_BOOL] = { "bool", DT_BOOL, 8, false, false },
	[ONNX_FLOAT16] = { "float16", DT_F32, 16, true, true },
	[ONNX_DOUBLE] = { "double", DT_F32, 64, true, true },
	[ONNX_UINT32] = { "uint32", DT_I64, 32, false, false },
	[ONNX_UINT64] = { "uint64", DT_I64, 64, false, false },
	[14] = { "complex64", DT_NONE, 64, true, true },
	[15] = { "complex128", DT_NONE, 128, true, true },
	[ONNX_BFLOAT16] = { "bfloat16", DT_F32, 16, true, true },
	[17] = { "float8e4m3fn", DT_NONE, 8, true, true },
	[18] = { "float8e4m3fnuz", DT_NONE, 8, true, true },
	[19] = { "float8e5m2", DT_NONE, 8, true, true },
	[20] = { "float8e5m2fnuz", DT_NONE, 8, true, true },
	[ONNX_UINT4] = { "uint4", DT_U8, 4, false, false },
	[ONNX_INT4] = { "int4", DT_I8, 4, true, false },
	[23] = { "float4e2m1", DT_NONE, 4, true, true },
	[24] = { "float8e8m0", DT_NONE, 8, false, true },
	[ONNX_UINT2] = { "uint2", DT_U8, 2, false, false },
	[ONNX_INT2] = { "int2", DT_I8, 2, true, false },
};

const struct onnx_type *onnx_type(int64_t data_type)
{
	if (data_type < 0 || data_type >= ONNX_TYPE_COUNT)
		return NULL;
	return &types[data_type];
}

const struct onnx_type *onnx_type_checked(int64_t data_type, const char *what,
					  struct diag *d)
{
	const struct onnx_type *t = onnx_type(data_type);

	if (!t) {
		diag_error(d, "%s: type number %lld is not known", what,
			   (long long)data_type);
		return NULL;
	}
	if (t->dtype == DT_NONE) {
		diag_error(d, "%s: type %s is not supported", what, t->name);
		return NULL;
	}
	return t;
}

/* The fields of a TensorProto that can hold values. */
enum store {
	STORE_NONE,
	STORE_RAW,
	STORE_FLOAT,
	STORE_INT32,
	STORE_INT64,
	STORE_DOUBLE,
	STORE_UINT64,
	STORE_EXTERNAL,
};

static const char *const store_names[] = {
	[STORE_NONE] = "no field",      [STORE_RAW] = "raw_data",
	[STORE_FLOAT] = "float_data",   [STORE_INT32] = "int32_data",
	[STORE_INT64] = "int64_data",   [STORE_DOUBLE] = "double_data",
	[STORE_UINT64] = "uint64_data", [STORE_EXTERNAL] = "external_data",
};

static int check_shape(struct onnx_tensor *t, struct diag *d)
{
	const Onnx__TensorProto *p = t->proto;

	if (p->n_dims > GRAPH_MAX_RANK)
		return diag_error(d, "%s: has %zu dimensions, at most %d",
				  t->what, p->n_dims, GRAPH_MAX_RANK);
	for (size_t i = 0; i < p->n_dims; i++)
		if (p->dims[i] < 0)
			return diag_error(d, "%s: dimension %zu is %lld",
					  t->what, i, (long long)p->dims[i]);
	t->shape = shape_of((int)p->n_dims, p->dims);
	t->elements = shape_elements(&t->shape);
	if (t->elements < 0)
		return diag_error(d, "%s: has more than %lld elements", t->what,
				  (long long)GRAPH_MAX_ELEMENTS);
	return 0;
}

int onnx_tensor_check(const Onnx__TensorProto *proto, const char *what,
		      struct onnx_tensor *t, struct diag *d)
{
	memset(t, 0, sizeof(*t));
	t->proto = proto;
	t->what = what;
	t->type = onnx_type_checked(proto->data_type, what, d);
	if (!t->type || check_shape(t, d) != 0)
		return -1;
	if (proto->has_segment)
		return diag_error(d, "%s: is split into segments", what);
	/* at most 2^30 elements of 64 bits: no overflow */
	t->raw_bytes = ((size_t)t->elements * (size_t)t->type->bits + 7) / 8;
	return 0;
}

/* Finds the field that holds the values; more than one is an error. */
static int find_store(const struct onnx_tensor *t, enum store *store,
		      struct diag *d)
{
	const Onnx__TensorProto *p = t->proto;
	const size_t counts[] = {
		[STORE_NONE] = 0,
		/* an empty raw_data next to another field is ignored */
		[STORE_RAW] = p->has_raw_data ? p->raw_data.len : 0,
		[STORE_FLOAT] = p->n_float_data,
		[STORE_INT32] = p->n_int32_data,
		[STORE_INT64] = p->n_int64_data,
		[STORE_DOUBLE] = p->n_double_data,
		[STORE_UINT64] = p->n_uint64_data,
		[STORE_EXTERNAL] = p->data_location == 1,
	};

	*store = STORE_NONE;
	for (int i = 0; i <= STORE_EXTERNAL; i++) {
		if (!counts[i])
			continue;
		if (*store != STORE_NONE)
			return diag_error(d, "%s: has both %s and %s", t->what,
					  store_names[*store], store_names[i]);
		*store = (enum store)i;
	}
	return 0;
}

/* The typed field that the ONNX specification assigns to a type. */
static enum store typed_store(const struct onnx_type *type)
{
	switch (type - types) {
	case ONNX_FLOAT:
		return STORE_FLOAT;
	case ONNX_INT64:
		return STORE_INT64;
	case ONNX_DOUBLE:
		return STORE_DOUBLE;
	case ONNX_UINT32:
	case ONNX_UINT64:
		return STORE_UINT64;
	default:
		return STORE_INT32;
	}
}

static int wrong_count(const struct onnx_tensor *t, enum store store,
		       size_t has, size_t needs, const char *unit,
		       struct diag *d)
{
	char shape[128];

	shape_print(&t->shape, shape, sizeof(shape));
	return diag_error(d, "%s: %s has %zu %s, a %s of %s needs %zu", t->what,
			  store_names[store], has, unit, shape, t->type->name,
			  needs);
}

/* Values of one, two or four bytes that are stored in wider integers. */
static int narrow(const struct onnx_tensor *t, enum store store,
		  size_t value_bytes, size_t count, struct onnx_bytes *b,
		  struct diag *d)
{
	const Onnx__TensorProto *p = t->proto;
	bool is_signed = t->type->is_signed && !t->type->is_float &&
			 t->type->bits >= 8;
	int64_t span = (int64_t)1 << (8 * value_bytes);
	int64_t low = is_signed ? -span / 2 : 0;

	b->owned = malloc(count * value_bytes + 1);
	if (!b->owned)
		return diag_error(d, "%s: no memory", t->what);
	b->data = b->owned;
	for (size_t i = 0; i < count; i++) {
		int64_t v = store == STORE_INT32 ? p->int32_data[i] :
			    p->uint64_data[i] > INT64_MAX ?
						   INT64_MAX :
						   (int64_t)p->uint64_data[i];

		/* packed int4 and int2 may come sign-extended, as a byte */
		if (t->type->bits < 8 && v < 0 && v >= -128)
			v += 256;
		if (v < low || v >= low + span)
			return diag_error(d, "%s: %s holds %lld, out of range",
					  t->what, store_names[store],
					  (long long)v);
		memcpy(b->owned + i * value_bytes, &v, value_bytes);
	}
	return 0;
}

static int typed_bytes(const struct onnx_tensor *t, enum store store,
		       struct onnx_bytes *b, struct diag *d)
{
	const Onnx__TensorProto *p = t->proto;
	size_t count = (size_t)t->elements, has = 0, value_bytes;
	const void *direct = NULL;

	switch (store) {
	case STORE_FLOAT:
		has = p->n_float_data, direct = p->float_data;
		break;
	case STORE_INT64:
		has = p->n_int64_data, direct = p->int64_data;
		break;
	case STORE_DOUBLE:
		has = p->n_double_data, direct = p->double_data;
		break;
	case STORE_UINT64:
		has = p->n_uint64_data;
		direct = t->type->bits == 64 ? p->uint64_data : NULL;
		break;
	default:
		has = p->n_int32_data;
		direct = t->type->bits == 32 ? p->int32_data : NULL;
		/* int4, int2: one packed byte for each value */
		count = t->type->bits < 8 ? t->raw_bytes : count;
		break;
	}
	if (has != count)
		return wrong_count(t, store, has, count, "values", d);
	b->data = direct;
	value_bytes = t->type->bits < 8 ? 1 : (size_t)t->type->bits / 8;
	return direct ? 0 : narrow(t, store, value_bytes, count, b, d);
}

static int external_bytes(const struct onnx_tensor *t,
			  struct onnx_external *ext, struct onnx_bytes *b,
			  struct diag *d)
{
	if (!ext)
		return diag_error(d, "%s: external data is not read here",
				  t->what);
	return onnx_external_read(ext, t->proto, t->what, t->raw_bytes,
				  &b->owned, d);
}

static int raw_bytes(const struct onnx_tensor *t, struct onnx_bytes *b,
		     struct diag *d)
{
	if (t->proto->raw_data.len != t->raw_bytes)
		return wrong_count(t, STORE_RAW, t->proto->raw_data.len,
				   t->raw_bytes, "bytes", d);
	b->data = t->proto->raw_data.data;
	return 0;
}

int onnx_tensor_bytes(const struct onnx_tensor *t, struct onnx_external *ext,
		      struct onnx_bytes *b, struct diag *d)
{
	enum store store, typed = typed_store(t->type);
	int ret;

	b->data = NULL;
	b->owned = NULL;
	if (find_store(t, &store, d) != 0)
		return -1;
	if (store == STORE_NONE)
		return t->elements == 0 ?
			       0 :
			       wrong_count(t, typed, 0, (size_t)t->elements,
					   "values", d);
	if (store == STORE_RAW)
		return raw_bytes(t, b, d);
	if (store == STORE_EXTERNAL)
		ret = external_bytes(t, ext, b, d);
	else if (store != typed)
		ret = diag_error(d, "%s: %s cannot hold type %s", t->what,
				 store_names[store], t->type->name);
	else
		ret = typed_bytes(t, store, b, d);
	if (ret != 0) {
		free(b->owned);
		b->owned = NULL;
	} else if (b->owned) {
		b->data = b->owned;
	}
	return ret;
}

static float from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* IEEE 754 binary16, subnormals, infinities and NaN included. */
static float from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16;
	uint32_t exponent = (h >> 10) & 0x1f, fraction = h & 0x3ff;

	if (exponent == 0) {
		float f = (float)fraction / 16777216.0f; /* 2^-24 units */

		return sign ? -f : f;
	}
	if (exponent == 31)
		return from_bits(sign | 0x7f800000u | fraction << 13);
	return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static void halves_to_f32(int64_t n, const uint8_t *raw, float *out)
{
	for (int64_t i = 0; i < n; i++) {
		uint16_t v;

		memcpy(&v, raw + 2 * i, sizeof(v));
		out[i] = from_half(v);
	}
}

static void bfloats_to_f32(int64_t n, const uint8_t *raw, float *out)
{
	for (int64_t i = 0; i < n; i++) {
		uint16_t v;

		memcpy(&v, raw + 2 * i, sizeof(v));
		out[i] = from_bits((uint32_t)v << 16);
	}
}

/* Overflow gives infinity, which is an error later if a weight must be finite.
 */
static void doubles_to_f32(int64_t n, const uint8_t *raw, float *out)
{
	for (int64_t i = 0; i < n; i++) {
		double v;

		memcpy(&v, raw + 8 * i, sizeof(v));
		out[i] = (float)v;
	}
}

static void shorts_to_i32(int64_t n, const uint8_t *raw, bool is_signed,
			  int32_t *out)
{
	for (int64_t i = 0; i < n; i++) {
		uint16_t v;

		memcpy(&v, raw + 2 * i, sizeof(v));
		out[i] = is_signed ? (int16_t)v : v;
	}
}

static void u32_to_i64(int64_t n, const uint8_t *raw, int64_t *out)
{
	for (int64_t i = 0; i < n; i++) {
		uint32_t v;

		memcpy(&v, raw + 4 * i, sizeof(v));
		out[i] = v;
	}
}

/* Values over INT64_MAX become INT64_MAX: they only mean "to the end". */
static void u64_to_i64(int64_t n, const uint8_t *raw, int64_t *out)
{
	for (int64_t i = 0; i < n; i++) {
		uint64_t v;

		memcpy(&v, raw + 8 * i, sizeof(v));
		out[i] = v > INT64_MAX ? INT64_MAX : (int64_t)v;
	}
}

/* Elements of 2 or 4 bits, the first in the lowest bits of a byte. */
static void unpack_bits(int64_t n, const uint8_t *raw, int bits, bool is_signed,
			uint8_t *out)
{
	int64_t per_byte = 8 / bits;
	unsigned half = 1u << (bits - 1), mask = 2 * half - 1;

	for (int64_t i = 0; i < n; i++) {
		unsigned v = raw[i / per_byte] >> (i % per_byte * bits) & mask;

		/* sign extension: flip the sign bit, subtract its weight */
		out[i] = (uint8_t)(is_signed ? (v ^ half) - half : v);
	}
}

static void to_bool(int64_t n, const uint8_t *raw, uint8_t *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = raw[i] != 0;
}

void onnx_tensor_convert(const struct onnx_type *type, int64_t n,
			 const uint8_t *raw, void *out)
{
	switch (type - types) {
	case ONNX_FLOAT16:
		halves_to_f32(n, raw, out);
		break;
	case ONNX_BFLOAT16:
		bfloats_to_f32(n, raw, out);
		break;
	case ONNX_DOUBLE:
		doubles_to_f32(n, raw, out);
		break;
	case ONNX_INT16:
	case ONNX_UINT16:
		shorts_to_i32(n, raw, type->is_signed, out);
		break;
	case ONNX_UINT32:
		u32_to_i64(n, raw, out);
		break;
	case ONNX_UINT64:
		u64_to_i64(n, raw, out);
		break;
	case ONNX_BOOL:
		to_bool(n, raw, out);
		break;
	case ONNX_INT4:
	case ONNX_UINT4:
	case ONNX_INT2:
	case ONNX_UINT2:
		unpack_bits(n, raw, type->bits, type->is_signed, out);
		break;
	default: /* the same type in the graph */
		if (n > 0)
			memcpy(out, raw, (size_t)n * dtype_size(type->dtype));
	}
}
