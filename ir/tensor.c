/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/tensor.h"

#include <stdlib.h>
#include <string.h>

#include "base/align.h"

int tensor_init(struct tensor *t, enum dtype dtype, const struct shape *s)
{
	int64_t n = shape_elements(s);
	size_t bytes;

	*t = (struct tensor){ .dtype = dtype, .shape = *s };
	if (n < 0 || !dtype_size(dtype))
		return -1;
	bytes = align_up((size_t)n * dtype_size(dtype), 64);
	t->data = aligned_alloc(64, bytes ? bytes : 64);
	if (!t->data)
		return -1;
	memset(t->data, 0, bytes);
	return 0;
}

void tensor_free(struct tensor *t)
{
	free(t->data);
	t->data = NULL;
}

size_t tensor_bytes(const struct tensor *t)
{
	int64_t n = shape_elements(&t->shape);

	return n < 0 ? 0 : (size_t)n * dtype_size(t->dtype);
}
