/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/lower/lower_refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct refusal {
	const struct node *node;
	const char *why;
	struct refusal *next;
};

int lower_refuse(struct lower *l, const char *fmt, ...)
{
	struct refusal *r = arena_alloc(l->m->arena, sizeof(*r));
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!r || !(r->why = arena_strdup(l->m->arena, text))) {
		l->m->failed = true;
		return -1;
	}
	r->node = l->node;
	*l->last_refusal = r;
	l->last_refusal = &r->next;
	l->refusal_count++;
	return -1;
}

int lower_report_refusals(const struct lower *l)
{
	const struct refusal *r = l->refusals;
	char *text = NULL;
	size_t bytes;
	FILE *out;

	if (l->refusal_count == 1)
		return r->node ? node_error(l->d, r->node, "%s", r->why) :
				 diag_error(l->d, "%s", r->why);
	out = open_memstream(&text, &bytes);
	if (!out)
		return diag_error(l->d, "out of memory");
	for (; r; r = r->next)
		if (r->node)
			fprintf(out, "%s'%s' (%s: %s)",
				r == l->refusals ? "" : ", ", r->node->name,
				op_info(r->node->op)->name, r->why);
		else
			fprintf(out, "%s%s", r == l->refusals ? "" : ", ",
				r->why);
	fclose(out);
	diag_error(l->d, "the device cannot run %d parts of the model: %s",
		   l->refusal_count, text ? text : "");
	free(text);
	return -1;
}
