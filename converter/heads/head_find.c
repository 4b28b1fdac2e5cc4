/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_find.h"

#include "converter/heads/head_names.h"
#include "converter/heads/head_photo.h"
#include "converter/heads/head_recognise.h"
#include "converter/heads/head_yaml.h"

int head_find(const struct graph *g, const struct config *c, struct arena *a,
	      struct head *out, struct diag *d)
{
	*out = (struct head){ 0 };
	if (c->head ? head_read_yaml(g, c, c->head, a, out, d) :
		      head_recognise(g, c, a, out, d))
		return -1;
	if (head_photo_left(g, head_preprocess(out), a, &out->left, d))
		return -1;
	return out->data ? head_set_names(g, c->classes, a, out, d) : 0;
}
