/* SPDX-License-Identifier: Apache-2.0 */
/* A whole conversion: read, reshape, calibrate, quantize, pack. */
#include <stdlib.h>
#include <string.h>

#include "converter/convert.h"
#include "converter/lower/device_model.h"
#include "converter/onnx/model_load.h"
#include "converter/search.h"
#include "passes/pipeline.h"

/* A fifth of the photos, 32 at most, are kept to measure fidelity on. */
static int held_out(int count)
{
	int n = count / 5;

	return n > 32 ? 32 : n;
}

/* Moves `held` items, evenly spread, to the end: folders are often sorted by
 * class. The order is otherwise kept. */
static int move_held_out(struct dataset *s, int held)
{
	struct dataset_item *spread;
	int kept = 0, moved = 0;

	if (!held)
		return 0;
	spread = calloc((size_t)s->count, sizeof(*spread));
	if (!spread)
		return -1;
	for (int i = 0; i < s->count; i++) {
		bool hold = (int64_t)(i + 1) * held / s->count > moved;

		spread[hold ? s->count - held + moved++ : kept++] = s->items[i];
	}
	memcpy(s->items, spread, (size_t)s->count * sizeof(*spread));
	free(spread);
	return 0;
}

static int open_samples(const struct config *c, struct conversion *v,
			struct diag *d)
{
	if (!c->calib)
		return 0;
	if (dataset_open(&v->dataset, c->calib, d))
		return -1;
	v->calib_count = v->dataset.count - held_out(v->dataset.count);
	if (move_held_out(&v->dataset, v->dataset.count - v->calib_count))
		return diag_error(d, "out of memory");
	return 0;
}

static int quantize(const struct config *c, const struct cost_target *target,
		    struct conversion *v, progress_fn *progress, void *ctx,
		    struct diag *d)
{
	struct sample_set set = { &v->dataset, &v->preprocess, v->graph, 0 };
	struct samples samples = sample_set_samples(&set, v->calib_count);
	struct input_range range = { 0, 0 };
	/* tensors need not be what photos would have become */
	bool photos =
		v->preprocess.is_image &&
		(v->calib_count == 0 || v->dataset.items[0].kind == ITEM_PHOTO);

	if (photos)
		range = preprocess_range(&v->preprocess);
	return search_pack(c, target, v, v->calib_count ? &samples : NULL,
			   photos ? &range : NULL, progress, ctx, d);
}

int convert_model(const struct config *c, const struct cost_target *target,
		  struct conversion *out, FILE *dump, progress_fn *progress,
		  void *progress_ctx, struct diag *d)
{
	arena_init(&out->arena, 0);
	out->graph = model_load(c, &out->arena, out->model_sha256, dump, d);
	if (!out->graph ||
	    head_find(out->graph, c, &out->arena, &out->head, d) ||
	    pipeline_finish(out->graph, c, dump, d))
		return -1;
	diag_set_file(d, c->model_path);
	if (lower_check_operators(out->graph, d))
		return -1;
	diag_set_file(d, NULL);
	out->model_nodes = (int64_t)out->graph->node_count;
	out->model_params = graph_params(out->graph);
	out->model_macs = graph_macs(out->graph);
	if (open_samples(c, out, d))
		return -1;
	diag_set_file(d, c->model_path);
	if (preprocess_init(&out->preprocess, out->graph, c, d) ||
	    quantize(c, target, out, progress, progress_ctx, d))
		return -1;
	diag_set_file(d, NULL);
	return 0;
}

void conversion_free(struct conversion *v)
{
	dataset_close(&v->dataset);
	arena_free(&v->arena);
}
