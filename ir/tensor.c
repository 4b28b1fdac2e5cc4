/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/tensor.h"

#include <assert.h>
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

double tensor_element(enum dtype t, const void *data, int64_t i)
{
	switch (t) {
	case DT_F32:
		return (double)((const float *)data)[i];
	case DT_I64:
		return (double)((const int64_t *)data)[i];
	case DT_I32:
		return ((const int32_t *)data)[i];
	case DT_I8:
		return ((const int8_t *)data)[i];
	case DT_U8:
	case DT_BOOL:
		return ((const uint8_t *)data)[i];
	case DT_NONE:
	case DT_COUNT:
		break;
	}
	assert(!"a type without elements");
	return 0;
}
