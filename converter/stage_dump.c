/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/stage_dump.h"

#include <stdlib.h>

#include "converter/lower/device_print.h"

static const char *const stages[] = { "quantize", "lower", "plan" };

const char *stage_dump_name(int i)
{
	return i >= 0 && (size_t)i < sizeof(stages) / sizeof(*stages) ?
		       stages[i] :
		       NULL;
}

int stage_dump_begin(struct stage_dump *s, const struct dump *dump,
		     struct diag *d)
{
	*s = (struct stage_dump){ 0 };
	for (int i = 0; stage_dump_name(i); i++)
		if (dump_wants(dump, stage_dump_name(i)))
			s->dump = dump;
	if (!s->dump)
		return 0;
	s->out = open_memstream(&s->text, &s->bytes);
	return s->out ? 0 : diag_error(d, "out of memory");
}

static bool begin_stage(struct stage_dump *s, const char *stage)
{
	if (!dump_wants(s->dump, stage))
		return false;
	dump_heading(s->dump, stage, s->out);
	return true;
}

int stage_dump_graph(struct stage_dump *s, const char *stage,
		     const struct graph *g, struct diag *d)
{
	if (begin_stage(s, stage) && graph_print(g, s->out, GRAPH_PRINT_SCALES))
		return diag_error(d, "cannot write the graph");
	return 0;
}

int stage_dump_device(struct stage_dump *s, const char *stage,
		      const struct device_model *m, struct diag *d)
{
	if (begin_stage(s, stage) && dev_print(m, s->out))
		return diag_error(d, "cannot write the device operators");
	return 0;
}

const char *stage_dump_end(struct stage_dump *s, struct arena *a)
{
	const char *text = NULL;

	if (s->out && !fclose(s->out))
		text = arena_strdup(a, s->text);
	free(s->text);
	return text;
}
