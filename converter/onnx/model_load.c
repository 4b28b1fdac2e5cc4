/* SPDX-License-Identifier: Apache-2.0 */
/* A model file to a graph that has been through passes. */
#include "converter/onnx/model_load.h"

#include "converter/onnx/onnx_read.h"
#include "passes/pipeline.h"

struct graph *model_load(const struct config *c, struct arena *a,
			 uint8_t sha256[32], const struct dump *dump,
			 struct diag *d)
{
	struct graph *g;

	diag_set_file(d, c->model_path);
	g = onnx_read(c->model_path, a, sha256, d);
	if (!g || graph_check(g, "reading", d) || pipeline_begin(g, c, dump, d))
		return NULL;
	diag_set_file(d, NULL);
	return g;
}

struct graph *model_prepare(const struct config *c, struct arena *a,
			    uint8_t sha256[32], struct diag *d)
{
	struct graph *g = model_load(c, a, sha256, NULL, d);

	return g && pipeline_finish(g, c, NULL, d) ? NULL : g;
}
