/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reference_node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

int64_t ref_count(const struct ref_tensor *t)
{
	return ref_stride(t, -1);
}

void ref_shape(const struct ref_node *n, struct ref_tensor *t, int rank,
	       const int64_t *dim)
{
	assert_in_range(rank, 0, REF_MAX_RANK);
	t->rank = rank;
	for (int i = 0; i < rank; i++) {
		if (dim[i] < 1)
			fail_msg("reference: node '%s' (%s): dim %d is %d",
				 n->proto->name, n->proto->op_type, i,
				 (int)dim[i]);
		t->dim[i] = dim[i];
	}
	t->v = arena_array(n->arena, (size_t)ref_count(t), sizeof(*t->v));
	assert_non_null(t->v);
}

struct ref_tensor *ref_like(const struct ref_node *n)
{
	ref_shape(n, n->out[0], n->in[0]->rank, n->in[0]->dim);
	return n->out[0];
}

int64_t ref_stride(const struct ref_tensor *t, int axis)
{
	int64_t n = 1;

	for (int i = axis + 1; i < t->rank; i++)
		n *= t->dim[i];
	return n;
}

void ref_index(const struct ref_tensor *t, int64_t i, int64_t *index)
{
	for (int d = t->rank - 1; d >= 0; d--) {
		index[d] = i % t->dim[d];
		i /= t->dim[d];
	}
}

int64_t ref_offset(const struct ref_tensor *t, const int64_t *index)
{
	int64_t i = 0;

	for (int d = 0; d < t->rank; d++) {
		assert_true(index[d] >= 0 && index[d] < t->dim[d]);
		i = i * t->dim[d] + index[d];
	}
	return i;
}

int ref_axis(const struct ref_tensor *t, int64_t axis)
{
	if (axis < 0)
		axis += t->rank;
	assert_true(axis >= 0 && axis < t->rank);
	return (int)axis;
}

static const Onnx__AttributeProto *find(const struct ref_node *n,
					const char *name)
{
	for (size_t i = 0; i < n->proto->n_attribute; i++)
		if (!strcmp(n->proto->attribute[i]->name, name))
			return n->proto->attribute[i];
	return NULL;
}

int64_t ref_int(const struct ref_node *n, const char *name, int64_t def)
{
	const Onnx__AttributeProto *a = find(n, name);

	return a ? a->i : def;
}

double ref_float(const struct ref_node *n, const char *name, double def)
{
	const Onnx__AttributeProto *a = find(n, name);

	return a ? (double)a->f : def;
}

bool ref_is(const struct ref_node *n, const char *name, const char *def,
	    const char *text)
{
	const Onnx__AttributeProto *a = find(n, name);

	if (!a)
		return !strcmp(def, text);
	return a->s.len == strlen(text) && !memcmp(a->s.data, text, a->s.len);
}

int ref_ints(const struct ref_node *n, const char *name, int64_t *out)
{
	const Onnx__AttributeProto *a = find(n, name);

	if (!a)
		return 0;
	for (size_t i = 0; i < a->n_ints; i++)
		out[i] = a->ints[i];
	return (int)a->n_ints;
}

int ref_list(const struct ref_node *n, const char *name, int slot, int64_t *out)
{
	const struct ref_tensor *t = slot < n->in_count ? n->in[slot] : NULL;
	int64_t count = t ? ref_count(t) : 0;

	if (!t)
		return ref_ints(n, name, out);
	for (int64_t i = 0; i < count; i++) /* INT64_MAX is no double */
		out[i] = t->v[i] < 1e18 ? (int64_t)t->v[i] : INT64_MAX;
	return (int)count;
}

double ref_number(const struct ref_node *n, const char *name, int slot,
		  double def)
{
	const struct ref_tensor *t = slot < n->in_count ? n->in[slot] : NULL;

	return t ? t->v[0] : ref_float(n, name, def);
}
