/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fully connected layers in one form: Gemm of x [M,K] with weights [N,K]
 * (transB) and a bias [N]; no transA, alpha and beta 1.
 */
#include "passes/layout_permute.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/trained_codes.h"

/* Weights may be shared: a change makes a new constant. */
static struct value *transposed(struct graph *g, const struct value *w)
{
	static const int64_t perm[2] = { 1, 0 };

	return layout_permute_constant(g, w, perm);
}

static struct value *scaled(struct graph *g, const struct value *w,
			    double factor)
{
	int64_t count = shape_elements(&w->shape);
	const float *from = w->data;
	float *to = arena_array(g->arena, (size_t)count, sizeof(*to));

	if (!to)
		return NULL;
	for (int64_t i = 0; i < count; i++)
		to[i] = (float)((double)from[i] * factor);
	return graph_constant(g, w->name, DT_F32, &w->shape, to);
}

static bool is_floats(const struct value *v)
{
	return value_is_const(v) && v->dtype == DT_F32;
}

/* The constant times `factor`, broadcast to the N columns, if it is the same
 * in all rows. Otherwise NULL with *fits false. */
static struct value *bias_of(struct graph *g, struct value *c, int64_t n,
			     double factor, bool *fits)
{
	int64_t count = c ? shape_elements(&c->shape) : 0;
	struct shape s = { .rank = 1, .dim = { n } };
	float *b;

	*fits = is_floats(c) &&
		(count == 1 ||
		 (count == n && c->shape.dim[c->shape.rank - 1] == n));
	if (!*fits || (factor == 1 && shape_equal(&c->shape, &s)))
		return *fits ? c : NULL;
	b = arena_array(g->arena, (size_t)n, sizeof(*b));
	if (!b)
		return NULL;
	for (int64_t i = 0; i < n; i++) {
		double v = (double)((const float *)c->data)[count == 1 ? 0 : i];

		b[i] = (float)(v * factor);
	}
	return graph_constant(g, c->name, DT_F32, &s, b);
}

/* ---- MatMul ---- */

static struct value *reshaped(struct graph *g, struct value *v,
			      const struct shape *s, struct node *before)
{
	struct value *dims = graph_const_i64(g, v->name, s->rank, s->dim);
	struct value *out = graph_value(g, v->name, v->dtype, s);
	struct value *in[2] = { v, dims };

	if (!dims || !out ||
	    !graph_node(g, OP_RESHAPE, v->name, in, 2, &out, 1, before))
		return NULL;
	return out;
}

/* y's producer becomes a Gemm of [M,K], and y a Reshape of its output. */
static int put_gemm(struct graph *g, struct node *old, struct value *x,
		    struct value *w, struct value *bias)
{
	struct value *y = old->outputs[0], *in[3], *out = y;
	int64_t n = w->shape.dim[0], k = w->shape.dim[1];
	struct shape rows = { 2, { k ? shape_elements(&x->shape) / k : 0, k } };
	struct node *gemm;

	in[0] = x->shape.rank == 2 ? x : reshaped(g, x, &rows, old);
	in[1] = w;
	in[2] = bias;
	rows.dim[1] = n;
	if (!shape_equal(&y->shape, &rows))
		out = graph_value(g, y->name, DT_F32, &rows);
	if (!in[0] || !out)
		return -1;
	old->outputs[0] = NULL;
	gemm = graph_node(g, OP_GEMM, old->name, in, bias ? 3 : 2, &out, 1,
			  old);
	if (!gemm || node_set_int(g, gemm, "transB", 1))
		return -1;
	if (out != y) {
		struct value *dims = graph_const_i64(g, y->name, y->shape.rank,
						     y->shape.dim);
		struct value *back[2] = { out, dims };

		if (!dims ||
		    !graph_node(g, OP_RESHAPE, y->name, back, 2, &y, 1, old))
			return -1;
	}
	graph_remove(g, old);
	return 0;
}

