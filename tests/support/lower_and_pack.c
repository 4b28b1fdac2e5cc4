/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/lower_and_pack.h"

#include "converter/lower/lower.h"
#include "converter/pack/plan.h"

int lower_and_pack(const struct graph *g, const struct config *c,
		   struct arena *a, struct packed *out, struct diag *d)
{
	const struct preprocess none = { 0 };
	struct device_model m;

	if (dev_init(&m, a, d) || lower_graph(g, c, &m, d) ||
	    plan_memory(&m, d))
		return -1;
	return pack_model(&m, &none, NULL, c, a, out, d);
}
