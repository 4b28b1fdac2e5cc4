/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_cut_lift.h"

#include <string.h>

#include "converter/onnx/onnx_cut_ops.h"

static const Onnx__NodeProto *producer(const struct cutter *c, const char *name)
{
	const struct fact *f = *name ? cut_known(c, name) : NULL;

	return f ? f->producer : NULL;
}

static bool is_network_data(const struct cutter *c, const char *name)
{
	return *name && cut_known(c, name) &&
	       (cut_known(c, name)->flags & NETWORK);
}

/* Whether it comes from an input beside the photo, such as its scale. */
static bool is_beside(const struct cutter *c, const char *name)
{
	unsigned flags = cut_known(c, name) ? cut_known(c, name)->flags : 0;

	return (flags & DATA) && !(flags & (NETWORK | SELECTED));
}

static bool is_op(const Onnx__NodeProto *n, const char *type)
{
	return n->op_type && !strcmp(n->op_type, type);
}

const char *cut_before_scale(const struct cutter *c, const char *name)
{
	const Onnx__NodeProto *n = producer(c, name);
	bool scales = n && (is_op(n, "Div") || is_op(n, "Mul"));

	for (size_t i = 0; scales && n->n_input == 2 && i < 2; i++)
		if (is_network_data(c, n->input[i]) &&
		    is_beside(c, n->input[1 - i]))
			return n->input[i];
	return NULL;
}

/* The number of the best class, times a size of the photo. */
static bool is_class_offset(const struct cutter *c, const char *name)
{
	for (int depth = 0; depth < CUT_MOST_ROUNDS; depth++) {
		const Onnx__NodeProto *n = producer(c, name);
		size_t data = 0;

		if (!n || !n->n_input)
			return false;
		if (is_op(n, "ArgMax"))
			return true;
		if (!cut_is_move(n) && !is_op(n, "Cast") && !is_op(n, "Mul"))
			return false;
		if (is_op(n, "Mul") && n->n_input == 2)
			data = !is_network_data(c, n->input[0]);
		name = n->input[data];
	}
	return false;
}

/* Boxes before those of each class are moved to a place of their own. */
static const char *before_offset(const struct cutter *c,
				 const Onnx__NodeProto *n)
{
	for (size_t i = 0; is_op(n, "Add") && n->n_input == 2 && i < 2; i++)
		if (is_class_offset(c, n->input[1 - i]))
			return n->input[i];
	return NULL;
}

/* The scores behind whose largest `name` stands, in another shape. */
static const char *before_largest(const struct cutter *c, const char *name)
{
	for (int depth = 0; depth < CUT_MOST_ROUNDS; depth++) {
		const Onnx__NodeProto *n = producer(c, name);

		if (!n || !n->n_input || !is_network_data(c, n->input[0]))
			return NULL;
		if (is_op(n, "ReduceMax") || is_op(n, "ArgMax"))
			return n->input[0];
		if (!cut_is_move(n) && !is_op(n, "Cast"))
			return NULL;
		name = n->input[0];
	}
	return NULL;
}

/* Boxes before their scale, in another shape. */
static const char *before_moved_scale(const struct cutter *c, const char *name)
{
	for (int depth = 0; depth < CUT_MOST_ROUNDS; depth++) {
		const Onnx__NodeProto *n = producer(c, name);
		const char *before = cut_before_scale(c, name);

		if (before)
			return before;
		if (!n || !n->n_input || !cut_is_move(n))
			return NULL;
		name = n->input[0];
	}
	return NULL;
}

const char *cut_lift(const struct cutter *c, const char *name)
{
	for (int depth = 0; depth < CUT_MOST_ROUNDS; depth++) {
		const Onnx__NodeProto *n = producer(c, name);
		const char *before;

		if (!n)
			break;
		before = before_moved_scale(c, name);
		if (!before)
			before = before_offset(c, n);
		if (!before)
			before = before_largest(c, name);
		if (!before && cut_is_criterion(n) && n->n_input &&
		    is_network_data(c, n->input[0]))
			before = n->input[0];
		if (!before)
			break;
		name = before;
	}
	return name;
}

/* The value `steps` moves before `name`, or slices too; NULL: there are not so
 * many. */
static const char *before_moves(const struct cutter *c, const char *name,
				int steps, bool slices)
{
	while (name && steps-- > 0) {
		const Onnx__NodeProto *n = producer(c, name);
		bool goes = n && n->n_input &&
			    (cut_is_move(n) || (slices && is_op(n, "Slice")));

		name = goes ? n->input[0] : NULL;
	}
	return name;
}

/* The nearest value that both are moved from, the first perhaps in part (the
 * scores without a background); NULL: there is none. */
static const char *common(const struct cutter *c, const char *part,
			  const char *whole)
{
	for (int i = 0; i < CUT_MOST_ROUNDS; i++) {
		const char *x = before_moves(c, part, i, true);

		for (int k = 0; x && k < CUT_MOST_ROUNDS; k++) {
			const char *y = before_moves(c, whole, k, false);

			if (!y)
				break;
			if (!strcmp(x, y))
				return x;
		}
	}
	return NULL;
}

static const char *common_of_pair(const struct cutter *c, size_t i, size_t k)
{
	const char *both = common(c, c->found[i], c->found[k]);

	return both ? both : common(c, c->found[k], c->found[i]);
}

void cut_join_moved(struct cutter *c)
{
	for (size_t i = 0; i < c->found_count; i++)
		for (size_t k = i + 1; k < c->found_count;) {
			const char *both = common_of_pair(c, i, k);

			if (!both) {
				k++;
				continue;
			}
			c->found[i] = both;
			c->found_count--;
			memmove(&c->found[k], &c->found[k + 1],
				(c->found_count - k) * sizeof(*c->found));
		}
}
