/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_READ_H
#define DBC_CONVERTER_ONNX_ONNX_READ_H

#include "base/arena.h"
#include "base/diag.h"
#include "ir/graph.h"

/*
 * Reads an ONNX model into a graph in the one form of ir/ops.def: IR version 3
 * and later, opset 6 to 28. It reads all storage forms of initializers,
 * Constant nodes, external data in the folder of the model, unsorted nodes, and
 * model-local functions, which are inlined. Unknown operators are errors, one
 * for each type, with name, opset and the first node. Memory is at most a small
 * multiple of the file size. sha256 gets the SHA-256 of the file and its
 * external data. NULL with diagnostics.
 */
struct graph *onnx_read(const char *path, struct arena *a, uint8_t sha256[32],
			struct diag *d);

/* The same from bytes in memory; `path` is for messages and external data. */
struct graph *onnx_parse(const uint8_t *data, size_t size, const char *path,
			 struct arena *a, uint8_t sha256[32], struct diag *d);

#endif
