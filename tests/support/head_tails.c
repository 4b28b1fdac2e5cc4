/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/head_tails.h"

#include <stdio.h>

/* ---- Parts of graphs ---- */

void head_tail_planes(struct head_graph *g, const char *name, int channels,
		      int levels)
{
	for (int i = 0; i < levels; i++) {
		char map[16];

		snprintf(map, sizeof(map), "%s%d", name, i);
		head_graph_map(g, map, channels, 8 << i);
		head_graph_add(g,
			       "const %%d_%s i64 3 = [1, %d, -1]\n"
			       "%%f_%s = Reshape(%%%s, %%d_%s)\n",
			       map, channels, map, map, map);
	}
	head_graph_add(g, "%%%s = Concat(%%f_%s0", name, name);
	for (int i = 1; i < levels; i++)
		head_graph_add(g, ", %%f_%s%d", name, i);
	head_graph_add(g, ") {axis=2}\n");
}

void head_tail_places(struct head_graph *g, double offset, int levels)
{
	int n = 0;

	for (int i = 0; i < levels; i++)
		n += HEAD_TAIL_SIDE / (8 << i) * (HEAD_TAIL_SIDE / (8 << i));
	head_graph_add(g, "const %%places f32 1x2x%d = [", n);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < levels; i++)
			for (int c = 0, s = HEAD_TAIL_SIDE / (8 << i);
			     c < s * s; c++)
				head_graph_add(g, "%s%g", k + i + c ? ", " : "",
					       (k ? c / s : c % s) + offset);
	head_graph_add(g, "]\nconst %%steps f32 1x1x%d = [", n);
	for (int i = 0; i < levels; i++)
		for (int c = 0, s = HEAD_TAIL_SIDE / (8 << i); c < s * s; c++)
			head_graph_add(g, "%s%d", i + c ? ", " : "", 8 << i);
	head_graph_add(g, "]\n");
}

/* %near and %far in strides, from the distances %dist [1, 4, n]. */
static void add_corners(struct head_graph *g)
{
	head_graph_add(g, "const %%half i64 2 = [2, 2]\n"
			  "%%lt, %%rb = Split(%%dist, %%half) {axis=1}\n"
			  "%%near = Sub(%%places, %%lt)\n"
			  "%%far = Add(%%places, %%rb)\n");
}

void head_tail_corners(struct head_graph *g)
{
	add_corners(g);
	head_graph_add(g, "%%both = Concat(%%near, %%far) {axis=1}\n"
			  "%%box = Mul(%%both, %%steps)\n");
}

void head_tail_centers(struct head_graph *g)
{
	add_corners(g);
	head_graph_add(g, "const %%two f32 scalar = [2]\n"
			  "%%sum = Add(%%near, %%far)\n"
			  "%%mid = Div(%%sum, %%two)\n"
			  "%%size = Sub(%%far, %%near)\n"
			  "%%both = Concat(%%mid, %%size) {axis=1}\n"
			  "%%box = Mul(%%both, %%steps)\n");
}

void head_tail_means(struct head_graph *g, int bins, int cells)
{
	head_graph_add(g,
		       "const %%bins i64 4 = [1, 4, %d, %d]\n"
		       "%%r = Reshape(%%dfl, %%bins)\n"
		       "%%t = Transpose(%%r) {perm=[0, 2, 1, 3]}\n"
		       "%%p = Softmax(%%t) {axis=1}\n"
		       "const %%mean f32 1x%dx1x1 = [0",
		       bins, cells, bins);
	for (int i = 1; i < bins; i++)
		head_graph_add(g, ", %d", i);
	head_graph_add(g,
		       "]\n%%c = Conv(%%p, %%mean)\n"
		       "const %%four i64 3 = [1, 4, %d]\n"
		       "%%dist = Reshape(%%c, %%four)\n",
		       cells);
}

/* ---- Plain decoders of tables ---- */

void head_tail_decode(struct head_decoded *d, const struct head_rows *r)
{
	for (int i = 0; i < r->candidates; i++) {
		struct head_expected *e = head_case_add(d);
		const float *b = d->out[r->box] + i * r->box_cell;
		const float *s = d->out[r->score] + i * r->score_cell;
		double v[4];

		for (int k = 0; k < 4; k++)
			v[k] = (double)b[k * r->box_field] * r->scale;
		if (r->center)
			head_case_center(e, v[0], v[1], v[2], v[3]);
		else
			for (int k = 0; k < 4; k++)
				e->box[k] = v[k];
		e->score = head_case_largest(s + r->first * r->score_field,
					     r->classes, r->score_field);
		if (r->object)
			e->score *= (double)s[r->object * r->score_field];
	}
}

void head_tail_check_cut(const char *kind, void (*write)(struct head_graph *g),
			 void (*decode)(struct head_decoded *d),
			 struct graph_cut cut)
{
	head_case_check_cut(&(struct head_case){ kind, HEAD_TAIL_SIDE,
						 HEAD_TAIL_SIDE, 0, write,
						 decode },
			    cut);
}

void head_tail_check(const char *kind, void (*write)(struct head_graph *g),
		     void (*decode)(struct head_decoded *d))
{
	head_tail_check_cut(kind, write, decode, (struct graph_cut){ NULL, 0 });
}
