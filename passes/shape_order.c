/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/shape_rules.h"

static int reshape_mismatch(const struct node *n, const struct shape *to,
			    struct diag *d)
{
	char from_text[SHAPE_TEXT], to_text[SHAPE_TEXT];

	shape_print(&n->inputs[0]->shape, from_text, sizeof(from_text));
	shape_print(to, to_text, sizeof(to_text));
	node_error(d, n, "cannot reshape %s to %s", from_text, to_text);
	diag_hint(d, "where --shape was given, the model may be made for one "
		     "input size only");
	return -1;
}

/* Elements of all dims but `skip`; -1 if there are too many. */
static int64_t elements_without(struct shape s, int skip)
{
	if (skip >= 0)
		s.dim[skip] = 1;
	return shape_elements(&s);
}

/* Replaces each 0 by the input's dim and finds the -1. */
static int resolve_dims(const struct node *n, struct shape *s, int *free_dim,
			struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	bool keep_zero = node_int(n, "allowzero", 0) != 0;

	*free_dim = -1;
	for (int i = 0; i < s->rank; i++) {
		if (s->dim[i] == 0 && !keep_zero) {
			if (i >= x->rank)
				return reshape_mismatch(n, s, d);
			s->dim[i] = x->dim[i];
		} else if (s->dim[i] == -1) {
			if (*free_dim >= 0)
				return node_error(d, n,
						  "more than one "
						  "dimension is -1");
			*free_dim = i;
		} else if (s->dim[i] < 0) {
			return node_error(d, n, "dimension %lld is negative",
					  (long long)s->dim[i]);
		}
	}
	return 0;
}

