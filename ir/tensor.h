/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_TENSOR_H
#define DBC_IR_TENSOR_H

#include "ir/graph.h"

/* A dense, row-major array outside of any graph: photos, files, outputs.
 * Owns `data` (malloc, aligned to 64 bytes). */
struct tensor {
	enum dtype dtype;
	struct shape shape;
	void *data;
};

/* Allocates zeroed data; -1 if the shape is not known or memory is exhausted.
 */
int tensor_init(struct tensor *t, enum dtype dtype, const struct shape *s);
void tensor_free(struct tensor *t);
/* Element i of data of that type. */
double tensor_element(enum dtype t, const void *data, int64_t i);
/* Bytes of data. */
size_t tensor_bytes(const struct tensor *t);

#endif