/* Takes in the Add of a bias behind the product, if it is the only reader. */
static struct node *bias_behind(struct graph *g, const struct node *n,
				int64_t columns, struct value **bias)
{
	struct value *y = n->outputs[0];
	struct node *add = value_only_reader(y);
	bool fits;

	*bias = NULL;
	if (!add || add->op != OP_ADD || add->act.kind != ACT_NONE ||
	    !shape_equal(&add->outputs[0]->shape, &y->shape))
		return NULL;
	*bias = bias_of(g, match_other(add, y), columns, 1, &fits);
	return fits ? add : NULL;
}

/* The scale of trained weights, as a Mul of one number or one for each column
 * behind the product: the only reader. */
static struct node *scale_behind(const struct node *n, int64_t columns,
				 const struct value **scale)
{
	struct value *y = n->outputs[0];
	struct node *mul = value_only_reader(y);
	int64_t count;

	if (!mul || mul->op != OP_MUL || mul->act.kind != ACT_NONE ||
	    !shape_equal(&mul->outputs[0]->shape, &y->shape))
		return NULL;
	*scale = match_other(mul, y);
	count = is_floats(*scale) ? shape_elements(&(*scale)->shape) : 0;
	return count == 1 || (count == columns && columns > 0 &&
			      (*scale)->shape.dim[(*scale)->shape.rank - 1] ==
				      count) ?
		       mul :
		       NULL;
}

/* Weights [N,K] with scaled rows, which keep their codes; *kept: false if they
 * cannot. NULL: out of memory. */
static struct value *scaled_rows(struct graph *g, struct value *w,
				 const struct value *scale, bool *kept)
{
	int64_t rows = w->shape.dim[0], count = shape_elements(&scale->shape);
	double *factors = arena_array(g->arena, (size_t)rows, sizeof(*factors));
	float *to = arena_array(g->arena, (size_t)shape_elements(&w->shape),
				sizeof(*to));
	struct value *y =
		to ? graph_constant(g, w->name, DT_F32, &w->shape, to) : NULL;
	int status;

	if (!factors || !y)
		return NULL;
	for (int64_t i = 0; i < rows; i++)
		factors[i] =
			(double)((const float *)scale->data)[count > 1 ? i : 0];
	status = trained_codes_scale(g, w, 0, factors, y, to);
	*kept = status > 0;
	return status < 0 ? NULL : y;
}

/* Takes the scale of trained weights into them, and the output of the Mul over.
 * -1: out of memory. */
static int take_scale(struct graph *g, struct node *n, struct value **w,
		      struct node **next)
{
	const struct value *scale;
	struct node *mul = scale_behind(n, (*w)->shape.dim[0], &scale);
	struct value *y;
	bool kept;

	if (!(*w)->quant || !mul)
		return 0;
	y = scaled_rows(g, *w, scale, &kept);
	if (!y)
		return -1;
	if (!kept)
		return 0;
	if (*next == mul)
		*next = mul->next;
	n->outputs[0]->producer = NULL;
	n->outputs[0] = mul->outputs[0];
	n->outputs[0]->producer = n;
	mul->outputs[0] = NULL;
	graph_remove(g, mul);
	*w = y;
	return 0;
}

/* The right operand, [K,N] or a vector [K], as weights [N,K]. */
static struct value *weights_of(struct graph *g, const struct value *w)
{
	struct shape row = { 2, { 1, w->shape.dim[0] } };

	if (w->shape.rank == 2)
		return transposed(g, w);
	return graph_constant(g, w->name, DT_F32, &row, w->data);
}

static int matmul_to_gemm(struct graph *g, struct node *n, struct node **next)
{
	struct value *x = n->inputs[0], *w = n->inputs[1], *bias;
	struct node *add;

	if (!is_floats(w) || value_is_const(x) || x->dtype != DT_F32 ||
	    w->shape.rank < 1 || w->shape.rank > 2 ||
	    shape_elements(&x->shape) == 0 || shape_elements(&w->shape) == 0)
		return 0;
	w = weights_of(g, w);
	if (!w || take_scale(g, n, &w, next))
		return -1;
	add = n->inputs[1]->shape.rank == 2 ?
		      bias_behind(g, n, w->shape.dim[0], &bias) :
		      NULL;
	if (add && !bias)
		return -1;
	if (!add)
		return put_gemm(g, n, x, w, NULL);
	if (*next == add)
		*next = add->next;
	if (put_gemm(g, add, x, w, bias))
		return -1;
	graph_remove(g, n);
	return 0;
}

