/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/model_load.h"

#include "converter/onnx/onnx_read.h"
#include "passes/pipeline.h"

struct graph *model_load(const struct config *c, struct arena *a,
			 uint8_t sha256[32], const struct dump *dump,
			 struct diag *d)
{
	char *former = diag_enter(d, c->model_path);
	struct graph *g = onnx_read(c->model_path, a, sha256, d);

	if (g &&
	    (graph_check(g, "reading", d) || pipeline_begin(g, c, dump, d)))
		g = NULL;
	diag_leave(d, former);
	return g;
}

struct graph *model_prepare(const struct config *c, struct arena *a,
			    uint8_t sha256[32], struct diag *d)
{
	char *former = diag_enter(d, c->model_path);
	struct graph *g = model_load(c, a, sha256, NULL, d);

	if (g && pipeline_finish(g, c, NULL, d))
		g = NULL;
	diag_leave(d, former);
	return g;
}