/* Reshape (opset 14). */
int shape_reshape(struct node *n, struct diag *d)
{
	int64_t have = shape_elements(&n->inputs[0]->shape);
	struct shape s;
	int free_dim;
	int count = rule_ints(n, 1, s.dim, GRAPH_MAX_RANK, d);

	if (count < 0)
		return -1;
	s.rank = count;
	if (resolve_dims(n, &s, &free_dim, d))
		return -1;
	int64_t want = elements_without(s, free_dim);
	if (free_dim >= 0) {
		if (want < 1 || have % want != 0)
			return reshape_mismatch(n, &s, d);
		s.dim[free_dim] = have / want;
	} else if (want != have) {
		return reshape_mismatch(n, &s, d);
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_flatten(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t axis = node_int(n, "axis", 1);
	struct shape s = { .rank = 2, .dim = { 1, 1 } };

	if (axis < -x->rank || axis > x->rank)
		return node_error(d, n,
				  "axis %lld is out of range for %d "
				  "dimensions",
				  (long long)axis, x->rank);
	if (axis < 0)
		axis += x->rank;
	for (int i = 0; i < x->rank; i++)
		s.dim[i < axis ? 0 : 1] *= x->dim[i];
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* The axes of a Squeeze without axes: every dim of 1. */
static int dims_of_one(const struct shape *s)
{
	int mask = 0;

	for (int i = 0; i < s->rank; i++) {
		if (s->dim[i] == 1)
			mask |= 1 << i;
	}
	return mask;
}

int shape_squeeze(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t axes[GRAPH_MAX_RANK];
	struct shape s = { .rank = 0 };
	int count = rule_ints(n, 1, axes, GRAPH_MAX_RANK, d);

	if (count < 0)
		return -1;
	int mask = node_input(n, 1) ? rule_axes(n, axes, count, x->rank, d) :
				      dims_of_one(x);
	if (mask < 0)
		return -1;
	for (int i = 0; i < x->rank; i++) {
		if (!(mask & 1 << i))
			s.dim[s.rank++] = x->dim[i];
		else if (x->dim[i] != 1)
			return node_error(d, n,
					  "dimension %d is %lld, "
					  "expected 1",
					  i, (long long)x->dim[i]);
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_unsqueeze(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t axes[GRAPH_MAX_RANK];
	int count = rule_ints(n, 1, axes, GRAPH_MAX_RANK, d);

	if (count < 0)
		return -1;
	struct shape s = { .rank = x->rank + count };
	if (s.rank > GRAPH_MAX_RANK)
		return node_error(d, n,
				  "its output would have %d dimensions, "
				  "at most %d are supported",
				  s.rank, GRAPH_MAX_RANK);
	int mask = rule_axes(n, axes, count, s.rank, d);
	if (mask < 0)
		return -1;
	for (int i = 0, from = 0; i < s.rank; i++)
		s.dim[i] = mask & 1 << i ? 1 : x->dim[from++];
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_transpose(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t perm[GRAPH_MAX_RANK];
	int count = node_ints(n, "perm", perm, GRAPH_MAX_RANK);
	struct shape s = { .rank = x->rank };

	if (!node_attr(n, "perm")) {
		count = x->rank;
		for (int i = 0; i < count; i++)
			perm[i] = count - 1 - i;
	}
	if (count != x->rank)
		return node_error(d, n,
				  "attribute 'perm' has %d numbers, "
				  "expected %d",
				  count, x->rank);
	if (rule_axes(n, perm, count, x->rank, d) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (perm[i] < 0)
			return node_error(d, n, "attribute 'perm' holds %lld",
					  (long long)perm[i]);
		s.dim[i] = x->dim[perm[i]];
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* The block size of DepthToSpace and SpaceToDepth on an input of rank 4. */
static int64_t block_size(const struct node *n, struct diag *d)
{
	int64_t block = node_int(n, "blocksize", 0);

	if (rule_rank(n, 0, 4, 4, d))
		return -1;
	if (block < 1 || block > 1 << 14)
		return node_error(d, n, "attribute 'blocksize' is %lld",
				  (long long)block);
	return block;
}

int shape_depth_to_space(struct node *n, struct diag *d)
{
	static const char *const modes[] = { "DCR", "CRD", NULL };
	int64_t block = block_size(n, d);

	if (block < 0 || rule_one_of(n, "mode", modes, d))
		return -1;
	struct shape s = n->inputs[0]->shape;
	int channel = rule_channel_dim(n);
	int row = channel == 1 ? 2 : 1;
	if (s.dim[channel] % (block * block) != 0)
		return node_error(d, n,
				  "%lld channels do not divide into "
				  "blocks of %lldx%lld",
				  (long long)s.dim[channel], (long long)block,
				  (long long)block);
	s.dim[channel] /= block * block;
	s.dim[row] *= block;
	s.dim[row + 1] *= block;
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_space_to_depth(struct node *n, struct diag *d)
{
	int64_t block = block_size(n, d);

	if (block < 0)
		return -1;
	struct shape s = n->inputs[0]->shape;
	int channel = rule_channel_dim(n);
	int row = channel == 1 ? 2 : 1;
	if (s.dim[row] % block != 0 || s.dim[row + 1] % block != 0)
		return node_error(d, n,
				  "%lldx%lld cells do not divide into "
				  "blocks of %lldx%lld",
				  (long long)s.dim[row],
				  (long long)s.dim[row + 1], (long long)block,
				  (long long)block);
	s.dim[row] /= block;
	s.dim[row + 1] /= block;
	s.dim[channel] *= block * block;
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_channel_shuffle(struct node *n, struct diag *d)
{
	int64_t groups = node_int(n, "groups", 0);

	if (rule_rank(n, 0, 2, GRAPH_MAX_RANK, d))
		return -1;
	int64_t channels = n->inputs[0]->shape.dim[rule_channel_dim(n)];
	if (groups < 1 || channels % groups != 0)
		return node_error(d, n,
				  "%lld groups do not divide %lld "
				  "channels",
				  (long long)groups, (long long)channels);
	return rule_output_same(n, d);
}
