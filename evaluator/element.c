/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/element.h"

#include <assert.h>

int64_t element_int(enum dtype t, const void *data, int64_t i)
{
	switch (t) {
	case DT_F32: {
		float x = ((const float *)data)[i];

		/* C leaves these open: out of range saturates, NaN gives 0 */
		if (!(x > -9.2233720368547758e18f))
			return x != x ? 0 : INT64_MIN;
		return x >= 9.2233720368547758e18f ? INT64_MAX : (int64_t)x;
	}
	case DT_I64:
		return ((const int64_t *)data)[i];
	case DT_I32:
		return ((const int32_t *)data)[i];
	case DT_I8:
		return ((const int8_t *)data)[i];
	case DT_U8:
	case DT_BOOL:
		return ((const uint8_t *)data)[i];
	default:
		assert(!"an element type");
		return 0;
	}
}

void element_store_int(enum dtype t, void *data, int64_t i, int64_t v)
{
	switch (t) {
	case DT_F32:
		((float *)data)[i] = (float)v;
		break;
	case DT_I64:
		((int64_t *)data)[i] = v;
		break;
	case DT_I32:
		((int32_t *)data)[i] = (int32_t)v;
		break;
	case DT_I8:
		((int8_t *)data)[i] = (int8_t)v;
		break;
	case DT_BOOL:
		((uint8_t *)data)[i] = v != 0;
		break;
	case DT_U8:
		((uint8_t *)data)[i] = (uint8_t)v;
		break;
	default:
		assert(!"an element type");
	}
}
