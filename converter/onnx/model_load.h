/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_MODEL_LOAD_H
#define DBC_CONVERTER_ONNX_MODEL_LOAD_H

#include "base/diag.h"
#include "base/dump.h"
#include "ir/config.h"
#include "ir/graph.h"

/*
 * Reads c->model_path, then runs shape inference and constant folding. This is
 * the model as its author wrote it. The graphs that `dump` asks for are printed
 * (NULL: none). The graph lives in the arena; NULL with a diagnostic.
 */
struct graph *model_load(const struct config *c, struct arena *a,
			 uint8_t sha256[32], const struct dump *dump,
			 struct diag *d);
/* The same, then runs every pass: the graph that is quantized. */
struct graph *model_prepare(const struct config *c, struct arena *a,
			    uint8_t sha256[32], struct diag *d);

#endif
