/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/head.h"
int head_read_yaml(const struct graph *g, const struct config *c,
		   const char *path, struct arena *a, struct head *out,
		   struct diag *d)
{
	(void)c;
	(void)g;
	(void)a;
	(void)out;
	return diag_error(d, "%s: not yet", path);
}
