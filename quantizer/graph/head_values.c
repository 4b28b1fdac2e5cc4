/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/graph/head_values.h"

bool value_is_head(const struct value *v)
{
	if (!v->producer || v->producer->tail)
		return false;
	for (int i = 0; i < v->use_count; i++)
		if (v->uses[i]->tail)
			return true;
	return v->is_output;
}
