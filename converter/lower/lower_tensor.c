/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors and values of a graph while it is lowered. */
#include "converter/lower/lower_tensor.h"

#include <float.h>
#include <math.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_scale.h"

bool lower_is_s8(const struct value *v)
{
	return v->quant && !value_is_const(v);
}

struct shape shape_1(int64_t a)
{
	return shape_of(1, &a);
}

struct shape shape_3(int64_t a, int64_t b, int64_t c)
{
	return shape_of(3, (int64_t[]){ a, b, c });
}

struct shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d)
{
	return shape_of(4, (int64_t[]){ a, b, c, d });
}

struct shape lower_shape(const struct lower *l, uint32_t tensor)
{
	const struct dev_tensor *t = &l->m->tensors[tensor];
	struct shape s = { .rank = t->rank };

	for (int i = 0; i < t->rank; i++)
		s.dim[i] = t->dims[i];
	return s;
}

/* Drops leading dims of 1 if there are more dims than the device has. */
static int set_dims(struct lower *l, struct dev_tensor *t,
		    const struct shape *s)
{
	int64_t count = shape_elements(s);
	int skip = 0;

	while (s->rank - skip > DBP_MAX_RANK && s->dim[skip] == 1)
		skip++;
	t->rank = s->rank - skip > 0 ? s->rank - skip : 1;
	for (int i = 0; i < DBP_MAX_RANK; i++)
		t->dims[i] = 1;
	if (t->rank > DBP_MAX_RANK) {
		t->rank = 1;
		return lower_refuse(
			l, "a tensor has %d dimensions, the device supports %d",
			s->rank, DBP_MAX_RANK);
	}
	if (count <= 0 ||
	    (uint64_t)count * dev_element_bytes(t->dtype) > DBP_MAX_BYTES)
		return lower_refuse(l, count ? "a tensor over 2 GB" :
					       "a tensor without elements");
	for (int i = 0; i < t->rank && s->rank; i++)
		t->dims[i] = (uint32_t)s->dim[skip + i];
	return 0;
}

uint32_t lower_tensor(struct lower *l, enum dbp_dtype dtype,
		      const struct shape *s, const struct quant *quant)
{
	struct dev_tensor t = { .dtype = dtype };

	if (dtype == DBP_S8) {
		/* one scale for each channel: only writers and readers know
		 * them */
		t.scale = quant_per_channel(quant) ? 1 : quant->scale[0];
		t.zero_point = quant->zero_point[0];
	}
	set_dims(l, &t, s);
	return dev_add_tensor(l->m, &t);
}

uint32_t lower_tensor_like(struct lower *l, uint32_t like,
			   const struct shape *s)
{
	struct dev_tensor t = { .dtype = l->m->tensors[like].dtype };

	t.scale = l->m->tensors[like].scale;
	t.zero_point = l->m->tensors[like].zero_point;
	set_dims(l, &t, s);
	return dev_add_tensor(l->m, &t);
}

uint32_t lower_constant_f32(struct lower *l, const struct shape *s,
			    const float *data)
{
	uint32_t id = lower_tensor(l, DBP_F32, s, NULL);
	struct dev_tensor *t = &l->m->tensors[id];

	t->is_constant = true;
	t->data = dev_add_data(l->m, data, dev_elements(t) * sizeof(*data));
	return id;
}

uint32_t lower_constant_s8(struct lower *l, const struct shape *s,
			   const int8_t *codes, float scale, int32_t zero_point)
{
	const struct quant q = { .scale = &scale, .zero_point = &zero_point };
	uint32_t id = lower_tensor(l, DBP_S8, s, &q);
	struct dev_tensor *t = &l->m->tensors[id];

	t->is_constant = true;
	t->data = dev_add_data(l->m, codes, dev_elements(t));
	return id;
}

