/* SPDX-License-Identifier: Apache-2.0 */
/* From the graph of a model to the one that is quantized: a row for each pass.
 */
#include "passes/pipeline.h"

#include <assert.h>

#include "passes/passes.h"

/* What a pass relies on, gives and breaks. */
enum {
	SHAPES = 1,    /* every shape is known */
	FOLDED = 2,    /* no node computes a constant */
	CANONICAL = 4, /* fully connected layers are Gemm */
	NO_BATCHNORM = 8,
	ACTIVATIONS = 16, /* each is one node */
	NHWC = 32,
	TAIL = 64,
};

struct pass {
	const char *name;
	pass_fn *run;
	unsigned needs, gives, breaks;
};

static const struct pass passes[] = {
	{ "infer_shapes", pass_infer_shapes, 0, SHAPES, 0 },
	{ "fold_constants", pass_fold_constants, SHAPES, FOLDED, 0 },
	{ "recognise_writes", pass_recognise_writes, SHAPES | FOLDED, 0, 0 },
	{ "dequantize_early", pass_dequantize_early, SHAPES | FOLDED, 0, 0 },
	{ "float_inputs", pass_float_inputs, SHAPES, 0, 0 },
	{ "drop_dynamic_scales", pass_drop_dynamic_scales, SHAPES | FOLDED, 0,
	  0 },
	{ "drop_identities", pass_drop_identities, SHAPES | FOLDED, 0, 0 },
	{ "join_rounding", pass_join_rounding, SHAPES | FOLDED, 0, 0 },
	{ "canonicalize_matmul", pass_canonicalize_matmul, SHAPES | FOLDED,
	  CANONICAL, 0 },
	{ "fold_batchnorm", pass_fold_batchnorm, SHAPES | FOLDED | CANONICAL,
	  NO_BATCHNORM, 0 },
	{ "recognise_activations", pass_recognise_activations, SHAPES | FOLDED,
	  ACTIVATIONS, 0 },
	{ "recognise_shuffles", pass_recognise_shuffles, SHAPES | FOLDED, 0,
	  0 },
	{ "merge_sums", pass_merge_sums, SHAPES | FOLDED, 0, 0 },
	{ "drop_identities:2", pass_drop_identities, SHAPES | FOLDED, 0, 0 },
	{ "recognise_tail", pass_recognise_tail, CANONICAL, TAIL, 0 },
	{ "fuse_functions", pass_fuse_functions, ACTIVATIONS | TAIL, 0, 0 },
	{ "fuse_activations", pass_fuse_activations, ACTIVATIONS | TAIL, 0, 0 },
	{ "drop_dead", pass_drop_dead, 0, 0, 0 },
	{ "raise_1d", pass_raise_1d, SHAPES, 0, 0 },
	{ "pad_windows", pass_pad_windows, SHAPES, 0, 0 },
	{ "layout_nhwc", pass_layout_nhwc, SHAPES | CANONICAL, NHWC, TAIL },
	{ "drop_identities:3", pass_drop_identities, SHAPES, 0, 0 },
	{ "drop_dead:2", pass_drop_dead, 0, 0, 0 },
	{ "recognise_tail:2", pass_recognise_tail, CANONICAL, TAIL, 0 },
};

#define PASS_COUNT ((int)(sizeof(passes) / sizeof(*passes)))
/* Passes when a model is loaded: they leave it as its author wrote it, but for
 * assignments, which heads are not recognised behind. */
#define LOAD_PASSES 3

int pipeline_pass_count(void)
{
	return PASS_COUNT;
}

const char *pipeline_pass_name(int i)
{
	return i >= 0 && i < PASS_COUNT ? passes[i].name : NULL;
}

pass_fn *pipeline_pass_fn(int i)
{
	return i >= 0 && i < PASS_COUNT ? passes[i].run : NULL;
}

/* Passes [first, end). */
static int run_passes(struct graph *g, const struct config *c, int first,
		      int end, const struct dump *dump, struct diag *d)
{
	unsigned facts = 0;

	for (int i = 0; i < end; i++) {
		const struct pass *p = &passes[i];

		assert(!(p->needs & ~facts)); /* the order of the table */
		if (i >= first &&
		    (p->run(g, c, d) || graph_check(g, p->name, d)))
			return -1;
		facts = (facts & ~p->breaks) | p->gives;
		if (i >= first && dump_wants(dump, p->name)) {
			dump_heading(dump, p->name, dump->out);
			if (graph_print(g, dump->out, 0))
				return diag_error(d, "cannot write the graph");
		}
	}
	return 0;
}

int pipeline_begin(struct graph *g, const struct config *c,
		   const struct dump *dump, struct diag *d)
{
	return run_passes(g, c, 0, LOAD_PASSES, dump, d);
}

int pipeline_finish(struct graph *g, const struct config *c,
		    const struct dump *dump, struct diag *d)
{
	return run_passes(g, c, LOAD_PASSES, PASS_COUNT, dump, d);
}