/* ---- Gemm ---- */

static int drop_trans_a(struct graph *g, struct node *n)
{
	static const int64_t perm[2] = { 1, 0 };
	struct value *x = n->inputs[0], *t;
	struct shape s = { 2, { x->shape.dim[1], x->shape.dim[0] } };
	struct node *move;

	if (!node_int(n, "transA", 0)) {
		node_drop_attr(n, "transA");
		return 0;
	}
	t = graph_value(g, x->name, x->dtype, &s);
	move = t ? graph_node(g, OP_TRANSPOSE, n->name, &x, 1, &t, 1, n) : NULL;
	node_drop_attr(n, "transA");
	return !move || node_set_ints(g, move, "perm", perm, 2) ||
			       graph_set_input(g, n, 0, t) ?
		       -1 :
		       0;
}

/* c times a number, computed before n. */
static struct value *times(struct graph *g, struct node *n, struct value *c,
			   float factor)
{
	struct value *pair[2] = { c, graph_const_f32(g, n->name, -1, &factor) };
	struct value *out = graph_value(g, c->name, c->dtype, &c->shape);

	return pair[1] && out &&
			       graph_node(g, OP_MUL, n->name, pair, 2, &out, 1,
					  n) ?
		       out :
		       NULL;
}

/* C that is no bias [N]: becomes an Add of beta * C behind the Gemm. */
static int add_behind(struct graph *g, struct node *n, float beta)
{
	struct value *c = n->inputs[2], *y = n->outputs[0], *in[2];

	in[0] = graph_value(g, y->name, y->dtype, &y->shape);
	in[1] = beta != 1 ? times(g, n, c, beta) : c;
	if (!in[0] || !in[1] || graph_set_input(g, n, 2, NULL))
		return -1;
	n->input_count = 2;
	n->outputs[0] = in[0];
	in[0]->producer = n;
	return graph_node(g, OP_ADD, n->name, in, 2, &y, 1, n->next) ? 0 : -1;
}

static int canonical_weights(struct graph *g, struct node *n)
{
	float alpha = node_float(n, "alpha", 1);
	struct value *w = n->inputs[1];

	if (!node_int(n, "transB", 0))
		w = transposed(g, w);
	if (w && alpha != 1)
		w = scaled(g, w, (double)alpha);
	node_drop_attr(n, "alpha");
	return !w || graph_set_input(g, n, 1, w) ||
			       node_set_int(g, n, "transB", 1) ?
		       -1 :
		       0;
}

static int canonical_gemm(struct graph *g, struct node *n)
{
	float beta = node_float(n, "beta", 1);
	struct value *bias;
	bool fits;

	if (!is_floats(n->inputs[1]) || value_is_const(n->inputs[0]) ||
	    n->inputs[0]->dtype != DT_F32 || n->inputs[1]->shape.rank != 2)
		return 0;
	if (drop_trans_a(g, n) || canonical_weights(g, n))
		return -1;
	node_drop_attr(n, "beta");
	if (!node_input(n, 2))
		return 0;
	bias = bias_of(g, n->inputs[2], n->inputs[1]->shape.dim[0],
		       (double)beta, &fits);
	if (!fits)
		return add_behind(g, n, beta);
	return bias ? graph_set_input(g, n, 2, bias) : -1;
}

int pass_canonicalize_matmul(struct graph *g, const struct config *c,
			     struct diag *d)
{
	struct node *next;
	int err = 0;

	(void)c;
	for (struct node *n = g->first; n && !err; n = next) {
		next = n->next;
		if (n->op == OP_MAT_MUL)
			err = matmul_to_gemm(g, n, &next);
		else if (n->op == OP_GEMM)
			err = canonical_gemm(g, n);
	}
	return err ? diag_error(d, "out of memory") : 0;
}