/* Constants of any type as floats; NULL if a value would change. */
static const float *constant_floats(struct lower *l, const struct value *v)
{
	int64_t count = shape_elements(&v->shape);
	float *f;

	if (v->dtype == DT_F32)
		return v->data;
	f = arena_array(l->m->arena, (size_t)count, sizeof(*f));
	if (!f) {
		l->m->failed = true;
		return NULL;
	}
	for (int64_t i = 0; i < count; i++) {
		int64_t x = v->dtype == DT_I64 ? ((const int64_t *)v->data)[i] :
			    v->dtype == DT_I32 ? ((const int32_t *)v->data)[i] :
			    v->dtype == DT_I8  ? ((const int8_t *)v->data)[i] :
						 ((const uint8_t *)v->data)[i];

		if (x > 1 << 24 || x < -(1 << 24)) {
			lower_refuse(
				l, "the constant %lld has no exact float value",
				(long long)x);
			return NULL;
		}
		f[i] = (float)x;
	}
	return f;
}

static uint32_t constant_tensor(struct lower *l, const struct value *v)
{
	uint32_t *id = &l->real[v->id];
	const float *data;

	if (*id != DBP_NONE)
		return *id;
	data = constant_floats(l, v);
	if (!data)
		return *id = lower_tensor(l, DBP_F32, &v->shape, NULL);
	return *id = lower_constant_f32(l, &v->shape, data);
}

uint32_t lower_own(struct lower *l, const struct value *v)
{
	return value_is_const(v) ? constant_tensor(l, v) : l->own[v->id];
}

uint32_t lower_f32(struct lower *l, const struct value *v)
{
	uint32_t own, *real = &l->real[v->id];
	struct shape s;

	if (value_is_const(v))
		return constant_tensor(l, v);
	own = l->own[v->id];
	if (l->m->tensors[own].dtype == DBP_F32)
		return own;
	if (v->quant && quant_per_channel(v->quant))
		lower_refuse(l,
			     "'%s' has one scale for each channel, which only "
			     "convolutions and sums can read",
			     v->name);
	if (l->m->tensors[own].dtype == DBP_I32) {
		lower_refuse(l,
			     "arithmetic on '%s', integers computed on the "
			     "device, is not supported",
			     v->name);
		return lower_tensor(l, DBP_F32, &v->shape, NULL);
	}
	if (*real == DBP_NONE) {
		s = lower_shape(l, own);
		*real = lower_op1(l, DBP_OP_DEQUANTIZE, own,
				  lower_tensor(l, DBP_F32, &s, NULL), NULL, 0);
	}
	return *real;
}

/* The scale that covers the range of a constant; a single number gets code 127.
 */
static void constant_scale(const float *x, int64_t count, float *scale,
			   int32_t *zero_point)
{
	double low = 0, high = 0;

	for (int64_t i = 0; i < count; i++) {
		low = fmin(low, x[i]);
		high = fmax(high, x[i]);
	}
	*zero_point = 0;
	*scale = (float)(fmax(-low, high) / 127);
	if (count > 1 && high > low) {
		*scale = (float)((high - low) / 255);
		if (*scale > 0)
			*zero_point = (int32_t)rint(-128 - low / *scale);
	}
	if (!(*scale >= FLT_MIN && *scale <= FLT_MAX)) {
		*scale = 1;
		*zero_point = 0;
	}
}

uint32_t lower_s8(struct lower *l, const struct value *v)
{
	int64_t count = shape_elements(&v->shape);
	const float *x = v->data;
	int32_t zero_point;
	float scale;
	int8_t *codes;

	if (!value_is_const(v))
		return l->own[v->id];
	codes = arena_alloc(l->m->arena, (size_t)count);
	if (!codes) {
		l->m->failed = true;
		return 0;
	}
	constant_scale(x, count, &scale, &zero_point);
	for (int64_t i = 0; i < count; i++)
		codes[i] = scale_code(x[i], scale, zero_point);
	return lower_constant_s8(l, &v->shape, codes, scale, zero_point);
}

uint32_t lower_moved(struct lower *l, const struct value *v,
		     const struct value *out)
{
	if (lower_is_s8(v) && !lower_is_s8(out))
		return lower_f32(l, v);
	return lower_own(l, v);
}

uint32_t lower_reshape(struct lower *l, uint32_t t, const struct shape *s)
{
	struct dev_tensor want = { .dtype = l->m->tensors[t].dtype };

	set_dims(l, &want, s);
	if (dev_same_dims(&want, &l->m->tensors[t]))
		return t;
	return lower_op1(l, DBP_OP_COPY, t, lower_tensor_like(l, t, s), NULL,
			 0);
}

/* ---- Storing ---- */

static enum dbp_dtype type_of(const struct lower *l, const struct value *v,
			      uint32_t t)
{
	enum dbp_dtype computed = l->m->tensors[t].dtype;

	if (lower_is_s8(v))
		return DBP_S8;
	return computed == DBP_I32 ? DBP_I32 : DBP_F32;
}

/* A grid from training rounds halves to even. */
static uint32_t rescale_by_table(struct lower *l, uint32_t t,
				 const struct quant *q)
{
	const struct dev_tensor *from = &l->m->tensors[t];
	struct shape s = lower_shape(l, t);
	struct dbp_table p;
	int8_t table[256];

	for (int i = 0; i < 256; i++) {
		int code = i - 128 - from->zero_point;

		table[i] = scale_code((double)code * (double)from->scale,
				      (double)q->scale[0], q->zero_point[0]);
	}
	p.table = dev_add_data(l->m, table, sizeof(table));
	return lower_op1(l, DBP_OP_TABLE, t, lower_tensor(l, DBP_S8, &s, q), &p,
			 sizeof(p));
}

static uint32_t rescale(struct lower *l, uint32_t t, const struct quant *q)
{
	struct shape s = lower_shape(l, t);
	struct dbp_rescale p;
	double ratio = (double)l->m->tensors[t].scale / q->scale[0];

	if (q->trained)
		return rescale_by_table(l, t, q);
	if (scale_to_multiplier(ratio, 1, 62, &p.multiplier, &p.shift)) {
		lower_refuse(l, "the scales differ too much to convert");
		return t;
	}
	return lower_op1(l, DBP_OP_RESCALE, t, lower_tensor(l, DBP_S8, &s, q),
			 &p, sizeof(p));
}

static uint32_t to_type(struct lower *l, uint32_t t, enum dbp_dtype type,
			const struct quant *q)
{
	const struct dev_tensor *from = &l->m->tensors[t];
	struct shape s = lower_shape(l, t);

	if (from->dtype == DBP_S8 && type == DBP_S8) {
		/* one scale for each channel: moving channels does not change
		 * them */
		if (quant_per_channel(q))
			return t;
		if (from->scale == q->scale[0] &&
		    from->zero_point == q->zero_point[0])
			return t;
		return rescale(l, t, q);
	}
	if (from->dtype == type)
		return t;
	if (from->dtype == DBP_I32) {
		lower_refuse(l, "integers computed on the device cannot be "
				"quantized");
		return t;
	}
	return lower_op1(l,
			 type == DBP_S8 ? DBP_OP_QUANTIZE : DBP_OP_DEQUANTIZE,
			 t, lower_tensor(l, type, &s, q), NULL, 0);
}

uint32_t lower_to_s8(struct lower *l, uint32_t t, const struct quant *q)
{
	return to_type(l, t, DBP_S8, q);
}

/* An input, output or constant keeps its tensor. */
static bool is_taken(const struct dev_tensor *t)
{
	return t->name || t->is_constant || t->is_input || t->is_output;
}

void lower_store(struct lower *l, const struct value *v, uint32_t t)
{
	t = to_type(l, t, type_of(l, v, t), v->quant);
	t = lower_reshape(l, t, &v->shape);
	if (is_taken(&l->m->tensors[t])) {
		struct shape s = lower_shape(l, t);

		t = lower_op1(l, DBP_OP_COPY, t, lower_tensor_like(l, t, &s),
			      NULL, 0);
	}
	l->m->tensors[t].name = v->name;
	l->m->tensors[t].value = v;
	l->own[v->id] = t;
}
